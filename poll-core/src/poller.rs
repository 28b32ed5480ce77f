//! The handle to one kernel poller.

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use poll_sys::arc::Arc;
use poll_sys::fork::Mark;

use crate::backend::{Any, Backend, Key};
use crate::bell::Bell;
use crate::builder::Builder;
use crate::error::{RegisterError, Rejected};
use crate::events::Events;
use crate::interest::Interest;
use crate::mode::Mode;
use crate::notifier::Notifier;
use crate::registration::Registration;
use crate::source::Source;
use crate::sync::Single;
use crate::token::Token;
use crate::wait::Limit;
use crate::waker::Waker;
use crate::watch::Watch;

/// A handle to one kernel poller: register sources with it, wait for their events.
///
/// Clones are handles to the same poller. Every method takes `&self`: any thread may register,
/// change, drop or wake while others wait, and several threads may wait at once, each with its own
/// [`Events`]. The kernel's poller is closed when the last clone, [`Registration`] and [`Waker`] is
/// gone.
///
/// # Forks
/// A child of `fork` inherits descriptors but must not touch its parent's poller: every call there
/// is [`RegisterError::Forked`], and drops give up what they hold without a word to the kernel.
///
/// # Examples
/// ```
/// use poll_core::{Events, Interest, Mode, Poller, Token};
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let poller = Poller::new()?;
/// let (mut ours, theirs) = UnixStream::pair()?;
/// theirs.set_nonblocking(true)?;
/// let mut theirs = poller.register(theirs, Token(7), Interest::READABLE, Mode::Level)?;
///
/// ours.write_all(b"hello")?;
/// let mut events = Events::with_capacity(64);
/// poller.wait(&mut events, None)?;
/// for event in &events {
///     assert_eq!(event.token(), Token(7));
///     let mut buffer = [0; 16];
///     assert_eq!(theirs.read(&mut buffer)?, 5);
/// }
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Poller {
    inner: Arc<Inner>,
}

/// What the clones, the guards and the wakers of a poller share.
///
/// What the wake of a sleeper and the sleeper write comes first, and lies in one cache line on epoll:
/// with two of them, each of which has to come from the other's CPU, such a wake took 2 % more.
#[repr(C, align(64))]
pub(crate) struct Inner {
    pub(crate) backend: Any,
    pub(crate) bell: Bell,
    mark: Mark,
    /// How long a wait looks without sleeping first.
    spin: Option<Duration>,
}

impl Poller {
    /// A poller on the best backend of this system.
    ///
    /// # Errors
    /// What [`with_backend`](Self::with_backend) returns.
    pub fn new() -> io::Result<Self> {
        Self::with_backend(Backend::available()[0])
    }

    /// A poller on the backend of your choice; see [`Backend::available`].
    ///
    /// # Errors
    /// - `Unsupported`: this system does not have the backend.
    /// - EMFILE, ENFILE, ENOMEM: no descriptor or no memory is left. Nothing stays open.
    ///
    /// # Cost
    /// | backend | syscalls | descriptors |
    /// |---|---|---|
    /// | epoll | 3 (`epoll_create1`, `eventfd2`, `epoll_ctl`) | 2 |
    /// | kqueue | 2 (`kqueue1`, `kevent`) on NetBSD, else 3 (`kqueue`, `fcntl`, `kevent`); 2 more without user events | 1, or 3 without |
    /// | event ports | 2 (`port_create`, `fcntl`) | 1 |
    /// | poll(2) | 1 (`eventfd2`) on Linux, 3 elsewhere | 1 on Linux, 2 elsewhere |
    ///
    /// The first poller of a process costs 2 more on Linux (`mmap`, `madvise`: the page that tells a
    /// child of `fork`).
    pub fn with_backend(backend: Backend) -> io::Result<Self> {
        Self::with_parts(Any::new(backend)?, Bell::new(), None)
    }

    /// What a poller can be made with beside its backend.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn with_parts(backend: Any, bell: Bell, spin: Option<Duration>) -> io::Result<Self> {
        let mark = Mark::new()?;
        Ok(Self { inner: Arc::try_new(Inner { bell, backend, mark, spin })? })
    }

    /// The backend that this poller stands on.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.inner.backend.kind()
    }

    /// Whether this poller can do `mode`. Ask before you rely on [`Mode::Edge`].
    #[must_use]
    pub fn supports(&self, mode: Mode) -> bool {
        self.inner.backend.supports(mode)
    }

    /// Whether this poller can do `interest`.
    #[must_use]
    pub fn supports_interest(&self, interest: Interest) -> bool {
        self.inner.backend.supports_interest(interest)
    }

    /// The clock that [`wait_until`](Self::wait_until) obeys: take deadlines from it rather than
    /// from `Instant::now`, and they also hold for a poller that brings its own time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.inner.backend.now()
    }

    /// Watches `source` and returns the guard that owns it.
    ///
    /// The source's events carry `token`. A condition that holds already is reported. The guard
    /// derefs to the source and stops the watch before it drops it; pass `&source` or an `Arc` to
    /// keep the source yourself.
    ///
    /// # Errors
    /// The source comes back in the [`Rejected`], which `?` turns into an `io::Error`; nothing is
    /// changed.
    /// [`AlreadyRegistered`](RegisterError::AlreadyRegistered),
    /// [`NotPollable`](RegisterError::NotPollable),
    /// [`ModeUnsupported`](RegisterError::ModeUnsupported),
    /// [`InterestUnsupported`](RegisterError::InterestUnsupported),
    /// [`TokenReserved`](RegisterError::TokenReserved),
    /// [`WatchLimit`](RegisterError::WatchLimit), [`Forked`](RegisterError::Forked), or
    /// [`Os`](RegisterError::Os): ENOMEM, EMFILE (poll(2)).
    ///
    /// # Cost
    /// | backend | syscalls | allocations |
    /// |---|---|---|
    /// | epoll | 1 (`epoll_ctl`) | 0 |
    /// | kqueue | 2 (`fstat`, `kevent`) | growth of its table |
    /// | event ports | 2 (`fstat`, `port_associate`) | growth of its tables |
    /// | poll(2) | 2 (`fcntl`, `fstat`), and 1 if a thread waits | growth of its tables |
    pub fn register<S: Source>(
        &self,
        source: S,
        token: Token,
        interest: Interest,
        mode: Mode,
    ) -> Result<Registration<S>, Rejected<S>> {
        // Counted before the call: an atomic instruction behind one waits for what the kernel wrote.
        let poller = self.clone();
        let watch = Watch::new(token, interest, mode);
        match self.inner.add(source.descriptor(), watch) {
            Ok(key) => Ok(Registration::armed(poller, source, watch, key)),
            Err(error) => Err(Rejected::new(source, error)),
        }
    }

    /// The guard of a source that is not watched yet: [`arm`](Registration::arm) it when it is to be.
    ///
    /// Two uses. Reserve first where another thread may take the event before you have stored the
    /// guard. And try the I/O before you watch: a connection that never has to wait never costs a
    /// registration.
    ///
    /// A reserved token (`usize::MAX`) is refused by the `arm`.
    ///
    /// # Cost
    /// No syscall, no allocation.
    pub fn reserve<S: Source>(&self, source: S, token: Token) -> Registration<S> {
        Registration::idle(self.clone(), source, token)
    }

    /// Watches a source that stays with the caller: the form for adapters and for descriptors that
    /// somebody else owns.
    ///
    /// The caller calls [`delete`](Self::delete) before the source is closed. A source is watched
    /// either through a guard or through this form, not both.
    ///
    /// # What happens if it is closed before `delete`
    /// | backend | |
    /// |---|---|
    /// | epoll, kqueue | the kernel drops the registration with the descriptor; on epoll only when no duplicate of it is open (`dup`, a forked child, a descriptor in flight), else events go on under the token and cannot be stopped |
    /// | poll(2), event ports | poll(2) polls a duplicate: the file stays open and reports until its number is registered again or the poller is dropped; event ports drop it at the close |
    ///
    /// It is never unsound.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    ///
    /// # Cost
    /// As [`register`](Self::register).
    ///
    /// # Examples
    /// ```
    /// use poll_core::{Events, Interest, Mode, Poller, Token};
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let poller = Poller::new()?;
    /// let (mut ours, theirs) = UnixStream::pair()?;
    /// poller.add(&theirs, Token(1), Interest::READABLE, Mode::Oneshot)?;
    /// ours.write_all(b"x")?;
    /// poller.wait(&mut Events::with_capacity(8), None)?;
    /// poller.modify(&theirs, Token(1), Interest::READABLE, Mode::Oneshot)?;
    /// poller.delete(&theirs)?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn add<S: Source>(
        &self,
        source: &S,
        token: Token,
        interest: Interest,
        mode: Mode,
    ) -> Result<(), RegisterError> {
        self.inner.add(source.descriptor(), Watch::new(token, interest, mode)).map(|_key| ())
    }

    /// Changes token, interest and mode of a source that was [added](Self::add), and enables it
    /// again after [`Mode::Oneshot`]. A condition that holds already is reported.
    ///
    /// Not for a source that a [`Registration`] watches: the guard does not learn of the change.
    ///
    /// # Errors
    /// [`NotRegistered`](RegisterError::NotRegistered), and those of [`register`](Self::register).
    /// [`ModeUnsupported`](RegisterError::ModeUnsupported) also for [`Mode::Exclusive`], and EINVAL for
    /// a source that was added with it: delete and add it anew.
    ///
    /// # Cost
    /// One syscall on epoll and kqueue; on poll(2) none, or one if a thread waits.
    pub fn modify<S: Source>(
        &self,
        source: &S,
        token: Token,
        interest: Interest,
        mode: Mode,
    ) -> Result<(), RegisterError> {
        let watch = Watch::new(token, interest, mode);
        self.inner.check_process()?;
        self.inner.check(watch)?;
        if mode == Mode::Exclusive {
            return Err(RegisterError::ModeUnsupported);
        }
        let key = self.inner.backend.find(source.descriptor())?;
        self.inner.backend.modify(source.descriptor(), key, watch)
    }

    /// Stops watching a source that was [added](Self::add): no wait that begins later reports it.
    ///
    /// Not for a source that a [`Registration`] watches: the guard would go on to count it as armed.
    ///
    /// # Errors
    /// [`NotRegistered`](RegisterError::NotRegistered), [`Forked`](RegisterError::Forked).
    ///
    /// # Cost
    /// One syscall.
    pub fn delete<S: Source>(&self, source: &S) -> Result<(), RegisterError> {
        self.inner.check_process()?;
        let key = self.inner.backend.find(source.descriptor())?;
        self.inner.backend.delete(source.descriptor(), key)
    }

    /// A handle that makes a wait return from elsewhere, with an event of this token.
    ///
    /// # Errors
    /// [`TokenReserved`](RegisterError::TokenReserved), [`Forked`](RegisterError::Forked),
    /// [`Os`](RegisterError::Os): ENOMEM.
    ///
    /// # Cost
    /// No syscall. One allocation, and the growth of a table: 40 bytes per waker.
    pub fn waker(&self, token: Token) -> Result<Waker, RegisterError> {
        self.inner.check_process()?;
        check_token(token)?;
        let place = self.inner.bell.place(token).map_err(RegisterError::Os)?;
        Waker::new(Arc::clone(&self.inner), place, token).map_err(RegisterError::Os)
    }

    /// A source that has its readiness from the program itself: set and cleared from any thread,
    /// reported as an event of this token.
    ///
    /// `mode` is [`Mode::Level`] or [`Mode::Edge`], whatever the backend supports for descriptors.
    ///
    /// # Errors
    /// [`ModeUnsupported`](RegisterError::ModeUnsupported) for [`Mode::Oneshot`] and
    /// [`Mode::Exclusive`],
    /// [`TokenReserved`](RegisterError::TokenReserved), [`Forked`](RegisterError::Forked),
    /// [`Os`](RegisterError::Os): ENOMEM.
    ///
    /// # Cost
    /// No syscall. Two allocations, and the growth of a table.
    pub fn notifier(&self, token: Token, mode: Mode) -> Result<Notifier, RegisterError> {
        self.inner.check_process()?;
        check_token(token)?;
        let level = match mode {
            Mode::Level => true,
            Mode::Edge => false,
            Mode::Oneshot | Mode::Exclusive => return Err(RegisterError::ModeUnsupported),
        };
        let carrier = self.inner.bell.carrier(token, level).map_err(RegisterError::Os)?;
        Notifier::new(Arc::clone(&self.inner), carrier, token, mode).map_err(RegisterError::Os)
    }

    /// Waits until something happens or `timeout` is over, and fills `events`. Returns how many
    /// there are.
    ///
    /// `events` is cleared first, also if the wait fails. Whatever does not fit comes with a later
    /// wait, and every ready source gets its turn. User-space events (wakers, notifiers) take at most
    /// half of a batch. Signals do not end a wait: it is resumed with what is left of the time. Who wants one
    /// to end it calls [`Waker::wake`] in the handler.
    ///
    /// # Units
    /// `None` waits for ever, zero not at all. The time is rounded up to what the system's clock can
    /// do and never cut short: `Ok(0)` comes only after it has passed. Nanoseconds where the system
    /// has them (epoll from Linux 5.11, kqueue, event ports, poll(2) with `ppoll`), else
    /// milliseconds; Linux adds its timer slack, 50 µs by default (prctl(2), `PR_SET_TIMERSLACK`). A
    /// time too long for the clock is for ever.
    ///
    /// # Errors
    /// An `io::Error` around [`RegisterError::Forked`] in a child of `fork`. Nothing else is
    /// expected; ENOMEM of poll(2) is passed on.
    ///
    /// # Cost
    /// 1 syscall, one more after a signal or a wake that another thread took. No allocation.
    /// Finite times read the clock once, and again when they are over.
    #[inline]
    pub fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<usize> {
        match timeout {
            None => self.inner.wait_for_ever(events),
            Some(Duration::ZERO) => self.inner.look(events),
            Some(limit) => self.inner.wait_for(events, limit),
        }
    }

    /// [`wait`](Self::wait) with a point in time instead of a span: `None` waits for ever, a time
    /// that has passed not at all. The form for a loop with a timing wheel, which knows its next
    /// deadline.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    ///
    /// # Cost
    /// As [`wait`](Self::wait).
    pub fn wait_until(&self, events: &mut Events, deadline: Option<Instant>) -> io::Result<usize> {
        match deadline {
            None => self.inner.wait_for_ever(events),
            Some(deadline) => self.inner.wait_until(events, deadline),
        }
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }
}

impl Inner {
    /// So many bytes at its beginning are what a wake and the sleeper write.
    #[allow(dead_code, reason = "not every backend is small enough to share a cache line")]
    pub(crate) const WRITTEN: usize = std::mem::offset_of!(Self, bell) + Bell::WRITTEN;

    // Each of the first two is a wait whose limit the compiler knows.

    fn look(&self, events: &mut Events) -> io::Result<usize> {
        self.wait_within(events, &Limit::Zero)
    }

    fn wait_for_ever(&self, events: &mut Events) -> io::Result<usize> {
        self.wait_within(events, &Limit::None)
    }

    fn wait_for(&self, events: &mut Events, timeout: Duration) -> io::Result<usize> {
        let deadline = self.backend.now().checked_add(timeout);
        self.wait_within(events, &Limit::Time { timeout, deadline })
    }

    fn wait_until(&self, events: &mut Events, deadline: Instant) -> io::Result<usize> {
        match deadline.saturating_duration_since(self.backend.now()) {
            Duration::ZERO => self.look(events),
            timeout => self.wait_within(events, &Limit::Time { timeout, deadline: Some(deadline) }),
        }
    }

    #[inline(always)]
    fn wait_within(&self, events: &mut Events, limit: &Limit) -> io::Result<usize> {
        if !self.is_of_this_process() {
            return refuse(events);
        }
        if self.spin.is_some() && !matches!(limit, Limit::Zero) {
            return self.spin(events, limit);
        }
        self.backend.wait(&self.bell, events, limit)
    }

    /// Looks again and again for as long as the builder said, and sleeps only then.
    #[cold]
    #[inline(never)]
    fn spin(&self, events: &mut Events, limit: &Limit) -> io::Result<usize> {
        let end = self.spin.and_then(|spin| Instant::now().checked_add(spin));
        let deadline = match limit {
            Limit::Time { deadline, .. } => *deadline,
            Limit::Zero | Limit::None => None,
        };
        let is_over = |at: Option<Instant>| at.is_some_and(|at| Instant::now() >= at);
        while !is_over(end) && !is_over(deadline) {
            if self.look(events)? > 0 {
                return Ok(events.len());
            }
            std::hint::spin_loop();
        }
        let Some(deadline) = deadline else {
            return self.backend.wait(&self.bell, events, limit);
        };
        match deadline.saturating_duration_since(Instant::now()) {
            Duration::ZERO => self.look(events),
            timeout => {
                let left = Limit::Time { timeout, deadline: Some(deadline) };
                self.backend.wait(&self.bell, events, &left)
            }
        }
    }

    #[inline]
    pub(crate) fn is_of_this_process(&self) -> bool {
        self.mark.is_current()
    }

    /// Who knows whether there is a second thread.
    #[inline]
    pub(crate) fn single(&self) -> Single {
        self.bell.single()
    }

    #[inline]
    pub(crate) fn check_process(&self) -> Result<(), RegisterError> {
        if self.is_of_this_process() { Ok(()) } else { Err(RegisterError::Forked) }
    }

    /// Checks what the caller asks for, and has the backend watch it.
    #[inline]
    fn add(&self, source: BorrowedFd<'_>, watch: Watch) -> Result<Key, RegisterError> {
        self.check_process()?;
        self.check(watch)?;
        self.backend.add(source, watch)
    }

    /// Checks what can be told of a watch without the kernel. This is the process that may.
    #[inline]
    pub(crate) fn check(&self, Watch { token, how }: Watch) -> Result<(), RegisterError> {
        check_token(token)?;
        if !self.backend.supports(how.mode()) {
            return Err(RegisterError::ModeUnsupported);
        }
        let exclusively = how.mode() == Mode::Exclusive && how.interest().is_priority();
        if exclusively || !self.backend.supports_interest(how.interest()) {
            return Err(RegisterError::InterestUnsupported);
        }
        Ok(())
    }
}

/// A wait in a process that may not.
#[cold]
#[inline(never)]
fn refuse(events: &mut Events) -> io::Result<usize> {
    events.clear();
    Err(RegisterError::Forked.into())
}

fn check_token(token: Token) -> Result<(), RegisterError> {
    if token == Token::RESERVED { Err(RegisterError::TokenReserved) } else { Ok(()) }
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("backend", &self.backend()).finish_non_exhaustive()
    }
}
