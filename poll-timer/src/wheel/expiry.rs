//! What is due.

use super::{Key, Wheel};

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

impl<T> Wheel<T> {
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
    /// A step is a timer handed out, one looked at because the slot that it is filed in came due or
    /// is the next to, or one passed over because it was cancelled or moved when it was due already.
    /// When the answer is `None` and `budget` is 0, something may still be due: call again,
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
