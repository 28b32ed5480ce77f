//! `Notifier`.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Barrier;
use std::thread;

use poll_core::{Events, Interest, Mode, Readiness, RegisterError, Token};

use crate::support::{look, on_each_backend, wait};

const READ: Readiness = Readiness::READABLE;
const WRITE: Readiness = Readiness::WRITABLE;

#[test]
fn level_is_reported_by_every_wait_until_it_is_cleared() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let notifier = poller.notifier(Token(1), Mode::Level).unwrap();
        assert_eq!(look(poller, &mut events), []);
        notifier.set(READ).unwrap();
        for _ in 0..3 {
            assert_eq!(wait(poller, &mut events), [(Token(1), READ)]);
        }
        notifier.clear(READ);
        assert_eq!(look(poller, &mut events), []);
    });
}

#[test]
fn edge_is_reported_once_for_each_set_that_follows_a_report() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let notifier = poller.notifier(Token(1), Mode::Edge).unwrap();
        for _ in 0..3 {
            for _ in 0..1000 {
                notifier.set(READ).unwrap();
            }
            assert_eq!(wait(poller, &mut events), [(Token(1), READ)]);
            assert_eq!(look(poller, &mut events), []);
        }
    });
}

#[test]
fn the_event_carries_what_is_set_at_the_time_of_the_wait() {
    on_each_backend(|poller| {
        for mode in [Mode::Level, Mode::Edge] {
            let mut events = Events::with_capacity(8);
            let notifier = poller.notifier(Token(1), mode).unwrap();
            notifier.set(READ).unwrap();
            notifier.set(WRITE).unwrap();
            assert_eq!(notifier.readiness(), READ | WRITE);
            assert_eq!(wait(poller, &mut events), [(Token(1), READ | WRITE)]);
            notifier.set(READ).unwrap();
            notifier.clear(READ);
            assert_eq!(notifier.readiness(), WRITE);
            assert_eq!(wait(poller, &mut events), [(Token(1), WRITE)]);
        }
    });
}

#[test]
fn what_is_set_and_cleared_between_waits_is_not_reported() {
    on_each_backend(|poller| {
        for mode in [Mode::Level, Mode::Edge] {
            let mut events = Events::with_capacity(8);
            let notifier = poller.notifier(Token(1), mode).unwrap();
            notifier.set(READ | WRITE).unwrap();
            notifier.clear(READ | WRITE);
            assert_eq!(look(poller, &mut events), []);
        }
    });
}

#[test]
fn nothing_is_reported_after_the_last_clone_is_gone_or_any_is_closed() {
    on_each_backend(|poller| {
        for mode in [Mode::Level, Mode::Edge] {
            let mut events = Events::with_capacity(8);
            let dropped = poller.notifier(Token(1), mode).unwrap();
            let closed = poller.notifier(Token(2), mode).unwrap();
            let clones = (dropped.clone(), closed.clone());
            dropped.set(READ).unwrap();
            closed.set(READ).unwrap();
            drop(dropped);
            closed.close();
            assert_eq!(look(poller, &mut events), [(Token(1), READ)]);
            clones.0.set(READ).unwrap();
            drop(clones.0);
            clones.1.set(READ).unwrap();
            assert_eq!(clones.1.readiness(), Readiness::empty());
            assert_eq!(look(poller, &mut events), []);
        }
    });
}

#[test]
fn a_set_in_another_thread_ends_a_wait() {
    on_each_backend(|poller| {
        for mode in [Mode::Level, Mode::Edge] {
            let notifier = poller.notifier(Token(1), mode).unwrap();
            let barrier = Barrier::new(2);
            thread::scope(|scope| {
                scope.spawn(|| {
                    barrier.wait();
                    notifier.set(WRITE).unwrap();
                });
                barrier.wait();
                assert_eq!(wait(poller, &mut Events::with_capacity(8)), [(Token(1), WRITE)]);
            });
        }
    });
}

#[test]
fn they_take_at_most_half_a_batch_and_take_turns() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let notifiers: Vec<_> = (0..8)
            .map(|n| {
                let notifier = poller.notifier(Token(n), Mode::Level).unwrap();
                notifier.set(READ).unwrap();
                notifier
            })
            .collect();
        let pairs: Vec<_> = (0..8).map(|_| UnixStream::pair().unwrap()).collect();
        for (n, (ours, theirs)) in pairs.iter().enumerate() {
            (&mut &*theirs).write_all(b"x").unwrap();
            poller.add(ours, Token(100 + n), Interest::READABLE, Mode::Level).unwrap();
        }
        let mut seen = Vec::new();
        for _ in 0..2 {
            let batch = wait(poller, &mut events);
            assert_eq!(batch.len(), 8);
            assert_eq!(batch.iter().filter(|(token, _)| token.0 < 100).count(), 4);
            seen.extend(batch.into_iter().map(|(token, _)| token.0));
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..8).chain(100..108).collect::<Vec<_>>());
        for (ours, _) in &pairs {
            poller.delete(ours).unwrap();
        }
        drop(notifiers);
    });
}

#[test]
fn at_capacity_one_they_alternate_with_the_kernels_events() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(1);
        let notifier = poller.notifier(Token(1), Mode::Level).unwrap();
        notifier.set(READ).unwrap();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"x").unwrap();
        let _ours = poller.register(ours, Token(2), Interest::READABLE, Mode::Level).unwrap();
        let tokens: Vec<usize> = (0..6).map(|_| wait(poller, &mut events)[0].0.0).collect();
        assert_eq!(tokens, [1, 2, 1, 2, 1, 2]);
    });
}

#[test]
fn a_bad_request_is_a_typed_error() {
    on_each_backend(|poller| {
        let oneshot = poller.notifier(Token(1), Mode::Oneshot).unwrap_err();
        assert!(matches!(oneshot, RegisterError::ModeUnsupported), "{oneshot:?}");
        let reserved = poller.notifier(Token(usize::MAX), Mode::Level).unwrap_err();
        assert!(matches!(reserved, RegisterError::TokenReserved), "{reserved:?}");
    });
}

#[test]
fn setting_waiting_and_clearing_allocate_nothing() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(64);
        let notifiers: Vec<_> =
            (0..100).map(|n| poller.notifier(Token(n), Mode::Level).unwrap()).collect();
        let counted = allocation_counter::measure(|| {
            for notifier in &notifiers {
                notifier.set(READ).unwrap();
            }
            for _ in 0..10 {
                poller.wait(&mut events, Some(crate::support::CAP)).unwrap();
            }
            for notifier in &notifiers {
                notifier.clear(READ);
            }
        });
        assert_eq!(counted.count_total, 0);
    });
}
