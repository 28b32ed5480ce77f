//! Wakes: of a thread that sleeps, and of one that does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::Body;
use super::ready::CAPACITY;
use crate::Reactor;
use crate::peers::ours::Ours;

/// There and back between two threads, each asleep in a poller of its own, each on a CPU of its
/// own: where the scheduler puts them would else decide the figure, and differ from peer to peer.
pub(super) fn latency<R: Reactor>() -> Option<Body> {
    latency_with(R::new)
}

/// The same with pollers that look for a millisecond before they sleep, so that they never do.
pub(super) fn latency_spinning() -> Option<Body> {
    latency_with(|capacity| Ours::<false>::spinning(capacity, Duration::from_millis(1)))
}

fn latency_with<R: Reactor>(make: fn(usize) -> R) -> Option<Body> {
    let mut reactor = make(CAPACITY);
    let back = reactor.waker(0);
    let (send, receive) = mpsc::channel();
    let over = Arc::new(AtomicBool::new(false));
    let free = sched_getaffinity(None).unwrap();
    let cpus: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|cpu| free.is_set(*cpu)).collect();
    let thread = {
        let over = over.clone();
        let other = cpus[1 % cpus.len()];
        thread::spawn(move || {
            pin(other);
            let mut reactor = make(CAPACITY);
            send.send(reactor.waker(0)).unwrap();
            loop {
                while reactor.wait(None, |_| ()) == 0 {}
                if over.load(Ordering::SeqCst) {
                    break;
                }
                R::wake(&back);
            }
        })
    };
    let there = receive.recv().unwrap();
    let other = Other::<R> { there, over, thread: Some(thread) };
    Some(Box::new(move |times| {
        pin(cpus[0]);
        for _ in 0..times {
            R::wake(&other.there);
            while reactor.wait(None, |_| ()) == 0 {}
        }
        sched_setaffinity(None, &free).unwrap();
    }))
}

fn pin(cpu: usize) {
    let mut one = CpuSet::new();
    one.set(cpu);
    sched_setaffinity(None, &one).unwrap();
}

struct Other<R: Reactor> {
    there: R::Waker,
    over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl<R: Reactor> Drop for Other<R> {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        R::wake(&self.there);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Wakes of a poller in which nobody sleeps, and the wait that takes them all up.
pub(super) fn awake<R: Reactor>(wakes: usize) -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let waker = reactor.waker(0);
    Some(Box::new(move |times| {
        for _ in 0..times {
            for _ in 0..wakes {
                R::wake(&waker);
            }
            while reactor.wait(Some(Duration::ZERO), |_| ()) == 0 {}
        }
    }))
}

/// One wake, and the wait that notices it.
pub(super) fn pending<R: Reactor>() -> Option<Body> {
    awake::<R>(1)
}
