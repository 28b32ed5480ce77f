//! An event where the system has kqueue: what the kernel wrote, unconverted.
//!
//! What no kernel wrote - an event of the poll(2) backend, one of a test, both halves of a oneshot
//! in one - is an `EVFILT_USER` whose `fflags` are a [`Readiness`]. The poller's own bell is of that
//! filter too, but never reaches a caller.

use poll_sys::kqueue::{Event as Kevent, Filter, Flags};
use poll_sys::poll::Flags as PollFlags;

use crate::backend::system::poll_readiness;
use crate::event::Readiness;
use crate::token::Token;

pub(crate) type Native = Kevent;

pub(crate) fn new(token: Token, readiness: Readiness) -> Native {
    let bits = u32::from(poll_readiness::implied(readiness).bits());
    Kevent::new(0, Filter::USER, Flags::empty(), bits, datum(token))
}

/// An event of the poll(2) backend.
pub(crate) fn from_poll(token: Token, found: PollFlags) -> Native {
    new(token, poll_readiness::of(found))
}

/// The datum of a token: the number itself.
#[inline]
pub(crate) const fn datum(token: Token) -> usize {
    token.0
}

/// Two halves of one source as one event.
pub(crate) fn merged(one: &Native, other: &Native) -> Native {
    new(token(one), readiness(one) | readiness(other))
}

#[inline]
pub(crate) fn token(event: &Native) -> Token {
    Token(event.udata())
}

fn readiness(event: &Native) -> Readiness {
    let mut all = Readiness::empty();
    all.set(Readiness::READABLE, is_readable(event));
    all.set(Readiness::WRITABLE, is_writable(event));
    all.set(Readiness::PRIORITY, is_priority(event));
    all.set(Readiness::READ_CLOSED, is_read_closed(event));
    all.set(Readiness::WRITE_CLOSED, is_write_closed(event));
    all.set(Readiness::ERROR, is_error(event));
    all
}

#[inline]
pub(crate) fn is_readable(event: &Native) -> bool {
    says(event, Filter::READ, Readiness::READABLE) || has_failed(event)
}

#[inline]
pub(crate) fn is_writable(event: &Native) -> bool {
    says(event, Filter::WRITE, Readiness::WRITABLE) || has_failed(event)
}

#[inline]
pub(crate) fn is_read_closed(event: &Native) -> bool {
    says_end(event, Filter::READ, Readiness::READ_CLOSED) || has_failed(event)
}

#[inline]
pub(crate) fn is_write_closed(event: &Native) -> bool {
    says_end(event, Filter::WRITE, Readiness::WRITE_CLOSED) || has_failed(event)
}

#[inline]
pub(crate) fn is_error(event: &Native) -> bool {
    event.filter() == Filter::USER && has(event, Readiness::ERROR) || has_failed(event)
}

#[inline]
pub(crate) fn is_priority(event: &Native) -> bool {
    match event.filter() {
        Filter::USER => has(event, Readiness::PRIORITY),
        other => Some(other) == Filter::EXCEPT,
    }
}

/// The native event, for `Debug`.
pub(crate) fn flags(event: &Native) -> Native {
    *event
}

/// The filter is `filter`, or what is written in its stead says `readiness`.
fn says(event: &Native, filter: Filter, readiness: Readiness) -> bool {
    match event.filter() {
        Filter::USER => has(event, readiness),
        other => other == filter,
    }
}

/// The same, with end-of-file.
fn says_end(event: &Native, filter: Filter, readiness: Readiness) -> bool {
    match event.filter() {
        Filter::USER => has(event, readiness),
        other => other == filter && event.flags().contains(Flags::EOF),
    }
}

fn has(event: &Native, readiness: Readiness) -> bool {
    event.fflags() & u32::from(readiness.bits()) != 0
}

/// Either direction says that the connection has failed: with end-of-file, `fflags` is the socket's
/// error (kevent(2), `EVFILT_READ`).
fn has_failed(event: &Native) -> bool {
    event.filter() != Filter::USER
        && (event.flags().contains(Flags::EOF) && event.fflags() != 0 || event.error().is_some())
}
