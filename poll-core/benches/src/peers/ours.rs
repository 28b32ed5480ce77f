//! poll-core, on each of the backends that Linux has.

use std::os::fd::OwnedFd;
use std::time::Duration;

use poll_core::{Backend, Events, Interest, Mode as Trigger, Poller, Registration, Token, Waker};

use crate::{Fd, Mode, Reactor};

/// On epoll, or on poll(2).
pub struct Ours<const POLL: bool> {
    poller: Poller,
    events: Events,
}

impl<const POLL: bool> Ours<POLL> {
    const BACKEND: Backend = if POLL { Backend::Poll } else { Backend::Epoll };

    /// That looks for so long before it sleeps.
    pub fn spinning(capacity: usize, spin: Duration) -> Self {
        let poller = Poller::builder().backend(Self::BACKEND).spin(spin).build().unwrap();
        Self { poller, events: Events::with_capacity(capacity) }
    }

    /// For what only poll-core has.
    pub fn poller(&self) -> &Poller {
        &self.poller
    }
}

impl<const POLL: bool> Reactor for Ours<POLL> {
    type Guard = Registration<Fd>;
    type Owned = Registration<OwnedFd>;
    type Waker = Waker;

    fn supports(mode: Mode) -> bool {
        mode == Mode::Level || !POLL
    }

    fn new(capacity: usize) -> Self {
        let poller = Poller::with_backend(Self::BACKEND).unwrap();
        Self { poller, events: Events::with_capacity(capacity) }
    }

    #[inline]
    fn add(&mut self, fd: &Fd, token: usize, mode: Mode) -> Registration<Fd> {
        let mode = if mode == Mode::Edge { Trigger::Edge } else { Trigger::Level };
        self.poller.register(fd.clone(), Token(token), Interest::READABLE, mode).unwrap()
    }

    #[inline]
    fn remove(&mut self, guard: Registration<Fd>) {
        drop(guard);
    }

    #[inline]
    fn change(&mut self, guard: &Registration<Fd>, _: usize, writable: bool) {
        let both = Interest::READABLE | Interest::WRITABLE;
        let interest = if writable { both } else { Interest::READABLE };
        guard.arm(interest, Trigger::Level).unwrap();
    }

    #[inline]
    fn add_owned(&mut self, fd: OwnedFd, token: usize) -> Registration<OwnedFd> {
        self.poller.register(fd, Token(token), Interest::READABLE, Trigger::Level).unwrap()
    }

    #[inline]
    fn close(&mut self, guard: Registration<OwnedFd>) {
        guard.close();
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut each: impl FnMut(usize)) -> usize {
        let n = self.poller.wait(&mut self.events, timeout).unwrap();
        for event in &self.events {
            each(event.token().0);
        }
        n
    }

    fn waker(&mut self, token: usize) -> Waker {
        self.poller.waker(Token(token)).unwrap()
    }

    #[inline]
    fn wake(waker: &Waker) {
        waker.wake().unwrap();
    }
}
