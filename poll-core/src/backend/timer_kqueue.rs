//! A timer of the kernel's: `EVFILT_TIMER` in a kqueue of its own.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use poll_sys::errno;
use poll_sys::kqueue::{Change, Flags};

use super::one_kqueue::OneKqueue;
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
        Ok(self.0.take()?.map_or(0, |event| event.data().unsigned_abs()))
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
