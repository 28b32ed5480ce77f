//! Semantic 12: dropping, closing or forgetting, in any order, from any thread, during waits.

use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut, Read};
use std::ops::Deref;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use poll_core::{Backend, Events, Mode, Token};

use crate::support::*;

#[test]
fn a_dropped_guard_closes_its_source() {
    for_each_mode(|world, mode| {
        let (ours, mut theirs) = world.pair();
        let guard = world.register(ours, Token(1), READ, mode).unwrap();
        drop(guard);
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn a_dropped_guard_is_silent_although_a_duplicate_lives() {
    for_each_kernel_mode("it has no duplicates", |world, mode| {
        let (ours, theirs) = world.pair();
        let ours = ours.unix();
        let duplicate = ours.try_clone().unwrap();
        let guard = world.register(ours, Token(1), READ, mode).unwrap();
        drop(guard);
        send(&theirs);
        assert_silent(world);
        drop(theirs);
        assert_silent(world);
        assert_eq!(drain(&End::Unix(duplicate)), 1);
    });
}

#[test]
fn a_dropped_guard_is_silent_although_its_descriptor_is_in_flight() {
    for_each_kernel_mode("its streams carry no descriptors", |world, mode| {
        let (ours, theirs) = world.pair();
        let (from, to) = world.pair();
        let guard = world.register(ours, Token(1), READ, mode).unwrap();
        let carried = guard.deref().as_fd();
        poll_sys::rights::send(from.as_fd(), &[IoSlice::new(b"x")], &[carried]).unwrap();
        drop(guard);
        send(&theirs);
        assert_silent(world);
        // It arrives alive, and can be watched anew.
        let mut arrived = Vec::new();
        let mut buffer = [0; 1];
        let buffers = &mut [IoSliceMut::new(&mut buffer)];
        poll_sys::rights::receive(to.as_fd(), buffers, 1, &mut arrived).unwrap();
        let _guard = world.register(arrived.pop().unwrap(), Token(2), READ, mode).unwrap();
        assert_eq!(tokens(&look(world)), [2]);
    });
}

#[test]
fn a_report_that_nobody_has_taken_dies_with_its_guard() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        drop(watch(world, &ours, 1, READ, mode));
        assert_silent(world);
    });
}

#[test]
fn a_closed_guard_is_reported_no_more_unless_a_duplicate_lives() {
    for_each_kernel_mode("it has no duplicates", |world, mode| {
        let (ours, theirs) = world.readable_pair();
        let ours = ours.unix();
        let duplicate = ours.try_clone().unwrap();
        world.register(ours, Token(1), READ, mode).unwrap().close();
        // What the docs of `close` say of such a duplicate.
        let keeps = world.backend() == Backend::Epoll;
        assert_eq!(tokens(&look(world)), if keeps { vec![1] } else { vec![] });
        drop(duplicate);
        drop(theirs);
        assert_silent(world);
    });
}

#[test]
fn a_forgotten_guard_goes_on_and_is_sound() {
    for_each_backend_leaking(|world| {
        let (ours, theirs) = world.pair();
        std::mem::forget(watch(world, &ours, 1, READ, Mode::Level));
        send(&theirs);
        assert_eq!(tokens(&look(world)), [1]);
        world.delete(&ours).unwrap();
        assert_silent(world);
    });
}

#[test]
fn pollers_guards_and_wakers_can_go_in_any_order() {
    for_each_backend_and([[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]], {
        |world, order| {
            let poller = world.another().unwrap();
            let (ours, theirs) = world.readable_pair();
            let mut guard = Some(poller.register(ours, Token(1), READ, Mode::Level).unwrap());
            let mut waker = Some(poller.waker(Token(2)).unwrap());
            let mut poller = Some(poller);
            for part in order {
                if let Some(waker) = &waker {
                    waker.wake().unwrap();
                }
                send(&theirs);
                match part {
                    0 => drop(poller.take()),
                    1 => drop(guard.take()),
                    _ => drop(waker.take()),
                }
                if let Some(guard) = &guard {
                    guard.arm(both(), Mode::Oneshot).unwrap();
                } else {
                    break;
                }
            }
        }
    });
}

#[test]
fn a_guard_keeps_its_poller() {
    for_each_backend(|world| {
        let other = world.another().unwrap();
        let (ours, _theirs) = world.readable_pair();
        let guard = watch(&other, &ours, 1, READ, Mode::Level);
        drop(other);
        assert_eq!(tokens(&look(guard.poller())), [1]);
    });
}

#[test]
fn a_drop_during_a_wait_closes_the_source_and_leaves_the_wait_asleep() {
    for_each_backend(|world| {
        let _busy = world.busy();
        let stop = world.waker(Token(2)).unwrap();
        for n in 0..200 {
            let (ours, theirs) = world.pair();
            let theirs = theirs.blocking();
            let guard = world.register(ours, Token(1), READ, Mode::Level).unwrap();
            std::thread::scope(|scope| {
                let waiter = scope.spawn(|| next(world));
                // Now it sleeps already, now it does not.
                (0..n % 64).for_each(|_| std::thread::yield_now());
                drop(guard);
                // poll(2) may hold a duplicate until the wait is out, which a drop makes it be.
                let end = (&theirs).read(&mut [0]);
                stop.wake().unwrap();
                assert_eq!(end.unwrap(), 0);
                assert_eq!(tokens(&waiter.join().unwrap()), [2]);
            });
        }
    });
}

/// Tokens rise, so that a dead one tells itself: a wait that began after token `d` was dropped must
/// report nothing up to `d`.
#[test]
fn a_drop_in_another_thread_is_a_barrier() {
    for_each_mode(|world, mode| {
        const ROUNDS: usize = 3_000;
        let dropped = AtomicUsize::new(0);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let _over = Finally(|| over.store(true, Ordering::SeqCst));
            for capacity in [1, 8] {
                let (dropped, over) = (&dropped, &over);
                scope.spawn(move || {
                    let mut events = Events::with_capacity(capacity);
                    while !over.load(Ordering::SeqCst) {
                        let dead = dropped.load(Ordering::SeqCst);
                        for token in tokens(&look_into(world, &mut events)) {
                            assert!(token > dead, "{token} was dropped, {dead} is the last");
                        }
                    }
                });
            }
            let mut alive = VecDeque::new();
            for token in 1..=ROUNDS {
                let (ours, theirs) = world.readable_pair();
                alive
                    .push_back((world.register(ours, Token(token), both(), mode).unwrap(), theirs));
                if alive.len() > 4 {
                    let (guard, _theirs) = alive.pop_front().unwrap();
                    let token = guard.token().0;
                    drop(guard);
                    dropped.store(token, Ordering::SeqCst);
                }
            }
        });
    });
}

#[test]
fn a_drop_by_several_threads_during_sleeping_waits_is_sound() {
    for_each_backend(|world| {
        let _busy = world.busy();
        let stop = world.waker(Token(1)).unwrap();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let mut events = Events::with_capacity(4);
                while !tokens(&next_into(world, &mut events)).contains(&1) {}
            });
            let droppers: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..500 {
                            let (ours, _theirs) = world.readable_pair();
                            let guard =
                                world.register(ours, Token(2), READ, Mode::Oneshot).unwrap();
                            guard.arm(both(), Mode::Level).unwrap();
                        }
                    })
                })
                .collect();
            for dropper in droppers {
                dropper.join().unwrap();
            }
            stop.wake().unwrap();
            waiter.join().unwrap();
        });
        assert_eq!(world.wait(&mut Events::with_capacity(4), Some(Duration::ZERO)).unwrap(), 0);
    });
}
