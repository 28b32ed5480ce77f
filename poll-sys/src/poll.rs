//! `poll(2)`: ask about a list of descriptors, on every Unix.
//!
//! Man pages: [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/poll.html),
//! [Linux](https://man7.org/linux/man-pages/man2/poll.2.html),
//! [FreeBSD](https://man.freebsd.org/cgi/man.cgi?query=poll&sektion=2),
//! [OpenBSD](https://man.openbsd.org/poll.2).

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use bitflags::bitflags;
use libc::c_short;

use crate::system::NAMES;

pub use crate::system::poll_wait::wait;

bitflags! {
    /// What to ask and what is so: the `POLL*` flags.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Flags: c_short {
        /// Data can be read.
        const IN = libc::POLLIN;
        /// Urgent data, or an exceptional condition.
        const PRI = libc::POLLPRI;
        /// Data can be written.
        const OUT = libc::POLLOUT;
        /// An error; reported unasked.
        const ERR = libc::POLLERR;
        /// Hang-up; reported unasked.
        const HUP = libc::POLLHUP;
        /// The number is not an open descriptor; reported unasked.
        const NVAL = libc::POLLNVAL;
        /// The peer shut down its writing half; only when asked for. Empty where the system has no
        /// such flag.
        const RDHUP = NAMES.rdhup;
        const _ = !0;
    }
}

/// One line of the list: the C `struct pollfd`.
///
/// It holds a number, not a borrow, so that a list can outlive the sources that it names. That is
/// harmless: `poll` reads, writes and closes nothing. A number that was closed comes back as
/// `NVAL`, one that was used again answers for its new owner.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct PollFd(libc::pollfd);

impl PollFd {
    /// Asks whether `flags` hold for `source`.
    #[inline]
    #[must_use]
    pub fn new(source: BorrowedFd<'_>, flags: Flags) -> Self {
        Self(libc::pollfd { fd: source.as_raw_fd(), events: flags.bits(), revents: 0 })
    }

    /// A line that asks nothing and finds nothing, and keeps a place in the list.
    #[inline]
    #[must_use]
    pub const fn blank() -> Self {
        // poll(2): "if this field is negative, then … the revents field returns zero".
        Self(libc::pollfd { fd: -1, events: 0, revents: 0 })
    }

    /// What the last [`wait`] found; empty for 'nothing'.
    #[inline]
    #[must_use]
    pub fn found(&self) -> Flags {
        Flags::from_bits_retain(self.0.revents)
    }

    /// What is asked.
    #[inline]
    #[must_use]
    pub fn asked(&self) -> Flags {
        Flags::from_bits_retain(self.0.events)
    }
}

impl fmt::Debug for PollFd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollFd")
            .field("fd", &self.0.fd)
            .field("asked", &self.asked())
            .field("found", &self.found())
            .finish()
    }
}

/// The type of [`wait`], which stands in a file of its own for each way to wait.
#[allow(dead_code, reason = "pins the shape of both implementations")]
const SHAPE: fn(&mut [PollFd], Option<Duration>) -> io::Result<usize> = wait;

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::time::Instant;

    use super::*;

    #[test]
    fn only_what_is_so_is_found() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let mut list = [
            PollFd::new(theirs.as_fd(), Flags::IN),
            PollFd::new(ours.as_fd(), Flags::IN | Flags::OUT),
        ];
        assert_eq!(wait(&mut list, None).unwrap(), 1);
        assert_eq!((list[0].found(), list[1].found()), (Flags::empty(), Flags::OUT));
        ours.write_all(b"x").unwrap();
        assert_eq!(wait(&mut list, None).unwrap(), 2);
        assert_eq!(list[0].found(), Flags::IN);
    }

    #[test]
    fn a_closed_number_is_invalid() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        // Far above what other tests of this process open, so that nobody takes it again.
        // SAFETY: 1. The arguments of F_DUPFD_CLOEXEC are integers (fcntl(2)). 2. The descriptor is
        // open: the stream owns it.
        let number = unsafe { libc::fcntl(ours.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 900) };
        assert!(number >= 900);
        let mut list = [PollFd::new(theirs.as_fd(), Flags::IN)];
        list[0].0.fd = number;
        // SAFETY: 1. The number is open and owned by nobody: it was made above.
        let closed = unsafe { libc::close(number) };
        assert_eq!(closed, 0);
        assert_eq!(wait(&mut list, None).unwrap(), 1);
        assert_eq!(list[0].found(), Flags::NVAL);
    }

    #[test]
    fn a_blank_line_finds_nothing_and_keeps_the_places_of_the_others() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let mut list = [PollFd::blank(), PollFd::new(ours.as_fd(), Flags::OUT), PollFd::blank()];
        assert_eq!(wait(&mut list, None).unwrap(), 1);
        let found = list.map(|line| line.found());
        assert_eq!(found, [Flags::empty(), Flags::OUT, Flags::empty()]);
    }

    #[test]
    fn no_wait_ends_before_its_timeout() {
        for timeout in [Duration::from_micros(300), Duration::from_millis(2)] {
            let start = Instant::now();
            assert_eq!(wait(&mut [], Some(timeout)).unwrap(), 0);
            assert!(start.elapsed() >= timeout);
        }
    }

    #[test]
    fn a_huge_timeout_is_no_error() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let mut list = [PollFd::new(ours.as_fd(), Flags::OUT)];
        for timeout in [Duration::MAX, Duration::from_millis(1 << 32)] {
            assert_eq!(wait(&mut list, Some(timeout)).unwrap(), 1);
        }
    }

    #[test]
    fn debug_names_the_flags() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let mut list = [PollFd::new(ours.as_fd(), Flags::IN | Flags::OUT)];
        wait(&mut list, Some(Duration::ZERO)).unwrap();
        let number = ours.as_raw_fd();
        let shown = format!("PollFd {{ fd: {number}, asked: Flags(IN | OUT), found: Flags(OUT) }}");
        assert_eq!(format!("{:?}", list[0]), shown);
    }
}
