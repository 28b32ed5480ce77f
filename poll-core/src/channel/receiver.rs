//! The receiving end.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};

use super::coupling::{self, Ends};
use crate::notifier::Notifier;
use crate::token::Token;

/// The receiving end of a channel: ready under its token while there are messages.
///
/// Dropping it drops the messages that are left. No wait that begins later reports its token, and
/// senders learn of it: by their errors, and those [with events](super::Sender::with_events) by one.
pub struct Receiver<T> {
    // Dropped in this order: first the queue learns that its receiver is gone, then the senders are
    // told.
    queue: mpsc::Receiver<T>,
    end: End,
    /// The senders were found gone and the queue empty.
    closed: Cell<bool>,
}

struct End {
    notifier: Notifier,
    ends: Arc<Ends>,
}

impl Drop for End {
    fn drop(&mut self) {
        // In a child of fork the lock may be held by a thread that does not exist there.
        if self.notifier.is_of_this_process() {
            self.notifier.close();
            self.ends.receiver_is_gone();
        }
    }
}

impl<T> Receiver<T> {
    pub(super) fn new(queue: mpsc::Receiver<T>, notifier: Notifier, ends: Arc<Ends>) -> Self {
        Self { queue, end: End { notifier, ends }, closed: Cell::new(false) }
    }

    /// The next message, if there is one. Never waits.
    ///
    /// [`TryRecvError::Empty`] ends the readiness: go on waiting.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`]; [`TryRecvError::Disconnected`] when the last message is received and
    /// the last sender gone, and in a child of `fork`, whose copy of the queue may be half written.
    ///
    /// # Cost
    /// See [the module](crate::channel#cost).
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        if !self.end.notifier.is_of_this_process() {
            return Err(TryRecvError::Disconnected);
        }
        let received = coupling::receive(&self.end.notifier, || self.queue.try_recv());
        match received {
            Ok(_) => self.end.ends.made_room(),
            Err(TryRecvError::Disconnected) => self.closed.set(true),
            Err(TryRecvError::Empty) => {}
        }
        received
    }

    /// At most `limit` messages of those that are there: the fair share of one event. What is left
    /// is reported again.
    pub fn drain(&self, limit: usize) -> Drain<'_, T> {
        Drain { receiver: self, left: limit }
    }

    /// Whether [`try_recv`](Self::try_recv) or [`drain`](Self::drain) has found that the last message
    /// is received and the last sender gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// The token that the receiver's events carry.
    #[must_use]
    pub fn token(&self) -> Token {
        self.end.notifier.token()
    }
}

/// Messages that are there; see [`Receiver::drain`].
#[must_use = "it receives as it is iterated"]
pub struct Drain<'a, T> {
    receiver: &'a Receiver<T>,
    left: usize,
}

impl<T> Iterator for Drain<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        self.receiver.try_recv().ok()
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Drain<'a, T>;

    /// All messages that are there, and those that are sent meanwhile: see
    /// [the module on fairness](crate::channel#fairness).
    fn into_iter(self) -> Drain<'a, T> {
        self.drain(usize::MAX)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("token", &self.token()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Drain<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("left", &self.left).finish_non_exhaustive()
    }
}
