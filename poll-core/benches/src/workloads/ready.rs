//! Waiting: for some of many, for all of them, for nothing.

use std::hint::black_box;
use std::time::Duration;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

use super::Body;
use crate::{Fd, Mode, Reactor};

pub(super) const CAPACITY: usize = 1024;

/// An eventfd: the cheapest source that the kernel has.
pub(super) fn source() -> Fd {
    Fd::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).unwrap())
}

pub(super) fn ring(fd: &Fd) {
    write(fd, &1_u64.to_ne_bytes()).unwrap();
}

/// The mode that a peer is at home in: level where it has it.
pub(super) fn usual<R: Reactor>() -> Mode {
    if R::supports(Mode::Level) { Mode::Level } else { Mode::Edge }
}

/// `k` of `n` sources become readable, spread over all of them, and are read.
pub(super) fn active<R: Reactor>(n: usize, k: usize) -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let sources: Vec<Fd> = (0..n).map(|_| source()).collect();
    let mode = usual::<R>();
    let guards: Vec<_> =
        sources.iter().enumerate().map(|(token, fd)| reactor.add(fd, token, mode)).collect();
    let mut first = 0;
    Some(Box::new(move |times| {
        for _ in 0..times {
            for i in 0..k {
                ring(&sources[(first + i * (n / k)) % n]);
            }
            first = (first + 1) % n;
            let mut seen = 0;
            let mut buffer = [0; 8];
            while seen < k {
                reactor.wait(None, |token| {
                    seen += read(&sources[token], &mut buffer).is_ok() as usize;
                });
            }
        }
        // The guards live as long as the body.
        black_box(&guards);
    }))
}

/// `n` sources are ready, and only looked at.
pub(super) fn ready<R: Reactor>(n: usize, mode: Mode) -> Option<Body> {
    if !R::supports(mode) {
        return None;
    }
    let mut reactor = R::new(CAPACITY);
    let sources: Vec<Fd> = (0..n).map(|_| source()).collect();
    let guards: Vec<_> =
        sources.iter().enumerate().map(|(token, fd)| reactor.add(fd, token, mode)).collect();
    sources.iter().for_each(ring);
    Some(Box::new(move |times| {
        let mut sum = 0_usize;
        for _ in 0..times {
            if mode == Mode::Edge {
                sources.iter().for_each(ring);
            }
            let mut seen = 0;
            while seen < n {
                seen += reactor.wait(None, |token| sum = sum.wrapping_add(token));
            }
        }
        black_box((&guards, sum));
    }))
}

pub(super) fn empty_wait<R: Reactor>() -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let fd = source();
    let guard = reactor.add(&fd, 0, usual::<R>());
    Some(Box::new(move |times| {
        for _ in 0..times {
            assert_eq!(reactor.wait(Some(Duration::ZERO), |_| ()), 0);
        }
        black_box(&guard);
    }))
}

pub(super) fn timeout<R: Reactor>(micros: u64) -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let fd = source();
    let guard = reactor.add(&fd, 0, usual::<R>());
    Some(Box::new(move |times| {
        for _ in 0..times {
            assert_eq!(reactor.wait(Some(Duration::from_micros(micros)), |_| ()), 0);
        }
        black_box(&guard);
    }))
}

/// `body` in a process that has a second thread, as every program that wakes a poller has: the C
/// library's waits are cancellation points, and only then pay for it.
pub(super) fn threaded(body: Option<Body>) -> Option<Body> {
    let mut body = body?;
    let (keep, receive) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || receive.recv());
    Some(Box::new(move |times| {
        body(times);
        // The thread lives until this is dropped.
        black_box(&keep);
    }))
}
