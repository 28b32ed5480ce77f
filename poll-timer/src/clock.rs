//! Instants to ticks.

use std::time::{Duration, Instant};

/// Turns instants into ticks: deadlines up, the present down.
///
/// Rounded this way, a deadline is never reached before its instant. Rounded the other way, a timer
/// fires early, or a loop sleeps until the deadline and finds nothing due, again and again.
///
/// # Units
///
/// A tick is the resolution; tick 0 is the origin. An instant before the origin is tick 0.
///
/// # Examples
///
/// A [`Deadlines`](crate::Deadlines) beside an event loop:
///
/// ```
/// use poll_timer::{Clock, Deadlines};
/// use std::time::{Duration, Instant};
///
/// let start = Instant::now();
/// let clock = Clock::new(start); // 1 ms
/// let mut idle = Deadlines::new();
///
/// idle.set(7, clock.deadline_after(start, Duration::from_secs(30)));
/// let wait_until = idle.next_deadline().and_then(|tick| clock.instant(tick));
/// assert_eq!(wait_until, Some(start + Duration::from_secs(30)));
///
/// let now = start + Duration::from_secs(31); // the poller waited, and time passed
/// assert_eq!(idle.pop_expired(clock.now(now)), Some(7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    origin: Instant,
    /// Nanoseconds of a tick, not 0.
    resolution: u64,
}

const NANOS: u64 = 1_000_000_000;

impl Clock {
    /// A clock with ticks of one millisecond, the first of them at `origin`.
    #[must_use]
    pub fn new(origin: Instant) -> Self {
        Self { origin, resolution: 1_000_000 }
    }

    /// A clock with ticks of `resolution`, at least one nanosecond and at most 584 years.
    #[must_use]
    pub fn with_resolution(origin: Instant, resolution: Duration) -> Self {
        Self { origin, resolution: u64::try_from(resolution.as_nanos()).unwrap_or(u64::MAX).max(1) }
    }

    /// The length of a tick.
    #[must_use]
    pub fn resolution(&self) -> Duration {
        Duration::from_nanos(self.resolution)
    }

    /// The instant of tick 0.
    #[must_use]
    pub fn origin(&self) -> Instant {
        self.origin
    }

    /// The tick that the present is in: the last one that has begun.
    #[inline]
    #[must_use]
    pub fn now(&self, now: Instant) -> u64 {
        self.ticks(now.saturating_duration_since(self.origin), false)
    }

    /// The first tick that is not before `deadline`.
    #[inline]
    #[must_use]
    pub fn deadline(&self, deadline: Instant) -> u64 {
        self.ticks(deadline.saturating_duration_since(self.origin), true)
    }

    /// The first tick that is not before `now + after`. What is too long for ticks is `u64::MAX`,
    /// which stands for never.
    #[inline]
    #[must_use]
    pub fn deadline_after(&self, now: Instant, after: Duration) -> u64 {
        let since = now.saturating_duration_since(self.origin);
        since.checked_add(after).map_or(u64::MAX, |since| self.ticks(since, true))
    }

    /// The instant at which a tick begins. `None` is never: for `u64::MAX`, and for what is beyond
    /// all instants.
    #[must_use]
    pub fn instant(&self, tick: u64) -> Option<Instant> {
        if tick == u64::MAX {
            return None;
        }
        let nanos = u128::from(tick) * u128::from(self.resolution);
        let seconds = u64::try_from(nanos / u128::from(NANOS)).ok()?;
        let since = Duration::new(seconds, (nanos % u128::from(NANOS)) as u32);
        self.origin.checked_add(since)
    }

    #[inline]
    fn ticks(&self, since: Duration, up: bool) -> u64 {
        let nanos = since.as_secs().checked_mul(NANOS);
        match nanos.and_then(|nanos| nanos.checked_add(u64::from(since.subsec_nanos()))) {
            Some(nanos) if up => nanos.div_ceil(self.resolution),
            Some(nanos) => nanos / self.resolution,
            None => self.wide_ticks(since, up),
        }
    }

    /// The same beyond 584 years.
    #[cold]
    fn wide_ticks(&self, since: Duration, up: bool) -> u64 {
        let resolution = u128::from(self.resolution);
        let ticks = match up {
            true => since.as_nanos().div_ceil(resolution),
            false => since.as_nanos() / resolution,
        };
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(resolution: Duration) -> Clock {
        Clock::with_resolution(Instant::now(), resolution)
    }

    #[test]
    fn deadlines_round_up_and_the_present_down() {
        let clock = clock(Duration::from_millis(2));
        let at = |nanos| clock.origin + Duration::from_nanos(nanos);
        for (nanos, deadline, now) in
            [(0, 0, 0), (1, 1, 0), (1_999_999, 1, 0), (2_000_000, 1, 1), (2_000_001, 2, 1)]
        {
            assert_eq!((clock.deadline(at(nanos)), clock.now(at(nanos))), (deadline, now));
        }
    }

    #[test]
    fn the_instant_of_a_deadlines_tick_is_not_early_and_is_that_tick() {
        for resolution in [1, 3, 1_000, 999_999, 1_000_000, 7_000_000_000] {
            let clock = clock(Duration::from_nanos(resolution));
            for nanos in (0..64).map(|bit| (1u64 << bit) - 1).filter(|&n| n < u64::MAX / 4) {
                let deadline = clock.origin + Duration::from_nanos(nanos);
                let tick = clock.deadline(deadline);
                let instant = clock.instant(tick).expect("below 146 years");
                assert!(instant >= deadline);
                assert_eq!(clock.now(instant), tick);
            }
        }
    }

    #[test]
    fn an_instant_before_the_origin_is_tick_zero() {
        let clock = clock(Duration::from_millis(1));
        let before = clock.origin.checked_sub(Duration::from_secs(1));
        let before = before.expect("the machine runs for a second");
        assert_eq!((clock.now(before), clock.deadline(before)), (0, 0));
    }

    #[test]
    fn a_huge_duration_is_never() {
        let clock = clock(Duration::from_nanos(1));
        assert_eq!(clock.deadline_after(clock.origin, Duration::MAX), u64::MAX);
        let clock = Clock::new(clock.origin);
        assert_eq!(clock.instant(clock.deadline_after(clock.origin, Duration::MAX)), None);
        // 2^64 − 1 nanoseconds and one more: the wide way agrees with the narrow one.
        let since = Duration::new(18_446_744_073, 709_551_616);
        assert_eq!(clock.deadline_after(clock.origin, since), 18_446_744_073_710);
    }

    #[test]
    fn times_beyond_64_bits_of_nanoseconds_are_rounded_as_all_others() {
        let clock = Clock::with_resolution(Instant::now(), Duration::from_millis(1));
        let since = Duration::new(20_000_000_000, 1);
        assert_eq!(clock.ticks(since, false), 20_000_000_000_000);
        assert_eq!(clock.ticks(since, true), 20_000_000_000_001);
        let fine = Clock::with_resolution(Instant::now(), Duration::from_nanos(1));
        assert_eq!(fine.ticks(Duration::MAX, false), u64::MAX);
    }
}
