//! Where the present comes from.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What tells the present: `Instant::now` in earnest, a [`ManualClock`] in a test.
///
/// Nothing in this crate reads a clock; every method that needs the present takes it. A program
/// that gets it from one `impl Now` can be tested against any time without sleeping.
///
/// # Examples
///
/// ```
/// use poll_timer::{ManualClock, Now, Timers};
/// use std::time::{Duration, Instant};
///
/// struct Server<C> {
///     clock: C,
///     idle: Timers<u32>,
/// }
///
/// impl<C: Now> Server<C> {
///     fn new(clock: C) -> Self {
///         Self { idle: Timers::new(clock.now()), clock }
///     }
///     fn accept(&mut self, connection: u32) {
///         self.idle.schedule_after(self.clock.now(), Duration::from_secs(30), connection);
///     }
///     fn close_idle(&mut self) -> Vec<u32> {
///         self.idle.advance(self.clock.now()).map(|timer| timer.value).collect()
///     }
/// }
///
/// let _in_earnest = Server::new(Instant::now);
///
/// let clock = ManualClock::new();
/// let mut server = Server::new(clock.clone());
/// server.accept(7);
/// clock.advance(Duration::from_millis(29_999));
/// assert!(server.close_idle().is_empty());
/// clock.advance(Duration::from_millis(1));
/// assert_eq!(server.close_idle(), [7]);
/// ```
pub trait Now {
    /// The present, which never goes back.
    fn now(&self) -> Instant;
}

impl<F: Fn() -> Instant> Now for F {
    fn now(&self) -> Instant {
        self()
    }
}

/// A clock that stands still until it is moved. Its clones show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    origin: Instant,
    /// Nanoseconds since `origin`.
    passed: Arc<AtomicU64>,
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl ManualClock {
    /// A clock that shows the present, and goes on showing it.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: Instant::now(), passed: Arc::new(AtomicU64::new(0)) }
    }

    /// Moves the clock on, by up to 584 years in all.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        let add = |passed: u64| Some(passed.saturating_add(by));
        // The closure never declines.
        _ = self.passed.fetch_update(Ordering::AcqRel, Ordering::Acquire, add);
    }
}

impl Now for ManualClock {
    fn now(&self) -> Instant {
        self.origin + Duration::from_nanos(self.passed.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_show_the_same_time() {
        let clock = ManualClock::new();
        let (other, start) = (clock.clone(), clock.now());
        other.advance(Duration::from_secs(3));
        assert_eq!(clock.now(), start + Duration::from_secs(3));
        clock.advance(Duration::MAX);
        assert_eq!(other.now(), start + Duration::from_nanos(u64::MAX));
    }
}
