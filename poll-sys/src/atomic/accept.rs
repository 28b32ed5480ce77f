//! `accept4(2)`: takes a connection, non-blocking and close-on-exec from its first moment.
//!
//! The same function for systems without it: `plain/accept.rs`.
//!
//! # Invariants
//! NEW-FD: a successful `accept4` returns an open descriptor that nobody else has seen: the caller
//! is its only owner (accept4(2)).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::address::Address;
use crate::result::check;

/// Takes the first connection from the listener's queue: a non-blocking, close-on-exec socket, and
/// the peer's address.
///
/// # Errors
/// What `accept4(2)` says: `EWOULDBLOCK` with an empty queue, `ECONNABORTED` (see
/// [`socket_error`](crate::socket_error)), `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`, after which the
/// connection stays in the queue.
///
/// # Platform
/// | system | syscalls |
/// |---|---|
/// | with `accept4` | 1 |
/// | others (Apple, Haiku) | 4, Apple 5: the flags follow, and `SO_NOSIGPIPE` |
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/accept.2.html>
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
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    let (address, len) = peer.as_mut_ptrs();
    // SAFETY: 1. `listener` is borrowed, so open. 2. `address` has room for the `*len` bytes that
    // accept4(2) may write, and both pointers are live and unshared (Address::as_mut_ptrs).
    let fd = check(unsafe { libc::accept4(listener.as_raw_fd(), address, len, flags) })?;
    // SAFETY: 1. It is open and nobody else owns it (NEW-FD). 2. close(2) is all that it needs.
    Ok((unsafe { OwnedFd::from_raw_fd(fd) }, peer))
}
