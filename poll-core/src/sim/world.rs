//! The state of a simulated world: its time and its script. The sources are in [`sources`](super::sources).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Sim;
use super::sources::Sources;

pub(super) type Action = Box<dyn FnOnce(&Sim) + Send>;

pub(crate) struct World {
    chance: u64,
    origin: Instant,
    elapsed: Duration,
    numbers: u64,
    script: BTreeMap<(Duration, u64), Action>,
    /// How often anything has changed.
    pub(super) stirs: u64,
    /// How many threads work for the loop.
    pub(super) busy: usize,
    pub(super) sources: Sources,
}

/// How it goes on in time.
pub(super) enum Next {
    /// By this, whose time it is now.
    Action(Action),
    /// Not at all: something has changed since one last looked.
    Changed,
    /// Not at all: somebody is busy.
    TimeStandsStill,
    /// Not at all: the limit is reached.
    TimeIsOver,
    /// Not at all: nothing is scheduled, and there is no limit.
    Stuck,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            chance: seed,
            origin: Instant::now(),
            elapsed: Duration::ZERO,
            numbers: 0,
            script: BTreeMap::new(),
            stirs: 0,
            busy: 0,
            sources: Sources::default(),
        }
    }

    /// SplitMix64.
    pub(crate) fn random(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of 1 to `most`, which is not 0.
    pub(super) fn some_of(&mut self, most: usize) -> usize {
        1 + (self.random() % most as u64) as usize
    }

    pub(crate) fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn now(&self) -> Instant {
        // Beyond all instants there is nothing to wait for.
        self.origin.checked_add(self.elapsed).unwrap_or(self.origin)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    pub(super) fn schedule(&mut self, after: Duration, action: Action) {
        let number = self.next_number();
        self.script.insert((self.elapsed.saturating_add(after), number), action);
    }

    /// Goes on to the next action up to `limit`, else to `limit`; but not beyond now if anything has
    /// changed since there were `stirs` changes, or somebody is busy.
    pub(super) fn next(&mut self, limit: Option<Duration>, stirs: u64) -> Next {
        let now = self.elapsed;
        let at = self.script.first_key_value().map(|((at, _), _)| *at);
        let at = at.filter(|at| limit.is_none_or(|limit| *at <= limit));
        match (at, limit) {
            (Some(at), _) if at <= now => {}
            (_, Some(limit)) if limit <= now => return Next::TimeIsOver,
            _ if self.stirs != stirs => return Next::Changed,
            _ if self.busy > 0 => return Next::TimeStandsStill,
            (Some(at), _) => self.elapsed = at,
            (None, Some(limit)) => {
                self.elapsed = limit;
                return Next::TimeIsOver;
            }
            (None, None) => return Next::Stuck,
        }
        let (_, action) = self.script.pop_first().expect("it was there just now");
        Next::Action(action)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn some_of_a_number_is_each_from_one_to_it_and_no_other() {
        let mut world = World::new(1);
        for most in 1..=8 {
            let found: BTreeSet<usize> = (0..200).map(|_| world.some_of(most)).collect();
            assert!(found.into_iter().eq(1..=most), "of {most}");
        }
    }
}
