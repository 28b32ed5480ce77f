//! All timers of a wheel at once.

use alloc::collections::TryReserveError;

use super::{Key, Wheel};
use crate::ring::Nodes;

impl<T> Wheel<T> {
    /// How many timers there can be before the payloads' memory grows.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.cells.capacity()
    }

    /// All timers, with deadline, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Key, u64, &T)> {
        self.cells
            .iter()
            .map(|(id, generation, deadline, value)| (Key { id, generation }, deadline, value))
    }

    /// All timers, with deadline, in no order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Key, u64, &mut T)> {
        self.cells
            .iter_mut()
            .map(|(id, generation, deadline, value)| (Key { id, generation }, deadline, value))
    }

    /// Drops the timers for which `keep` returns false.
    ///
    /// # Cost
    ///
    /// O(the most timers there ever were).
    pub fn retain(&mut self, mut keep: impl FnMut(Key, u64, &mut T) -> bool) {
        for id in 0..self.cells.node_count() {
            let Some((generation, deadline, value)) = self.cells.current_mut(id) else {
                continue;
            };
            let key = Key { id, generation };
            if !keep(key, deadline, value) {
                self.cancel(key);
            }
        }
    }

    /// Drops all timers. The time and the memory stay, and the keys find nothing.
    ///
    /// # Cost
    ///
    /// O(the most timers there ever were).
    pub fn clear(&mut self) {
        self.retain(|_, _, _| false);
        self.ring.clear(&mut self.cells);
    }

    /// Makes room for `more` timers.
    ///
    /// # Errors
    ///
    /// `TryReserveError` if memory cannot be had.
    pub fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        let more = more.saturating_sub(self.cells.node_count() as usize - self.len());
        self.cells.try_reserve(more)?;
        self.ring.try_reserve(more)
    }

    /// Gives back the memory that the present timers do not need, but for what is between them: a
    /// timer is never moved.
    ///
    /// # Cost
    ///
    /// O(n log n).
    pub fn shrink_to_fit(&mut self) {
        self.ring.rebuild(&mut self.cells);
        self.cells.shrink_to_fit();
        self.ring.shrink_to_fit(&self.cells);
    }

    /// Checks the whole structure, for tests.
    ///
    /// # Panics
    ///
    /// If the structure contradicts itself: that is a bug of this crate.
    ///
    /// # Cost
    ///
    /// O(n).
    pub fn check_invariants(&self) {
        self.ring.check_invariants(&self.cells);
    }
}

impl<T> Extend<(u64, T)> for Wheel<T> {
    fn extend<I: IntoIterator<Item = (u64, T)>>(&mut self, timers: I) {
        for (deadline, value) in timers {
            self.schedule(deadline, value);
        }
    }
}

impl<T> FromIterator<(u64, T)> for Wheel<T> {
    fn from_iter<I: IntoIterator<Item = (u64, T)>>(timers: I) -> Self {
        let mut wheel = Self::new();
        wheel.extend(timers);
        wheel
    }
}
