//! The backends: which there are, which this system has, and the shape that all of them share.
//!
//! What this system has is chosen once, below: the file that is `system` names its best backend
//! (`Best`), what an event is made of (`native`), how a child's exit is seen (`child`) and what a
//! timer of the kernel's is (`timer`). poll(2) and the simulation are there on every system.
//!
//! To add a system, add it to the `cfg`s of this file. To add an interface, add a [`Backend`], a
//! folder with what is of the shape of [`Shape`], and a file `on_*.rs` that names it.

mod any;
pub(crate) mod doorbell;
mod poll;
pub(crate) mod simulated;

#[cfg(all(any(target_os = "linux", target_os = "android"), not(poll_kqueue_foreign)))]
#[path = "on_epoll.rs"]
mod system;
#[cfg(any(
    target_vendor = "apple",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    all(target_os = "linux", poll_kqueue_foreign),
))]
#[path = "on_kqueue.rs"]
mod system;
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
#[path = "on_event_port.rs"]
mod system;
// All others. A list that differs from those above gives a system two of these, or none, and that
// does not compile.
#[cfg(not(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "solaris",
)))]
#[path = "on_poll.rs"]
mod system;

// Also of a Linux whose best backend is a kqueue in user space.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "doorbell/eventfd.rs"]
mod doorbell_kind;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "doorbell/pair.rs"]
mod doorbell_kind;

#[cfg(all(test, not(loom), any(target_os = "linux", target_os = "android")))]
mod inotify_tests;

use std::io;
use std::os::fd::BorrowedFd;

use crate::busy_poll::BusyPoll;
use crate::error::RegisterError;
use crate::interest::Interest;
use crate::mode::Mode;
use crate::wait::Kernel;
use crate::watch::Watch;

use system::Best;

pub(crate) use any::Any;
pub(crate) use system::{child, native, timer};

/// The interface of the system that a poller stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// `epoll(7)`: Linux, Android.
    Epoll,
    /// `kqueue(2)`: the BSDs, Apple's systems.
    Kqueue,
    /// Event ports, `port_create(3C)`: illumos, Solaris.
    EventPort,
    /// `poll(2)`: every Unix. Each wait costs time in proportion to the sources that are watched.
    Poll,
    /// No system at all: a world in memory, see [`sim`](crate::sim). Made by
    /// [`Sim::poller`](crate::sim::Sim::poller) alone, and never among the
    /// [available](Self::available).
    Simulated,
}

impl Backend {
    /// The backends of this system, best first. Never empty.
    ///
    /// # Examples
    /// ```
    /// use poll_core::{Backend, Poller};
    ///
    /// for backend in Backend::available() {
    ///     assert_eq!(Poller::with_backend(*backend)?.backend(), *backend);
    /// }
    /// # std::io::Result::Ok(())
    /// ```
    #[must_use]
    pub fn available() -> &'static [Self] {
        const ALL: &[Backend] = &[Best::KIND, Backend::Poll];
        match Best::KIND {
            Self::Poll => &ALL[1..],
            _ => ALL,
        }
    }
}

/// A backend's own name for a registration: what it needs to find it again other than by the
/// descriptor's number, which somebody may have used again meanwhile.
pub(crate) type Key = u64;

/// The shape of every backend.
///
/// Tokens, modes and interests are checked before they come here. Each function leaves everything
/// as it was if it fails.
pub(crate) trait Shape: Kernel + Sized {
    /// Its name.
    const KIND: Backend;

    fn new() -> io::Result<Self>;

    /// Whether the backend can do `mode`.
    fn supports(&self, mode: Mode) -> bool;

    /// Whether the backend can do `interest`.
    fn supports_interest(&self, interest: Interest) -> bool;

    /// Watches `source`. A condition that holds already is reported.
    fn add(&self, source: BorrowedFd<'_>, watch: Watch) -> Result<Key, RegisterError>;

    /// Changes how `source` is watched, and enables it again after oneshot. A condition that holds
    /// already is reported.
    fn modify(&self, source: BorrowedFd<'_>, key: Key, watch: Watch) -> Result<(), RegisterError>;

    /// Stops watching `source`: no wait that begins later reports it.
    fn delete(&self, source: BorrowedFd<'_>, key: Key) -> Result<(), RegisterError>;

    /// Frees what the backend itself holds of a registration whose descriptor may be gone.
    fn abandon(&self, key: Key);

    /// The key of a registration by its source, for the unowned form.
    fn find(&self, source: BorrowedFd<'_>) -> Result<Key, RegisterError>;

    /// The descriptor that is readable while a wait would find something, if there is one.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Sets how a wait polls network devices.
    fn set_busy_poll(&self, _how: BusyPoll) -> io::Result<()> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this backend cannot busy-poll network devices",
        ))
    }
}

/// A batch can be handed to another thread, whatever the system's event is made of.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<native::Native>();
};
