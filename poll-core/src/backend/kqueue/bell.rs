//! How a thread that sleeps in a kqueue is woken.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use poll_sys::errno;
use poll_sys::kqueue::{self, Change, Event, Flags, note};

use super::native;
use crate::token::Token;

/// The identifier of the bell among the user events. No descriptor's number is that large.
const IDENT: usize = usize::MAX;

#[derive(Debug)]
pub(super) enum Bell {
    /// A user event with `EV_CLEAR`.
    User,
    /// A socket that always has something to read. Each `EV_ADD` of its filter reports that once.
    ///
    /// For NetBSD before 10 and OpenBSD before 7.8, which have no user events.
    Readable { inside: UnixStream, _outside: UnixStream },
}

impl Bell {
    pub(super) fn new(queue: BorrowedFd<'_>) -> io::Result<Self> {
        let add = Change::user(IDENT, Flags::ADD | Flags::CLEAR).udata(RESERVED);
        match kqueue::kevent(queue, &[add], &mut [], Some(Duration::ZERO)) {
            Ok(_) => Ok(Self::User),
            Err(error) if error.raw_os_error() == Some(errno::INVAL) => Self::readable(),
            Err(error) => Err(error),
        }
    }

    pub(super) fn readable() -> io::Result<Self> {
        let (inside, mut outside) = UnixStream::pair()?;
        outside.write_all(&[1])?;
        Ok(Self::Readable { inside, _outside: outside })
    }

    /// Makes one event. Async-signal-safe: kevent(2) is a system call. Keeps `errno`.
    ///
    /// The user event is triggered without `EV_ADD` and without `EV_CLEAR`: with the former some
    /// systems take over the flags of the change, with the latter FreeBSD forgets the trigger.
    pub(super) fn ring(&self, queue: BorrowedFd<'_>) -> io::Result<()> {
        let change = match self {
            Self::User => Change::user(IDENT, Flags::empty()).fflags(note::TRIGGER),
            Self::Readable { inside, .. } => {
                Change::read(inside.as_fd(), Flags::ADD | Flags::CLEAR)
            }
        };
        let changes = [change.udata(RESERVED)];
        errno::preserve(|| kqueue::kevent(queue, &changes, &mut [], Some(Duration::ZERO)))?;
        Ok(())
    }
}

const RESERVED: usize = native::datum(Token::RESERVED);

/// Whether an event is the bell's.
pub(super) fn is_bell(event: &Event) -> bool {
    event.udata() == RESERVED
}
