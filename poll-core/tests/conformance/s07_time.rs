//! Semantic 7: `Ok(0)` comes only after the deadline, and any `Duration` is legal.

use std::time::Duration;

use poll_core::{Events, Mode, Token};

use crate::support::*;

const SHORT: [Duration; 6] = [
    Duration::from_nanos(1),
    Duration::from_micros(300),
    Duration::from_millis(1),
    Duration::from_nanos(1_000_001),
    Duration::from_micros(2_999),
    Duration::from_millis(20),
];

/// Longer than some integer that a system counts time in.
const HUGE: [Duration; 6] = [
    Duration::MAX,
    Duration::from_secs(u64::MAX),
    Duration::from_secs(i64::MAX as u64),
    Duration::from_secs(100_000_001),
    Duration::from_millis(1 << 31),
    Duration::from_micros((1 << 32) + 1),
];

#[test]
fn nothing_is_reported_before_the_timeout_is_over() {
    for_each_backend_and(SHORT, |world, timeout| {
        let (ours, _theirs) = world.pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Level);
        let begun = world.now();
        assert_eq!(world.wait(&mut Events::with_capacity(4), Some(timeout)).unwrap(), 0);
        assert!(world.now() - begun >= timeout);
    });
}

#[test]
fn a_deadline_has_passed_on_the_poller_s_clock_when_nothing_is_reported() {
    for_each_backend_and(SHORT, |world, timeout| {
        let deadline = world.now() + timeout;
        let mut events = Events::with_capacity(4);
        assert_eq!(world.wait_until(&mut events, Some(deadline)).unwrap(), 0);
        assert!(world.now() >= deadline);
    });
}

#[test]
fn a_wait_of_no_length_comes_back_with_nothing() {
    for_each_backend(|world| {
        let mut events = Events::with_capacity(4);
        let now = world.now();
        for _ in 0..100 {
            assert_eq!(world.wait(&mut events, Some(Duration::ZERO)).unwrap(), 0);
            assert_eq!(world.wait_until(&mut events, Some(now)).unwrap(), 0);
        }
    });
}

#[test]
fn a_deadline_in_the_past_still_reports_what_is_ready() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.readable_pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Level);
        let now = world.now();
        let past = now.checked_sub(Duration::from_millis(1)).unwrap_or(now);
        let mut events = Events::with_capacity(4);
        assert_eq!(world.wait_until(&mut events, Some(past)).unwrap(), 1);
    });
}

#[test]
fn a_huge_timeout_is_no_error_and_reports_what_is_ready() {
    for_each_backend_and(HUGE, |world, timeout| {
        let (ours, _theirs) = world.readable_pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Level);
        let mut events = Events::with_capacity(4);
        assert_eq!(world.wait(&mut events, Some(timeout)).unwrap(), 1);
    });
}

#[test]
fn a_huge_timeout_is_ended_by_a_wake() {
    for_each_backend_and(HUGE, |world, timeout| {
        let _busy = world.busy();
        let waker = world.waker(Token(1)).unwrap();
        let worker = std::thread::spawn(move || waker.wake().unwrap());
        let mut events = Events::with_capacity(4);
        assert_eq!(world.wait(&mut events, Some(timeout)).unwrap(), 1);
        worker.join().unwrap();
    });
}

#[test]
fn no_timeout_waits_for_the_event() {
    for_each_backend(|world| {
        let (ours, theirs) = world.pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Level);
        let mut events = Events::with_capacity(4);
        let _busy = world.busy();
        let peer = std::thread::spawn(move || {
            send(&theirs);
            theirs
        });
        assert_eq!(world.wait(&mut events, None).unwrap(), 1);
        drop(peer.join().unwrap());
        assert_eq!(world.wait_until(&mut events, None).unwrap(), 1);
    });
}

#[test]
fn each_of_several_waiters_keeps_its_own_deadline() {
    for_each_backend(|world| {
        std::thread::scope(|scope| {
            for millis in [3, 10, 20, 30] {
                scope.spawn(move || assert_waits_in_vain(world, Duration::from_millis(millis)));
            }
        });
    });
}

#[test]
fn changes_by_another_thread_end_no_wait_early() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.pair();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| assert_waits_in_vain(world, Duration::from_millis(30)));
            while !waiter.is_finished() {
                let guard = watch(world, &ours, 1, READ, Mode::Level);
                guard.arm(READ, Mode::Oneshot).unwrap();
            }
        });
    });
}

fn assert_waits_in_vain(world: &World, timeout: Duration) {
    let begun = world.now();
    assert_eq!(world.wait(&mut Events::with_capacity(4), Some(timeout)).unwrap(), 0);
    assert!(world.now() - begun >= timeout);
}
