//! Idle time-outs of a server, run on a clock that is moved by hand: no sleep, no socket.
//!
//! `cargo run -p poll-timer --example idle_timeouts`
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use poll_timer::{Clock, Deadlines, ManualClock, Now};

const IDLE: Duration = Duration::from_secs(30);

/// A loop's view of its connections: each has a slot, and a slot has one deadline.
struct Connections<C> {
    source: C,
    clock: Clock,
    idle: Deadlines,
}

impl<C: Now> Connections<C> {
    fn new(source: C) -> Self {
        let clock = Clock::new(source.now());
        Self { source, clock, idle: Deadlines::new() }
    }

    /// A connection was accepted, or sent something.
    fn heard_of(&mut self, slot: u32) {
        self.idle.set(slot, self.clock.deadline_after(self.source.now(), IDLE));
    }

    /// A connection ended by itself. Its slot may be used again.
    fn closed(&mut self, slot: u32) {
        self.idle.clear(slot);
    }

    /// Until when the loop may sleep: what `wait_until` takes.
    fn wait_until(&mut self) -> Option<Instant> {
        self.clock.instant(self.idle.next_deadline()?)
    }

    /// The connections that were silent for too long.
    fn expire(&mut self) -> Vec<u32> {
        let now = self.clock.now(self.source.now());
        std::iter::from_fn(|| self.idle.pop_expired(now)).collect()
    }
}

fn main() {
    let hand = ManualClock::new();
    let start = hand.now();
    let mut connections = Connections::new(hand.clone());
    (0..3).for_each(|slot| connections.heard_of(slot));

    hand.advance(Duration::from_secs(20));
    connections.heard_of(1);
    connections.closed(2);
    assert_eq!(connections.wait_until(), Some(start + IDLE));

    hand.advance(Duration::from_secs(10));
    assert_eq!(connections.expire(), [0]);
    println!("30 s: connection 0 is closed");

    hand.advance(Duration::from_secs(20));
    assert_eq!(connections.expire(), [1]);
    println!("50 s: connection 1 is closed");
    assert_eq!(connections.wait_until(), None);
}

#[cfg(test)]
#[test]
fn the_example_runs() {
    main();
}
