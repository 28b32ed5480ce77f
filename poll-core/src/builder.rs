//! Pollers with more than a backend to choose.

use std::io;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::backend::{Any, Backend};
use crate::bell::Bell;
use crate::poller::Poller;

/// How a [`Poller`] is to be made; see [`Poller::builder`].
///
/// # Examples
/// ```
/// use poll_core::{Backend, Poller};
/// use std::time::Duration;
///
/// let poller = Poller::builder()
///     .backend(Backend::Poll)
///     .spin(Duration::from_micros(20))
///     .build()?;
/// assert_eq!(poller.backend(), Backend::Poll);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "it makes a poller when it is built"]
pub struct Builder {
    backend: Backend,
    spin: Option<Duration>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self { backend: Backend::available()[0], spin: None }
    }

    /// The backend; by default the best one.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// How long each wait looks for events without sleeping, before it sleeps; by default it does
    /// not.
    ///
    /// A thread that sleeps is told of an event by the scheduler, which takes time; one that looks
    /// again and again sees it at once. Wakes and notifiers cost no syscall meanwhile. The price is a
    /// core: while it looks, the thread uses all of it, event or no event, and takes it from others
    /// where cores are few. Take a span in which the next event is likely, and measure.
    ///
    /// # Cost
    /// One syscall per look, as many as the span has room for.
    pub fn spin(mut self, spin: Duration) -> Self {
        self.spin = Some(spin).filter(|spin| !spin.is_zero());
        self
    }

    /// Makes the poller.
    ///
    /// # Errors
    /// Those of [`Poller::with_backend`].
    ///
    /// # Cost
    /// That of [`Poller::with_backend`].
    pub fn build(self) -> io::Result<Poller> {
        Poller::with_parts(Any::new(self.backend)?, Bell::new(), self.spin)
    }

    /// Makes a poller that is itself a source for another one.
    ///
    /// # Errors
    /// Those of [`Poller::with_backend`], and `Unsupported` for a backend without a descriptor that
    /// is readable while a wait would find something: see [`Nested`].
    ///
    /// # Cost
    /// That of [`Poller::with_backend`].
    pub fn build_nested(self) -> io::Result<Nested> {
        let backend = Any::new(self.backend)?;
        if backend.descriptor().is_none() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("a poller on {:?} cannot be watched by another", self.backend),
            ));
        }
        Poller::with_parts(backend, Bell::for_nesting(), self.spin).map(Nested)
    }
}

/// A poller that is itself a source: readable while one of its waits would find something.
///
/// For a library that brings its own loop into that of its user, or for priorities: the sources of
/// one kind in a poller of their own, waited on only when there is time. It derefs to the
/// [`Poller`]; register it with the outer one for [`READABLE`](crate::Interest::READABLE), and when
/// it is reported wait on it with a zero timeout. What does not fit the batch leaves it readable, of
/// which a level-triggered outer loop tells again. An edge-triggered one does not (that of mio, tokio's
/// `AsyncFd`, [`Mode::Edge`](crate::Mode::Edge)): there handle batch after batch until a wait returns 0,
/// and drain the sources meanwhile, or watch them edge-triggered too. For a loop that asks for a number
/// there is `nested.as_fd().as_raw_fd()`. Give it a batch of its own: one that moves between pollers may
/// miss a [`wake_all`](crate::Waker::wake_all).
///
/// A wake of an ordinary poller is a note in memory while nobody sleeps there, which an outer poller
/// would never see. Those of a nested one always go to the kernel.
///
/// # Platform
/// | backend | |
/// |---|---|
/// | epoll, kqueue | yes |
/// | event ports | no: a source that was reported is associated again only by the next wait |
/// | poll(2) | no: there is no descriptor |
///
/// # Cost
/// A wake that finds none pending is always 1 syscall, and so is a wait that leaves user-space events
/// pending: a [level-triggered notifier](crate::Notifier), or more than half a batch.
/// [`wake_all`](crate::Waker::wake_all) makes it readable once; threads that do not wait in it
/// themselves share that.
///
/// # Examples
/// ```
/// use poll_core::{Events, Interest, Mode, Poller, Token};
/// use std::time::Duration;
///
/// let outer = Poller::new()?;
/// let inner = match Poller::builder().build_nested() {
///     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(()),
///     inner => inner?,
/// };
/// outer.add(&inner, Token(1), Interest::READABLE, Mode::Level)?;
///
/// inner.waker(Token(7))?.wake()?;
/// let mut events = Events::with_capacity(8);
/// outer.wait(&mut events, None)?;
/// assert_eq!(events.get(0).unwrap().token(), Token(1));
/// inner.wait(&mut events, Some(Duration::ZERO))?;
/// assert_eq!(events.get(0).unwrap().token(), Token(7));
/// outer.delete(&inner)?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Clone)]
pub struct Nested(Poller);

impl Deref for Nested {
    type Target = Poller;

    fn deref(&self) -> &Poller {
        &self.0
    }
}

impl AsFd for Nested {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.inner().backend.descriptor().expect("checked when it was made")
    }
}
