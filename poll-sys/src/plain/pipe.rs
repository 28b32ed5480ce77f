//! `pipe(2)` for systems without `pipe2`: the flags follow in calls of their own, so that a fork
//! and exec of another thread in between may inherit the descriptors.
//!
//! # Invariants
//! NEW-FD: a successful `pipe` writes two descriptors that are open and that nobody else has seen:
//! the caller is their only owner (POSIX pipe).

use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use crate::flags;
use crate::result::check;

/// Creates a pipe, `(reader, writer)`, both ends non-blocking and close-on-exec.
///
/// # Errors
/// What `pipe(2)` says: `EMFILE`, `ENFILE`.
///
/// # Cost
/// 7 syscalls. No allocation.
///
/// # Source
/// POSIX `pipe`
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
    // SAFETY: 1. pipe(2) writes two ints through the pointer, which is to an array of two.
    check(unsafe { libc::pipe(fds.as_mut_ptr()) })?;
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD: the read end). 2. close(2) is all that
    // it needs.
    let reader = unsafe { OwnedFd::from_raw_fd(fds[0]) };
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD: the write end). 2. close(2) is all
    // that it needs.
    let writer = unsafe { OwnedFd::from_raw_fd(fds[1]) };
    for fd in [&reader, &writer] {
        flags::set_cloexec(fd.as_fd())?;
        flags::set_nonblocking(fd.as_fd())?;
    }
    Ok((reader, writer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_nonblocking_and_cloexec() {
        let (reader, writer) = pipe().unwrap();
        for fd in [&reader, &writer] {
            assert!(flags::is_nonblocking(fd.as_fd()).unwrap());
            assert!(flags::is_cloexec(fd.as_fd()).unwrap());
        }
    }
}
