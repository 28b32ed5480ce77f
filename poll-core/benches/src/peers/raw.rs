//! What somebody would write who knows epoll and wants nothing else: libc's calls, no tables, an
//! edge-triggered eventfd that is never read as the way to wake it.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use crate::{Fd, Mode, Reactor};

pub struct Raw {
    epoll: Epoll,
    events: Box<[EpollEvent]>,
    wakers: Vec<Fd>,
}

const READ: EpollFlags = EpollFlags::EPOLLIN.union(EpollFlags::EPOLLRDHUP);

impl Reactor for Raw {
    type Guard = Fd;
    type Owned = OwnedFd;
    type Waker = Fd;

    fn supports(_: Mode) -> bool {
        true
    }

    fn new(capacity: usize) -> Self {
        Self {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap(),
            events: vec![EpollEvent::empty(); capacity].into(),
            wakers: Vec::new(),
        }
    }

    #[inline]
    fn add(&mut self, fd: &Fd, token: usize, mode: Mode) -> Fd {
        let flags = if mode == Mode::Edge { READ | EpollFlags::EPOLLET } else { READ };
        self.epoll.add(fd, EpollEvent::new(flags, token as u64)).unwrap();
        fd.clone()
    }

    #[inline]
    fn remove(&mut self, fd: Fd) {
        self.epoll.delete(&*fd).unwrap();
    }

    #[inline]
    fn change(&mut self, fd: &Fd, token: usize, writable: bool) {
        let flags = if writable { READ | EpollFlags::EPOLLOUT } else { READ };
        self.epoll.modify(fd, &mut EpollEvent::new(flags, token as u64)).unwrap();
    }

    #[inline]
    fn add_owned(&mut self, fd: OwnedFd, token: usize) -> OwnedFd {
        self.epoll.add(&fd, EpollEvent::new(READ, token as u64)).unwrap();
        fd
    }

    #[inline]
    fn close(&mut self, fd: OwnedFd) {
        drop(fd);
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut each: impl FnMut(usize)) -> usize {
        let timeout = match timeout {
            None => EpollTimeout::NONE,
            Some(limit) if limit.subsec_nanos() % 1_000_000 == 0 => {
                EpollTimeout::try_from(limit).unwrap()
            }
            Some(limit) => {
                // Finer than a millisecond: wait in ppoll(2) for the epoll to be readable.
                let limit = Timespec::try_from(limit).unwrap();
                let mut line = [PollFd::from_borrowed_fd(self.epoll.0.as_fd(), PollFlags::IN)];
                if poll(&mut line, Some(&limit)).unwrap() == 0 {
                    return 0;
                }
                EpollTimeout::ZERO
            }
        };
        let n = loop {
            match self.epoll.wait(&mut self.events, timeout) {
                Ok(n) => break n,
                Err(error) => assert_eq!(error, nix::errno::Errno::EINTR),
            }
        };
        for event in &self.events[..n] {
            each(event.data() as usize);
        }
        n
    }

    fn waker(&mut self, token: usize) -> Fd {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let fd = Fd::new(eventfd(0, flags).unwrap());
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
        self.epoll.add(&fd, EpollEvent::new(flags, token as u64)).unwrap();
        self.wakers.push(fd.clone());
        fd
    }

    #[inline]
    fn wake(waker: &Fd) {
        nix::unistd::write(waker, &1_u64.to_ne_bytes()).unwrap();
    }
}
