//! hierarchical_hash_wheel_timer, its cancellable wheel.

use std::time::Duration;

use hierarchical_hash_wheel_timer::IdOnlyTimerEntry;
use hierarchical_hash_wheel_timer::wheels::Skip;
use hierarchical_hash_wheel_timer::wheels::cancellable::QuadWheelWithOverflow;

use crate::Peer;

/// `cancellable::QuadWheelWithOverflow`.
pub struct Quad {
    wheel: QuadWheelWithOverflow<IdOnlyTimerEntry<u64>>,
    now: u64,
    live: usize,
    /// The next id that was never used: an id must not come back while its old entry is filed.
    fresh: u64,
    ids: Vec<u64>,
}

impl Quad {
    fn tick(&mut self, expired: &mut Vec<u32>) -> usize {
        let entries = self.wheel.tick();
        self.now += 1;
        self.live -= entries.len();
        expired.extend(entries.iter().map(|entry| entry.id as u32));
        entries.len()
    }
}

impl Peer for Quad {
    const NAME: &'static str = "hierarchical_hash_wheel_timer";
    type Key = u64;

    fn new() -> Self {
        Self { wheel: QuadWheelWithOverflow::new(), now: 0, live: 0, fresh: 0, ids: Vec::new() }
    }
    fn insert(&mut self, id: u32, deadline: u64) -> u64 {
        self.fresh += 1;
        let id = (self.fresh << 32) | u64::from(id);
        let delay = Duration::from_millis(deadline - self.now);
        self.live += usize::from(self.wheel.insert(IdOnlyTimerEntry { id, delay }).is_ok());
        id
    }
    fn cancel(&mut self, _: u32, key: u64) {
        self.live -= usize::from(self.wheel.cancel(&key).is_ok());
    }
    fn reset(&mut self, id: u32, key: u64, deadline: u64) -> u64 {
        self.cancel(id, key);
        self.insert(id, deadline)
    }
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize {
        let mut count = 0;
        while self.now < now {
            match self.wheel.can_skip() {
                Skip::Empty => self.now = now,
                Skip::Millis(skip) => {
                    let skip = u64::from(skip).min(now - self.now);
                    self.wheel.skip(skip as u32);
                    self.now += skip;
                    if self.now < now {
                        count += self.tick(expired);
                    }
                }
                Skip::None => count += self.tick(expired),
            }
        }
        self.ids.clear();
        count
    }
    fn next(&mut self) -> Option<u64> {
        match self.wheel.can_skip() {
            Skip::Empty => None,
            Skip::Millis(skip) => Some(self.now + u64::from(skip) + 1),
            Skip::None => Some(self.now + 1),
        }
    }
}
