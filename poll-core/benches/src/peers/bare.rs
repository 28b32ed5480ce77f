//! The hand-written loop once more, on rustix's bare syscalls: no errno, no cancellation point.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};

use crate::{Fd, Mode, Reactor};

pub struct Bare {
    epoll: OwnedFd,
    events: Box<[MaybeUninit<Event>]>,
}

const READ: EventFlags = EventFlags::IN.union(EventFlags::RDHUP);

impl Reactor for Bare {
    type Guard = Fd;
    type Owned = OwnedFd;
    type Waker = Fd;

    fn supports(_: Mode) -> bool {
        true
    }

    fn new(capacity: usize) -> Self {
        Self {
            epoll: epoll::create(CreateFlags::CLOEXEC).unwrap(),
            events: vec![MaybeUninit::uninit(); capacity].into(),
        }
    }

    #[inline]
    fn add(&mut self, fd: &Fd, token: usize, mode: Mode) -> Fd {
        let flags = if mode == Mode::Edge { READ | EventFlags::ET } else { READ };
        epoll::add(&self.epoll, fd, EventData::new_u64(token as u64), flags).unwrap();
        fd.clone()
    }

    #[inline]
    fn remove(&mut self, fd: Fd) {
        epoll::delete(&self.epoll, &*fd).unwrap();
    }

    #[inline]
    fn change(&mut self, fd: &Fd, token: usize, writable: bool) {
        let flags = if writable { READ | EventFlags::OUT } else { READ };
        epoll::modify(&self.epoll, fd, EventData::new_u64(token as u64), flags).unwrap();
    }

    #[inline]
    fn add_owned(&mut self, fd: OwnedFd, token: usize) -> OwnedFd {
        epoll::add(&self.epoll, &fd, EventData::new_u64(token as u64), READ).unwrap();
        fd
    }

    #[inline]
    fn close(&mut self, fd: OwnedFd) {
        drop(fd);
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut each: impl FnMut(usize)) -> usize {
        let limit = timeout.map(|limit| Timespec::try_from(limit).unwrap());
        let wait = || {
            let (events, _) = epoll::wait(&self.epoll, &mut *self.events, limit.as_ref())?;
            for event in &*events {
                let data = event.data;
                each(data.u64() as usize);
            }
            Ok(events.len())
        };
        rustix::io::retry_on_intr(wait).unwrap()
    }

    fn waker(&mut self, token: usize) -> Fd {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let fd = Fd::new(eventfd(0, flags).unwrap());
        let flags = EventFlags::IN | EventFlags::ET;
        epoll::add(&self.epoll, &fd, EventData::new_u64(token as u64), flags).unwrap();
        fd
    }

    #[inline]
    fn wake(waker: &Fd) {
        rustix::io::write(waker, &1_u64.to_ne_bytes()).unwrap();
    }
}
