//! Fairness in a crowd: one source that floods and many that speak once.

use std::collections::BTreeSet;
use std::io::Write;

use poll_core::{Events, Mode, Token};

use crate::support::*;

const FLOODING: usize = 0;
const QUIET: usize = 1_023;
const WAKER: usize = 9_999;

#[test]
fn every_quiet_source_is_heard_beside_a_flooding_one() {
    for_each_backend_and([1, 2, 7, 64], |world, capacity| {
        hear_everybody(world, capacity, QUIET.div_ceil(capacity) + 1, || {});
    });
}

#[test]
fn every_quiet_source_is_heard_beside_a_flooding_one_and_a_flooding_waker() {
    for_each_backend_and([1, 2, 7, 64], |world, capacity| {
        let waker = world.waker(Token(WAKER)).unwrap();
        let batches = 2 * (QUIET.div_ceil(capacity) + 1);
        let woken = hear_everybody(world, capacity, batches, || waker.wake().unwrap());
        assert!(woken >= batches / 2, "{woken} wakes in {batches} batches");
    });
}

/// Asserts that each quiet source is heard within so many batches; how many wakes were heard.
fn hear_everybody(world: &World, capacity: usize, batches: usize, wake: impl Fn()) -> usize {
    let _limit = Limit::set(|highest| highest.min(4_096));
    let (mouth, ear) = world.pair();
    let _flooding = watch(world, &ear, FLOODING, READ, Mode::Level);
    let _quiet: Vec<_> = (1..=QUIET)
        .map(|token| {
            let (ear, mouth) = world.readable_pair();
            (world.register(ear, Token(token), READ, Mode::Level).unwrap(), mouth)
        })
        .collect();

    let mut events = Events::with_capacity(capacity);
    let mut heard = BTreeSet::new();
    let mut woken = 0;
    for _ in 0..batches {
        flood(&mouth);
        wake();
        for token in tokens(&look_into(world, &mut events)) {
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
fn flood(mut mouth: &End) {
    while mouth.write(&[0; 4_096]).is_ok() {}
}
