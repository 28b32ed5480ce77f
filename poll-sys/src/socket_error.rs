//! Errors of socket calls that std's `ErrorKind` has no name for and a caller must tell apart.

use std::io;

/// Whether `accept` failed because the connection that it took from the queue is gone already: the
/// listener is well and the next `accept` looks at the next connection.
///
/// # Platform
/// `ECONNABORTED` everywhere; also `EPROTO`, which older systems return for the same.
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/accept.2.html>, POSIX `accept`
///
/// # Examples
/// ```
/// use poll_sys::socket_error::connection_is_gone;
/// assert!(connection_is_gone(&std::io::ErrorKind::ConnectionAborted.into()));
/// assert!(!connection_is_gone(&std::io::ErrorKind::WouldBlock.into()));
/// ```
#[must_use]
pub fn connection_is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionAborted || error.raw_os_error() == Some(libc::EPROTO)
}

/// Whether `connect` failed with `EINPROGRESS`: it goes on without the caller.
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/connect.2.html>
///
/// # Examples
/// ```
/// use poll_sys::socket_error::is_in_progress;
/// assert!(!is_in_progress(&std::io::ErrorKind::WouldBlock.into()));
/// ```
#[must_use]
pub fn is_in_progress(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS)
}
