//! poll-timer, both forms.

use poll_timer::{Deadlines, Key, Wheel};

use crate::Peer;

/// `Deadlines`.
pub struct Dense(pub Deadlines);

impl Peer for Dense {
    const NAME: &'static str = "poll-timer Deadlines";
    type Key = ();

    fn new() -> Self {
        Self(Deadlines::new())
    }
    #[inline]
    fn insert(&mut self, id: u32, deadline: u64) {
        self.0.set(id, deadline);
    }
    #[inline]
    fn cancel(&mut self, id: u32, (): ()) {
        self.0.clear(id);
    }
    #[inline]
    fn reset(&mut self, id: u32, (): (), deadline: u64) {
        self.0.set(id, deadline);
    }
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize {
        let before = expired.len();
        while let Some(id) = self.0.pop_expired(now) {
            expired.push(id);
        }
        expired.len() - before
    }
    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.0.next_deadline()
    }
}

/// `Wheel`, with a payload of eight bytes.
pub struct Keyed(pub Wheel<u64>);

impl Peer for Keyed {
    const NAME: &'static str = "poll-timer Wheel";
    type Key = Key;

    fn new() -> Self {
        Self(Wheel::new())
    }
    #[inline]
    fn insert(&mut self, id: u32, deadline: u64) -> Key {
        self.0.schedule(deadline, u64::from(id))
    }
    #[inline]
    fn cancel(&mut self, _: u32, key: Key) {
        self.0.cancel(key);
    }
    #[inline]
    fn reset(&mut self, _: u32, key: Key, deadline: u64) -> Key {
        self.0.reschedule(key, deadline);
        key
    }
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize {
        let before = expired.len();
        expired.extend(self.0.advance(now).map(|timer| timer.value as u32));
        expired.len() - before
    }
    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.0.next_deadline()
    }
}
