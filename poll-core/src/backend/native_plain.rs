//! An event where the kernel's own form is not kept: the token and what it is ready for.

use poll_sys::poll::Flags as PollFlags;

use crate::event::Readiness;
use crate::token::Token;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Native {
    token: Token,
    readiness: Readiness,
}

pub(crate) fn new(token: Token, readiness: Readiness) -> Native {
    let mut all = readiness;
    if readiness.intersects(Readiness::READ_CLOSED | Readiness::ERROR) {
        all |= Readiness::READABLE;
    }
    if readiness.intersects(Readiness::WRITE_CLOSED | Readiness::ERROR) {
        all |= Readiness::WRITABLE;
    }
    Native { token, readiness: all }
}

/// An event of the poll(2) backend.
pub(crate) fn from_poll(token: Token, found: PollFlags) -> Native {
    let mut readiness = Readiness::empty();
    for (theirs, ours) in [
        (PollFlags::IN, Readiness::READABLE),
        (PollFlags::OUT, Readiness::WRITABLE),
        (PollFlags::PRI, Readiness::PRIORITY),
        (PollFlags::RDHUP, Readiness::READ_CLOSED),
        (PollFlags::HUP, Readiness::READ_CLOSED.union(Readiness::WRITE_CLOSED)),
        (PollFlags::ERR, Readiness::ERROR),
        (PollFlags::NVAL, Readiness::ERROR),
    ] {
        // An empty flag is one that the system does not have.
        if !theirs.is_empty() && found.contains(theirs) {
            readiness |= ours;
        }
    }
    if found.contains(PollFlags::ERR)
        && !readiness.intersects(Readiness::READABLE | Readiness::READ_CLOSED)
    {
        // A pipe without readers.
        readiness |= Readiness::WRITE_CLOSED;
    }
    new(token, readiness)
}

#[inline]
pub(crate) fn token(event: &Native) -> Token {
    event.token
}

#[inline]
pub(crate) fn is_readable(event: &Native) -> bool {
    event.readiness.contains(Readiness::READABLE)
}

#[inline]
pub(crate) fn is_writable(event: &Native) -> bool {
    event.readiness.contains(Readiness::WRITABLE)
}

#[inline]
pub(crate) fn is_read_closed(event: &Native) -> bool {
    event.readiness.contains(Readiness::READ_CLOSED)
}

#[inline]
pub(crate) fn is_write_closed(event: &Native) -> bool {
    event.readiness.contains(Readiness::WRITE_CLOSED)
}

#[inline]
pub(crate) fn is_error(event: &Native) -> bool {
    event.readiness.contains(Readiness::ERROR)
}

#[inline]
pub(crate) fn is_priority(event: &Native) -> bool {
    event.readiness.contains(Readiness::PRIORITY)
}

/// The native flags, for `Debug`.
pub(crate) fn flags(event: &Native) -> Readiness {
    event.readiness
}
