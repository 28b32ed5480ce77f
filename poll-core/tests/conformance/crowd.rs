//! Fairness in a crowd: one source that floods and many that speak once.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::net::{UnixDatagram, UnixStream};

use poll_core::{Events, Mode, Poller, Token};

use crate::support::*;

const FLOODING: usize = 0;
const QUIET: usize = 1_023;
const WAKER: usize = 9_999;

#[test]
fn every_quiet_source_is_heard_beside_a_flooding_one() {
    for_each_backend_and([1, 2, 7, 64], |poller, capacity| {
        hear_everybody(poller, capacity, QUIET.div_ceil(capacity) + 1, || {});
    });
}

#[test]
fn every_quiet_source_is_heard_beside_a_flooding_one_and_a_flooding_waker() {
    for_each_backend_and([1, 2, 7, 64], |poller, capacity| {
        let waker = poller.waker(Token(WAKER)).unwrap();
        let batches = 2 * (QUIET.div_ceil(capacity) + 1);
        let woken = hear_everybody(poller, capacity, batches, || waker.wake().unwrap());
        assert!(woken >= batches / 2, "{woken} wakes in {batches} batches");
    });
}

/// Asserts that each quiet source is heard within so many batches; how many wakes were heard.
fn hear_everybody(poller: &Poller, capacity: usize, batches: usize, wake: impl Fn()) -> usize {
    let _limit = Limit::set(|highest| highest.min(4_096));
    let (mouth, ear) = pair();
    let _flooding = watch(poller, &ear, FLOODING, READ, Mode::Level);
    let _quiet: Vec<_> = (1..=QUIET)
        .map(|token| {
            let (mouth, ear) = UnixDatagram::pair().unwrap();
            mouth.send(b"once").unwrap();
            poller.register(ear, Token(token), READ, Mode::Level).unwrap()
        })
        .collect();

    let mut events = Events::with_capacity(capacity);
    let mut heard = BTreeSet::new();
    let mut woken = 0;
    for _ in 0..batches {
        flood(&mouth);
        wake();
        for token in tokens(&look_into(poller, &mut events)) {
            match token {
                FLOODING => read_one(&ear),
                WAKER => woken += 1,
                quiet => drop(heard.insert(quiet)),
            }
        }
    }
    assert_eq!(heard.len(), QUIET, "capacity {capacity}, {batches} batches");
    woken
}

/// Writes until there is no more room.
fn flood(mut mouth: &UnixStream) {
    while mouth.write(&[0; 4_096]).is_ok() {}
}
