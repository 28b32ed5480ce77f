//! Timers with keys and payloads.

mod all;
mod expiry;
#[cfg(test)]
mod tests;

use alloc::collections::TryReserveError;

use crate::cells::{Cells, Generation};
use crate::ring::{NOWHERE, Ring};

pub use expiry::{Advance, Expired};

/// The name of a scheduled timer.
///
/// A key never names another timer than the one it was made for: once that has expired or was
/// cancelled, the key finds nothing. (A wheel uses a cell 2^32 − 1 times and then never again.)
/// Keys of different wheels must not be mixed: they may find a timer.
///
/// It is 8 bytes, and so is `Option<Key>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    id: u32,
    generation: Generation,
}

/// A hierarchical timing wheel of timers with keys and payloads.
///
/// It has no clock: the caller says what time it is. What is promised is told at the
/// [crate's front page](crate#what-is-promised): never early, never late, in the order of
/// deadlines, equal ones in the order of insertion.
///
/// # Units
///
/// Ticks, whose length is the caller's choice.
///
/// # Cost
///
/// `schedule`, `cancel` and `reschedule` are O(1), amortised where memory grows. 28 bytes and about
/// 5 for each timer with a word of payload.
///
/// # Examples
///
/// ```
/// use poll_timer::Wheel;
///
/// let mut wheel = Wheel::new();
/// let ping = wheel.schedule(20, "ping");
/// let bye = wheel.schedule(10, "bye");
/// wheel.schedule(15, "data");
///
/// assert!(wheel.reschedule(ping, 30));
/// assert_eq!(wheel.cancel(bye), Some("bye"));
/// assert_eq!(wheel.cancel(bye), None);
///
/// assert_eq!(wheel.next_deadline(), Some(15));
/// let expired: Vec<_> = wheel.advance(40).map(|timer| timer.value).collect();
/// assert_eq!(expired, ["data", "ping"]);
/// ```
#[derive(Debug, Clone)]
pub struct Wheel<T> {
    ring: Ring,
    cells: Cells<T>,
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Wheel<T> {
    /// An empty wheel whose time is 0.
    ///
    /// # Cost
    ///
    /// No allocation; the first timer allocates 15 KiB of slots.
    #[must_use]
    pub const fn new() -> Self {
        Self::starting_at(0)
    }

    /// An empty wheel whose time is `now`.
    ///
    /// A wheel that starts at 0 works as well at any time. It only files the timers of its first
    /// moments more coarsely.
    #[must_use]
    pub const fn starting_at(now: u64) -> Self {
        Self { ring: Ring::new(now), cells: Cells::new() }
    }

    /// Adds a timer. Among equal deadlines the one that was added last expires last.
    ///
    /// A deadline that has passed is due at once: the next [`advance`](Self::advance) hands it out.
    ///
    /// # Panics
    ///
    /// If the wheel holds 2^32 − 1 timers, or when memory runs out.
    ///
    /// # Cost
    ///
    /// O(1), amortised where memory grows.
    #[inline]
    pub fn schedule(&mut self, deadline: u64, value: T) -> Key {
        self.renumber_if_exhausted();
        let Some(id) = self.cells.free() else {
            return self.push(deadline, value);
        };
        let (id, generation) = self.cells.fill(id, value);
        self.ring.born();
        let order = self.ring.announce(id, deadline);
        if let Err(place) = self.cells.filed(id).postpone(deadline, order) {
            self.ring.file_anew(&mut self.cells, id, deadline, order, place);
        }
        Key { id, generation }
    }

    /// Adds a timer in a new cell.
    #[inline(never)]
    fn push(&mut self, deadline: u64, value: T) -> Key {
        self.ring.prepare();
        let (id, generation) = self.cells.push(value);
        self.ring.born();
        let order = self.ring.announce(id, deadline);
        self.ring.file_anew(&mut self.cells, id, deadline, order, NOWHERE);
        Key { id, generation }
    }

    #[inline]
    fn renumber_if_exhausted(&mut self) {
        if self.ring.is_exhausted::<Cells<T>>() {
            self.ring.rebuild(&mut self.cells);
        }
    }

    /// As [`schedule`](Self::schedule), but gives the value back when there is no memory for it.
    ///
    /// # Errors
    ///
    /// The value and the reason if memory cannot be had; nothing has changed then.
    ///
    /// # Panics
    ///
    /// If the wheel holds 2^32 − 1 timers.
    pub fn try_schedule(&mut self, deadline: u64, value: T) -> Result<Key, (T, TryReserveError)> {
        match self.ring.try_reserve_one().and_then(|()| self.cells.try_reserve_one()) {
            Ok(()) => Ok(self.schedule(deadline, value)),
            Err(error) => Err((value, error)),
        }
    }

    /// Takes a timer out. `None` if it has expired or was cancelled.
    ///
    /// # Cost
    ///
    /// O(1), without allocation. The memory serves the next timer.
    #[inline]
    pub fn cancel(&mut self, key: Key) -> Option<T> {
        let value = self.cells.remove(key.id, key.generation)?;
        self.ring.died(&mut self.cells, key.id);
        Some(value)
    }

    /// Gives a timer another deadline, as if it were added anew; the key stays. False if it has
    /// expired or was cancelled.
    ///
    /// # Cost
    ///
    /// O(1). A later deadline than before is two stores.
    #[inline]
    pub fn reschedule(&mut self, key: Key, deadline: u64) -> bool {
        self.renumber_if_exhausted();
        let Some(filed) = self.cells.live_mut(key.id, key.generation) else {
            return false;
        };
        let order = self.ring.announce(key.id, deadline);
        if let Err(place) = filed.postpone(deadline, order) {
            self.ring.file_anew(&mut self.cells, key.id, deadline, order, place);
        }
        true
    }

    /// The payload of a timer.
    #[inline]
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&T> {
        Some(self.cells.get(key.id, key.generation)?.1)
    }

    /// The payload of a timer.
    #[inline]
    #[must_use]
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.cells.get_mut(key.id, key.generation)
    }

    /// The deadline of a timer.
    #[inline]
    #[must_use]
    pub fn deadline(&self, key: Key) -> Option<u64> {
        Some(self.cells.get(key.id, key.generation)?.0)
    }

    /// Whether the timer is there.
    #[inline]
    #[must_use]
    pub fn contains(&self, key: Key) -> bool {
        self.cells.is_live(key.id, key.generation)
    }

    /// The earliest deadline of all, exactly, which may lie in the past.
    ///
    /// It takes `&mut self` because it files timers that were moved where they belong by now, and
    /// remembers the answer.
    ///
    /// # Cost
    ///
    /// O(1) amortised: what a call moves, some `reschedule` or `cancel` before it has left undone.
    /// One call may look at all timers of a slot, and sort them; see
    /// [`next_wake`](Self::next_wake) for an answer that moves nothing.
    #[inline]
    pub fn next_deadline(&mut self) -> Option<u64> {
        self.ring.next(&mut self.cells)
    }

    /// When to look again: at or before the earliest deadline, and `None` if there is no timer.
    ///
    /// One who wakes then and advances may find nothing due, but has moved the wheel on, so the
    /// same answer does not come again.
    ///
    /// # Cost
    ///
    /// O(1), no amortisation.
    #[must_use]
    pub fn next_wake(&self) -> Option<u64> {
        self.ring.wake()
    }

    /// The latest `now` that the wheel was told.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.ring.now()
    }

    /// How many timers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether there is no timer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
