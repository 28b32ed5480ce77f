//! What a guard knows of its watch: read by anyone at any time, changed by one thread at a time.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use crate::backend::Key;
use crate::latch::{Latch, Latched};
use crate::sync::Single;
use crate::token::Token;
use crate::watch::{How, Watch};

/// The state of a guard. Each field is whole at any moment; that they fit together is certain only
/// for whoever [changes](Self::change) them.
#[derive(Debug)]
pub(super) struct State {
    latch: Latch,
    /// The byte of a [`How`], or [`How::NONE`] while idle.
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
    #[inline]
    pub(super) fn idle(token: Token) -> Self {
        Self::new(token, How::NONE, 0)
    }

    #[inline]
    pub(super) fn armed(watch: Watch, key: Key) -> Self {
        Self::new(watch.token, watch.how.byte(), key)
    }

    #[inline]
    fn new(token: Token, armed: u8, key: Key) -> Self {
        Self {
            latch: Latch::new(),
            armed: AtomicU8::new(armed),
            token: AtomicUsize::new(token.0),
            key: AtomicU64::new(key),
        }
    }

    #[inline]
    pub(super) fn token(&self) -> Token {
        Token(self.token.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn how(&self) -> Option<How> {
        How::from_byte(self.armed.load(Ordering::Acquire))
    }

    /// Whether it is watched so.
    #[inline]
    pub(super) fn is_armed(&self, how: How) -> bool {
        self.armed.load(Ordering::Acquire) == how.byte()
    }

    /// Waits until no other thread changes it.
    #[inline]
    pub(super) fn change(&self, single: Single) -> Change<'_> {
        Change { _latched: self.latch.close(single), state: self }
    }

    /// Ends the watch of a guard that nobody else has any more: its key, if it was armed.
    #[inline]
    pub(super) fn take_armed(&mut self) -> Option<Key> {
        let was = std::mem::replace(self.armed.get_mut(), How::NONE);
        (was != How::NONE).then(|| *self.key.get_mut())
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
    pub(super) fn how(&self) -> Option<How> {
        self.state.how()
    }

    #[inline]
    pub(super) fn set_how(&self, how: Option<How>) {
        self.state.armed.store(how.map_or(How::NONE, How::byte), Ordering::Release);
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
