//! Timers on `Instant`.

use std::time::{Duration, Instant};

use crate::wheel::{Advance, Expired, Key, Wheel};
use crate::{Clock, coalesce};

/// A [`Wheel`] whose deadlines are instants.
///
/// It never reads a clock: the caller says what time it is, which is what an event loop does once
/// for each wait, and what lets a test say it is tomorrow. A deadline is rounded up to the
/// resolution and the present down, so a timer never expires early, and less than one tick late.
///
/// # Examples
///
/// ```
/// use poll_timer::Timers;
/// use std::time::{Duration, Instant};
///
/// let start = Instant::now();
/// let mut timers = Timers::new(start);
/// let key = timers.schedule_after(start, Duration::from_secs(30), "idle");
///
/// // Hand this to `wait`, or `next_deadline()` to `wait_until`.
/// assert_eq!(timers.timeout(start), Some(Duration::from_secs(30)));
///
/// timers.reschedule_after(start, key, Duration::from_secs(40));
/// assert_eq!(timers.advance(start + Duration::from_secs(35)).count(), 0);
/// let late = timers.advance(start + Duration::from_secs(40)).next();
/// assert_eq!(late.map(|timer| timer.value), Some("idle"));
/// ```
#[derive(Debug, Clone)]
pub struct Timers<T> {
    wheel: Wheel<T>,
    clock: Clock,
    /// In ticks.
    slack: u64,
}

impl<T> Timers<T> {
    /// No timers, and a resolution of 1 ms.
    ///
    /// Deadlines before `origin` are due at once, as at `origin`: pass the present.
    #[must_use]
    pub fn new(origin: Instant) -> Self {
        Self::with_clock(Clock::new(origin))
    }

    /// No timers, and the resolution of `clock`.
    #[must_use]
    pub const fn with_clock(clock: Clock) -> Self {
        Self { wheel: Wheel::new(), clock, slack: 0 }
    }

    /// Lets timers that are set from now on be late by up to `slack`, so that several share a
    /// wake-up, see [`coalesce`]. None is early. Zero, the default, turns it off.
    ///
    /// # Units
    ///
    /// Whole ticks: what is less than a tick is dropped.
    pub fn set_slack(&mut self, slack: Duration) {
        self.slack = u64::try_from(slack.as_nanos() / self.clock.resolution().as_nanos())
            .unwrap_or(u64::MAX);
    }

    /// The clock that turns instants into ticks of the wheel.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The wheel beneath, for reading, with deadlines in ticks.
    #[must_use]
    pub fn wheel(&self) -> &Wheel<T> {
        &self.wheel
    }

    /// The wheel beneath, for what this type does not wrap, with deadlines in ticks.
    #[must_use]
    pub fn wheel_mut(&mut self) -> &mut Wheel<T> {
        &mut self.wheel
    }

    /// Adds a timer, see [`Wheel::schedule`].
    #[inline]
    pub fn schedule(&mut self, deadline: Instant, value: T) -> Key {
        self.wheel.schedule(self.at(deadline), value)
    }

    /// Adds a timer that is due `after` from `now`. A duration beyond all instants is never.
    #[inline]
    pub fn schedule_after(&mut self, now: Instant, after: Duration, value: T) -> Key {
        self.wheel.schedule(self.after(now, after), value)
    }

    /// Takes a timer out, see [`Wheel::cancel`].
    #[inline]
    pub fn cancel(&mut self, key: Key) -> Option<T> {
        self.wheel.cancel(key)
    }

    /// Gives a timer another deadline, see [`Wheel::reschedule`].
    #[inline]
    pub fn reschedule(&mut self, key: Key, deadline: Instant) -> bool {
        self.wheel.reschedule(key, self.at(deadline))
    }

    /// Makes a timer due `after` from `now`. A duration beyond all instants is never.
    #[inline]
    pub fn reschedule_after(&mut self, now: Instant, key: Key, after: Duration) -> bool {
        self.wheel.reschedule(key, self.after(now, after))
    }

    /// The instant at which the first timer is due, ready for `wait_until`; `None` is never.
    ///
    /// It is the instant as rounded up, so who sleeps until then finds the timer due.
    ///
    /// # Cost
    ///
    /// As [`Wheel::next_deadline`].
    #[inline]
    pub fn next_deadline(&mut self) -> Option<Instant> {
        self.clock.instant(self.wheel.next_deadline()?)
    }

    /// How long to sleep until the first timer is due, ready for `wait`; `None` is forever, and
    /// zero means that something is due.
    #[inline]
    pub fn timeout(&mut self, now: Instant) -> Option<Duration> {
        Some(self.next_deadline()?.saturating_duration_since(now))
    }

    /// Takes out the first timer that is due, see [`Wheel::pop_expired`].
    #[inline]
    pub fn pop_expired(&mut self, now: Instant) -> Option<Expired<T>> {
        self.wheel.pop_expired(self.clock.now(now))
    }

    /// Hands out what is due, in order, see [`Wheel::advance`].
    #[inline]
    pub fn advance(&mut self, now: Instant) -> Advance<'_, T> {
        self.wheel.advance(self.clock.now(now))
    }

    /// How many timers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.wheel.len()
    }

    /// Whether there is no timer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.wheel.is_empty()
    }

    fn at(&self, deadline: Instant) -> u64 {
        coalesce(self.clock.deadline(deadline), self.slack)
    }

    fn after(&self, now: Instant, after: Duration) -> u64 {
        coalesce(self.clock.deadline_after(now, after), self.slack)
    }
}
