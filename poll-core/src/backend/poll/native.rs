//! An event where the kernel's own form is not kept: the token and what it is ready for.

use poll_sys::poll::Flags as PollFlags;

use super::poll_readiness;
use crate::event::Readiness;
use crate::token::Token;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Native {
    token: Token,
    readiness: Readiness,
}

pub(crate) fn new(token: Token, readiness: Readiness) -> Native {
    Native { token, readiness: poll_readiness::implied(readiness) }
}

/// An event of the poll(2) backend.
pub(crate) fn from_poll(token: Token, found: PollFlags) -> Native {
    new(token, poll_readiness::of(found))
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
