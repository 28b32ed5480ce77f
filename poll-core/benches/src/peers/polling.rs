//! polling, in each of its modes: oneshot, its default, has to be enabled after each event.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use polling::{Event, PollMode, Poller};

use crate::{Fd, Mode, Reactor};

pub const ONESHOT: u8 = 0;
pub const LEVEL: u8 = 1;
pub const EDGE: u8 = 2;

/// In the mode that the number says.
pub struct Polling<const MODE: u8> {
    poller: Arc<Poller>,
    events: Vec<Event>,
}

impl<const MODE: u8> Polling<MODE> {
    const MODE: PollMode = match MODE {
        ONESHOT => PollMode::Oneshot,
        LEVEL => PollMode::Level,
        _ => PollMode::Edge,
    };
}

/// Its wakes have no token; they are reported under this one.
const WAKE: usize = 0;

impl<const MODE: u8> Reactor for Polling<MODE> {
    type Guard = Fd;
    type Owned = OwnedFd;
    type Waker = Arc<Poller>;

    fn supports(mode: Mode) -> bool {
        match mode {
            Mode::Level => MODE == LEVEL,
            Mode::Edge => MODE == EDGE,
        }
    }

    fn new(_: usize) -> Self {
        Self { poller: Arc::new(Poller::new().unwrap()), events: Vec::new() }
    }

    fn add(&mut self, fd: &Fd, token: usize, _: Mode) -> Fd {
        self.poller.add_with_mode(fd.as_raw_fd(), Event::readable(token), Self::MODE).unwrap();
        fd.clone()
    }

    fn remove(&mut self, fd: Fd) {
        self.poller.delete(fd.as_raw_fd()).unwrap();
    }

    fn change(&mut self, fd: &Fd, token: usize, writable: bool) {
        let event = if writable { Event::all(token) } else { Event::readable(token) };
        self.poller.modify_with_mode(fd.as_raw_fd(), event, Self::MODE).unwrap();
    }

    fn rearm(&mut self, fd: &Fd, token: usize) {
        if MODE == ONESHOT {
            self.change(fd, token, false);
        }
    }

    fn add_owned(&mut self, fd: OwnedFd, token: usize) -> OwnedFd {
        self.poller.add_with_mode(fd.as_raw_fd(), Event::readable(token), Self::MODE).unwrap();
        fd
    }

    fn close(&mut self, fd: OwnedFd) {
        drop(fd);
    }

    fn wait(&mut self, timeout: Option<Duration>, mut each: impl FnMut(usize)) -> usize {
        self.events.clear();
        self.poller.wait(&mut self.events, timeout).unwrap();
        for event in &self.events {
            each(event.key);
        }
        if self.events.is_empty() && timeout.is_none() {
            each(WAKE);
            return 1;
        }
        self.events.len()
    }

    fn waker(&mut self, token: usize) -> Arc<Poller> {
        assert_eq!(token, WAKE);
        self.poller.clone()
    }

    fn wake(waker: &Arc<Poller>) {
        waker.notify().unwrap();
    }
}
