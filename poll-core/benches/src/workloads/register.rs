//! Coming and going of sources.

use std::any::TypeId;
use std::hint::black_box;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use mio::unix::SourceFd;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use poll_core::{Events, Interest, Mode as Trigger, Poller, Token};

use super::Body;
use super::ready::{CAPACITY, ring, source, usual};
use crate::peers::{Peer, ours::Ours, raw::Raw};
use crate::{Fd, Reactor};

pub(super) fn pair<R: Reactor>() -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let fd = source();
    Some(Box::new(move |times| {
        for _ in 0..times {
            let guard = reactor.add(&fd, 0, usual::<R>());
            reactor.remove(guard);
        }
    }))
}

pub(super) fn close<R: Reactor>() -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    Some(Box::new(move |times| {
        for _ in 0..times {
            let fd = Arc::into_inner(source()).unwrap();
            let owned = reactor.add_owned(fd, 0);
            reactor.close(owned);
        }
    }))
}

/// What poll-core's guard costs where it never watches, beside a hand-written loop's nothing but
/// the count of the shared source.
pub(super) fn reserve<R: Reactor>() -> Option<Body> {
    let fd = source();
    if TypeId::of::<R>() == TypeId::of::<Raw>() {
        return Some(Box::new(move |times| {
            for _ in 0..times {
                black_box(fd.clone());
            }
        }));
    }
    if TypeId::of::<R>() != TypeId::of::<Ours<false>>() {
        return None;
    }
    let poller = Poller::new().unwrap();
    Some(Box::new(move |times| {
        for _ in 0..times {
            drop(black_box(poller.reserve(fd.clone(), Token(0))));
        }
    }))
}

pub(super) fn arm_change<R: Reactor>() -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let fd = source();
    let guard = reactor.add(&fd, 0, usual::<R>());
    Some(Box::new(move |times| {
        for _ in 0..times {
            reactor.change(&guard, 0, true);
            reactor.change(&guard, 0, false);
        }
    }))
}

pub(super) fn arm_again<R: Reactor>() -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let fd = source();
    let guard = reactor.add(&fd, 0, usual::<R>());
    Some(Box::new(move |times| {
        for _ in 0..times {
            reactor.change(black_box(&guard), 0, false);
        }
    }))
}

pub(super) fn batch<R: Reactor>(n: usize) -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let sources: Vec<Fd> = (0..n).map(|_| source()).collect();
    sources.iter().for_each(ring);
    let mut guards = Vec::with_capacity(n);
    Some(Box::new(move |times| {
        for _ in 0..times {
            for (token, fd) in sources.iter().enumerate() {
                guards.push(reactor.add(fd, token, usual::<R>()));
            }
            assert_eq!(reactor.wait(None, |_| ()), n);
            for guard in guards.drain(..) {
                reactor.remove(guard);
            }
        }
    }))
}

pub(super) fn bulk<R: Reactor>(n: usize) -> Option<Body> {
    let sources: Vec<Fd> = (0..n).map(|_| source()).collect();
    Some(Box::new(move |times| {
        for _ in 0..times {
            let mut reactor = R::new(CAPACITY);
            let add = |(token, fd)| reactor.add(fd, token, usual::<R>());
            let guards: Vec<_> = sources.iter().enumerate().map(add).collect();
            for guard in guards {
                reactor.remove(guard);
            }
        }
    }))
}

/// Threads that register and deregister sources of their own with one poller, in which another
/// thread waits. Only for those whose poller can be shared without a lock of the caller's.
pub(super) fn threads(peer: Peer, count: usize) -> Option<Body> {
    match peer {
        Peer::Raw | Peer::RawAgain => Some(threads_raw(count)),
        Peer::Ours => Some(threads_ours(count, |poller, fd| {
            // Borrowed, as the hand-written loop has it.
            drop(poller.register(fd, Token(1), Interest::READABLE, Trigger::Level).unwrap());
        })),
        Peer::Mio => Some(threads_mio(count)),
        Peer::PollingLevel => Some(threads_polling(count)),
        _ => None,
    }
}

/// The same without the guard, which counts an owner of the poller.
pub(super) fn threads_unowned(peer: Peer, count: usize) -> Option<Body> {
    match peer {
        Peer::Raw | Peer::RawAgain => Some(threads_raw(count)),
        Peer::Ours => Some(threads_ours(count, |poller, fd| {
            poller.add(fd, Token(1), Interest::READABLE, Trigger::Level).unwrap();
            poller.delete(fd).unwrap();
        })),
        _ => None,
    }
}

fn threads_raw(count: usize) -> Body {
    let epoll = Arc::new(Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap());
    let bell = source();
    epoll.add(&bell, EpollEvent::new(EpollFlags::EPOLLIN, 0)).unwrap();
    let wait = {
        let epoll = epoll.clone();
        move || while epoll.wait(&mut [EpollEvent::empty(); 8], EpollTimeout::NONE).is_err() {}
    };
    let pair = move |fd: &Fd| {
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP;
        epoll.add(fd, EpollEvent::new(flags, 1)).unwrap();
        epoll.delete(fd).unwrap();
    };
    crew(count, wait, pair, move || ring(&bell))
}

fn threads_ours(count: usize, pair: fn(&Poller, &Fd)) -> Body {
    let poller = Poller::new().unwrap();
    let waker = poller.waker(Token(0)).unwrap();
    let wait = {
        let poller = poller.clone();
        move || {
            poller.wait(&mut Events::with_capacity(8), None).unwrap();
        }
    };
    crew(count, wait, move |fd| pair(&poller, fd), move || waker.wake().unwrap())
}

fn threads_mio(count: usize) -> Body {
    let mut poll = mio::Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    let waker = mio::Waker::new(&registry, mio::Token(0)).unwrap();
    let wait = move || while poll.poll(&mut mio::Events::with_capacity(8), None).is_err() {};
    let pair = move |fd: &Fd| {
        let mut source = SourceFd(&fd.as_raw_fd());
        registry.register(&mut source, mio::Token(1), mio::Interest::READABLE).unwrap();
        registry.deregister(&mut source).unwrap();
    };
    crew(count, wait, pair, move || waker.wake().unwrap())
}

fn threads_polling(count: usize) -> Body {
    let poller = Arc::new(polling::Poller::new().unwrap());
    let waker = poller.clone();
    let wait = {
        let poller = poller.clone();
        move || {
            poller.wait(&mut Vec::new(), None).unwrap();
        }
    };
    let pair = move |fd: &Fd| {
        let (fd, event) = (fd.as_raw_fd(), polling::Event::readable(1));
        poller.add_with_mode(fd, event, polling::PollMode::Level).unwrap();
        poller.delete(fd).unwrap();
    };
    crew(count, wait, pair, move || waker.notify().unwrap())
}

/// One thread in `wait`, and `count` that do 64 pairs each for every operation.
fn crew(
    count: usize,
    wait: impl FnOnce() + Send + 'static,
    pair: impl Fn(&Fd) + Send + Sync + 'static,
    stop: impl Fn() + 'static,
) -> Body {
    let waiter = thread::spawn(wait);
    let pair = Arc::new(pair);
    let times = Arc::new(AtomicU64::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let (start, end) = (Arc::new(Barrier::new(count + 1)), Arc::new(Barrier::new(count + 1)));
    let workers: Vec<_> = (0..count)
        .map(|_| {
            let (pair, times, over) = (pair.clone(), times.clone(), over.clone());
            let (start, end) = (start.clone(), end.clone());
            thread::spawn(move || {
                let fd = source();
                loop {
                    start.wait();
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    for _ in 0..times.load(Ordering::SeqCst) * 64 {
                        pair(&fd);
                    }
                    end.wait();
                }
            })
        })
        .collect();
    let crew = Crew { stop: Box::new(stop), start, over, threads: Some((waiter, workers)) };
    Box::new(move |n| {
        times.store(n, Ordering::SeqCst);
        crew.start.wait();
        end.wait();
    })
}

struct Crew {
    stop: Box<dyn Fn()>,
    start: Arc<Barrier>,
    over: Arc<AtomicBool>,
    threads: Option<(thread::JoinHandle<()>, Vec<thread::JoinHandle<()>>)>,
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.start.wait();
        let (waiter, workers) = self.threads.take().unwrap();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        while !waiter.is_finished() {
            (self.stop)();
            thread::sleep(Duration::from_millis(1));
        }
        waiter.join().unwrap();
    }
}
