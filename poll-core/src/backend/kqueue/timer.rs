//! A timer of the kernel's: `EVFILT_TIMER` in a kqueue of its own.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use poll_sys::errno;
use poll_sys::kqueue::{Change, Flags};

use super::one::OneKqueue;
use crate::timer::Clock;

#[derive(Debug)]
pub(crate) struct Timer(OneKqueue);

const IDENT: usize = 1;

impl Timer {
    pub(crate) fn new(clock: Clock) -> io::Result<Self> {
        match clock {
            Clock::Monotonic => OneKqueue::new().map(Self),
            _ => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "kqueue's timers follow the monotonic clock",
            )),
        }
    }

    /// The system knows one number, so that a timer that repeats has its first expiration after one
    /// period.
    pub(crate) fn set(&self, first: Duration, period: Option<Duration>) -> io::Result<()> {
        let flags = match period {
            Some(period) if period != first => {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "kqueue's timers have their first expiration after one period",
                ));
            }
            Some(_) => Flags::ADD,
            None => Flags::ADD | Flags::ONESHOT,
        };
        // Zero is EINVAL on some.
        let millis = first.as_nanos().div_ceil(1_000_000).max(1);
        let millis = i32::try_from(millis).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, "kqueue's timers reach 24 days")
        })?;
        // Added anew: a periodic one stays so when it is changed.
        self.unset()?;
        self.0.change(Change::timer(IDENT, flags, 0, millis))
    }

    pub(crate) fn set_at(&self, _: Duration) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn unset(&self) -> io::Result<()> {
        match self.0.change(Change::timer(IDENT, Flags::DELETE, 0, 0)) {
            Err(error) if error.raw_os_error() == Some(errno::NOENT) => Ok(()),
            done => done,
        }
    }

    pub(crate) fn take(&self) -> io::Result<u64> {
        self.take_within(Duration::ZERO)
    }

    fn take_within(&self, timeout: Duration) -> io::Result<u64> {
        Ok(self.0.take(timeout)?.map_or(0, |event| event.data().unsigned_abs()))
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wait that takes this long has failed.
    const CAP: Duration = Duration::from_secs(20);
    const SOON: Duration = Duration::from_millis(2);

    // Without a poller around it: a kqueue in user space is not readable for another one.

    #[test]
    fn it_expires_once_and_can_be_set_again() {
        let timer = Timer::new(Clock::Monotonic).unwrap();
        assert_eq!(timer.take().unwrap(), 0);
        for _ in 0..2 {
            timer.set(SOON, None).unwrap();
            assert_eq!(timer.take_within(CAP).unwrap(), 1);
            assert_eq!(timer.take_within(SOON * 2).unwrap(), 0);
        }
    }

    #[test]
    fn a_period_repeats_until_it_is_unset_or_set_to_expire_once() {
        let timer = Timer::new(Clock::Monotonic).unwrap();
        timer.set(SOON, Some(SOON)).unwrap();
        assert_ne!(timer.take_within(CAP).unwrap(), 0);
        assert_ne!(timer.take_within(CAP).unwrap(), 0);
        timer.set(SOON, None).unwrap();
        assert_eq!(timer.take_within(CAP).unwrap(), 1);
        assert_eq!(timer.take_within(SOON * 2).unwrap(), 0);
        timer.set(SOON, Some(SOON)).unwrap();
        timer.unset().unwrap();
        timer.unset().unwrap();
        assert_eq!(timer.take_within(SOON * 2).unwrap(), 0);
    }

    #[test]
    fn what_it_cannot_do_is_a_typed_error() {
        let timer = Timer::new(Clock::Monotonic).unwrap();
        let kind = |done: io::Result<()>| done.unwrap_err().kind();
        let month = Duration::from_secs(30 * 24 * 3600);
        assert_eq!(kind(timer.set(SOON, Some(SOON * 2))), io::ErrorKind::Unsupported);
        assert_eq!(kind(timer.set(month, None)), io::ErrorKind::InvalidInput);
        assert_eq!(Timer::new(Clock::RealTime).unwrap_err().kind(), io::ErrorKind::Unsupported);
    }
}
