//! How the queue and the poller are tied together so that neither side sleeps through the other.
//!
//! Both directions are the same handshake on one atomic word, by read-modify-writes: one side
//! changes the queue and then writes the word, the other writes the word and then looks at the queue
//! once more. Whoever's write comes second reads the other's, and so sees what was done before it.
//! `model.rs` beside this file checks it with loom.

use std::sync::mpsc::TryRecvError;
use std::sync::{Arc, Weak};

use crate::error::WakeError;
use crate::event::Readiness;
use crate::notifier::Notifier;
use crate::sync::{AtomicUsize, Mutex, SeqCst, lock};

/// The receiver's readiness.
pub(super) trait Flag {
    fn raise(&self) -> Result<(), WakeError>;
    fn lower(&self);
}

impl Flag for Notifier {
    fn raise(&self) -> Result<(), WakeError> {
        self.set(Readiness::READABLE)
    }

    fn lower(&self) {
        self.clear(Readiness::READABLE);
    }
}

/// Takes a message out. Lowers the flag when there is none, and looks once more after that.
pub(super) fn receive<T>(
    flag: &impl Flag,
    mut pop: impl FnMut() -> Result<T, TryRecvError>,
) -> Result<T, TryRecvError> {
    match pop() {
        Err(TryRecvError::Empty) => {}
        done => return done,
    }
    flag.lower();
    let late = pop();
    if late.is_ok() {
        // There may be more, announced before the flag was lowered. If the system refuses to wake
        // another thread, the caller, who has a message, comes back for the next by itself.
        let _refused = flag.raise();
    }
    late
}

/// A sender's wish to be told when there is room.
#[derive(Debug)]
pub(super) struct Wish(AtomicUsize);

impl Wish {
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Wishes, and tries once more after that. `Err` if the queue is still full.
    pub(super) fn offer<T>(&self, push: impl FnOnce() -> Result<(), T>) -> Result<(), T> {
        self.0.swap(1, SeqCst);
        push()
    }

    /// For the receiver, after it has made room: whether somebody wished to be told.
    pub(super) fn grant(&self) -> bool {
        self.0.swap(0, SeqCst) != 0
    }
}

/// What the two ends know of each other, beside the queue.
#[derive(Debug)]
pub(super) struct Ends {
    bounded: bool,
    /// Somebody among the rooms wishes to be told.
    wish: Wish,
    rooms: Mutex<Rooms>,
}

#[derive(Debug, Default)]
struct Rooms {
    waiting: Vec<Weak<Room>>,
    receiver_is_gone: bool,
}

/// What a sender with events is told through.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) notifier: Notifier,
    wish: Wish,
}

impl Ends {
    pub(super) fn new(bounded: bool) -> Self {
        Self { bounded, wish: Wish::new(), rooms: Mutex::new(Rooms::default()) }
    }

    /// A room for a sender's notifier; told at once if the receiver is gone already.
    pub(super) fn room(&self, notifier: Notifier) -> Result<Arc<Room>, WakeError> {
        let room = Arc::new(Room { notifier, wish: Wish::new() });
        let mut rooms = lock(&self.rooms);
        rooms.waiting.retain(|other| other.strong_count() > 0);
        if rooms.receiver_is_gone {
            room.notifier.set(Readiness::WRITABLE | Readiness::WRITE_CLOSED)?;
        } else {
            rooms.waiting.push(Arc::downgrade(&room));
        }
        Ok(room)
    }

    /// Tries once more on behalf of a sender that has found the queue full.
    pub(super) fn offer<T>(
        &self,
        room: &Room,
        push: impl FnOnce() -> Result<(), T>,
    ) -> Result<(), T> {
        room.wish.offer(|| self.wish.offer(push))
    }

    /// A message was taken out.
    #[inline]
    pub(super) fn made_room(&self) {
        if self.bounded && self.wish.grant() {
            self.tell(Readiness::WRITABLE, Room::wishes);
        }
    }

    /// The receiver is gone.
    pub(super) fn receiver_is_gone(&self) {
        lock(&self.rooms).receiver_is_gone = true;
        self.tell(Readiness::WRITABLE | Readiness::WRITE_CLOSED, |_| true);
    }

    #[cold]
    fn tell(&self, readiness: Readiness, whom: impl Fn(&Room) -> bool) {
        let rooms = lock(&self.rooms);
        for room in rooms.waiting.iter().filter_map(Weak::upgrade).filter(|room| whom(room)) {
            // If the system refuses, the sender finds out when it next tries.
            let _refused = room.notifier.set(readiness);
        }
    }
}

impl Room {
    fn wishes(&self) -> bool {
        self.wish.grant()
    }
}

#[cfg(all(test, loom))]
mod model;
