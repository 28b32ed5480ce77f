//! The backend that a poller has: one of those that this system has, or the simulation.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use poll_sys::arc::Arc;

use super::poll::Poll;
use super::simulated::Simulated;
use super::system::Best;
use super::{Backend, Key, Shape};
use crate::bell::{Bell, Ring};
use crate::busy_poll::BusyPoll;
use crate::error::RegisterError;
use crate::events::Events;
use crate::interest::Interest;
use crate::mode::Mode;
use crate::wait::{Kernel, Limit};
use crate::watch::Watch;

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "where poll(2) is the best, all are that")]
pub(crate) enum Any {
    /// The best of this system.
    Best(Best),
    /// Where that is not the best already. Behind a pointer: it is large, and the others are small.
    /// Not in a box, whose making cannot fail.
    Poll(Arc<Poll>),
    /// Boxed. On every system, and made by the simulation alone.
    Simulated(Box<Simulated>),
}

/// Calls the backend at hand.
macro_rules! each {
    ($self:ident, $backend:ident => $call:expr) => {
        match $self {
            Any::Best($backend) => $call,
            Any::Poll($backend) => $call,
            Any::Simulated($backend) => $call,
        }
    };
}

/// The same where it counts: who uses the best has nothing of the others in his way.
macro_rules! best {
    ($self:ident, $backend:ident => $call:expr) => {
        match $self {
            Any::Best($backend) => $call,
            Any::Poll($backend) => apart(move || $call),
            Any::Simulated($backend) => apart(move || $call),
        }
    };
}

#[cold]
#[inline(never)]
fn apart<T>(call: impl FnOnce() -> T) -> T {
    call()
}

impl Any {
    /// The backend `kind`.
    ///
    /// `ErrorKind::Unsupported` if this system does not have it.
    pub(crate) fn new(kind: Backend) -> io::Result<Self> {
        match kind {
            best if best == Best::KIND => Best::new().map(Self::Best),
            Backend::Poll => Arc::try_new(Poll::new()?).map(Self::Poll),
            missing => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("this system has no {missing:?}; it has {:?}", Backend::available()),
            )),
        }
    }

    pub(crate) fn kind(&self) -> Backend {
        match self {
            Self::Best(_) => Best::KIND,
            Self::Poll(_) => Backend::Poll,
            Self::Simulated(_) => Backend::Simulated,
        }
    }

    /// The clock of the waits.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        each!(self, backend => backend.now())
    }

    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        each!(self, backend => backend.descriptor())
    }

    #[inline]
    pub(crate) fn supports(&self, mode: Mode) -> bool {
        each!(self, backend => backend.supports(mode))
    }

    #[inline]
    pub(crate) fn supports_interest(&self, interest: Interest) -> bool {
        each!(self, backend => backend.supports_interest(interest))
    }

    #[inline]
    pub(crate) fn add(&self, source: BorrowedFd<'_>, watch: Watch) -> Result<Key, RegisterError> {
        best!(self, backend => backend.add(source, watch))
    }

    #[inline]
    pub(crate) fn modify(
        &self,
        source: BorrowedFd<'_>,
        key: Key,
        watch: Watch,
    ) -> Result<(), RegisterError> {
        best!(self, backend => backend.modify(source, key, watch))
    }

    #[inline]
    pub(crate) fn delete(&self, source: BorrowedFd<'_>, key: Key) -> Result<(), RegisterError> {
        best!(self, backend => backend.delete(source, key))
    }

    pub(crate) fn abandon(&self, key: Key) {
        each!(self, backend => backend.abandon(key));
    }

    pub(crate) fn find(&self, source: BorrowedFd<'_>) -> Result<Key, RegisterError> {
        each!(self, backend => backend.find(source))
    }

    /// [`wait`](crate::wait::wait) in the backend at hand: one choice for the whole wait, so
    /// that each backend has a loop of its own.
    #[inline(always)]
    pub(crate) fn wait(
        &self,
        bell: &Bell,
        events: &mut Events,
        limit: &Limit,
    ) -> io::Result<usize> {
        match self {
            Self::Best(best) => best.wait_with(bell, events, limit),
            Self::Poll(poll) => wait_apart(&**poll, bell, events, limit),
            Self::Simulated(world) => wait_apart(&**world, bell, events, limit),
        }
    }

    pub(crate) fn set_busy_poll(&self, how: BusyPoll) -> io::Result<()> {
        each!(self, backend => backend.set_busy_poll(how))
    }
}

impl Ring for Any {
    #[inline]
    fn ring(&self) -> io::Result<()> {
        best!(self, backend => backend.ring())
    }
}

/// [`apart`] for a wait: what it takes stays in registers.
#[cold]
#[inline(never)]
fn wait_apart(
    kernel: &impl Kernel,
    bell: &Bell,
    events: &mut Events,
    limit: &Limit,
) -> io::Result<usize> {
    kernel.wait_with(bell, events, limit)
}
