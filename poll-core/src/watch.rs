//! What a backend is asked to watch a source for, in one byte and a token.

use std::fmt;
use std::num::NonZeroU8;

use crate::interest::Interest;
use crate::mode::Mode;
use crate::token::Token;

/// How a source is watched, and what its events carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watch {
    pub(crate) token: Token,
    pub(crate) how: How,
}

impl Watch {
    #[inline]
    pub(crate) const fn new(token: Token, interest: Interest, mode: Mode) -> Self {
        Self { token, how: How::new(interest, mode) }
    }
}

/// An interest and a mode in one byte, which a guard keeps in an atomic and a backend looks up in a
/// table.
///
/// Bits 0 to 2 are the interest, 3 and 4 the mode.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct How(NonZeroU8);

impl How {
    #[inline]
    pub(crate) const fn new(interest: Interest, mode: Mode) -> Self {
        let mode = match mode {
            Mode::Level => LEVEL,
            Mode::Edge => EDGE,
            Mode::Oneshot => ONESHOT,
            Mode::Exclusive => EXCLUSIVE,
        };
        // Not zero, as the interest is not. The `|` of `NonZero` is not for constants.
        Self(NonZeroU8::new(interest.bits() | mode).unwrap())
    }

    /// The byte of none.
    pub(crate) const NONE: u8 = 0;

    /// What a [`byte`](Self::byte) came of, and `None` of [`NONE`](Self::NONE). No other may be
    /// asked for.
    #[inline]
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        NonZeroU8::new(byte).map(Self)
    }

    /// From 1 to 31.
    #[inline]
    pub(crate) const fn byte(self) -> u8 {
        self.0.get()
    }

    #[inline]
    pub(crate) const fn interest(self) -> Interest {
        match Interest::from_bits(self.byte() & !EXCLUSIVE) {
            Some(interest) => interest,
            None => panic!("a byte of no `How`"),
        }
    }

    #[inline]
    pub(crate) const fn mode(self) -> Mode {
        match self.byte() & EXCLUSIVE {
            EDGE => Mode::Edge,
            ONESHOT => Mode::Oneshot,
            EXCLUSIVE => Mode::Exclusive,
            _ => Mode::Level,
        }
    }
}

impl fmt::Debug for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.interest(), self.mode()).fmt(f)
    }
}

const LEVEL: u8 = 0;
const EDGE: u8 = 1 << 3;
const ONESHOT: u8 = 1 << 4;
const EXCLUSIVE: u8 = EDGE | ONESHOT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_into_a_byte_comes_out_of_it() {
        for bits in 1..8 {
            let interest = Interest::from_bits(bits).unwrap();
            for mode in [Mode::Level, Mode::Edge, Mode::Oneshot, Mode::Exclusive] {
                let byte = How::new(interest, mode).byte();
                let how = How::from_byte(byte).unwrap();
                assert_eq!((how.interest(), how.mode(), byte < 32), (interest, mode, true));
            }
        }
    }
}
