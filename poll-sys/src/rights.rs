//! `SCM_RIGHTS`: descriptors that travel through a Unix socket, beside data.
//!
//! # Invariants
//! NEW-FD: each int of a received SCM_RIGHTS message is a descriptor that the kernel has just
//! opened in this process for the receiver, who is its only owner (unix(7)).

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::control::{Messages, Space, Writer};
use crate::system::NAMES;
use crate::{flags, msg};

/// The most descriptors that one message carries (Linux: `SCM_MAX_FD`; no other system has more).
pub const MAX: usize = 253;

const INT: usize = size_of::<libc::c_int>();

/// Room for a full message, and for others that the socket may have been told to report.
const ROOM: usize = MAX * INT + 1024;

/// What [`receive`] took from the socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// Bytes of data.
    pub len: usize,
    /// Descriptors that were handed out.
    pub accepted: usize,
    /// Descriptors that came beyond the limit and were closed.
    pub closed: usize,
    /// Whether the kernel could not deliver everything: descriptors were lost, because the process
    /// is out of them, or because the message was longer than any message of this crate.
    pub truncated: bool,
}

/// Sends data, and descriptors with its first byte. The receiver gets duplicates.
///
/// # Errors
/// `InvalidInput` for more than [`MAX`] descriptors, or for descriptors without data; what
/// `sendmsg(2)` says: `EWOULDBLOCK`, `EPIPE`, `ETOOMANYREFS` when too many are on their way.
///
/// # Cost
/// One syscall. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/unix.7.html>
///
/// # Examples
/// ```
/// use std::io::{IoSlice, IoSliceMut};
/// use std::os::fd::AsFd;
/// use poll_sys::{rights, socket, socket_kind::Kind};
///
/// let (a, b) = socket::pair(Kind::Stream)?;
/// rights::send(a.as_fd(), &[IoSlice::new(b"x")], &[a.as_fd()])?;
/// let (mut buf, mut fds) = ([0; 8], Vec::new());
/// let got = rights::receive(b.as_fd(), &mut [IoSliceMut::new(&mut buf)], 1, &mut fds)?;
/// assert_eq!((got.len, got.accepted, fds.len()), (1, 1, 1));
/// # std::io::Result::Ok(())
/// ```
pub fn send(
    socket: BorrowedFd<'_>,
    bufs: &[IoSlice<'_>],
    fds: &[BorrowedFd<'_>],
) -> io::Result<usize> {
    let mut space = Space::<ROOM>::ZERO;
    let mut control = Writer::new(&mut space.0);
    if !fds.is_empty() {
        if fds.len() > MAX {
            return Err(invalid("more descriptors than one message carries"));
        }
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Err(invalid("descriptors travel with at least one byte of data"));
        }
        let mut numbers = [0; MAX * INT];
        for (number, fd) in numbers.chunks_exact_mut(INT).zip(fds) {
            number.copy_from_slice(&fd.as_raw_fd().to_ne_bytes());
        }
        let numbers = &numbers[..fds.len() * INT];
        let fits = control.push(libc::SOL_SOCKET, libc::SCM_RIGHTS, numbers);
        debug_assert!(fits, "ROOM is for MAX descriptors");
    }
    msg::send(socket, bufs, None, control.finish())
}

/// Receives data and up to `limit` descriptors, close-on-exec, which are added to `fds`. Those
/// beyond the limit are closed.
///
/// # Errors
/// What `recvmsg(2)` says: `EWOULDBLOCK`, `ECONNRESET`.
///
/// # Platform
/// | system | close-on-exec |
/// |---|---|
/// | Linux, Android, the BSDs, illumos | by the same syscall (`MSG_CMSG_CLOEXEC`) |
/// | Apple, Solaris, Haiku | one syscall more per descriptor |
///
/// Linux closes by itself what it cannot deliver. Older BSDs and macOS leak, inside the kernel's
/// own truncation, descriptors beyond the [`MAX`] for which there is room here.
///
/// # Cost
/// One syscall. No allocation but what `fds` needs to grow.
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/unix.7.html>
///
/// # Examples
/// See [`send`].
pub fn receive(
    socket: BorrowedFd<'_>,
    bufs: &mut [IoSliceMut<'_>],
    limit: usize,
    fds: &mut Vec<OwnedFd>,
) -> io::Result<Received> {
    let mut space = Space::<ROOM>::ZERO;
    let arrived = msg::receive(socket, bufs, None, &mut space.0, NAMES.cloexec_rights)?;
    let mut received =
        Received { len: arrived.len, truncated: arrived.control_truncated, ..Received::default() };
    let mut failed = None;
    for fd in own(&space.0[..arrived.control_len]) {
        if NAMES.cloexec_rights == 0 {
            failed = failed.or(flags::set_cloexec(fd.as_fd()).err());
        }
        if received.accepted < limit {
            received.accepted += 1;
            fds.push(fd);
        } else {
            received.closed += 1;
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(received),
    }
}

/// Every descriptor of the control messages that were just received.
fn own(control: &[u8]) -> impl Iterator<Item = OwnedFd> {
    Messages(control)
        .filter(|message| (message.level, message.kind) == (libc::SOL_SOCKET, libc::SCM_RIGHTS))
        .flat_map(|message| message.data.chunks_exact(INT))
        .filter_map(|number| Some(libc::c_int::from_ne_bytes(number.try_into().ok()?)))
        .filter(|&fd| fd >= 0)
        // SAFETY: 1. NEW-FD: `control` comes from `msg::receive` alone and is walked once.
        .map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_came_whole_was_not_truncated() {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut fds = Vec::new();
        for sent in [&[][..], &[ours.as_fd()][..]] {
            send(ours.as_fd(), &[IoSlice::new(b"x")], sent).unwrap();
            let mut bytes = [0; 4];
            let bufs = &mut [IoSliceMut::new(&mut bytes)];
            let received = receive(theirs.as_fd(), bufs, MAX, &mut fds).unwrap();
            let expected = Received { len: 1, accepted: sent.len(), ..Received::default() };
            assert_eq!(received, expected);
        }
        assert_eq!(fds.len(), 1);
    }
}
