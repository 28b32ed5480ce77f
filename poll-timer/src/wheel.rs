//! Timers with keys and payloads.

use alloc::collections::TryReserveError;

use crate::cells::{Cells, Generation};
use crate::ring::{NOWHERE, Nodes, Ring};

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

/// A timer that expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expired<T> {
    /// The key that the timer had. It finds nothing any more.
    pub key: Key,
    /// The deadline that the timer had.
    pub deadline: u64,
    /// The payload.
    pub value: T,
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
    /// No allocation; the first timer allocates 12 KiB of slots.
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
    /// See [`next_wake`](Self::next_wake) for an answer that moves nothing.
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

    /// Takes out the first timer whose deadline is `now` or earlier.
    ///
    /// Called until it returns `None`, it hands out everything that is due. Between the calls any
    /// method may be called. A timer that is set to `now` or earlier meanwhile is handed out, too.
    ///
    /// The time of a wheel does not go back: a `now` earlier than an earlier one counts as that.
    ///
    /// # Cost
    ///
    /// O(1) amortised for each timer that expires or moves to a finer slot, whatever time has
    /// passed.
    ///
    /// # Examples
    ///
    /// Timers that set new ones:
    ///
    /// ```
    /// use poll_timer::Wheel;
    ///
    /// let mut wheel = Wheel::new();
    /// wheel.schedule(1, 1);
    /// let mut doubled = Vec::new();
    /// while let Some(timer) = wheel.pop_expired(10) {
    ///     wheel.schedule(timer.deadline * 2, timer.value * 2);
    ///     doubled.push(timer.value);
    /// }
    /// assert_eq!(doubled, [1, 2, 4, 8]);
    /// assert_eq!(wheel.next_deadline(), Some(16));
    /// ```
    #[inline]
    pub fn pop_expired(&mut self, now: u64) -> Option<Expired<T>> {
        self.pop_expired_within(now, &mut usize::MAX.clone())
    }

    /// As [`pop_expired`](Self::pop_expired), but takes at most `budget` steps and subtracts them.
    ///
    /// A step is a timer handed out, one looked at because the slot that it is filed in came due, or
    /// one passed over because it was cancelled or moved when it was due already. When the answer is `None` and `budget` is 0, something may still be due: call again,
    /// now or after other work. Nothing is lost meanwhile, and
    /// [`next_wake`](Self::next_wake) tells how long there is to sleep.
    #[inline]
    pub fn pop_expired_within(&mut self, now: u64, budget: &mut usize) -> Option<Expired<T>> {
        let entry = self.ring.pop_due(&mut self.cells, now, budget)?;
        let (generation, value) = self.cells.remove_expired(entry.id)?;
        Some(Expired { key: Key { id: entry.id, generation }, deadline: entry.deadline, value })
    }

    /// Tells the time and hands out what is due, in order.
    ///
    /// The wheel moves on as the iterator is used. What an iterator that is dropped did not hand
    /// out stays due for the next.
    ///
    /// # Cost
    ///
    /// As [`pop_expired`](Self::pop_expired).
    #[inline]
    pub fn advance(&mut self, now: u64) -> Advance<'_, T> {
        self.advance_within(now, usize::MAX)
    }

    /// As [`advance`](Self::advance), but the iterator ends after at most `budget` steps, see
    /// [`pop_expired_within`](Self::pop_expired_within).
    ///
    /// # Examples
    ///
    /// ```
    /// use poll_timer::Wheel;
    ///
    /// let mut wheel: Wheel<u32> = (0..1_000).map(|n| (5, n)).collect();
    /// let mut rounds = 0;
    /// while wheel.next_wake().is_some_and(|wake| wake <= 5) {
    ///     assert!(wheel.advance_within(5, 100).count() <= 100);
    ///     rounds += 1; // other work here
    /// }
    /// assert_eq!(rounds, 20); // each timer was looked at once and handed out once
    /// assert!(wheel.is_empty());
    /// ```
    #[inline]
    pub fn advance_within(&mut self, now: u64, budget: usize) -> Advance<'_, T> {
        Advance { wheel: self, now, budget }
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

/// The timers that are due, from [`Wheel::advance`].
#[derive(Debug)]
#[must_use = "timers expire as the iterator is used"]
pub struct Advance<'a, T> {
    wheel: &'a mut Wheel<T>,
    now: u64,
    budget: usize,
}

impl<T> Iterator for Advance<'_, T> {
    type Item = Expired<T>;

    #[inline]
    fn next(&mut self) -> Option<Expired<T>> {
        self.wheel.pop_expired_within(self.now, &mut self.budget)
    }
}

impl<T> core::iter::FusedIterator for Advance<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn order_survives_the_end_of_the_order_numbers() {
        for left in 0..40 {
            let mut wheel = Wheel::new();
            wheel.ring.skip_orders::<Cells<u32>>(left);
            let keys: Vec<Key> = (0..30).map(|n| wheel.schedule(8, n)).collect();
            wheel.check_invariants();
            // A due one, so that the heap is renumbered too.
            wheel.reschedule(keys[3], 0);
            wheel.reschedule(keys[2], 0);
            wheel.reschedule(keys[0], 8);
            wheel.check_invariants();
            let expired: Vec<u32> = wheel.advance(8).map(|timer| timer.value).collect();
            assert!(expired.into_iter().eq([3, 2, 1].into_iter().chain(4..30).chain([0])));
        }
    }

    #[test]
    fn order_numbers_fill_their_bits() {
        let mut wheel = Wheel::new();
        wheel.ring.skip_orders::<Cells<u32>>(100);
        for n in 0..90 {
            wheel.schedule(if n < 45 { 8 } else { 300 }, n);
        }
        wheel.check_invariants();
        assert!(wheel.advance(300).map(|timer| timer.value).eq(0..90));
    }

    #[test]
    fn a_key_is_eight_bytes_with_and_without_option() {
        assert_eq!(size_of::<Key>(), 8);
        assert_eq!(size_of::<Option<Key>>(), 8);
    }

    #[test]
    fn a_cell_retires_before_its_generation_wraps() {
        let mut wheel = Wheel::new();
        let first = wheel.schedule(1, 'a');
        assert_eq!(wheel.cancel(first), Some('a'));
        wheel.cells.set_generation(first.id, Generation::MAX);
        let last = wheel.schedule(1, 'b');
        assert_eq!((last.id, last.generation), (first.id, Generation::MAX));
        assert_eq!(wheel.cancel(last), Some('b'));
        let other = wheel.schedule(1, 'c');
        assert_ne!(other.id, first.id);
        wheel.shrink_to_fit();
        assert_eq!(wheel.schedule(1, 'd').id, 2);
        assert_eq!(wheel.get(last), None);
        wheel.check_invariants();
    }

    #[test]
    fn a_key_stays_stale_when_its_cell_was_given_back_and_made_anew() {
        let mut wheel = Wheel::new();
        let keys: Vec<Key> = (0..100).map(|n| wheel.schedule(n, n)).collect();
        wheel.clear();
        wheel.shrink_to_fit();
        assert_eq!(wheel.capacity(), 0);
        let new: Vec<Key> = (0..100).map(|n| wheel.schedule(n, n)).collect();
        for (old, new) in keys.into_iter().zip(new) {
            assert_eq!(old.id, new.id);
            assert_eq!(wheel.cancel(old), None);
        }
    }
}
