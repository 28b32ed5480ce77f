//! Signals by signalfd.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use poll_sys::signalfd::{self, Info};

use super::error::{self, SignalError};
use super::name::Signal;

/// A queue of signals as a source, with each one's sender: signalfd(2).
///
/// # The price
/// A signal can be read only while it is blocked, so that its handler and its default action do not
/// take it first. [`new`](Self::new) blocks it **in the calling thread**, and that is inherited:
///
/// - by every thread that it makes later. Threads that exist already do not block it and take it
///   away: call it first thing in `main`, before any thread.
/// - by every child process, through `exec` too, and `std::process::Command` does not undo it. A
///   child that never unblocks SIGTERM cannot be told to stop with it.
///
/// Dropping the queue leaves the signals blocked: other threads would have to be asked. Where this
/// is too much, [`Signals`](super::Signals) blocks nothing.
///
/// # Forks
/// A child of `fork` inherits the mask and the descriptor, by which it reads its own signals and none of
/// its parent's: signalfd(2). A poller of the child's own has to be told of it again.
///
/// # Platform
/// Linux. Elsewhere [`new`](Self::new) is `Unsupported`.
///
/// # Cost
/// | | syscalls | allocations |
/// |---|---|---|
/// | `new` | 2 (`signalfd4`, `rt_sigprocmask`) | 1 |
/// | [`next`](Self::next) | 1 (`read`) | 0 |
/// | drop | 1 (`close`) | 0 |
///
/// # Examples
/// ```no_run
/// use poll_core::signal::{Queued, Signal};
/// use poll_core::{Events, Interest, Mode, Poller, Token};
///
/// let poller = Poller::new()?;
/// let queue = Queued::new(&[Signal::TERM, Signal::HUP])?; // before any thread is made
/// let queue = poller.register(queue, Token(0), Interest::READABLE, Mode::Level)?;
/// let mut events = Events::with_capacity(16);
/// poller.wait(&mut events, None)?;
/// while let Some(received) = queue.next()? {
///     println!("{:?} from process {}", received.signal(), received.process());
/// }
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Queued {
    descriptor: OwnedFd,
}

impl Queued {
    /// Blocks `signals` in the calling thread and queues them from now on. Read [the
    /// price](Self#the-price) first.
    ///
    /// # Errors
    /// [`Uncatchable`](SignalError::Uncatchable), [`Fault`](SignalError::Fault),
    /// [`Unknown`](SignalError::Unknown), [`Os`](SignalError::Os). Nothing is blocked then.
    pub fn new(signals: &[Signal]) -> Result<Self, SignalError> {
        error::check(signals)?;
        let numbers: Vec<i32> = signals.iter().map(|signal| signal.number()).collect();
        let descriptor = match signalfd::create(&numbers) {
            Err(refused) => return Err(blame(signals, refused)),
            created => created?,
        };
        signalfd::block(&numbers)?;
        Ok(Self { descriptor })
    }

    /// Takes the next signal; `None` if none is pending.
    ///
    /// # Errors
    /// None is expected.
    pub fn next(&self) -> io::Result<Option<Received>> {
        match signalfd::read(self.as_fd()) {
            Ok(info) => Ok(Some(Received(info))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The error of the whole set, with the signal that it is about: tried one by one.
fn blame(signals: &[Signal], refused: io::Error) -> SignalError {
    let tried = signals.iter().map(|signal| (signal, signalfd::create(&[signal.number()])));
    let culprit = tried.filter_map(|(signal, created)| Some((signal, created.err()?))).next();
    culprit.map_or(SignalError::Os(refused), |(signal, error)| error::of(*signal, error))
}

impl AsFd for Queued {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// A signal from the queue, with what is known of its sender.
#[derive(Debug, Clone, Copy)]
pub struct Received(Info);

impl Received {
    /// Which signal.
    #[must_use]
    pub fn signal(&self) -> Signal {
        Signal::from_number(self.0.signal())
    }

    /// How it was sent: the `si_code` of sigaction(2). 0 is kill(2), -1 is sigqueue(3).
    #[must_use]
    pub fn code(&self) -> i32 {
        self.0.code()
    }

    /// The process that sent it; of [`Signal::CHLD`], the child.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.0.process()
    }

    /// The user of that process.
    #[must_use]
    pub fn user(&self) -> u32 {
        self.0.user()
    }

    /// The integer that came with it from sigqueue(3).
    #[must_use]
    pub fn value(&self) -> i32 {
        self.0.value()
    }

    /// Of [`Signal::CHLD`]: the exit status, or the signal that ended the child.
    #[must_use]
    pub fn status(&self) -> i32 {
        self.0.status()
    }
}
