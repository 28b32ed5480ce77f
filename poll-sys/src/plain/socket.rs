//! `socket(2)` and `socketpair(2)` for systems without `SOCK_NONBLOCK` and `SOCK_CLOEXEC`.
//!
//! The flags follow in calls of their own. Another thread that forks and executes a program in
//! between hands it the descriptor; no call of these systems avoids that.
//!
//! # Invariants
//! NEW-FD: a successful `socket` returns a descriptor, and a successful `socketpair` writes two,
//! that are open and that nobody else has seen: the caller is the only owner (socket(2),
//! socketpair(2)).

use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use crate::result::check;
use crate::socket_kind::{Family, Kind};
use crate::{flags, socket_option};

/// Creates an unconnected socket that is non-blocking and close-on-exec, and raises no `SIGPIPE`.
///
/// # Errors
/// What `socket(2)` says: `EMFILE` and `ENFILE` when a descriptor limit is reached, `EAFNOSUPPORT`
/// when the system lacks the family, `ENOBUFS` and `ENOMEM`.
///
/// # Platform
/// 4 syscalls: the flags follow. On Apple 5: `SO_NOSIGPIPE`.
///
/// # Source
/// POSIX `socket`
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
    let fd = check(unsafe { libc::socket(family.raw(), kind.raw(), 0) })?;
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD). 2. close(2) is all that it needs.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    prepare(&fd)?;
    Ok(fd)
}

/// Creates two connected Unix sockets, both non-blocking and close-on-exec, without `SIGPIPE`.
///
/// # Errors
/// What `socketpair(2)` says: `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`.
///
/// # Platform
/// As for [`create`], for each of the two.
///
/// # Source
/// POSIX `socketpair`
///
/// # Examples
/// ```
/// let (_a, _b) = poll_sys::socket::pair(poll_sys::socket_kind::Kind::Datagram)?;
/// # std::io::Result::Ok(())
/// ```
pub fn pair(kind: Kind) -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [-1; 2];
    // SAFETY: 1. socketpair(2) writes two ints through the pointer, which is to an array of two.
    check(unsafe { libc::socketpair(Family::Unix.raw(), kind.raw(), 0, fds.as_mut_ptr()) })?;
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD: first of the two). 2. close(2) is all
    // that it needs.
    let first = unsafe { OwnedFd::from_raw_fd(fds[0]) };
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD: second of the two). 2. close(2) is all
    // that it needs.
    let second = unsafe { OwnedFd::from_raw_fd(fds[1]) };
    prepare(&first)?;
    prepare(&second)?;
    Ok((first, second))
}

fn prepare(fd: &OwnedFd) -> io::Result<()> {
    flags::set_cloexec(fd.as_fd())?;
    flags::set_nonblocking(fd.as_fd())?;
    socket_option::silence_sigpipe(fd.as_fd())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn created_sockets_are_nonblocking_and_cloexec() {
        for kind in [Kind::Stream, Kind::Datagram] {
            let (a, b) = pair(kind).unwrap();
            let c = create(Family::Ipv4, kind).unwrap();
            for fd in [&a, &b, &c] {
                assert!(flags::is_nonblocking(fd.as_fd()).unwrap());
                assert!(flags::is_cloexec(fd.as_fd()).unwrap());
            }
        }
    }
}
