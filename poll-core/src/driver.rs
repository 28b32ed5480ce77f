//! A poller and a timing wheel behind one wait.
//!
//! With the feature `driver`. It stands here and not in `poll-timer`, because that crate is `no_std`
//! and depends on nothing, and stays so: the wait is the poller's affair, and the wheel is only asked
//! for its next deadline. Both are used through what they offer everybody, so that who wants another
//! order, or [`Deadlines`](poll_timer::Deadlines), writes these few lines for himself.

use std::io;
use std::time::{Duration, Instant};

use poll_timer::{Key, Timers};

use crate::events::Events;
use crate::poller::Poller;

/// A [`Poller`] and [`Timers`] that are waited for together.
///
/// # Order
/// One turn of the loop is: [`wait`](Self::wait), then the events of the batch, then
/// [`next_expired`](Self::next_expired) until there is none. Events come first, so that what arrived
/// in time can [cancel](Timers::cancel) or put off its own timeout, also when the loop itself was
/// late. Expired timers come by deadline, equal ones in the order in which they were set. What counts
/// as expired is fixed by the time at which the wait ended ([`now`](Self::now)).
///
/// # Units
/// Timers have the resolution of [`Timers`], by default a millisecond: none fires early, and each less
/// than one tick late. The timeout of `wait` has that of [`Poller::wait`].
///
/// # Errors
/// [`wait`](Self::wait): those of [`Poller::wait`]. Timers that are due are handed out all the same.
///
/// # Platform
/// The same on every system and backend, [the simulated one](crate::sim) too, whose clock it follows.
///
/// # Cost
/// | | syscalls | allocations |
/// |---|---|---|
/// | [`wait`](Self::wait) | that of [`Poller::wait`]: 1 | 0 |
/// | [`after`](Self::after) | 0 | 0, but for the growth of the wheel |
/// | [`next_expired`](Self::next_expired) | 0 | 0 |
///
/// The clock is read once for each `after` and at the end of each `wait`; for a timeout, for a deadline,
/// and when that is over, once more each.
///
/// # Examples
/// ```
/// use poll_core::driver::Driver;
/// use poll_core::{Events, Poller};
/// use std::time::Duration;
///
/// let mut driver = Driver::new(Poller::new()?);
/// driver.after(Duration::from_millis(2), "second");
/// driver.after(Duration::from_millis(1), "first");
///
/// let mut events = Events::with_capacity(16);
/// let mut fired = Vec::new();
/// while fired.len() < 2 {
///     driver.wait(&mut events, None)?;
///     for event in &events {
///         println!("{event:?}");
///     }
///     while let Some(what) = driver.next_expired() {
///         fired.push(what);
///     }
/// }
/// assert_eq!(fired, ["first", "second"]);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Driver<T> {
    poller: Poller,
    timers: Timers<T>,
    now: Instant,
}

impl<T> Driver<T> {
    /// A driver without timers, of a resolution of one millisecond.
    #[must_use]
    pub fn new(poller: Poller) -> Self {
        let timers = Timers::new(poller.now());
        Self::with_timers(poller, timers)
    }

    /// A driver with these timers, and their resolution.
    #[must_use]
    pub fn with_timers(poller: Poller, timers: Timers<T>) -> Self {
        Self { now: poller.now(), poller, timers }
    }

    /// The poller, to register with.
    #[must_use]
    pub fn poller(&self) -> &Poller {
        &self.poller
    }

    /// The timers.
    #[must_use]
    pub fn timers(&self) -> &Timers<T> {
        &self.timers
    }

    /// The timers, to set and cancel.
    pub fn timers_mut(&mut self) -> &mut Timers<T> {
        &mut self.timers
    }

    /// The time at which the last wait ended; before the first one, at which the driver was made.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Sets a timer, `after` from the present (not from [`now`](Self::now), which may be long ago).
    pub fn after(&mut self, after: Duration, value: T) -> Key {
        self.timers.schedule_after(self.poller.now(), after, value)
    }

    /// Waits until something happens, a timer is due, or `timeout` is over. Returns how many events
    /// the batch holds: 0 also if only timers are due.
    ///
    /// # Errors
    /// Those of [`Poller::wait`].
    pub fn wait(&mut self, events: &mut Events, timeout: Option<Duration>) -> io::Result<usize> {
        let limit = timeout.and_then(|limit| self.poller.now().checked_add(limit));
        let due = self.timers.next_deadline();
        let deadline = match (limit, due) {
            (Some(limit), Some(due)) => Some(limit.min(due)),
            (limit, due) => limit.or(due),
        };
        let waited = self.poller.wait_until(events, deadline);
        self.now = self.poller.now();
        waited
    }

    /// Takes the next timer that was due when the last wait ended.
    pub fn next_expired(&mut self) -> Option<T> {
        self.timers.pop_expired(self.now).map(|expired| expired.value)
    }

    /// The parts.
    #[must_use]
    pub fn into_parts(self) -> (Poller, Timers<T>) {
        (self.poller, self.timers)
    }
}
