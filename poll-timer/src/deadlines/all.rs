//! All deadlines at once.

use alloc::collections::TryReserveError;

use super::Deadlines;
use crate::ring::Nodes;

impl Deadlines {
    /// The ids that have a deadline, and their deadlines, by id.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.slots.iter()
    }

    /// Clears the ids for which `keep` returns false.
    ///
    /// # Cost
    ///
    /// O(the greatest id ever set).
    pub fn retain(&mut self, mut keep: impl FnMut(u32, u64) -> bool) {
        for id in 0..self.slots.node_count() {
            if self.deadline(id).is_some_and(|deadline| !keep(id, deadline)) {
                self.clear(id);
            }
        }
    }

    /// Clears all ids. The time and the memory stay.
    ///
    /// # Cost
    ///
    /// O(the greatest id ever set).
    pub fn clear_all(&mut self) {
        self.slots.live.fill(0);
        self.ring.clear(&mut self.slots);
    }

    /// Makes room for ids up to `ids`, and as many deadlines.
    ///
    /// # Errors
    ///
    /// `TryReserveError` if memory cannot be had.
    pub fn try_reserve(&mut self, ids: u32) -> Result<(), TryReserveError> {
        self.slots.try_reserve_exact(ids as usize)?;
        self.ring.try_reserve((ids as usize).saturating_sub(self.slots.node_count() as usize))
    }

    /// Gives back the memory that the present deadlines do not need.
    ///
    /// # Cost
    ///
    /// O(n log n).
    pub fn shrink_to_fit(&mut self) {
        self.ring.rebuild(&mut self.slots);
        self.slots.shrink_to_fit();
        self.ring.shrink_to_fit(&self.slots);
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
        self.ring.check_invariants(&self.slots);
    }
}
