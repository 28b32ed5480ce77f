//! `accept(2)` for systems without `accept4`: the flags follow in calls of their own, so that a
//! fork and exec of another thread in between may inherit the descriptor.
//!
//! # Invariants
//! NEW-FD: a successful `accept` returns an open descriptor that nobody else has seen: the caller
//! is its only owner (POSIX accept).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::address::Address;
use crate::result::check;
use crate::{flags, socket_option};

/// Takes the first connection from the listener's queue: a non-blocking, close-on-exec socket that
/// raises no `SIGPIPE`, and the peer's address.
///
/// # Errors
/// What `accept(2)` says: `EWOULDBLOCK` with an empty queue, `ECONNABORTED` (see
/// [`socket_error`](crate::socket_error)), `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`, after which the
/// connection stays in the queue. On Apple also `EINVAL` from setting an option on a connection
/// that was reset already, given here as `ECONNABORTED`.
///
/// # Platform
/// 4 syscalls; on Apple 5 (`SO_NOSIGPIPE`); one less where the new socket takes over the listener's
/// `O_NONBLOCK`.
///
/// # Source
/// POSIX `accept`
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let client = std::net::TcpStream::connect(listener.local_addr()?)?;
/// let (_fd, peer) = poll_sys::accept::accept(listener.as_fd())?;
/// assert_eq!(peer.to_inet(), Some(client.local_addr()?));
/// # std::io::Result::Ok(())
/// ```
pub fn accept(listener: BorrowedFd<'_>) -> io::Result<(OwnedFd, Address)> {
    let mut peer = Address::receive();
    let (address, len) = peer.as_mut_ptrs();
    // SAFETY: 1. `listener` is borrowed, so open. 2. `address` has room for the `*len` bytes that
    // accept(2) may write, and both pointers are live and unshared (Address::as_mut_ptrs).
    let fd = check(unsafe { libc::accept(listener.as_raw_fd(), address, len) })?;
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD). 2. close(2) is all that it needs.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    flags::set_cloexec(fd.as_fd())?;
    flags::set_nonblocking(fd.as_fd())?;
    socket_option::silence_sigpipe(fd.as_fd()).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => io::Error::from_raw_os_error(libc::ECONNABORTED),
        _ => error,
    })?;
    Ok((fd, peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_sockets_are_nonblocking_and_cloexec_and_know_their_peer() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (fd, peer) = accept(listener.as_fd()).unwrap();
        assert!(flags::is_nonblocking(fd.as_fd()).unwrap());
        assert!(flags::is_cloexec(fd.as_fd()).unwrap());
        assert_eq!(peer.to_inet(), Some(client.local_addr().unwrap()));
    }
}
