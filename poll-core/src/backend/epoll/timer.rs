//! A timer of the kernel's: a timerfd.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use poll_sys::timerfd::{self, Start};

use crate::timer::Clock;

#[derive(Debug)]
pub(crate) struct Timer(OwnedFd);

/// Zero would unset it.
const AT_ONCE: Duration = Duration::from_nanos(1);

impl Timer {
    pub(crate) fn new(clock: Clock) -> io::Result<Self> {
        timerfd::create(match clock {
            Clock::Monotonic => timerfd::Clock::Monotonic,
            Clock::BootTime => timerfd::Clock::BootTime,
            Clock::RealTime => timerfd::Clock::RealTime,
        })
        .map(Self)
    }

    pub(crate) fn set(&self, first: Duration, period: Option<Duration>) -> io::Result<()> {
        let period = period.map_or(Duration::ZERO, |period| period.max(AT_ONCE));
        timerfd::set(self.as_fd(), Start::Relative, first.max(AT_ONCE), period)
    }

    /// `at` is since the epoch, on a timer of the time of day.
    pub(crate) fn set_at(&self, at: Duration) -> io::Result<()> {
        timerfd::set(self.as_fd(), Start::AbsoluteUnlessSet, at.max(AT_ONCE), Duration::ZERO)
    }

    pub(crate) fn unset(&self) -> io::Result<()> {
        timerfd::set(self.as_fd(), Start::Relative, Duration::ZERO, Duration::ZERO)
    }

    pub(crate) fn take(&self) -> io::Result<u64> {
        match timerfd::take(self.as_fd()) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            taken => taken,
        }
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
