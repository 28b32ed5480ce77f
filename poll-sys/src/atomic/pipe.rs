//! `pipe2(2)` with `O_NONBLOCK | O_CLOEXEC`.
//!
//! The same function for systems without it: `plain/pipe.rs`.
//!
//! # Invariants
//! NEW-FD: a successful `pipe2` writes two descriptors that are open and that nobody else has seen:
//! the caller is their only owner (pipe(2)).

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use crate::result::check;

/// Creates a pipe, `(reader, writer)`, both ends non-blocking and close-on-exec.
///
/// # Errors
/// What `pipe2(2)` says: `EMFILE`, `ENFILE`.
///
/// # Platform
/// | system | syscalls |
/// |---|---|
/// | with `pipe2` | 1 |
/// | others (Apple, Haiku) | 7 |
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/pipe.2.html>
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let (reader, writer) = poll_sys::pipe::pipe()?;
/// assert!(poll_sys::flags::is_nonblocking(reader.as_fd())?);
/// assert!(poll_sys::flags::is_cloexec(writer.as_fd())?);
/// # std::io::Result::Ok(())
/// ```
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [-1; 2];
    // SAFETY: 1. pipe2(2) writes two ints through the pointer, which is to an array of two.
    check(unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_NONBLOCK | libc::O_CLOEXEC) })?;
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD: the read end). 2. close(2) is all that
    // it needs.
    let reader = unsafe { OwnedFd::from_raw_fd(fds[0]) };
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD: the write end). 2. close(2) is all
    // that it needs.
    let writer = unsafe { OwnedFd::from_raw_fd(fds[1]) };
    Ok((reader, writer))
}
