//! `timerfd_create(2)` and its kin: a timer of the kernel's, readable when it has expired.
//!
//! Man page: <https://man7.org/linux/man-pages/man2/timerfd_create.2.html>

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use libc::c_int;

use crate::result::{check, check_size};
use crate::time::timespec;

/// The clock that a timer follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Clock {
    /// `CLOCK_MONOTONIC`: never set; stands still while the machine is suspended.
    Monotonic,
    /// `CLOCK_BOOTTIME`: never set; goes on while the machine is suspended.
    BootTime,
    /// `CLOCK_REALTIME`: the time of day, which can be set.
    RealTime,
}

/// From when a timer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Start {
    /// From now.
    Relative,
    /// From the origin of its clock.
    Absolute,
    /// From the origin of the time of day; [`take`] fails with ECANCELED once it is set.
    AbsoluteUnlessSet,
}

/// A new timer, not set, non-blocking and close-on-exec.
///
/// # Errors
/// EMFILE, ENFILE, ENODEV, ENOMEM.
///
/// # Cost
/// 1 syscall, no allocation.
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// use std::time::Duration;
/// use poll_sys::timerfd::{self, Clock, Start};
///
/// let timer = timerfd::create(Clock::Monotonic)?;
/// timerfd::set(timer.as_fd(), Start::Relative, Duration::from_secs(60), Duration::ZERO)?;
/// let not_yet = timerfd::take(timer.as_fd()).unwrap_err();
/// assert_eq!(not_yet.kind(), std::io::ErrorKind::WouldBlock);
/// # std::io::Result::Ok(())
/// ```
pub fn create(clock: Clock) -> io::Result<OwnedFd> {
    let clock = match clock {
        Clock::Monotonic => libc::CLOCK_MONOTONIC,
        Clock::BootTime => libc::CLOCK_BOOTTIME,
        Clock::RealTime => libc::CLOCK_REALTIME,
    };
    // SAFETY: 1. timerfd_create(2) takes two integers by value: it has no memory precondition.
    let fd = check(unsafe { libc::timerfd_create(clock, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC) })?;
    // SAFETY: 1. `fd` is open and nobody else's: timerfd_create(2) has just made it, and `check` let
    // only success through. 2. close(2) is how it is released.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sets the timer: first to expire at `first`, then every `period`, or once if that is zero. A
/// `first` of zero unsets it. What has expired and was not taken is forgotten.
///
/// # Units
/// Nanoseconds, rounded up by the kernel to its clock. What `time_t` cannot hold counts as its
/// largest value.
///
/// # Errors
/// `ECANCELED` (the time of day was set since); `EINVAL` is not expected.
///
/// # Cost
/// 1 syscall, no allocation.
pub fn set(
    timer: BorrowedFd<'_>,
    start: Start,
    first: Duration,
    period: Duration,
) -> io::Result<()> {
    let flags: c_int = match start {
        Start::Relative => 0,
        Start::Absolute => libc::TFD_TIMER_ABSTIME,
        Start::AbsoluteUnlessSet => libc::TFD_TIMER_ABSTIME | libc::TFD_TIMER_CANCEL_ON_SET,
    };
    let new = libc::itimerspec { it_value: timespec(first), it_interval: timespec(period) };
    // SAFETY: 1. The descriptor is open: a `BorrowedFd` is. 2. The new value is a live local. 3. The
    // old one is not asked for, which a null pointer says: timerfd_settime(2).
    check(unsafe {
        libc::timerfd_settime(timer.as_raw_fd(), flags, &raw const new, ptr::null_mut())
    })?;
    Ok(())
}

/// How often it has expired since it was set or last taken.
///
/// # Errors
/// `EAGAIN`: not at all. `ECANCELED`: see [`Start::AbsoluteUnlessSet`].
///
/// # Cost
/// 1 syscall, no allocation.
pub fn take(timer: BorrowedFd<'_>) -> io::Result<u64> {
    let mut bytes = [0; 8];
    // SAFETY: 1. The descriptor is open: a `BorrowedFd` is. 2. The pointer is valid for writes of
    // the length given: both come from the same array, borrowed mutably.
    check_size(unsafe { libc::read(timer.as_raw_fd(), bytes.as_mut_ptr().cast(), bytes.len()) })?;
    Ok(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::poll::{self, Flags, PollFd};

    fn wait(timer: &OwnedFd, limit: Duration) -> usize {
        let mut lines = [PollFd::new(timer.as_fd(), Flags::IN)];
        poll::wait(&mut lines, Some(limit)).unwrap()
    }

    #[test]
    fn each_clock_makes_a_timer_that_expires_once() {
        for clock in [Clock::Monotonic, Clock::BootTime, Clock::RealTime] {
            let timer = create(clock).unwrap();
            set(timer.as_fd(), Start::Relative, Duration::from_nanos(1), Duration::ZERO).unwrap();
            assert_eq!(wait(&timer, Duration::from_secs(20)), 1);
            assert_eq!(take(timer.as_fd()).unwrap(), 1);
            assert_eq!(wait(&timer, Duration::ZERO), 0);
        }
    }

    #[test]
    fn an_absolute_time_that_has_passed_expires_at_once_and_a_period_counts_up() {
        let timer = create(Clock::RealTime).unwrap();
        for start in [Start::Absolute, Start::AbsoluteUnlessSet] {
            // Once a second since the second second of the epoch.
            set(timer.as_fd(), start, Duration::from_secs(1), Duration::from_secs(1)).unwrap();
            // "At once" is when the kernel's timer interrupt has run.
            assert_eq!(wait(&timer, Duration::from_secs(20)), 1);
            assert!(take(timer.as_fd()).unwrap() > 1_700_000_000);
        }
    }

    #[test]
    fn a_first_of_zero_unsets_it() {
        let timer = create(Clock::Monotonic).unwrap();
        set(timer.as_fd(), Start::Relative, Duration::from_nanos(1), Duration::ZERO).unwrap();
        assert_eq!(wait(&timer, Duration::from_secs(20)), 1);
        set(timer.as_fd(), Start::Relative, Duration::ZERO, Duration::ZERO).unwrap();
        assert_eq!(take(timer.as_fd()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
