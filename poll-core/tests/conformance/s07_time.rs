//! Semantic 7: `Ok(0)` comes only after the deadline, and any `Duration` is legal.

use std::time::{Duration, Instant};

use poll_core::{Events, Mode, Poller, Token};

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
    for_each_backend_and(SHORT, |poller, timeout| {
        let (ours, _theirs) = pair();
        let _guard = watch(poller, &ours, 1, READ, Mode::Level);
        let begun = Instant::now();
        assert_eq!(poller.wait(&mut Events::with_capacity(4), Some(timeout)).unwrap(), 0);
        assert!(begun.elapsed() >= timeout);
    });
}

#[test]
fn a_deadline_has_passed_on_the_poller_s_clock_when_nothing_is_reported() {
    for_each_backend_and(SHORT, |poller, timeout| {
        let deadline = poller.now() + timeout;
        let mut events = Events::with_capacity(4);
        assert_eq!(poller.wait_until(&mut events, Some(deadline)).unwrap(), 0);
        assert!(poller.now() >= deadline);
    });
}

#[test]
fn a_wait_of_no_length_comes_back_with_nothing() {
    for_each_backend(|poller| {
        let mut events = Events::with_capacity(4);
        let now = poller.now();
        for _ in 0..100 {
            assert_eq!(poller.wait(&mut events, Some(Duration::ZERO)).unwrap(), 0);
            assert_eq!(poller.wait_until(&mut events, Some(now)).unwrap(), 0);
        }
    });
}

#[test]
fn a_deadline_in_the_past_still_reports_what_is_ready() {
    for_each_backend(|poller| {
        let (ours, _theirs) = readable_pair();
        let _guard = watch(poller, &ours, 1, READ, Mode::Level);
        let now = poller.now();
        let past = now.checked_sub(Duration::from_millis(1)).unwrap_or(now);
        let mut events = Events::with_capacity(4);
        assert_eq!(poller.wait_until(&mut events, Some(past)).unwrap(), 1);
    });
}

#[test]
fn a_huge_timeout_is_no_error_and_reports_what_is_ready() {
    for_each_backend_and(HUGE, |poller, timeout| {
        let (ours, _theirs) = readable_pair();
        let _guard = watch(poller, &ours, 1, READ, Mode::Level);
        let mut events = Events::with_capacity(4);
        assert_eq!(poller.wait(&mut events, Some(timeout)).unwrap(), 1);
    });
}

#[test]
fn a_huge_timeout_is_ended_by_a_wake() {
    for_each_backend_and(HUGE, |poller, timeout| {
        let waker = poller.waker(Token(1)).unwrap();
        let worker = std::thread::spawn(move || waker.wake().unwrap());
        let mut events = Events::with_capacity(4);
        assert_eq!(poller.wait(&mut events, Some(timeout)).unwrap(), 1);
        worker.join().unwrap();
    });
}

#[test]
fn no_timeout_waits_for_the_event() {
    for_each_backend(|poller| {
        let (ours, theirs) = pair();
        let _guard = watch(poller, &ours, 1, READ, Mode::Level);
        let mut events = Events::with_capacity(4);
        let peer = std::thread::spawn(move || {
            send(&theirs);
            theirs
        });
        assert_eq!(poller.wait(&mut events, None).unwrap(), 1);
        drop(peer.join().unwrap());
        assert_eq!(poller.wait_until(&mut events, None).unwrap(), 1);
    });
}

#[test]
fn each_of_several_waiters_keeps_its_own_deadline() {
    for_each_backend(|poller| {
        std::thread::scope(|scope| {
            for millis in [3, 10, 20, 30] {
                scope.spawn(move || assert_waits_in_vain(poller, Duration::from_millis(millis)));
            }
        });
    });
}

#[test]
fn changes_by_another_thread_end_no_wait_early() {
    for_each_backend(|poller| {
        let (ours, _theirs) = pair();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| assert_waits_in_vain(poller, Duration::from_millis(30)));
            while !waiter.is_finished() {
                let guard = watch(poller, &ours, 1, READ, Mode::Level);
                guard.arm(READ, Mode::Oneshot).unwrap();
            }
        });
    });
}

fn assert_waits_in_vain(poller: &Poller, timeout: Duration) {
    let begun = Instant::now();
    assert_eq!(poller.wait(&mut Events::with_capacity(4), Some(timeout)).unwrap(), 0);
    assert!(begun.elapsed() >= timeout);
}
