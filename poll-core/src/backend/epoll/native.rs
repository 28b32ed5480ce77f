//! An event where the system has epoll: what the kernel wrote, unconverted. The poll(2) backend
//! speaks the same flags.

use poll_sys::epoll::{Event as Epoll, Flags};
use poll_sys::poll::Flags as PollFlags;

use crate::event::Readiness;
use crate::token::Token;

pub(crate) type Native = Epoll;

pub(crate) fn new(token: Token, readiness: Readiness) -> Native {
    let mut flags = Flags::empty();
    for (what, flag) in [
        (Readiness::READABLE, Flags::IN),
        (Readiness::WRITABLE, Flags::OUT),
        (Readiness::PRIORITY, Flags::PRI),
        (Readiness::READ_CLOSED, Flags::RDHUP),
        (Readiness::ERROR, Flags::ERR),
    ] {
        flags.set(flag, readiness.contains(what));
    }
    if readiness.contains(Readiness::WRITE_CLOSED) {
        // Alone, it is what a pipe without readers says.
        let hang_up = flags.intersects(Flags::IN | Flags::RDHUP);
        flags |= if hang_up { Flags::HUP } else { Flags::ERR };
    }
    from_flags(token, flags)
}

/// An event of the poll(2) backend.
pub(crate) fn from_poll(token: Token, found: PollFlags) -> Native {
    let mut flags = Flags::empty();
    for (theirs, ours) in [
        (PollFlags::IN, Flags::IN),
        (PollFlags::OUT, Flags::OUT),
        (PollFlags::PRI, Flags::PRI),
        (PollFlags::RDHUP, Flags::RDHUP),
        (PollFlags::HUP, Flags::HUP),
        (PollFlags::ERR, Flags::ERR),
        (PollFlags::NVAL, Flags::ERR),
    ] {
        if found.contains(theirs) {
            flags |= ours;
        }
    }
    from_flags(token, flags)
}

/// The datum of a token: the number itself.
#[inline]
pub(crate) const fn datum(token: Token) -> u64 {
    token.0 as u64
}

fn from_flags(token: Token, flags: Flags) -> Native {
    Epoll::new(flags, datum(token))
}

#[inline]
pub(crate) fn token(event: &Native) -> Token {
    // What went in was a usize.
    Token(event.data() as usize)
}

#[inline]
pub(crate) fn is_readable(event: &Native) -> bool {
    event.flags().intersects(Flags::IN | Flags::RDHUP | Flags::HUP | Flags::ERR)
}

#[inline]
pub(crate) fn is_writable(event: &Native) -> bool {
    event.flags().intersects(Flags::OUT | Flags::HUP | Flags::ERR)
}

#[inline]
pub(crate) fn is_read_closed(event: &Native) -> bool {
    event.flags().intersects(Flags::RDHUP | Flags::HUP)
}

#[inline]
pub(crate) fn is_write_closed(event: &Native) -> bool {
    let flags = event.flags();
    flags.contains(Flags::HUP)
        || flags.contains(Flags::ERR) && !flags.intersects(Flags::IN | Flags::RDHUP)
}

#[inline]
pub(crate) fn is_error(event: &Native) -> bool {
    event.flags().contains(Flags::ERR)
}

#[inline]
pub(crate) fn is_priority(event: &Native) -> bool {
    event.flags().contains(Flags::PRI)
}

/// The native flags, for `Debug`.
pub(crate) fn flags(event: &Native) -> Flags {
    event.flags()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_ends_the_writing_unless_there_is_something_to_read() {
        for (beside, ends) in
            [(Flags::empty(), true), (Flags::OUT, true), (Flags::IN, false), (Flags::RDHUP, false)]
        {
            assert_eq!(is_write_closed(&from_flags(Token(1), Flags::ERR | beside)), ends);
        }
        assert!(is_write_closed(&from_flags(Token(1), Flags::HUP | Flags::IN)));
    }
}
