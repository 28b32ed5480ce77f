//! `splice(2)`: between a pipe and another descriptor, without passing through the process.
//!
//! For systems without it: `splice_none.rs`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use crate::result::check_size;
use crate::sigpipe;

/// Moves up to `count` bytes; one of the two must be a pipe. How many: 0 at the end of `from`.
///
/// # Errors
/// `EWOULDBLOCK` when `from` has nothing or `to` takes nothing now, `EPIPE` (and no SIGPIPE),
/// `EINVAL` if neither is a pipe. `Unsupported` on other systems.
///
/// # Platform
/// Linux and Android; `Unsupported` elsewhere.
///
/// # Cost
/// Three syscalls: `splice` has no flag against SIGPIPE, so the signal is blocked in this thread
/// for the call. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/splice.2.html>
///
/// # Examples
/// ```
/// use std::io::{IoSlice, Read};
/// use std::os::fd::AsFd;
/// use poll_sys::{pipe, quiet_write, socket, socket_kind::Kind, splice};
///
/// let (reader, writer) = pipe::pipe()?;
/// let (a, b) = socket::pair(Kind::Stream)?;
/// quiet_write::write(writer.as_fd(), &[IoSlice::new(b"ping")])?;
/// match splice::splice(reader.as_fd(), a.as_fd(), 100) {
///     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(()),
///     moved => assert_eq!(moved?, 4),
/// }
/// let mut text = [0; 4];
/// std::fs::File::from(b).read_exact(&mut text)?;
/// assert_eq!(&text, b"ping");
/// # std::io::Result::Ok(())
/// ```
pub fn splice(from: BorrowedFd<'_>, to: BorrowedFd<'_>, count: usize) -> io::Result<usize> {
    let flags = libc::SPLICE_F_NONBLOCK | libc::SPLICE_F_MOVE;
    let (from, to, none) = (from.as_raw_fd(), to.as_raw_fd(), ptr::null_mut());
    // SAFETY: 1. Both are borrowed, so open, for longer than the closure lives. 2. Null offsets are
    // allowed: the descriptors' own positions (splice(2)).
    sigpipe::without(|| check_size(unsafe { libc::splice(from, none, to, none, count, flags) }))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn an_empty_pipe_is_not_waited_for_although_it_would_block() {
        let (reader, _writer) = crate::pipe::pipe().unwrap();
        // SAFETY: 1. F_SETFL takes an integer (fcntl(2)). 2. The descriptor is open: it is owned.
        let set = unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, 0) };
        assert_eq!(set, 0);
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let error = splice(reader.as_fd(), ours.as_fd(), 10).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
