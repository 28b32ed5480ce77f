//! Signals by handler.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use poll_sys::fork::Mark;
use poll_sys::signal::{self, Watch};

use super::error::{self, SignalError};
use super::name::Signal;
use crate::backend::doorbell::Doorbell;

/// A set of signals as a source: readable when one of them has come.
///
/// Each signal has a handler, which runs on whatever thread the system picks, notes the signal and
/// makes the source readable. It is chained with the handlers that the process has already, through
/// `signal-hook-registry`. No signal is blocked, so that nothing changes for other threads and for
/// children; system calls that a handler interrupts are resumed (`SA_RESTART`) where the system does
/// that.
///
/// What the signal would have done by default, it does no more, also after the set is dropped: after
/// a watched SIGTERM it is the loop that ends the program. A signal that comes again before it was
/// [taken](Self::pending) is reported once.
///
/// # Forks
/// A child of `fork` inherits the handlers, which do nothing there: a signal to the child is not told
/// to the parent, and the default action does not come back, so that a child which shall end by
/// SIGTERM watches it anew. The parent's set finds nothing there and takes nothing from it; dropping it
/// there leaves the parent's as it is. A program that is executed has the default actions again, and no
/// signal blocked.
///
/// # Platform
/// Every Unix. The source is an eventfd on Linux, else a pair of sockets.
///
/// # Cost
/// | | syscalls |
/// |---|---|
/// | `new` | 1 (3 where there is no eventfd), 1 more per signal, and 2 per signal that nobody watched before |
/// | a signal's delivery | 1 write(2), beside what the system does |
/// | `pending` | 1 read(2) |
/// | drop | 1 close(2) (2 where there is no eventfd), and 1 per signal |
///
/// `new` allocates what the handlers share; a delivery and `pending` allocate nothing.
///
/// # Examples
/// ```
/// use poll_core::signal::{Signal, Signals};
/// use poll_core::{Events, Interest, Mode, Poller, Token};
///
/// const SIGNALS: Token = Token::fixed(0);
/// let poller = Poller::new()?;
/// let signals = Signals::new(&[Signal::USR1, Signal::TERM])?;
/// let signals = poller.register(signals, SIGNALS, Interest::READABLE, Mode::Level)?;
///
/// # poll_sys::signal::raise(Signal::USR1.number())?;
/// // Somebody calls `kill -USR1`.
/// let mut events = Events::with_capacity(16);
/// poller.wait(&mut events, None)?;
/// assert_eq!(events.get(0).unwrap().token(), SIGNALS);
/// assert_eq!(signals.pending().collect::<Vec<_>>(), [Signal::USR1]);
/// # std::io::Result::Ok(())
/// ```
pub struct Signals {
    mark: Mark,
    doorbell: Doorbell,
    noted: Arc<signal::Pending>,
    watches: Vec<Watch>,
}

impl Signals {
    /// Watches `signals`, in any order; one that is named twice is watched once.
    ///
    /// # Errors
    /// [`Uncatchable`](SignalError::Uncatchable), [`Fault`](SignalError::Fault),
    /// [`Unknown`](SignalError::Unknown), [`Os`](SignalError::Os). None of them is watched then;
    /// those that were tried before it have lost their default action.
    pub fn new(signals: &[Signal]) -> Result<Self, SignalError> {
        error::check(signals)?;
        let noted = Arc::new(signal::Pending::new());
        let (mark, doorbell) = (Mark::new()?, Doorbell::new()?);
        let mut set = Self { mark, doorbell, noted, watches: Vec::new() };
        for (n, signal) in signals.iter().enumerate() {
            if !signals[..n].contains(signal) {
                set.watch(*signal)?;
            }
        }
        Ok(set)
    }

    fn watch(&mut self, signal: Signal) -> Result<(), SignalError> {
        let bell = self.doorbell.outside().try_clone_to_owned()?;
        let watch = signal::watch(signal.number(), &self.noted, bell)
            .map_err(|error| error::of(signal, error))?;
        self.watches.push(watch);
        Ok(())
    }

    /// Takes the signals that have come since the last time, by number.
    ///
    /// Ends the readiness, so it is to be called for each event. What the iterator has not reached
    /// when it is dropped is lost. Nothing in a child of `fork`.
    pub fn pending(&self) -> Pending {
        if !self.mark.is_current() {
            // The doorbell is the parent's too: to answer it would take its signals away.
            return Pending(0);
        }
        // Before the look: a signal that comes in between rings again. If it fails, the source stays
        // readable, and is looked at again.
        let _kept = self.doorbell.answer();

        Pending(self.noted.take())
    }

    /// Makes the source readable without a signal.
    #[allow(dead_code, reason = "only where the exit of a child is told by SIGCHLD alone")]
    pub(crate) fn nudge(&self) -> std::io::Result<()> {
        self.doorbell.ring()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.doorbell.as_fd()
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("watched", &self.watches.len()).finish_non_exhaustive()
    }
}

/// Signals that have come; see [`Signals::pending`].
#[derive(Debug, Clone)]
#[must_use = "signals that are not looked at are lost"]
pub struct Pending(u128);

impl Iterator for Pending {
    type Item = Signal;

    fn next(&mut self) -> Option<Signal> {
        if self.0 == 0 {
            return None;
        }
        let number = self.0.trailing_zeros();
        self.0 &= self.0 - 1;
        Some(Signal::from_number(number as i32))
    }
}
