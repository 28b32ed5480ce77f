//! One deadline per small number.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

use crate::levels::SLOTS;
use crate::ring::{NOWHERE, Node, Nodes, PLACE_BITS, Ring};

/// One bit of a slot's word, above its place.
const LIVE: u64 = 1 << PLACE_BITS;
const ORDER_SHIFT: u32 = PLACE_BITS + 1;
const PLACE: u64 = LIVE - 1;

/// The deadline of one id, in 16 bytes.
#[derive(Debug, Clone, Copy)]
struct Slot {
    deadline: u64,
    /// Order number, live bit, place.
    word: u64,
}

impl Slot {
    const UNSET: Self = Self { deadline: 0, word: NOWHERE as u64 };
}

#[derive(Debug, Clone)]
struct Slots(Vec<Slot>);

impl Nodes for Slots {
    const LAST_ORDER: u64 = u64::MAX >> ORDER_SHIFT;

    fn node_count(&self) -> u32 {
        self.0.len() as u32
    }

    #[inline]
    fn node(&self, id: u32) -> Node {
        let slot = &self.0[id as usize];
        Node {
            deadline: slot.deadline,
            place: (slot.word & PLACE) as u16,
            live: slot.word & LIVE != 0,
        }
    }

    #[inline]
    fn order(&self, id: u32) -> u64 {
        self.0[id as usize].word >> ORDER_SHIFT
    }

    #[inline]
    fn put(&mut self, id: u32, deadline: u64, order: u64, place: u16) {
        let slot = &mut self.0[id as usize];
        slot.deadline = deadline;
        slot.word = order << ORDER_SHIFT | slot.word & LIVE | u64::from(place);
    }

    #[inline]
    fn set_place(&mut self, id: u32, place: u16) {
        let slot = &mut self.0[id as usize];
        slot.word = slot.word & !PLACE | u64::from(place);
    }

    fn set_order(&mut self, id: u32, order: u64) {
        let slot = &mut self.0[id as usize];
        slot.word = order << ORDER_SHIFT | slot.word & (LIVE | PLACE);
    }
}

/// A timing wheel with one deadline per id: the form for an event loop, whose connections have
/// small numbers already.
///
/// There is no key and no payload: the id is both. Ids should be dense, such as the slot of a
/// connection in its table, for memory is kept for every id up to the greatest one.
///
/// **Clear the id of a connection that ends.** Nothing here knows that an id changed hands: a
/// deadline that stays set when its slot is used again expires for the new user.
///
/// What is promised is told at the [crate's front page](crate#what-is-promised): never early, never
/// late, in the order of deadlines, equal ones in the order of [`set`](Self::set).
///
/// # Units
///
/// Ticks, whose length is the caller's choice; [`Clock`](crate::Clock) turns instants into ticks.
///
/// # Cost
///
/// `set` and `clear` are O(1) and touch one cache line as a rule. 16 bytes for each id, and about 5
/// for each one that was ever set at the same time.
///
/// # Examples
///
/// A loop that closes idle connections:
///
/// ```
/// use poll_timer::Deadlines;
///
/// let mut idle = Deadlines::new();
/// idle.set(0, 30_000); // connection 0 was accepted
/// idle.set(1, 30_000);
/// idle.set(0, 42_000); // connection 0 sent something
/// assert_eq!(idle.next_deadline(), Some(30_000));
///
/// let mut closed = Vec::new();
/// while let Some(connection) = idle.pop_expired(31_000) {
///     closed.push(connection); // here `idle.set` and `idle.clear` may be called
/// }
/// assert_eq!(closed, [1]);
/// assert_eq!(idle.next_deadline(), Some(42_000));
/// ```
#[derive(Debug, Clone)]
pub struct Deadlines {
    ring: Ring,
    slots: Slots,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self::new()
    }
}

impl Deadlines {
    /// The greatest id that can be set.
    pub const MAX_ID: u32 = u32::MAX - 1;

    /// An empty wheel whose time is 0.
    ///
    /// # Cost
    ///
    /// No allocation; the first `set` allocates 12 KiB of slots.
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
        Self { ring: Ring::new(now), slots: Slots(Vec::new()) }
    }

    /// Sets the deadline of `id`, whatever it was, and returns it.
    ///
    /// Among equal deadlines the one that was set last expires last, also if it was set to what it
    /// was before. A deadline that has passed is due at once: the next
    /// [`pop_expired`](Self::pop_expired) finds it.
    ///
    /// # Panics
    ///
    /// If `id` is greater than [`MAX_ID`](Self::MAX_ID), or when memory runs out.
    ///
    /// # Cost
    ///
    /// O(1), amortised where memory grows. A later deadline than before is two stores.
    #[inline]
    pub fn set(&mut self, id: u32, deadline: u64) -> Option<u64> {
        let order_left = !self.ring.is_exhausted::<Slots>();
        let Some(slot) = self.slots.0.get_mut(id as usize).filter(|_| order_left) else {
            return self.set_after_growth(id, deadline);
        };
        let order = self.ring.announce(id, deadline);
        let Slot { deadline: old, word } = *slot;
        let was = (word & LIVE != 0).then_some(old);
        if was.is_none() {
            self.ring.born();
        }
        let place = word & PLACE;
        slot.word = order << ORDER_SHIFT | LIVE | place;
        if place < SLOTS as u64 && deadline >= old {
            // It is filed early enough.
            slot.deadline = deadline;
        } else {
            self.ring.file_anew(&mut self.slots, id, deadline, order, place as u16);
        }
        was
    }

    #[cold]
    fn set_after_growth(&mut self, id: u32, deadline: u64) -> Option<u64> {
        if self.ring.is_exhausted::<Slots>() {
            self.ring.rebuild(&mut self.slots);
        }
        if id as usize >= self.slots.0.len() {
            self.grow(id);
        }
        self.set(id, deadline)
    }

    fn grow(&mut self, id: u32) {
        assert!(id <= Self::MAX_ID, "the id {id} is greater than Deadlines::MAX_ID");
        self.ring.prepare();
        // A few more than asked for, since ids come one by one; not more than memory was reserved
        // for.
        let len = id as usize + 1;
        self.slots.0.reserve(len - self.slots.0.len());
        let len = (len + 63).min(self.slots.0.capacity()).min(Self::MAX_ID as usize + 1);
        self.slots.0.resize(len, Slot::UNSET);
    }

    /// As [`set`](Self::set), but says so when there is no memory for it.
    ///
    /// # Errors
    ///
    /// `TryReserveError` if memory cannot be had; nothing has changed then.
    ///
    /// # Panics
    ///
    /// If `id` is greater than [`MAX_ID`](Self::MAX_ID).
    pub fn try_set(&mut self, id: u32, deadline: u64) -> Result<Option<u64>, TryReserveError> {
        assert!(id <= Self::MAX_ID, "the id {id} is greater than Deadlines::MAX_ID");
        self.ring.try_reserve_one()?;
        self.slots.0.try_reserve((id as usize + 1).saturating_sub(self.slots.0.len()))?;
        Ok(self.set(id, deadline))
    }

    /// Takes the deadline of `id` away and returns it. An id that has none is no error.
    ///
    /// # Cost
    ///
    /// O(1).
    #[inline]
    pub fn clear(&mut self, id: u32) -> Option<u64> {
        let slot = self.slots.0.get_mut(id as usize)?;
        if slot.word & LIVE == 0 {
            return None;
        }
        slot.word &= !LIVE;
        let deadline = slot.deadline;
        self.ring.died(&mut self.slots, id);
        Some(deadline)
    }

    /// The deadline of `id`.
    #[inline]
    #[must_use]
    pub fn deadline(&self, id: u32) -> Option<u64> {
        let slot = self.slots.0.get(id as usize)?;
        (slot.word & LIVE != 0).then_some(slot.deadline)
    }

    /// The earliest deadline of all, exactly, which may lie in the past.
    ///
    /// It takes `&mut self` because it files timers that were moved where they belong by now, and
    /// remembers the answer.
    ///
    /// # Cost
    ///
    /// O(1) amortised: what a call moves, some `set` before it has left undone. See
    /// [`next_wake`](Self::next_wake) for an answer that moves nothing.
    #[inline]
    pub fn next_deadline(&mut self) -> Option<u64> {
        self.ring.next(&mut self.slots)
    }

    /// When to look again: at or before the earliest deadline, and `None` if there is none.
    ///
    /// One who wakes then and calls [`pop_expired`](Self::pop_expired) may find nothing due, but
    /// has moved the wheel on, so the same answer does not come again.
    ///
    /// # Cost
    ///
    /// O(1), no amortisation.
    #[must_use]
    pub fn next_wake(&self) -> Option<u64> {
        self.ring.wake()
    }

    /// Takes the first id whose deadline is `now` or earlier.
    ///
    /// Called until it returns `None`, it hands out everything that is due. Between the calls any
    /// method may be called. An id that is set to `now` or earlier meanwhile is handed out, too: to
    /// set every id that expires to a deadline that has passed never ends.
    ///
    /// The time of a wheel does not go back: a `now` earlier than an earlier one counts as that.
    ///
    /// # Cost
    ///
    /// O(1) amortised for each timer that expires or moves to a finer slot, whatever time has
    /// passed.
    #[inline]
    pub fn pop_expired(&mut self, now: u64) -> Option<u32> {
        self.pop_expired_within(now, &mut usize::MAX.clone())
    }

    /// As [`pop_expired`](Self::pop_expired), but takes at most `budget` steps and subtracts them.
    ///
    /// A step is a timer handed out, one looked at because the slot that it is filed in came due, or
    /// one passed over because it was cancelled or moved when it was due already. When the answer is `None` and `budget` is 0, something may still be due: call again,
    /// now or after other work. Nothing is lost meanwhile, and
    /// [`next_wake`](Self::next_wake) tells how long there is to sleep.
    ///
    /// # Examples
    ///
    /// ```
    /// use poll_timer::Deadlines;
    ///
    /// let mut deadlines = Deadlines::new();
    /// (0..1_000).for_each(|id| drop(deadlines.set(id, 5)));
    /// let mut budget = 100;
    /// let mut expired = 0;
    /// while deadlines.pop_expired_within(5, &mut budget).is_some() {
    ///     expired += 1;
    /// }
    /// assert_eq!(budget, 0);
    /// assert!(expired < 100);
    /// assert!(deadlines.next_wake() <= Some(5));
    /// ```
    #[inline]
    pub fn pop_expired_within(&mut self, now: u64, budget: &mut usize) -> Option<u32> {
        let entry = self.ring.pop_due(&mut self.slots, now, budget)?;
        self.slots.0[entry.id as usize].word = u64::from(NOWHERE);
        Some(entry.id)
    }

    /// The latest `now` that the wheel was told.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.ring.now()
    }

    /// How many ids have a deadline.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether no id has a deadline.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ids that have a deadline, and their deadlines, by id.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        (0..)
            .zip(&self.slots.0)
            .filter(|(_, slot)| slot.word & LIVE != 0)
            .map(|(id, slot)| (id, slot.deadline))
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
        self.slots.0.iter_mut().for_each(|slot| slot.word &= !LIVE);
        self.ring.clear(&mut self.slots);
    }

    /// Makes room for ids up to `ids`, and as many deadlines.
    ///
    /// # Errors
    ///
    /// `TryReserveError` if memory cannot be had.
    pub fn try_reserve(&mut self, ids: u32) -> Result<(), TryReserveError> {
        let more = (ids as usize).saturating_sub(self.slots.0.len());
        self.slots.0.try_reserve_exact(more)?;
        self.ring.try_reserve(more)
    }

    /// Gives back the memory that the present deadlines do not need.
    ///
    /// # Cost
    ///
    /// O(n log n).
    pub fn shrink_to_fit(&mut self) {
        let used = self.slots.0.iter().rposition(|slot| slot.word & LIVE != 0);
        self.ring.rebuild(&mut self.slots);
        self.slots.0.truncate(used.map_or(0, |last| last + 1));
        self.slots.0.shrink_to_fit();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_survives_the_end_of_the_order_numbers() {
        for left in 0..40 {
            let mut deadlines = Deadlines::new();
            deadlines.ring.skip_orders::<Slots>(left);
            // 16 ids at each of two deadlines, some moved there from elsewhere.
            for id in 0..32 {
                deadlines.set(id, if id % 3 == 0 { 9 } else { 5 + u64::from(id % 2) });
                deadlines.check_invariants();
            }
            for id in (0..32).rev() {
                deadlines.set(id, 7 + u64::from(id % 2));
                deadlines.check_invariants();
            }
            let expired: Vec<u32> = core::iter::from_fn(|| deadlines.pop_expired(8)).collect();
            let even = (0..32).rev().filter(|id| id % 2 == 0);
            assert!(expired.into_iter().eq(even.chain((0..32).rev().filter(|id| id % 2 == 1))));
        }
    }

    #[test]
    fn a_sweep_leaves_one_entry_for_each_that_is_filed() {
        let mut deadlines = Deadlines::new();
        let far = 1 << 40;
        for now in (0..2_000).step_by(10) {
            // Far, then near, which leaves an entry behind, then far again when that comes due.
            for id in 0..3 {
                deadlines.set(id, far);
                deadlines.set(id, now + 5);
                deadlines.set(id, far);
            }
            assert_eq!(deadlines.pop_expired(now + 5), None);
        }
        let place = deadlines.slots.node(0).place;
        let Deadlines { ring, slots } = &mut deadlines;
        assert!(ring.sweep_one(slots, place) > 100);
        assert_eq!(ring.sweep_one(slots, place), 3);
        deadlines.check_invariants();
    }
}
