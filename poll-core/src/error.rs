//! What can go wrong, typed, and the same on every backend.

use std::collections::TryReserveError;
use std::fmt;
use std::io;

use poll_sys::errno;
use thiserror::Error;

/// Why a source could not be watched, or its watch changed. Nothing was changed, except where
/// [`Registration::arm`](crate::Registration::arm) says so.
///
/// Converts into [`io::Error`]; [`raw_os_error`](Self::raw_os_error) tells the system's number.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The source's descriptor is watched by this poller already.
    ///
    /// One descriptor has one registration; a duplicate of it (`try_clone`) can have another.
    #[error(
        "this poller watches the descriptor already; change that registration, or register a duplicate of the descriptor"
    )]
    AlreadyRegistered,

    /// An unowned [`modify`](crate::Poller::modify) or [`delete`](crate::Poller::delete) of a
    /// descriptor that this poller does not watch.
    #[error("this poller does not watch the descriptor; add it first")]
    NotRegistered,

    /// The source has no readiness to wait for: a regular file or a directory, which are always
    /// ready. Read and write it from a thread of its own if that takes too long.
    ///
    /// A device whose driver cannot tell (`/dev/null`) is refused by epoll; poll(2) cannot see that
    /// and reports it as always ready.
    #[error(
        "a regular file or directory is always ready and cannot be polled; do the I/O directly, or on a thread of its own"
    )]
    NotPollable,

    /// The backend cannot do this mode; [`Poller::supports`](crate::Poller::supports) says so
    /// beforehand. Or the call cannot: a [`Notifier`](crate::Notifier) of
    /// [`Mode::Oneshot`](crate::Mode::Oneshot), a [`modify`](crate::Poller::modify) to
    /// [`Mode::Exclusive`](crate::Mode::Exclusive).
    #[error("this mode is not supported here; Mode::Level always is")]
    ModeUnsupported,

    /// The backend cannot do this interest;
    /// [`Poller::supports_interest`](crate::Poller::supports_interest) says so beforehand. Or the mode
    /// cannot: [`PRIORITY`](crate::Interest::PRIORITY) in
    /// [`Mode::Exclusive`](crate::Mode::Exclusive).
    #[error(
        "this interest is not supported here, or not in this mode; READABLE and WRITABLE always are"
    )]
    InterestUnsupported,

    /// `Token(usize::MAX)` is the poller's own.
    #[error("the token usize::MAX is the poller's own; take any other")]
    TokenReserved,

    /// The system's limit of watches is reached: `/proc/sys/fs/epoll/max_user_watches` on Linux
    /// (ENOSPC).
    #[error(
        "the system's limit of watched descriptors is reached; close some or raise it (Linux: fs.epoll.max_user_watches)"
    )]
    WatchLimit,

    /// This process is a child of the one that made the poller: make a new poller.
    #[error("the poller belongs to the parent process; make a new one after a fork")]
    Forked,

    /// The system said something else.
    #[error(transparent)]
    Os(io::Error),
}

impl RegisterError {
    /// The system's error number: the one that it gave, or that stands for the same.
    ///
    /// `None` for what no system call said: [`ModeUnsupported`](Self::ModeUnsupported),
    /// [`InterestUnsupported`](Self::InterestUnsupported), [`TokenReserved`](Self::TokenReserved),
    /// [`Forked`](Self::Forked).
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        match self {
            Self::Os(error) => error.raw_os_error(),
            Self::AlreadyRegistered => Some(errno::EXIST),
            Self::NotRegistered => Some(errno::NOENT),
            Self::NotPollable => Some(errno::PERM),
            Self::WatchLimit => Some(errno::NOSPC),
            Self::ModeUnsupported
            | Self::InterestUnsupported
            | Self::TokenReserved
            | Self::Forked => None,
        }
    }

    /// The type of an error that a system call said while a source was registered or changed.
    pub(crate) fn from_os(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(errno::EXIST) => Self::AlreadyRegistered,
            Some(errno::NOENT) => Self::NotRegistered,
            Some(errno::PERM) => Self::NotPollable,
            Some(errno::NOSPC) => Self::WatchLimit,
            _ => Self::Os(error),
        }
    }

    /// The portable kind of the error.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::AlreadyRegistered => io::ErrorKind::AlreadyExists,
            Self::NotRegistered => io::ErrorKind::NotFound,
            Self::ModeUnsupported | Self::InterestUnsupported | Self::NotPollable => {
                io::ErrorKind::Unsupported
            }
            Self::TokenReserved => io::ErrorKind::InvalidInput,
            Self::Os(error) => error.kind(),
            Self::WatchLimit | Self::Forked => io::ErrorKind::Other,
        }
    }
}

impl From<TryReserveError> for RegisterError {
    fn from(error: TryReserveError) -> Self {
        Self::Os(no_memory(error))
    }
}

/// What the system would say.
pub(crate) fn no_memory(_: TryReserveError) -> io::Error {
    io::Error::from_raw_os_error(errno::NOMEM)
}

impl From<RegisterError> for io::Error {
    /// The system's error is passed on as it is; the others keep their type inside, for
    /// `get_ref` and a downcast.
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Os(error) => error,
            other => Self::new(other.kind(), other),
        }
    }
}

/// A source that was not registered, given back with the reason.
///
/// `?` turns it into an [`io::Error`] or a [`RegisterError`], and the source is dropped then.
///
/// # Examples
/// ```
/// use poll_core::{Interest, Mode, Poller, RegisterError, Token};
///
/// let poller = Poller::new()?;
/// let file = std::fs::File::open("/proc/self/exe").or_else(|_| std::fs::File::open("/bin/sh"))?;
/// let rejected = poller.register(file, Token(0), Interest::READABLE, Mode::Level).unwrap_err();
/// assert!(matches!(rejected.error(), RegisterError::NotPollable));
/// let file = rejected.into_source(); // still open
/// # drop(file);
/// # std::io::Result::Ok(())
/// ```
pub struct Rejected<S> {
    source: S,
    error: RegisterError,
}

impl<S> Rejected<S> {
    pub(crate) fn new(source: S, error: RegisterError) -> Self {
        Self { source, error }
    }

    /// The reason.
    #[must_use]
    pub fn error(&self) -> &RegisterError {
        &self.error
    }

    /// The source.
    #[must_use]
    pub fn into_source(self) -> S {
        self.source
    }

    /// The source and the reason.
    #[must_use]
    pub fn into_parts(self) -> (S, RegisterError) {
        (self.source, self.error)
    }
}

impl<S> fmt::Debug for Rejected<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<S> fmt::Display for Rejected<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<S> std::error::Error for Rejected<S> {}

impl<S> From<Rejected<S>> for RegisterError {
    fn from(rejected: Rejected<S>) -> Self {
        rejected.error
    }
}

impl<S> From<Rejected<S>> for io::Error {
    fn from(rejected: Rejected<S>) -> Self {
        rejected.error.into()
    }
}

/// Why a wake did not go through. Made without an allocation, because a
/// [`wake`](crate::Waker::wake) may run inside a signal handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WakeError {
    /// This process is a child of the one that made the poller.
    #[error("the waker belongs to the parent process; make a new poller after a fork")]
    Forked,

    /// The system refused to wake the sleeper. The wake was taken back.
    #[error("the system refused to wake the poller (error number {0})")]
    Os(i32),
}

impl WakeError {
    /// What the system said.
    #[cold]
    #[inline(never)]
    pub(crate) fn from_os(error: io::Error) -> Self {
        Self::Os(error.raw_os_error().unwrap_or(0))
    }
}

impl From<WakeError> for io::Error {
    fn from(error: WakeError) -> Self {
        match error {
            WakeError::Os(number) => Self::from_raw_os_error(number),
            WakeError::Forked => RegisterError::Forked.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_with_a_type_keeps_its_number_and_any_other_is_the_systems() {
        for number in [errno::EXIST, errno::NOENT, errno::PERM, errno::NOSPC] {
            let error = RegisterError::from_os(io::Error::from_raw_os_error(number));
            assert!(!matches!(error, RegisterError::Os(_)), "{error:?}");
            assert_eq!(error.raw_os_error(), Some(number));
        }
        let other = RegisterError::from_os(io::Error::from_raw_os_error(errno::BADF));
        assert!(matches!(other, RegisterError::Os(_)));
        assert_eq!(other.raw_os_error(), Some(errno::BADF));
    }

    #[test]
    fn an_os_error_comes_out_as_it_went_in() {
        let error = RegisterError::Os(io::Error::from_raw_os_error(12));
        assert_eq!(error.raw_os_error(), Some(12));
        assert_eq!(io::Error::from(error).raw_os_error(), Some(12));
    }

    #[test]
    fn the_typed_errors_survive_the_way_through_io_error() {
        let error = io::Error::from(RegisterError::Forked);
        let inner = error.get_ref().and_then(|e| e.downcast_ref::<RegisterError>());
        assert!(matches!(inner, Some(RegisterError::Forked)));
    }

    #[test]
    fn what_a_system_call_said_keeps_its_number() {
        for error in [
            RegisterError::AlreadyRegistered,
            RegisterError::NotRegistered,
            RegisterError::NotPollable,
            RegisterError::WatchLimit,
        ] {
            assert!(error.raw_os_error().is_some(), "{error:?}");
        }
        assert_eq!(RegisterError::Forked.raw_os_error(), None);
    }
}
