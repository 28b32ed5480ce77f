//! Durations as the kernel takes them, rounded up and never truncated.

use std::time::Duration;

/// The `timespec` of `duration`, saturated where the system's `time_t` is narrower.
#[allow(dead_code, reason = "not every target has a call that takes a timespec")]
#[allow(deprecated, reason = "on musl the type will become wider, which this code follows")]
pub(crate) fn timespec(duration: Duration) -> libc::timespec {
    let seconds = libc::time_t::try_from(duration.as_secs()).unwrap_or(libc::time_t::MAX);
    // Below 10^9, which fits every c_long.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::unnecessary_cast,
        reason = "the field's type differs by system; the value is below 10^9"
    )]
    libc::timespec { tv_sec: seconds, tv_nsec: duration.subsec_nanos() as _ }
}

/// Whole milliseconds of `duration`, rounded up, at most `i32::MAX` (24.8 days).
#[allow(dead_code, reason = "not every target has a call that takes milliseconds")]
pub(crate) fn millis_ceil(duration: Duration) -> i32 {
    let whole = duration.as_millis();
    let partial = duration.subsec_nanos() % 1_000_000 != 0;
    i32::try_from(whole + u128::from(partial)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_round_up_and_saturate() {
        assert_eq!(millis_ceil(Duration::ZERO), 0);
        assert_eq!(millis_ceil(Duration::from_nanos(1)), 1);
        assert_eq!(millis_ceil(Duration::from_millis(7)), 7);
        assert_eq!(millis_ceil(Duration::from_micros(7_001)), 8);
        assert_eq!(millis_ceil(Duration::from_millis(i32::MAX as u64)), i32::MAX);
        assert_eq!(millis_ceil(Duration::MAX), i32::MAX);
    }

    #[test]
    #[allow(deprecated, reason = "on musl the type will become wider, which this code follows")]
    fn a_timespec_keeps_nanoseconds_and_saturates() {
        let ts = timespec(Duration::new(3, 999_999_999));
        assert_eq!((ts.tv_sec, ts.tv_nsec), (3, 999_999_999));
        assert_eq!(timespec(Duration::MAX).tv_sec, libc::time_t::MAX);
    }
}
