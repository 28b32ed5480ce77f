//! The caller's name for a source.

use std::fmt;

/// The caller's name for a source: it comes back in each of the source's events.
///
/// The poller gives it no meaning and does not ask that it be unique. A server of many short-lived
/// connections takes its tokens from [`Tokens`](crate::Tokens), which never issues one twice, so that
/// an event for a connection that is gone cannot reach its successor. A few fixed sources are named
/// by [`Token::fixed`].
///
/// `Token(usize::MAX)` is the poller's own and is refused with
/// [`RegisterError::TokenReserved`](crate::RegisterError::TokenReserved).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "a newtype that users build and match")]
pub struct Token(pub usize);

/// How a token that `Tokens` issued is made up: the slot below, the generation above it. Generation
/// zero is that of the fixed tokens, and the last generation is never issued, so that no issued
/// token is `usize::MAX`.
pub(crate) const SLOT_BITS: u32 = if usize::BITS >= 64 { 32 } else { 20 };
pub(crate) const SLOT_MASK: usize = (1 << SLOT_BITS) - 1;
pub(crate) const LAST_GENERATION: u32 = (usize::MAX >> SLOT_BITS) as u32;

impl Token {
    /// The poller's own token.
    pub(crate) const RESERVED: Self = Self(usize::MAX);

    /// A token that [`Tokens`](crate::Tokens) never issues: for listeners, wakers and whatever else
    /// a program has a fixed number of.
    ///
    /// # Examples
    /// ```
    /// use poll_core::Token;
    ///
    /// const LISTENER: Token = Token::fixed(0);
    /// const WAKER: Token = Token::fixed(1);
    /// assert_ne!(LISTENER, WAKER);
    /// ```
    #[must_use]
    pub const fn fixed(n: u16) -> Self {
        Self(n as usize)
    }

    /// The slot of a token that [`Tokens`](crate::Tokens) issued: a small integer, dense, used again
    /// by later tokens. It indexes side tables, such as a timing wheel with one deadline per slot.
    ///
    /// For a [fixed](Self::fixed) token it is the number that it was made from, for one that the
    /// caller made up it means nothing.
    #[inline]
    #[must_use]
    pub const fn slot(self) -> u32 {
        (self.0 & SLOT_MASK) as u32
    }

    pub(crate) const fn from_parts(slot: u32, generation: u32) -> Self {
        Self(((generation as usize) << SLOT_BITS) | slot as usize)
    }

    pub(crate) const fn generation(self) -> u32 {
        (self.0 >> SLOT_BITS) as u32
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.generation()) {
            (usize::MAX, _) => f.write_str("Token(RESERVED)"),
            (n, 0) => write!(f, "Token({n})"),
            (_, generation) => write!(f, "Token({}, generation {generation})", self.slot()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back() {
        let token = Token::from_parts(7, 9);
        assert_eq!((token.slot(), token.generation()), (7, 9));
    }

    #[test]
    fn fixed_tokens_have_generation_zero() {
        assert_eq!(Token::fixed(u16::MAX).generation(), 0);
    }

    #[test]
    fn only_the_reserved_token_has_the_last_generation_and_the_last_slot() {
        assert_eq!(Token::RESERVED.generation(), LAST_GENERATION);
        assert_eq!(Token::RESERVED.slot() as usize, SLOT_MASK);
    }
}
