//! What a guard knows of its watch: read by anyone at any time, changed by one thread at a time.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use crate::backend::Key;
use crate::interest::Interest;
use crate::latch::{Latch, Latched};
use crate::mode::Mode;
use crate::sync::Single;
use crate::token::Token;

/// What a source is watched for, and how.
pub(super) type Armed = (Interest, Mode);

/// The state of a guard. Each field is whole at any moment; that they fit together is certain only
/// for whoever [changes](Self::change) them.
#[derive(Debug)]
pub(super) struct State {
    latch: Latch,
    armed: AtomicU8,
    token: AtomicUsize,
    /// The backend's name for the registration, while armed.
    key: AtomicU64,
}

/// The right to change a state.
pub(super) struct Change<'a> {
    state: &'a State,
    _latched: Latched<'a>,
}

impl State {
    pub(super) fn idle(token: Token) -> Self {
        Self {
            latch: Latch::new(),
            armed: AtomicU8::new(pack(None)),
            token: AtomicUsize::new(token.0),
            key: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(super) fn token(&self) -> Token {
        Token(self.token.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn armed(&self) -> Option<Armed> {
        unpack(self.armed.load(Ordering::Acquire))
    }

    /// Whether it is watched so.
    #[inline]
    pub(super) fn is_armed(&self, armed: Armed) -> bool {
        self.armed.load(Ordering::Acquire) == pack(Some(armed))
    }

    /// Waits until no other thread changes it.
    #[inline]
    pub(super) fn change(&self, single: Single) -> Change<'_> {
        Change { _latched: self.latch.close(single), state: self }
    }

    /// Ends the watch of a guard that nobody else has any more: its key, if it was armed.
    #[inline]
    pub(super) fn take_armed(&mut self) -> Option<Key> {
        let was = std::mem::replace(self.armed.get_mut(), pack(None));
        (was != pack(None)).then(|| *self.key.get_mut())
    }

    /// Notes the watch of a guard that nobody else has yet.
    #[inline]
    pub(super) fn set_armed(&mut self, armed: Armed, key: Key) {
        *self.armed.get_mut() = pack(Some(armed));
        *self.key.get_mut() = key;
    }
}

impl Change<'_> {
    #[inline]
    pub(super) fn token(&self) -> Token {
        self.state.token()
    }

    #[inline]
    pub(super) fn set_token(&self, token: Token) {
        self.state.token.store(token.0, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn armed(&self) -> Option<Armed> {
        self.state.armed()
    }

    /// How it is watched.
    #[inline]
    pub(super) fn mode(&self) -> Option<Mode> {
        mode(self.state.armed.load(Ordering::Acquire))
    }

    #[inline]
    pub(super) fn set_armed(&self, armed: Option<Armed>) {
        self.state.armed.store(pack(armed), Ordering::Release);
    }

    #[inline]
    pub(super) fn key(&self) -> Key {
        self.state.key.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn set_key(&self, key: Key) {
        self.state.key.store(key, Ordering::Relaxed);
    }
}

/// Bits 0 to 2 are the interest, 3 and 4 the mode; no interest is idle.
#[inline]
fn pack(armed: Option<Armed>) -> u8 {
    let Some((interest, mode)) = armed else { return 0 };
    let mode = match mode {
        Mode::Level => LEVEL,
        Mode::Edge => EDGE,
        Mode::Oneshot => ONESHOT,
        Mode::Exclusive => EXCLUSIVE,
    };
    interest.bits() | mode
}

#[inline]
fn unpack(bits: u8) -> Option<Armed> {
    Interest::from_bits(bits & !EXCLUSIVE).zip(mode(bits))
}

/// The mode in `bits`; none if they are idle.
#[inline]
fn mode(bits: u8) -> Option<Mode> {
    match bits & EXCLUSIVE {
        _ if bits == 0 => None,
        EDGE => Some(Mode::Edge),
        ONESHOT => Some(Mode::Oneshot),
        EXCLUSIVE => Some(Mode::Exclusive),
        _ => Some(Mode::Level),
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
    fn every_watch_comes_back_as_it_was() {
        assert_eq!(unpack(pack(None)), None);
        for bits in 1..8 {
            let interest = Interest::from_bits(bits).unwrap();
            for mode in [Mode::Level, Mode::Edge, Mode::Oneshot, Mode::Exclusive] {
                assert_eq!(unpack(pack(Some((interest, mode)))), Some((interest, mode)));
            }
        }
    }
}
