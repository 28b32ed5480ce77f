//! nexus-timer.

use std::time::{Duration, Instant};

use nexus_timer::{TimerHandle, Wheel};

use crate::Peer;

/// `nexus_timer::Wheel`.
pub struct Nexus {
    wheel: Wheel<u64>,
    origin: Instant,
    values: Vec<u64>,
    /// Handles of timers that fired must be freed; the id finds them.
    fired: usize,
}

impl Peer for Nexus {
    const NAME: &'static str = "nexus-timer";
    type Key = Handle;

    fn new() -> Self {
        let origin = Instant::now();
        Self { wheel: Wheel::unbounded(4096, origin), origin, values: Vec::new(), fired: 0 }
    }
    fn insert(&mut self, id: u32, deadline: u64) -> Handle {
        Handle(Some(self.wheel.schedule(self.origin + Duration::from_millis(deadline), id.into())))
    }
    fn cancel(&mut self, _: u32, mut key: Handle) {
        key.0.take().and_then(|handle| self.wheel.cancel(handle));
    }
    fn reset(&mut self, _: u32, mut key: Handle, deadline: u64) -> Handle {
        let deadline = self.origin + Duration::from_millis(deadline);
        Handle(key.0.take().map(|handle| self.wheel.reschedule(handle, deadline)))
    }
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize {
        let now = self.origin + Duration::from_millis(now);
        let count = self.wheel.poll_and_rebalance(now, &mut self.values);
        expired.extend(self.values.drain(..).map(|id| id as u32));
        self.fired += count;
        count
    }
    fn next(&mut self) -> Option<u64> {
        Some(self.wheel.next_deadline()?.duration_since(self.origin).as_millis() as u64)
    }
}

/// A handle that may be dropped after its timer fired.
pub struct Handle(Option<TimerHandle<u64>>);

impl Drop for Handle {
    fn drop(&mut self) {
        // Dropping a handle is an error there; forgetting one leaks its entry, which the end of the
        // run frees.
        if let Some(handle) = self.0.take() {
            std::mem::forget(handle);
        }
    }
}
