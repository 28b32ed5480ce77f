//! Waking a poller from elsewhere: another thread, or a signal handler.

use std::fmt;
use std::io;

use poll_sys::arc::Arc;

use crate::bell::Place;
use crate::error::WakeError;
use crate::poller::Inner;
use crate::token::Token;

/// Makes a wait return, from any thread or from a signal handler, with an event of the waker's own
/// token.
///
/// Made by [`Poller::waker`](crate::Poller::waker), any number per poller. It keeps the poller
/// alive. Its event [is readable](crate::Event::is_readable). A wake that is still pending takes up
/// the next ones: a thousand wakes before a wait are one event. What the waker's owner did before
/// the wake is visible to the thread that gets the event.
///
/// A wake that was made is delivered, also if the waker is dropped right after it.
///
/// # Cost
/// No syscall while a wake is pending or nobody sleeps in the poller, else one (a write to an
/// eventfd, or the like). No allocation. The waker that a poller made first is the quickest: its event
/// is taken without a lock.
///
/// # Examples
/// ```
/// use poll_core::{Events, Poller, Token};
///
/// const WAKE: Token = Token::fixed(0);
/// let poller = Poller::new()?;
/// let waker = poller.waker(WAKE)?;
/// let worker = std::thread::spawn(move || waker.wake());
///
/// let mut events = Events::with_capacity(16);
/// poller.wait(&mut events, None)?;
/// assert_eq!(events.get(0).unwrap().token(), WAKE);
/// worker.join().unwrap()?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Waker {
    shared: Arc<Shared>,
}

struct Shared {
    poller: Arc<Inner>,
    place: Place,
    token: Token,
}

impl Waker {
    /// If there is no memory, `place` is free again, unless it is the first's.
    pub(crate) fn new(poller: Arc<Inner>, place: Place, token: Token) -> io::Result<Self> {
        Ok(Self { shared: Arc::try_new(Shared { poller, place, token })? })
    }

    /// The token that the waker's events carry.
    #[must_use]
    pub fn token(&self) -> Token {
        self.shared.token
    }

    /// One event for one waiter: a thread that sleeps in the poller, or the next that waits.
    ///
    /// Async-signal-safe: takes no lock, allocates nothing, keeps `errno`. Not so `clone` and `drop`.
    ///
    /// # Errors
    /// - [`WakeError::Forked`] in a child of the process that made the poller.
    /// - [`WakeError::Os`] if the system refuses to wake the sleeper; the wake is then taken back, and
    ///   with it those that its clones have made meanwhile. Those of other wakers and notifiers, made at
    ///   the same moment, may come with the next wake only.
    ///
    /// # Cost
    /// No syscall while a wake is pending or nobody sleeps, else 1; no allocation.
    pub fn wake(&self) -> Result<(), WakeError> {
        let Shared { poller, place, .. } = &*self.shared;
        if !poller.is_of_this_process() {
            return Err(WakeError::Forked);
        }
        poller.bell.wake(place, &poller.backend).map_err(WakeError::from_os)
    }

    /// One event for each thread that waits.
    ///
    /// Precisely: one for each [`Events`](crate::Events) that is used on this poller, now or whenever
    /// it next waits, be it for the first time. So a thread that is busy with its last batch is
    /// reached as well as one that sleeps, and one that was started but has not come to its loop yet.
    /// Several `wake_all` before a thread waits are one event. A batch that alternates between
    /// pollers misses what is called while it serves the other: give each poller its own.
    ///
    /// Not for signal handlers: it takes a lock.
    ///
    /// # Errors
    /// As [`wake`](Self::wake). If the system refuses, threads that sleep learn of it when they next
    /// come out. ENOMEM of the first one of a token: nobody learns of it.
    ///
    /// # Cost
    /// One syscall per sleeping thread, made one after the other by the threads that wake up; none
    /// when nobody sleeps. The first one of a token allocates: the poller keeps 16 bytes for it, also
    /// when the waker is gone.
    ///
    /// # Examples
    /// ```
    /// use poll_core::{Events, Poller, Token};
    ///
    /// let poller = Poller::new()?;
    /// let stop = poller.waker(Token::fixed(0))?;
    /// let (mut one, mut two) = (Events::with_capacity(4), Events::with_capacity(4));
    /// stop.wake_all()?;
    /// for events in [&mut one, &mut two] {
    ///     assert_eq!(poller.wait(events, None)?, 1);
    /// }
    /// # std::io::Result::Ok(())
    /// ```
    pub fn wake_all(&self) -> Result<(), WakeError> {
        let Shared { poller, place, .. } = &*self.shared;
        if !poller.is_of_this_process() {
            return Err(WakeError::Forked);
        }
        poller.bell.wake_all(place, &poller.backend).map_err(WakeError::from_os)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // In a child the lock may be held by a thread that does not exist there.
        if self.poller.is_of_this_process() {
            self.poller.bell.free(&self.place);
        }
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").field("token", &self.shared.token).finish_non_exhaustive()
    }
}
