//! Readiness that the program itself makes.

use std::fmt;
use std::io;

use poll_sys::arc::Arc;

use crate::bell::Carrier;
use crate::error::WakeError;
use crate::event::Readiness;
use crate::mode::Mode;
use crate::poller::Inner;
use crate::token::Token;

/// A source whose readiness the program sets and clears, from any thread, and which the poller
/// reports like any other.
///
/// Made by [`Poller::notifier`](crate::Poller::notifier); clones are handles to the same one. A queue
/// in user space, a pool of buffers, a TLS session with decrypted bytes left over: whatever is ready
/// without the kernel's knowledge gets its token and its place in the batch.
/// [`channel`](crate::channel) is built on it.
///
/// With [`Mode::Level`] every wait reports it for as long as it is ready. With [`Mode::Edge`] each
/// [`set`](Self::set) is reported, merged with the others until a wait delivers it. In both the
/// event carries the readiness at the time of the wait, and there is none when that is empty: what
/// was set and cleared between two waits is not reported. What a thread did before its `set` is
/// visible to the thread that gets the event.
///
/// It keeps the poller alive. Once the last clone is dropped, or any of them [closed](Self::close),
/// no wait that begins later reports it. User-space events take at most half of a batch, and take
/// turns.
///
/// # Errors
/// | what | when | error |
/// |---|---|---|
/// | [`Poller::notifier`](crate::Poller::notifier) | for [`Mode::Oneshot`] | [`ModeUnsupported`](crate::RegisterError::ModeUnsupported) |
/// | | for `Token(usize::MAX)` | [`TokenReserved`](crate::RegisterError::TokenReserved) |
/// | | in a child of `fork` | [`Forked`](crate::RegisterError::Forked) |
/// | [`set`](Self::set) | in a child of `fork` | [`WakeError::Forked`] |
/// | | the system refuses to wake the sleeper | [`WakeError::Os`] |
///
/// # Platform
/// The same on every backend, edges too where the backend itself has none. The one syscall of a `set`
/// is that of a wake:
///
/// | backend | by |
/// |---|---|
/// | epoll | write(2) to an eventfd |
/// | kqueue | `EVFILT_USER`, or the filter of a socket where there is none |
/// | event ports | port_send(3C) |
/// | poll(2) | write(2) to an eventfd or a socket, which the wait reads |
///
/// # Cost
/// | | syscalls | allocations |
/// |---|---|---|
/// | [`Poller::notifier`](crate::Poller::notifier) | 0 | 2, and the growth of a table |
/// | `set` | 0 while it is pending or nobody sleeps in the poller, else 1 | 0 |
/// | `clear`, `close`, `clone`, drop | 0 | 0 |
///
/// Counted by `cargo xtask syscalls` and the tests of this crate.
///
/// # Examples
/// ```
/// use poll_core::{Events, Mode, Poller, Readiness, Token};
/// use std::time::Duration;
///
/// const POOL: Token = Token::fixed(3);
/// let poller = Poller::new()?;
/// let pool = poller.notifier(POOL, Mode::Level)?;
///
/// let worker = std::thread::spawn({
///     let pool = pool.clone();
///     move || pool.set(Readiness::WRITABLE) // a buffer has come back
/// });
///
/// let mut events = Events::with_capacity(8);
/// poller.wait(&mut events, None)?;
/// let event = events.get(0).unwrap();
/// assert!(event.token() == POOL && event.is_writable() && !event.is_readable());
///
/// pool.clear(Readiness::WRITABLE); // the pool is empty again
/// assert_eq!(poller.wait(&mut events, Some(Duration::ZERO))?, 0);
/// # worker.join().unwrap()?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Notifier {
    shared: Arc<Shared>,
}

struct Shared {
    poller: Arc<Inner>,
    carrier: Carrier,
    token: Token,
    mode: Mode,
}

impl Notifier {
    /// If there is no memory, the place of `carrier` is free again.
    pub(crate) fn new(
        poller: Arc<Inner>,
        carrier: Carrier,
        token: Token,
        mode: Mode,
    ) -> io::Result<Self> {
        Ok(Self { shared: Arc::try_new(Shared { poller, carrier, token, mode })? })
    }

    /// Adds to the readiness and makes the notifier pending, for one of the threads that wait.
    ///
    /// Nothing happens if it is [closed](Self::close), if `readiness` is empty, or if it is
    /// level-triggered and has that readiness already. Async-signal-safe, and keeps `errno`.
    ///
    /// # Errors
    /// - [`WakeError::Forked`] in a child of the process that made the poller.
    /// - [`WakeError::Os`] if the system refuses to wake the sleeper; the readiness is then as it was.
    ///
    /// # Cost
    /// No syscall while it is pending or nobody sleeps, else 1; no allocation.
    pub fn set(&self, readiness: Readiness) -> Result<(), WakeError> {
        let Shared { poller, carrier, .. } = &*self.shared;
        if !poller.is_of_this_process() {
            return Err(WakeError::Forked);
        }
        poller.bell.set(carrier, readiness, &poller.backend).map_err(WakeError::from_os)
    }

    /// Takes from the readiness. A wait that begins later does not report what was taken.
    ///
    /// Who consumes what another thread produces clears *before* he looks for more, or looks once
    /// more after he has cleared: else what came in between is not reported.
    ///
    /// # Cost
    /// No syscall, no allocation. If it was pending, the next wait looks into the kernel once without
    /// sleeping.
    pub fn clear(&self, readiness: Readiness) {
        self.shared.poller.bell.clear(&self.shared.carrier, readiness);
    }

    /// What has been set and not been cleared; empty once it is closed.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.shared.poller.bell.readiness(&self.shared.carrier)
    }

    /// Ends the reports, for all clones: no wait that begins later has an event of this notifier.
    pub fn close(&self) {
        self.shared.poller.bell.close(&self.shared.carrier);
    }

    /// The token that the events carry.
    #[must_use]
    pub fn token(&self) -> Token {
        self.shared.token
    }

    /// [`Mode::Level`] or [`Mode::Edge`], as it was made.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.shared.mode
    }
}

impl Notifier {
    pub(crate) fn is_of_this_process(&self) -> bool {
        self.shared.poller.is_of_this_process()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // In a child the lock may be held by a thread that does not exist there.
        if self.poller.is_of_this_process() {
            self.poller.bell.free_carrier(&self.carrier);
        }
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier")
            .field("token", &self.shared.token)
            .field("mode", &self.shared.mode)
            .field("readiness", &self.readiness())
            .finish_non_exhaustive()
    }
}
