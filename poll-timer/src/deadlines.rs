//! One deadline per small number.

mod all;
mod slots;
#[cfg(test)]
mod tests;

use alloc::collections::TryReserveError;

use crate::levels::SLOTS;
use crate::ring::{Nodes, Ring};
use slots::{ORDER_SHIFT, PLACE, Slots, bit};

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
/// `set` and `clear` are O(1). A `set` touches one cache line and a bit as a rule, a `clear` the bit. 16
/// bytes and a bit for each id, and about 5 for each one that was ever set at the same time.
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
    /// No allocation; the first `set` allocates 15 KiB of slots.
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
        Self { ring: Ring::new(now), slots: Slots::new() }
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
        let Slots { all, live } = &mut self.slots;
        let (Some(slot), Some(live), true) =
            (all.get_mut(id as usize), live.get_mut(id as usize / 64), order_left)
        else {
            return self.set_after_growth(id, deadline);
        };
        let order = self.ring.announce(id, deadline);
        let old = slot.deadline;
        let was = (*live & bit(id) != 0).then_some(old);
        if was.is_none() {
            *live |= bit(id);
            self.ring.born();
        }
        let place = slot.word & PLACE;
        if place < SLOTS as u64 && deadline >= old {
            // It is filed early enough.
            slot.word = order << ORDER_SHIFT | place;
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
        if id >= self.slots.node_count() {
            self.grow(id);
        }
        self.set(id, deadline)
    }

    fn grow(&mut self, id: u32) {
        assert!(id <= Self::MAX_ID, "the id {id} is greater than Deadlines::MAX_ID");
        self.ring.prepare();
        self.slots.grow(id, Self::MAX_ID);
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
        self.slots.try_reserve(id)?;
        Ok(self.set(id, deadline))
    }

    /// Takes the deadline of `id` away and returns it. An id that has none is no error.
    ///
    /// # Cost
    ///
    /// O(1): a bit, and what is returned is only read if it is used.
    #[inline]
    pub fn clear(&mut self, id: u32) -> Option<u64> {
        let deadline = self.slots.all.get(id as usize).map(|slot| slot.deadline);
        let live =
            self.slots.live.get_mut(id as usize / 64).filter(|live| **live & bit(id) != 0)?;
        *live &= !bit(id);
        self.ring.died(&mut self.slots, id);
        deadline
    }

    /// The deadline of `id`.
    #[inline]
    #[must_use]
    pub fn deadline(&self, id: u32) -> Option<u64> {
        self.slots.is_live(id).then(|| self.slots.node(id).deadline)
    }

    /// The earliest deadline of all, exactly, which may lie in the past.
    ///
    /// It takes `&mut self` because it files timers that were moved where they belong by now, and
    /// remembers the answer.
    ///
    /// # Cost
    ///
    /// O(1) amortised: what a call moves, some `set` before it has left undone. One
    /// call may look at all timers of a slot, and sort them; see [`next_wake`](Self::next_wake) for
    /// an answer that moves nothing.
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
    /// A step is a timer handed out, one looked at because the slot that it is filed in came due or
    /// is the next to, or one passed over because it was cancelled or moved when it was due already.
    /// When the answer is `None` and `budget` is 0, something may still be due: call again,
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
        self.slots.bury(entry.id);
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
}
