//! `fcntl(2)`: the two flags that every descriptor of this workspace has, non-blocking and
//! close-on-exec, for descriptors that come from elsewhere or could not be created with them.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::result::check;

/// Sets `O_NONBLOCK` on the open file description, if it is not set.
///
/// The flag belongs to the description: every duplicate of the descriptor, in this process or
/// another, becomes non-blocking with it.
///
/// # Errors
/// What `fcntl(2)` says for `F_GETFL` and `F_SETFL`.
///
/// # Cost
/// One syscall if the flag is set already, else two. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/fcntl.2.html>
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
/// assert!(!poll_sys::flags::is_nonblocking(a.as_fd())?);
/// poll_sys::flags::set_nonblocking(a.as_fd())?;
/// assert!(poll_sys::flags::is_nonblocking(a.as_fd())?);
/// # std::io::Result::Ok(())
/// ```
pub fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    let flags = status(fd)?;
    if flags & libc::O_NONBLOCK != 0 {
        return Ok(());
    }
    // SAFETY: 1. `fd` is open for the whole call: it is borrowed. 2. F_SETFL takes one int, which
    // is what is passed; no memory is involved (fcntl(2)).
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK) })?;
    Ok(())
}

/// Whether `O_NONBLOCK` is set on the open file description.
///
/// # Errors
/// What `fcntl(2)` says for `F_GETFL`.
///
/// # Cost
/// One syscall. No allocation.
///
/// # Examples
/// See [`set_nonblocking`].
pub fn is_nonblocking(fd: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(status(fd)? & libc::O_NONBLOCK != 0)
}

/// Sets `FD_CLOEXEC` on the descriptor.
///
/// Between the creation of a descriptor and this call another thread may `fork` and `exec`: use the
/// creating call's own flag where there is one.
///
/// # Errors
/// What `fcntl(2)` says for `F_SETFD`.
///
/// # Cost
/// One syscall. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/fcntl.2.html>
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
/// poll_sys::flags::set_cloexec(a.as_fd())?;
/// assert!(poll_sys::flags::is_cloexec(a.as_fd())?);
/// # std::io::Result::Ok(())
/// ```
pub fn set_cloexec(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: 1. `fd` is open for the whole call: it is borrowed. 2. F_SETFD takes one int, which
    // is what is passed; no memory is involved (fcntl(2)).
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })?;
    Ok(())
}

/// Whether `FD_CLOEXEC` is set on the descriptor.
///
/// # Errors
/// What `fcntl(2)` says for `F_GETFD`.
///
/// # Cost
/// One syscall. No allocation.
///
/// # Examples
/// See [`set_cloexec`].
pub fn is_cloexec(fd: BorrowedFd<'_>) -> io::Result<bool> {
    // SAFETY: 1. `fd` is open for the whole call: it is borrowed. 2. F_GETFD takes no argument
    // (fcntl(2)).
    let flags = check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFD) })?;
    Ok(flags & libc::FD_CLOEXEC != 0)
}

fn status(fd: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    // SAFETY: 1. `fd` is open for the whole call: it is borrowed. 2. F_GETFL takes no argument
    // (fcntl(2)).
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) })
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsFd, FromRawFd, OwnedFd};

    use super::*;

    #[test]
    fn each_flag_is_told_as_it_is_and_once_set_stays() {
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        // SAFETY: 1. The argument is an integer (dup(2)).
        let number = check(unsafe { libc::dup(ours.as_raw_fd()) }).unwrap();
        // SAFETY: 1. It is open and nobody else owns it: dup(2) has just made it. 2. close(2) is all
        // that it needs.
        let bare = unsafe { OwnedFd::from_raw_fd(number) };
        let bare = bare.as_fd();
        assert_eq!((is_nonblocking(bare).unwrap(), is_cloexec(bare).unwrap()), (false, false));
        for _ in 0..2 {
            set_nonblocking(bare).unwrap();
            set_cloexec(bare).unwrap();
            assert_eq!((is_nonblocking(bare).unwrap(), is_cloexec(bare).unwrap()), (true, true));
        }
    }
}
