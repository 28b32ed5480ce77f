//! An event where the system has event ports: what the kernel wrote, with the token in the place of
//! the registration's key. The flags are poll(2)'s, and the poll(2) backend uses the same form.

use poll_sys::event_port::{Event as PortEvent, Source};
use poll_sys::poll::Flags;

use crate::event::Readiness;
use crate::token::Token;

pub(crate) type Native = PortEvent;

pub(crate) fn new(token: Token, readiness: Readiness) -> Native {
    let mut flags = Flags::empty();
    for (what, flag) in [
        (Readiness::READABLE, Flags::IN),
        (Readiness::WRITABLE, Flags::OUT),
        (Readiness::PRIORITY, Flags::PRI),
        (Readiness::READ_CLOSED, RDHUP),
        (Readiness::ERROR, Flags::ERR),
    ] {
        if readiness.contains(what) {
            flags |= flag;
        }
    }
    if readiness.contains(Readiness::WRITE_CLOSED) {
        // Alone, it is what a pipe without readers says.
        let hang_up = flags.intersects(Flags::IN | RDHUP);
        flags |= if hang_up { Flags::HUP } else { Flags::ERR };
    }
    from_poll(token, flags)
}

/// What says a half-close; a hang-up where the system has no flag for it.
const RDHUP: Flags = if Flags::RDHUP.is_empty() { Flags::HUP } else { Flags::RDHUP };

/// An event of the poll(2) backend.
pub(crate) fn from_poll(token: Token, found: Flags) -> Native {
    PortEvent::new(Source::FD, 0, found, token.0)
}

#[inline]
pub(crate) fn token(event: &Native) -> Token {
    Token(event.user())
}

#[inline]
pub(crate) fn is_readable(event: &Native) -> bool {
    event.found().intersects(Flags::IN | Flags::RDHUP | Flags::HUP | FAILED)
}

#[inline]
pub(crate) fn is_writable(event: &Native) -> bool {
    event.found().intersects(Flags::OUT | Flags::HUP | FAILED)
}

#[inline]
pub(crate) fn is_read_closed(event: &Native) -> bool {
    event.found().intersects(Flags::RDHUP | Flags::HUP)
}

#[inline]
pub(crate) fn is_write_closed(event: &Native) -> bool {
    let found = event.found();
    found.contains(Flags::HUP)
        || found.contains(Flags::ERR) && !found.intersects(Flags::IN | Flags::RDHUP)
}

#[inline]
pub(crate) fn is_error(event: &Native) -> bool {
    event.found().intersects(FAILED)
}

#[inline]
pub(crate) fn is_priority(event: &Native) -> bool {
    event.found().contains(Flags::PRI)
}

/// The native flags, for `Debug`.
pub(crate) fn flags(event: &Native) -> Flags {
    event.found()
}

const FAILED: Flags = Flags::ERR.union(Flags::NVAL);
