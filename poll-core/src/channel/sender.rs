//! The sending end.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc;

use super::coupling::{Ends, Flag, Room};
use super::error::SendError;
use crate::error::RegisterError;
use crate::event::Readiness;
use crate::mode::Mode;
use crate::notifier::Notifier;
use crate::poller::Poller;
use crate::token::Token;

/// The sending end of a channel. Clones send to the same receiver.
///
/// Dropping the last one is an event of the receiver's: [read-closed](crate::Event::is_read_closed),
/// after the messages that are still there.
pub struct Sender<T> {
    link: Arc<Link<T>>,
    room: Option<Arc<Room>>,
}

/// What the clones share. The fields are dropped in this order: first the queue learns that its
/// senders are gone, then the receiver is told to look.
struct Link<T> {
    queue: Queue<T>,
    farewell: Farewell,
    ends: Arc<Ends>,
}

pub(super) enum Queue<T> {
    Bounded(mpsc::SyncSender<T>),
    Unbounded(mpsc::Sender<T>),
}

struct Farewell(Notifier);

impl Drop for Farewell {
    fn drop(&mut self) {
        // If the system refuses, or in a child of fork, there is nobody to tell it to.
        let _refused = self.0.set(Readiness::READABLE | Readiness::READ_CLOSED);
    }
}

impl<T> Sender<T> {
    pub(super) fn new(queue: Queue<T>, notifier: Notifier, ends: Arc<Ends>) -> Self {
        Self { link: Arc::new(Link { queue, farewell: Farewell(notifier), ends }), room: None }
    }

    /// Sends `message`, and waits for room if the channel is bounded and full.
    ///
    /// For threads that work for a loop; in a loop use [`try_send`](Self::try_send).
    ///
    /// # Errors
    /// [`Disconnected`](SendError::Disconnected), [`Forked`](SendError::Forked),
    /// [`Unheard`](SendError::Unheard).
    ///
    /// # Cost
    /// See [the module](crate::channel#cost).
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        if !self.is_of_this_process() {
            return Err(SendError::Forked(message));
        }
        let sent = match &self.link.queue {
            Queue::Bounded(queue) => queue.send(message),
            Queue::Unbounded(queue) => queue.send(message),
        };
        sent.map_err(|mpsc::SendError(message)| SendError::Disconnected(message))?;
        self.announce()
    }

    /// Sends `message`, or gives it back if the channel is full. Never waits.
    ///
    /// If it is full, a sender [with events](Self::with_events) gets one when there is room.
    ///
    /// # Errors
    /// [`Full`](SendError::Full), [`Disconnected`](SendError::Disconnected),
    /// [`Forked`](SendError::Forked), [`Unheard`](SendError::Unheard).
    ///
    /// # Cost
    /// See [the module](crate::channel#cost).
    pub fn try_send(&self, message: T) -> Result<(), SendError<T>> {
        if !self.is_of_this_process() {
            return Err(SendError::Forked(message));
        }
        match (self.link.queue.try_push(message), &self.room) {
            (Err(SendError::Full(message)), Some(room)) => {
                self.link.ends.offer(room, || self.link.queue.try_push(message))?;
            }
            (done, _) => done?,
        }
        self.announce()
    }

    /// This sender, with events: writable when there is room after a [`Full`](SendError::Full), and
    /// write-closed when the receiver is gone.
    ///
    /// Clones of it share the token. Each event comes once, and is a hint: another sender may have
    /// taken the room. When the last clone is dropped, there are no more.
    ///
    /// # Errors
    /// Those of [`Poller::notifier`]; [`Forked`](RegisterError::Forked) also if the system refuses
    /// to report at once that the receiver is gone.
    ///
    /// # Cost
    /// No syscall (1 if the receiver is gone and another thread sleeps in the poller). Allocates what it shares with its clones.
    pub fn with_events(&self, poller: &Poller, token: Token) -> Result<Self, RegisterError> {
        let notifier = poller.notifier(token, Mode::Edge)?;
        let room =
            self.link.ends.room(notifier).map_err(|error| RegisterError::Os(error.into()))?;
        Ok(Self { link: Arc::clone(&self.link), room: Some(room) })
    }

    fn announce(&self) -> Result<(), SendError<T>> {
        self.link.farewell.0.raise().map_err(SendError::Unheard)
    }

    fn is_of_this_process(&self) -> bool {
        self.link.farewell.0.is_of_this_process()
    }
}

impl<T> Queue<T> {
    fn try_push(&self, message: T) -> Result<(), SendError<T>> {
        match self {
            Self::Bounded(queue) => queue.try_send(message).map_err(|error| match error {
                mpsc::TrySendError::Full(message) => SendError::Full(message),
                mpsc::TrySendError::Disconnected(message) => SendError::Disconnected(message),
            }),
            Self::Unbounded(queue) => queue
                .send(message)
                .map_err(|mpsc::SendError(message)| SendError::Disconnected(message)),
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { link: Arc::clone(&self.link), room: self.room.clone() }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("events", &self.room.as_ref().map(|room| room.notifier.token()))
            .finish_non_exhaustive()
    }
}
