//! mio: edge-triggered only.

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::{Fd, Mode, Reactor};

pub struct Mio {
    poll: Poll,
    events: Events,
}

impl Reactor for Mio {
    type Guard = Fd;
    type Owned = OwnedFd;
    type Waker = Waker;

    fn supports(mode: Mode) -> bool {
        mode == Mode::Edge
    }

    fn new(capacity: usize) -> Self {
        Self { poll: Poll::new().unwrap(), events: Events::with_capacity(capacity) }
    }

    #[inline]
    fn add(&mut self, fd: &Fd, token: usize, _: Mode) -> Fd {
        let mut source = SourceFd(&fd.as_raw_fd());
        self.poll.registry().register(&mut source, Token(token), Interest::READABLE).unwrap();
        fd.clone()
    }

    #[inline]
    fn remove(&mut self, fd: Fd) {
        self.poll.registry().deregister(&mut SourceFd(&fd.as_raw_fd())).unwrap();
    }

    #[inline]
    fn change(&mut self, fd: &Fd, token: usize, writable: bool) {
        let both = Interest::READABLE | Interest::WRITABLE;
        let interest = if writable { both } else { Interest::READABLE };
        let mut source = SourceFd(&fd.as_raw_fd());
        self.poll.registry().reregister(&mut source, Token(token), interest).unwrap();
    }

    #[inline]
    fn add_owned(&mut self, fd: OwnedFd, token: usize) -> OwnedFd {
        let mut source = SourceFd(&fd.as_raw_fd());
        self.poll.registry().register(&mut source, Token(token), Interest::READABLE).unwrap();
        fd
    }

    #[inline]
    fn close(&mut self, fd: OwnedFd) {
        drop(fd);
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut each: impl FnMut(usize)) -> usize {
        while let Err(error) = self.poll.poll(&mut self.events, timeout) {
            assert_eq!(error.kind(), std::io::ErrorKind::Interrupted);
        }
        let mut n = 0;
        for event in &self.events {
            each(event.token().0);
            n += 1;
        }
        n
    }

    fn waker(&mut self, token: usize) -> Waker {
        Waker::new(self.poll.registry(), Token(token)).unwrap()
    }

    #[inline]
    fn wake(waker: &Waker) {
        waker.wake().unwrap();
    }
}
