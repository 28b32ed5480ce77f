//! The harness without a timer, to be subtracted.

use crate::Peer;

/// Counts what is set, and has it all expire at the latest deadline.
pub struct Nothing {
    live: usize,
    latest: u64,
}

impl Peer for Nothing {
    const NAME: &'static str = "(harness alone)";
    type Key = ();

    fn new() -> Self {
        Self { live: 0, latest: 0 }
    }
    #[inline]
    fn insert(&mut self, _: u32, deadline: u64) {
        self.live += 1;
        self.latest = self.latest.max(deadline);
    }
    #[inline]
    fn cancel(&mut self, _: u32, (): ()) {
        self.live -= 1;
    }
    #[inline]
    fn reset(&mut self, _: u32, (): (), deadline: u64) {
        self.latest = self.latest.max(deadline);
    }
    fn advance(&mut self, now: u64, _: &mut Vec<u32>) -> usize {
        if now >= self.latest { std::mem::take(&mut self.live) } else { 0 }
    }
    #[inline]
    fn next(&mut self) -> Option<u64> {
        Some(self.latest)
    }
}
