//! `MSG_OOB`: the one byte of urgent data that a TCP stream can carry beside the others.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::result::check_size;
use crate::system::NAMES;
use crate::system::urgent_mark;

/// Sends one urgent byte.
///
/// # Errors
/// `EWOULDBLOCK` when the send buffer is full, `EPIPE` (and no SIGPIPE), `EOPNOTSUPP` on a socket
/// that has no urgent data.
///
/// # Cost
/// One syscall. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/tcp.7.html>, RFC 6093
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let client = std::net::TcpStream::connect(listener.local_addr()?)?;
/// let (server, _) = listener.accept()?;
/// poll_sys::urgent::send(client.as_fd(), b'!')?;
/// let byte = loop {
///     match poll_sys::urgent::receive(server.as_fd()) {
///         Ok(byte) => break byte,
///         Err(_) => {} // Not here yet: a program waits for its priority readiness.
///     }
/// };
/// assert_eq!(byte, b'!');
/// # std::io::Result::Ok(())
/// ```
pub fn send(stream: BorrowedFd<'_>, byte: u8) -> io::Result<()> {
    let (fd, flags, byte) = (stream.as_raw_fd(), libc::MSG_OOB | NAMES.no_signal, &raw const byte);
    // SAFETY: 1. `stream` is borrowed, so open. 2. One byte is read at a pointer to a live byte.
    check_size(unsafe { libc::send(fd, byte.cast(), 1, flags) })?;
    Ok(())
}

/// Takes the urgent byte.
///
/// # Errors
/// `EWOULDBLOCK` when one is announced but not here; `EINVAL` when there is none, or it was taken,
/// or the socket delivers it among the others (`SO_OOBINLINE`).
///
/// # Cost
/// One syscall. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/tcp.7.html>
///
/// # Examples
/// See [`send`].
pub fn receive(stream: BorrowedFd<'_>) -> io::Result<u8> {
    let mut byte = 0_u8;
    let (fd, into) = (stream.as_raw_fd(), &raw mut byte);
    // SAFETY: 1. `stream` is borrowed, so open. 2. One byte may be written at a pointer to one.
    match check_size(unsafe { libc::recv(fd, into.cast(), 1, libc::MSG_OOB) })? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(byte),
    }
}

/// Whether the next read would begin where the urgent byte stood among the others. A read ends before
/// that mark.
///
/// # Errors
/// `ENOTTY` or `EINVAL` on what is no socket.
///
/// # Platform
/// | system | by |
/// |---|---|
/// | Android | `ioctl` with `SIOCATMARK`: its C library has the function from Android 8.0 |
/// | others | `sockatmark` |
///
/// # Cost
/// One syscall. No allocation.
///
/// # Source
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/sockatmark.html>,
/// <https://man7.org/linux/man-pages/man3/sockatmark.3.html>
///
/// # Examples
/// ```
/// use std::io::Write;
/// use std::os::fd::AsFd;
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let mut client = std::net::TcpStream::connect(listener.local_addr()?)?;
/// let (server, _) = listener.accept()?;
/// client.write_all(b"before")?;
/// poll_sys::urgent::send(client.as_fd(), b'!')?;
/// while poll_sys::urgent::receive(server.as_fd()).is_err() {}
/// assert!(!poll_sys::urgent::at_mark(server.as_fd())?);
/// std::io::Read::read_exact(&mut &server, &mut [0; 6])?;
/// assert!(poll_sys::urgent::at_mark(server.as_fd())?);
/// # std::io::Result::Ok(())
/// ```
pub fn at_mark(stream: BorrowedFd<'_>) -> io::Result<bool> {
    urgent_mark::at_mark(stream)
}
