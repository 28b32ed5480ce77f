//! Semantic 3: nothing is lost, everybody gets a turn, wakers and sources share a batch.

use std::collections::BTreeSet;
use std::time::Duration;

use poll_core::{Events, Mode, Token, Waker};

use crate::support::*;

const SOURCES: usize = 10;

/// Wakers have tokens from here on.
const WAKERS: usize = 1_000;

#[test]
fn a_batch_never_holds_more_than_its_capacity() {
    for_each_backend_and([1, 2, 3, 9, 10, 11], |world, capacity| {
        let pairs = ready_pairs(world, SOURCES);
        let _guards = watch_all(world, &pairs, Mode::Level);
        let wakers = wakers(world, 5);
        let mut events = Events::with_capacity(capacity);
        for _ in 0..8 {
            wake_all_of(&wakers);
            let count = world.wait(&mut events, Some(Duration::ZERO)).unwrap();
            assert!(count <= capacity && count == events.len() && events.iter().len() == count);
        }
    });
}

#[test]
fn what_does_not_fit_comes_later() {
    for_each_backend_and([1, 2, 3, 7], |world, capacity| {
        let pairs = ready_pairs(world, SOURCES);
        let _guards = watch_all(world, &pairs, Mode::Oneshot);
        let mut events = Events::with_capacity(capacity);
        let mut seen = Vec::new();
        for _ in 0..SOURCES.div_ceil(capacity) {
            seen.extend(tokens(&look_into(world, &mut events)));
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..SOURCES).collect::<Vec<_>>());
        assert_silent(world);
    });
}

#[test]
fn an_edge_that_does_not_fit_comes_later() {
    for_each_backend_and([1, 3, 7], |world, capacity| {
        if !world.supports(Mode::Edge) {
            return;
        }
        let pairs = ready_pairs(world, SOURCES);
        let _guards = watch_all(world, &pairs, Mode::Edge);
        let mut events = Events::with_capacity(capacity);
        let mut seen = Vec::new();
        for _ in 0..SOURCES.div_ceil(capacity) {
            seen.extend(tokens(&look_into(world, &mut events)));
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..SOURCES).collect::<Vec<_>>());
        assert_silent(world);
    });
}

#[test]
fn each_ready_source_appears_within_n_over_capacity_batches() {
    for_each_backend_and([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], |world, capacity| {
        let pairs = ready_pairs(world, SOURCES);
        let _guards = watch_all(world, &pairs, Mode::Level);
        let mut events = Events::with_capacity(capacity);
        for round in 0..5 {
            let mut seen = BTreeSet::new();
            for _ in 0..SOURCES.div_ceil(capacity) {
                seen.extend(tokens(&look_into(world, &mut events)));
            }
            assert_eq!(seen.len(), SOURCES, "round {round}, capacity {capacity}: {seen:?}");
        }
    });
}

#[test]
fn a_oneshot_that_fires_moves_nobody_out_of_turn() {
    for_each_backend_and([1, 2, 3], |world, capacity| {
        let pairs = ready_pairs(world, SOURCES);
        // Those that fire stand at every place once.
        for fires in 0..SOURCES {
            let _guards: Vec<_> = pairs
                .iter()
                .enumerate()
                .map(|(n, (ours, _))| {
                    let mode = if n == fires { Mode::Oneshot } else { Mode::Level };
                    watch(world, ours, n, READ, mode)
                })
                .collect();
            let mut events = Events::with_capacity(capacity);
            let mut seen = BTreeSet::new();
            for _ in 0..SOURCES.div_ceil(capacity) {
                seen.extend(tokens(&look_into(world, &mut events)));
            }
            assert_eq!(seen.len(), SOURCES, "{fires} fires, capacity {capacity}: {seen:?}");
        }
    });
}

#[test]
fn wakers_take_half_of_a_batch_that_sources_could_fill() {
    for_each_backend_and([2, 4, 8], |world, capacity| {
        let pairs = ready_pairs(world, SOURCES);
        let _guards = watch_all(world, &pairs, Mode::Level);
        let wakers = wakers(world, SOURCES);
        let mut events = Events::with_capacity(capacity);
        for _ in 0..5 {
            wake_all_of(&wakers);
            let seen = tokens(&look_into(world, &mut events));
            let woken = seen.iter().filter(|token| **token >= WAKERS).count();
            assert_eq!((woken, seen.len()), (capacity / 2, capacity));
        }
    });
}

#[test]
fn wakers_and_sources_take_turns_at_capacity_one() {
    for_each_backend(|world| {
        let pairs = ready_pairs(world, 2);
        let _guards = watch_all(world, &pairs, Mode::Level);
        let wakers = wakers(world, 2);
        let mut events = Events::with_capacity(1);
        let mut turns = Vec::new();
        for _ in 0..8 {
            wake_all_of(&wakers);
            let seen = tokens(&look_into(world, &mut events));
            assert_eq!(seen.len(), 1);
            turns.push(seen[0] >= WAKERS);
        }
        assert!(turns.windows(2).all(|pair| pair[0] != pair[1]), "{turns:?}");
    });
}

#[test]
fn neither_wakers_nor_sources_starve_the_others() {
    for_each_backend_and([1, 2, 3, 8], |world, capacity| {
        let pairs = ready_pairs(world, SOURCES);
        let _guards = watch_all(world, &pairs, Mode::Level);
        let wakers = wakers(world, SOURCES);
        let mut events = Events::with_capacity(capacity);
        for _ in 0..3 {
            let mut seen = BTreeSet::new();
            // Each side has half of the batches, rounded against it.
            for _ in 0..SOURCES.div_ceil(capacity) * 3 {
                wake_all_of(&wakers);
                seen.extend(tokens(&look_into(world, &mut events)));
            }
            assert_eq!(seen.len(), 2 * SOURCES, "capacity {capacity}: {seen:?}");
        }
    });
}

#[test]
fn wakers_alone_all_come_in_turn() {
    for_each_backend_and([1, 2, 3, 64], |world, capacity| {
        let wakers = wakers(world, 150);
        wake_all_of(&wakers);
        let mut events = Events::with_capacity(capacity);
        let mut seen = Vec::new();
        while seen.len() < wakers.len() {
            let now = tokens(&look_into(world, &mut events));
            assert!(!now.is_empty() && now.len() <= (capacity / 2).max(1));
            seen.extend(now);
        }
        seen.sort_unstable();
        assert_eq!(seen, (WAKERS..WAKERS + 150).collect::<Vec<_>>());
        assert_silent(world);
    });
}

#[test]
fn the_poller_s_own_wake_ups_take_no_slot() {
    for_each_backend(|world| {
        let _busy = world.busy();
        let (ours, theirs) = world.pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Level);
        let waker = world.waker(Token(2)).unwrap();
        let mut events = Events::with_capacity(1);
        for _ in 0..200 {
            let both = std::thread::scope(|scope| {
                scope.spawn(|| {
                    waker.wake().unwrap();
                    send(&theirs);
                });
                let mut both = BTreeSet::new();
                while both.len() < 2 {
                    both.extend(tokens(&next_into(world, &mut events)));
                }
                both
            });
            assert_eq!(both, BTreeSet::from([1, 2]));
            drain(&ours);
            assert!(look_into(world, &mut events).is_empty());
        }
    });
}

fn ready_pairs(world: &World, count: usize) -> Vec<(End, End)> {
    std::iter::repeat_with(|| world.readable_pair()).take(count).collect()
}

fn watch_all<'s>(
    world: &World,
    pairs: &'s [(End, End)],
    mode: Mode,
) -> Vec<poll_core::Registration<&'s End>> {
    let sources = pairs.iter().map(|(ours, _)| ours);
    sources.enumerate().map(|(n, ours)| watch(world, ours, n, READ, mode)).collect()
}

fn wakers(world: &World, count: usize) -> Vec<Waker> {
    (0..count).map(|n| world.waker(Token(WAKERS + n)).unwrap()).collect()
}

fn wake_all_of(wakers: &[Waker]) {
    for waker in wakers {
        waker.wake().unwrap();
    }
}
