//! Timers of the kernel's, as sources.
//!
//! For who wants a timer without a timing wheel, on another clock, or beside another thread's wait.
//! A loop with many timers gives its next deadline to [`wait_until`](crate::Poller::wait_until)
//! instead, which costs no descriptor and no system call.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant, SystemTime};

use crate::backend::timer;

/// The clock that a [`KernelTimer`] follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Clock {
    /// Never set; on Linux it stands still while the machine is suspended. That of `Instant`.
    #[default]
    Monotonic,
    /// Never set, and goes on while the machine is suspended. Linux.
    BootTime,
    /// The time of day, which can be set. Linux.
    RealTime,
}

/// A timer of the kernel's as a source: readable when it has expired, until it is
/// [taken](Self::take) or set anew.
///
/// # Forks
/// A child of `fork` inherits a timerfd, which is then one timer of both: what one takes the other
/// finds taken. That of kqueue is not inherited.
///
/// # Units
/// It never expires early. Linux: nanoseconds; kqueue: whole milliseconds, rounded up, at least one
/// and at most 24.8 days.
///
/// # Errors
/// | what | when | error |
/// |---|---|---|
/// | [`new`](Self::new) | the system has no such timer | `Unsupported` |
/// | | no descriptor or no memory is left | EMFILE, ENFILE, ENOMEM |
/// | [`after`](Self::after), [`every`](Self::every), … | beyond the 24.8 days of kqueue | `InvalidInput` |
/// | [`first_then_every`](Self::first_then_every) | two different times on kqueue | `Unsupported` |
/// | [`at`](Self::at), [`at_time_of_day`](Self::at_time_of_day) | the time is of another clock | `InvalidInput` |
/// | [`take`](Self::take) | somebody has set the time of day | ECANCELED |
///
/// # Platform
/// | system | by | clocks | first expiration other than the period |
/// |---|---|---|---|
/// | Linux | timerfd | all | yes |
/// | BSDs, Apple | `EVFILT_TIMER` in a kqueue of its own | `Monotonic` | no |
/// | others | none: `new` is `Unsupported` | | |
///
/// # Cost
/// | | Linux | kqueue |
/// |---|---|---|
/// | [`new`](Self::new) | 1 (`timerfd_create`) | 1 or 2 (`kqueue`, `fcntl`) |
/// | setting it | 1 (`timerfd_settime`); [`at_time_of_day`](Self::at_time_of_day) 2 if the time of day was set since | 2 (`kevent`) |
/// | [`unset`](Self::unset) | 1 (`timerfd_settime`) | 1 (`kevent`) |
/// | [`take`](Self::take) | 1 (`read`) | 1 (`kevent`) |
/// | drop | 1 (`close`) | 1 (`close`) |
///
/// No allocation.
///
/// # Source
/// timerfd_create(2); kqueue(2), `EVFILT_TIMER`.
///
/// # Examples
/// ```
/// use poll_core::timer::{Clock, KernelTimer};
/// use poll_core::{Events, Interest, Mode, Poller, Token};
/// use std::time::Duration;
///
/// let poller = Poller::new()?;
/// let timer = match KernelTimer::new(Clock::Monotonic) {
///     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(()),
///     timer => timer?,
/// };
/// let timer = poller.register(timer, Token(0), Interest::READABLE, Mode::Level)?;
/// timer.every(Duration::from_millis(1))?;
/// let mut events = Events::with_capacity(4);
/// for _ in 0..3 {
///     poller.wait(&mut events, None)?;
///     assert!(timer.take()? >= 1); // more if the loop was late
/// }
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct KernelTimer {
    timer: timer::Timer,
    clock: Clock,
}

impl KernelTimer {
    /// A timer that is not set.
    ///
    /// # Errors
    /// `Unsupported` for what the table does not have; EMFILE, ENFILE, ENOMEM.
    pub fn new(clock: Clock) -> io::Result<Self> {
        Ok(Self { timer: timer::Timer::new(clock)?, clock })
    }

    /// The clock that it follows.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Expires once, `after` from now; zero is at once. What was set before is forgotten, and so is
    /// what was not taken.
    ///
    /// # Errors
    /// `InvalidInput` beyond the reach of kqueue.
    pub fn after(&self, after: Duration) -> io::Result<()> {
        self.timer.set(after, None)
    }

    /// Expires every `period` from now on, which is taken as at least the clock's resolution.
    ///
    /// # Errors
    /// As [`after`](Self::after).
    pub fn every(&self, period: Duration) -> io::Result<()> {
        self.timer.set(period, Some(period))
    }

    /// Expires `first` from now and then every `period`.
    ///
    /// # Errors
    /// As [`after`](Self::after); `Unsupported` on kqueue if the two differ.
    pub fn first_then_every(&self, first: Duration, period: Duration) -> io::Result<()> {
        self.timer.set(first, Some(period))
    }

    /// Expires once at `deadline`, or at once if that has passed.
    ///
    /// # Errors
    /// `InvalidInput` if it does not follow [`Clock::Monotonic`], and beyond the reach of kqueue.
    pub fn at(&self, deadline: Instant) -> io::Result<()> {
        if self.clock != Clock::Monotonic {
            return Err(wrong_clock("an Instant is a time of the monotonic clock"));
        }
        self.timer.set(deadline.saturating_duration_since(Instant::now()), None)
    }

    /// Expires once when the time of day is `at`, or at once if that has passed. If somebody sets the
    /// clock meanwhile it becomes readable, and [`take`](Self::take) says so.
    ///
    /// # Errors
    /// `InvalidInput` if it does not follow [`Clock::RealTime`].
    pub fn at_time_of_day(&self, at: SystemTime) -> io::Result<()> {
        if self.clock != Clock::RealTime {
            return Err(wrong_clock("a SystemTime is a time of the real-time clock"));
        }
        // Before the epoch is at once.
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        match self.timer.set_at(since) {
            // The clock was set since the last call: it is set all the same (timerfd_create(2)).
            Err(error) if was_set(&error) => self.timer.set_at(since),
            done => done,
        }
    }

    /// Does not expire any more; what was not taken is forgotten.
    ///
    /// # Errors
    /// None is expected.
    pub fn unset(&self) -> io::Result<()> {
        self.timer.unset()
    }

    /// How often it has expired since it was set or last taken: 0 if not at all. Ends the readiness.
    ///
    /// # Errors
    /// ECANCELED after [`at_time_of_day`](Self::at_time_of_day) if the clock was set: look at the time
    /// and set the timer again.
    pub fn take(&self) -> io::Result<u64> {
        self.timer.take()
    }
}

fn wrong_clock(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

fn was_set(error: &io::Error) -> bool {
    error.raw_os_error() == Some(poll_sys::errno::CANCELED)
}

impl AsFd for KernelTimer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}
