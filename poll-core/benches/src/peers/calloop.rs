//! calloop: callbacks, which push the token for the workload to look at.

use std::os::fd::OwnedFd;
use std::time::Duration;

use calloop::generic::Generic;
use calloop::ping::{Ping, make_ping};
use calloop::{Dispatcher, EventLoop, Interest, PostAction, RegistrationToken};

use crate::{Fd, Mode, Reactor};

type Ready = Vec<usize>;

pub struct Calloop {
    event_loop: EventLoop<'static, Ready>,
    ready: Ready,
}

/// A source that can still be changed.
pub struct Guard {
    dispatcher: Dispatcher<'static, Generic<Fd>, Ready>,
    token: RegistrationToken,
}

impl Reactor for Calloop {
    type Guard = Guard;
    type Owned = RegistrationToken;
    type Waker = Ping;

    fn supports(_: Mode) -> bool {
        true
    }

    fn new(_: usize) -> Self {
        Self { event_loop: EventLoop::try_new().unwrap(), ready: Vec::new() }
    }

    fn add(&mut self, fd: &Fd, token: usize, mode: Mode) -> Guard {
        let mode = if mode == Mode::Edge { calloop::Mode::Edge } else { calloop::Mode::Level };
        let source = Generic::new(fd.clone(), Interest::READ, mode);
        let dispatcher = Dispatcher::new(source, move |_, _, ready: &mut Ready| {
            ready.push(token);
            Ok(PostAction::Continue)
        });
        let token = self.event_loop.handle().register_dispatcher(dispatcher.clone()).unwrap();
        Guard { dispatcher, token }
    }

    fn remove(&mut self, guard: Guard) {
        self.event_loop.handle().remove(guard.token);
    }

    fn change(&mut self, guard: &Guard, _: usize, writable: bool) {
        guard.dispatcher.as_source_mut().interest =
            if writable { Interest::BOTH } else { Interest::READ };
        self.event_loop.handle().update(&guard.token).unwrap();
    }

    fn add_owned(&mut self, fd: OwnedFd, token: usize) -> RegistrationToken {
        let source = Generic::new(fd, Interest::READ, calloop::Mode::Level);
        let handle = self.event_loop.handle();
        let push = move |_, _: &mut _, ready: &mut Ready| {
            ready.push(token);
            Ok(PostAction::Continue)
        };
        handle.insert_source(source, push).unwrap()
    }

    fn close(&mut self, owned: RegistrationToken) {
        self.event_loop.handle().remove(owned);
    }

    fn wait(&mut self, timeout: Option<Duration>, mut each: impl FnMut(usize)) -> usize {
        self.ready.clear();
        self.event_loop.dispatch(timeout, &mut self.ready).unwrap();
        for token in &self.ready {
            each(*token);
        }
        self.ready.len()
    }

    fn waker(&mut self, token: usize) -> Ping {
        let (ping, source) = make_ping().unwrap();
        let handle = self.event_loop.handle();
        handle.insert_source(source, move |(), (), ready| ready.push(token)).unwrap();
        ping
    }

    fn wake(waker: &Ping) {
        waker.ping();
    }
}
