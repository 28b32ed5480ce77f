//! Why a message was not sent.

use thiserror::Error;

use crate::error::WakeError;

/// Why a message was not sent, or not heard. The message comes back where it was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError<T> {
    /// The channel holds as many messages as it may: try again when there is room, which a
    /// [sender with events](crate::channel::Sender::with_events) is told.
    #[error("the channel is full; try again when it has room")]
    Full(T),

    /// The receiver is gone.
    #[error("the receiver of the channel is gone")]
    Disconnected(T),

    /// This process is a child of the one that made the channel.
    #[error("the channel belongs to the parent process; make a new one after a fork")]
    Forked(T),

    /// The message was sent, but the system refused to wake the thread that waits for it. It is
    /// found with the next event.
    #[error("the message was sent, but its receiver could not be woken")]
    Unheard(#[source] WakeError),
}

impl<T> SendError<T> {
    /// The message, unless it was sent.
    #[must_use]
    pub fn into_inner(self) -> Option<T> {
        match self {
            Self::Full(message) | Self::Disconnected(message) | Self::Forked(message) => {
                Some(message)
            }
            Self::Unheard(_) => None,
        }
    }
}
