//! Periods without drift.

use std::time::{Duration, Instant};

/// The beats of a period: each a multiple of the period after the first, whatever happens between.
///
/// The caller schedules [`deadline`](Self::deadline); when that timer expires, [`beat`](Self::beat)
/// moves on to the first beat after the present and tells how many were missed. Because beats are
/// counted in instants and only the schedule is rounded to ticks, a period that is no whole number
/// of ticks does not drift either.
///
/// # Examples
///
/// ```
/// use poll_timer::{Interval, Timers};
/// use std::time::{Duration, Instant};
///
/// let start = Instant::now();
/// let second = Duration::from_secs(1);
/// let mut timers = Timers::new(start);
/// let mut ping = Interval::new(start + second, second);
/// timers.schedule(ping.deadline(), "ping");
///
/// // The process was stopped for a while.
/// let now = start + Duration::from_millis(4_200);
/// while let Some(timer) = timers.pop_expired(now) {
///     assert_eq!(ping.beat(now), Some(3)); // due now, and three were missed
///     timers.schedule(ping.deadline(), timer.value);
/// }
/// assert_eq!(timers.next_deadline(), Some(start + 5 * second));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    next: Instant,
    period: Duration,
}

impl Interval {
    /// Beats at `first`, and each `period` after it. A period of zero counts as a nanosecond.
    #[must_use]
    pub fn new(first: Instant, period: Duration) -> Self {
        Self { next: first, period: period.max(Duration::from_nanos(1)) }
    }

    /// The next beat.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.next
    }

    /// The time from beat to beat.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// If a beat is due, moves on to the first one after `now` and says how many were missed: those
    /// that are past, but for the earliest, which is the one that is due. `None` if none is due
    /// yet.
    ///
    /// A beat that would be beyond all instants is not moved to.
    pub fn beat(&mut self, now: Instant) -> Option<u64> {
        let late = now.checked_duration_since(self.next)?;
        let missed = late.as_nanos() / self.period.as_nanos();
        let past = late.as_nanos() % self.period.as_nanos();
        // `now` less what has passed of the present period is the last beat.
        let since = Duration::new((past / NANOS) as u64, (past % NANOS) as u32);
        let last = now.checked_sub(since).unwrap_or(self.next);
        self.next = last.checked_add(self.period).unwrap_or(self.next);
        Some(u64::try_from(missed).unwrap_or(u64::MAX))
    }
}

const NANOS: u128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_stay_on_the_multiples_of_the_period() {
        let start = Instant::now();
        let period = Duration::from_nanos(1_333_333);
        let mut interval = Interval::new(start, period);
        let (mut now, mut beats) = (start, 0);
        for step in 0..1_000u32 {
            now += Duration::from_nanos(u64::from(step) * 7_919);
            if let Some(missed) = interval.beat(now) {
                beats += missed + 1;
            }
            let passed = now.duration_since(start).as_nanos() / period.as_nanos();
            assert_eq!(u128::from(beats), passed + 1);
            assert_eq!(interval.deadline(), start + period * beats as u32);
        }
    }

    #[test]
    fn a_beat_is_not_due_before_its_instant() {
        let start = Instant::now();
        let mut interval = Interval::new(start + Duration::from_nanos(1), Duration::ZERO);
        assert_eq!(interval.beat(start), None);
        assert_eq!(interval.beat(start + Duration::from_nanos(1)), Some(0));
        assert_eq!(interval.deadline(), start + Duration::from_nanos(2));
    }

    #[test]
    fn a_huge_period_beats_once() {
        let start = Instant::now();
        let mut interval = Interval::new(start, Duration::MAX);
        assert_eq!(interval.beat(start), Some(0));
        assert_eq!(interval.period(), Duration::MAX);
    }
}
