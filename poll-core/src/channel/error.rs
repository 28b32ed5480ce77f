//! Why a message was not sent.

use std::fmt;
use std::io;

use thiserror::Error;

use crate::error::{RegisterError, WakeError};

/// Why a message was not sent, or not heard. The message comes back where it was not sent.
///
/// It is an error whatever the message is: `Debug` leaves that out. `?` turns it into an
/// [`io::Error`], and the message is dropped then.
///
/// # Examples
/// ```
/// use poll_core::{Poller, Token, channel};
/// use std::io;
///
/// type Job = Box<dyn FnOnce() + Send>;
/// fn submit(jobs: &channel::Sender<Job>) -> io::Result<()> {
///     Ok(jobs.try_send(Box::new(|| println!("done")))?)
/// }
///
/// let (jobs, receiver) = channel::bounded(&Poller::new()?, Token(0), 1)?;
/// submit(&jobs)?;
/// assert_eq!(submit(&jobs).unwrap_err().kind(), io::ErrorKind::WouldBlock); // full
/// drop(receiver);
/// assert_eq!(submit(&jobs).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
/// # io::Result::Ok(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Error)]
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

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("Full(..)"),
            Self::Disconnected(_) => f.write_str("Disconnected(..)"),
            Self::Forked(_) => f.write_str("Forked(..)"),
            Self::Unheard(error) => f.debug_tuple("Unheard").field(error).finish(),
        }
    }
}

impl<T> From<SendError<T>> for io::Error {
    /// `WouldBlock` if the channel is full, `BrokenPipe` if the receiver is gone. The type is inside, for
    /// `get_ref` and a downcast: a `SendError<()>`, and a [`RegisterError`] in a child of `fork`.
    fn from(error: SendError<T>) -> Self {
        let (kind, inside) = match error {
            SendError::Full(_) => (io::ErrorKind::WouldBlock, SendError::Full(())),
            SendError::Disconnected(_) => (io::ErrorKind::BrokenPipe, SendError::Disconnected(())),
            SendError::Unheard(error) => (io::ErrorKind::Other, SendError::Unheard(error)),
            SendError::Forked(_) => return RegisterError::Forked.into(),
        };
        Self::new(kind, inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neither printed, nor compared, nor sent anywhere.
    struct Opaque;

    #[test]
    fn a_message_of_any_type_makes_an_error_and_is_not_printed() {
        let wake = WakeError::Os(5);
        for (error, shown) in [
            (SendError::Full(Opaque), "Full(..)"),
            (SendError::Disconnected(Opaque), "Disconnected(..)"),
            (SendError::Forked(Opaque), "Forked(..)"),
            (SendError::Unheard(wake), "Unheard(Os(5))"),
        ] {
            let error: &dyn std::error::Error = &error;
            assert_eq!(format!("{error:?}"), shown);
        }
    }

    #[test]
    fn each_error_has_its_kind_and_keeps_its_type_as_an_io_error() {
        let wake = WakeError::Os(5);
        for (error, kind, inside) in [
            (SendError::Full(Opaque), io::ErrorKind::WouldBlock, SendError::Full(())),
            (
                SendError::Disconnected(Opaque),
                io::ErrorKind::BrokenPipe,
                SendError::Disconnected(()),
            ),
            (SendError::Unheard(wake), io::ErrorKind::Other, SendError::Unheard(wake)),
        ] {
            let error = io::Error::from(error);
            assert_eq!(error.kind(), kind);
            assert_eq!(error.get_ref().unwrap().downcast_ref(), Some(&inside));
        }
        let forked = io::Error::from(SendError::Forked(Opaque));
        assert!(forked.get_ref().unwrap().is::<RegisterError>());
    }
}
