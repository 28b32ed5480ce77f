//! `socket(2)` and `socketpair(2)` with `SOCK_NONBLOCK | SOCK_CLOEXEC`: no window in which a
//! blocking or inheritable socket exists.
//!
//! The same functions for systems without these flags: `plain/socket.rs`.
//!
//! # Invariants
//! NEW-FD: a successful `socket` returns a descriptor, and a successful `socketpair` writes two,
//! that are open and that nobody else has seen: the caller is the only owner (socket(2),
//! socketpair(2)).

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use libc::c_int;

use crate::result::check;
use crate::socket_kind::{Family, Kind};

const FLAGS: c_int = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;

/// Creates an unconnected socket that is non-blocking and close-on-exec.
///
/// # Errors
/// What `socket(2)` says: `EMFILE` and `ENFILE` when a descriptor limit is reached, `EAFNOSUPPORT`
/// when the system lacks the family, `ENOBUFS` and `ENOMEM`.
///
/// # Platform
/// | system | syscalls |
/// |---|---|
/// | with `SOCK_NONBLOCK` and `SOCK_CLOEXEC` | 1 |
/// | others (Apple, Haiku) | 4, Apple 5: the flags follow, and `SO_NOSIGPIPE` |
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/socket.2.html>
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// use poll_sys::{flags, socket, socket_kind::{Family, Kind}};
/// let fd = socket::create(Family::Ipv4, Kind::Stream)?;
/// assert!(flags::is_nonblocking(fd.as_fd())? && flags::is_cloexec(fd.as_fd())?);
/// # std::io::Result::Ok(())
/// ```
pub fn create(family: Family, kind: Kind) -> io::Result<OwnedFd> {
    // SAFETY: 1. socket(2) takes three integers and touches no memory of ours.
    let fd = check(unsafe { libc::socket(family.raw(), kind.raw() | FLAGS, 0) })?;
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD). 2. close(2) is all that it needs.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Creates two connected Unix sockets, both non-blocking and close-on-exec.
///
/// # Errors
/// What `socketpair(2)` says: `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`.
///
/// # Platform
/// As for [`create`]; 7 syscalls (Apple 9) where the flags must follow.
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/socketpair.2.html>
///
/// # Examples
/// ```
/// let (_a, _b) = poll_sys::socket::pair(poll_sys::socket_kind::Kind::Datagram)?;
/// # std::io::Result::Ok(())
/// ```
pub fn pair(kind: Kind) -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [-1; 2];
    let family = Family::Unix.raw();
    // SAFETY: 1. socketpair(2) writes two ints through the pointer, which is to an array of two.
    check(unsafe { libc::socketpair(family, kind.raw() | FLAGS, 0, fds.as_mut_ptr()) })?;
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD: first of the two). 2. close(2) is all
    // that it needs.
    let first = unsafe { OwnedFd::from_raw_fd(fds[0]) };
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD: second of the two). 2. close(2) is all
    // that it needs.
    let second = unsafe { OwnedFd::from_raw_fd(fds[1]) };
    Ok((first, second))
}
