//! `Builder`: nesting and spinning.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use poll_core::{Backend, Events, Interest, Mode, Nested, Poller, Readiness, Token, Waker};

use crate::support::{CAP, look, on_each_backend, wait};

const READ: Readiness = Readiness::READABLE;
const INNER: Token = Token(100);

/// Each inner backend that can be nested in each outer one.
fn nested(body: impl Fn(&Poller, &Nested)) {
    on_each_backend(|outer| {
        for backend in Backend::available() {
            match Poller::builder().backend(*backend).build_nested() {
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported),
                Ok(inner) => {
                    println!("{backend:?} inside");
                    outer.add(&inner, INNER, Interest::READABLE, Mode::Level).unwrap();
                    body(outer, &inner);
                    outer.delete(&inner).unwrap();
                }
            }
        }
    });
}

#[test]
fn a_source_inside_makes_the_inner_poller_readable_while_it_is_ready() {
    nested(|outer, inner| {
        let mut events = Events::with_capacity(4);
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let ours = inner.register(ours, Token(1), Interest::READABLE, Mode::Level).unwrap();
        assert_eq!(look(outer, &mut events), []);
        theirs.write_all(b"x").unwrap();
        for _ in 0..2 {
            assert_eq!(wait(outer, &mut events), [(INNER, READ)]);
            assert_eq!(look(inner, &mut events), [(Token(1), READ)]);
        }
        drop(ours);
        assert_eq!(look(inner, &mut events), []);
        assert_eq!(look(outer, &mut events), []);
    });
}

#[test]
fn each_wake_inside_is_seen_outside_although_nobody_sleeps_there() {
    nested(|outer, inner| {
        // A batch for each: one that moves between pollers does not remember what it has seen.
        let (mut events, mut inside) = (Events::with_capacity(4), Events::with_capacity(4));
        let waker = inner.waker(Token(1)).unwrap();
        for wake in [Waker::wake, Waker::wake_all] {
            look(inner, &mut inside);
            wake(&waker).unwrap();
            assert_eq!(wait(outer, &mut events), [(INNER, READ)]);
            assert_eq!(look(inner, &mut inside), [(Token(1), READ)]);
            assert_eq!(look(outer, &mut events), []);
        }
    });
}

#[test]
fn what_does_not_fit_the_inner_batch_keeps_it_readable() {
    nested(|outer, inner| {
        let (mut one, mut events) = (Events::with_capacity(1), Events::with_capacity(4));
        let wakers: Vec<_> = (0..5).map(|n| inner.waker(Token(n)).unwrap()).collect();
        for waker in &wakers {
            waker.wake().unwrap();
        }
        for n in 0..5 {
            assert_eq!(wait(outer, &mut events), [(INNER, READ)]);
            assert_eq!(wait(inner, &mut one), [(Token(n), READ)]);
        }
        assert_eq!(look(inner, &mut one), []);
        assert_eq!(look(outer, &mut events), []);
    });
}

#[test]
fn a_level_notifier_inside_keeps_it_readable_until_it_is_cleared() {
    nested(|outer, inner| {
        let mut events = Events::with_capacity(4);
        let notifier = inner.notifier(Token(1), Mode::Level).unwrap();
        notifier.set(READ).unwrap();
        for _ in 0..3 {
            assert_eq!(wait(outer, &mut events), [(INNER, READ)]);
            assert_eq!(look(inner, &mut events), [(Token(1), READ)]);
        }
        notifier.clear(READ);
        assert_eq!(look(inner, &mut events), []);
        assert_eq!(look(outer, &mut events), []);
    });
}

/// An outer loop of edges need not tell of what is left, but of what comes after nothing was left.
#[test]
fn an_edge_outside_comes_for_whatever_comes_after_an_empty_batch_inside() {
    nested(|outer, inner| {
        if !outer.supports(Mode::Edge) {
            return;
        }
        outer.modify(inner, INNER, Interest::READABLE, Mode::Edge).unwrap();
        let (mut one, mut events) = (Events::with_capacity(1), Events::with_capacity(4));
        let pairs = [(); 3].map(|()| UnixStream::pair().unwrap());
        for (n, (ours, _)) in pairs.iter().enumerate() {
            inner.add(ours, Token(n), Interest::READABLE, Mode::Level).unwrap();
        }
        for _ in 0..3 {
            for (_, theirs) in &pairs {
                (&*theirs).write_all(b"x").unwrap();
            }
            assert_eq!(wait(outer, &mut events), [(INNER, READ)]);
            let mut heard = Vec::new();
            while let [(token, READ)] = look(inner, &mut one)[..] {
                (&pairs[token.0].0).read_exact(&mut [0]).unwrap();
                heard.push(token.0);
            }
            heard.sort_unstable();
            assert_eq!(heard, [0, 1, 2]);
        }
        for (ours, _) in &pairs {
            inner.delete(ours).unwrap();
        }
    });
}

#[test]
fn a_wake_inside_ends_a_wait_outside() {
    nested(|outer, inner| {
        let waker = inner.waker(Token(1)).unwrap();
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                waker.wake().unwrap();
            });
            barrier.wait();
            assert_eq!(wait(outer, &mut Events::with_capacity(4)), [(INNER, READ)]);
        });
        look(inner, &mut Events::with_capacity(4));
    });
}

#[test]
fn a_spinning_wait_keeps_its_time() {
    for backend in Backend::available() {
        let poller = Poller::builder().backend(*backend).spin(CAP).build().unwrap();
        let mut events = Events::with_capacity(4);
        let begin = Instant::now();
        let limit = Duration::from_millis(3);
        assert_eq!(poller.wait(&mut events, Some(limit)).unwrap(), 0);
        assert!(begin.elapsed() >= limit);
    }
}

#[test]
fn a_spinning_wait_sees_wakes_and_sources_during_and_after_its_span() {
    for backend in Backend::available() {
        for span in [Duration::from_micros(1), CAP] {
            let poller = Poller::builder().backend(*backend).spin(span).build().unwrap();
            let waker = poller.waker(Token(1)).unwrap();
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            let _ours = poller.register(ours, Token(2), Interest::READABLE, Mode::Level).unwrap();
            let mut events = Events::with_capacity(4);
            thread::scope(|scope| {
                scope.spawn(|| waker.wake().unwrap());
                assert_eq!(wait(&poller, &mut events), [(Token(1), READ)]);
                scope.spawn(|| theirs.write_all(b"x").unwrap());
                assert_eq!(wait(&poller, &mut events), [(Token(2), READ)]);
            });
        }
    }
}

#[test]
fn a_wait_of_no_length_does_not_spin() {
    for backend in Backend::available() {
        let poller = Poller::builder().backend(*backend).spin(Duration::MAX).build().unwrap();
        let mut events = Events::with_capacity(4);
        assert_eq!(poller.wait(&mut events, Some(Duration::ZERO)).unwrap(), 0);
    }
}

#[test]
fn every_backend_but_poll_can_be_nested() {
    for backend in Backend::available() {
        let built = Poller::builder().backend(*backend).build_nested();
        match backend {
            Backend::Poll => assert_eq!(built.unwrap_err().kind(), ErrorKind::Unsupported),
            _ => assert_eq!(built.unwrap().backend(), *backend),
        }
    }
}
