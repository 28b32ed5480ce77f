//! Both forms against a `BTreeMap`, with all invariants checked after each step.
#![forbid(unsafe_code)]

mod model;

use model::{Keyed, Pair, Subject, op};
use poll_timer::Deadlines;
use proptest::prelude::*;

/// How many runs: `PROPTEST_CASES`, or few enough for a debug build.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

/// A number of any magnitude.
fn magnitude() -> impl Strategy<Value = u64> {
    (0u32..64, any::<u64>()).prop_map(|(bits, number)| number >> bits)
}

/// Numbers that `op` makes an operation of.
fn raw() -> impl Strategy<Value = Vec<(u8, u32, u64, u16)>> {
    let ids = prop_oneof![Just(3u32), Just(12), Just(100), Just(600)];
    ids.prop_flat_map(|ids| {
        // Some runs stay within the finer levels, where most happens.
        let distance = prop_oneof![magnitude(), magnitude().prop_map(|n| n & 0xf_ffff), 0u64..300];
        prop::collection::vec((any::<u8>(), 0..ids, distance, any::<u16>()), 1..300)
    })
}

fn run<S: Subject>(raw: Vec<(u8, u32, u64, u16)>) {
    let mut pair = Pair::<S>::default();
    for (kind, id, distance, count) in raw {
        let op = op(&pair, kind, id, distance, count);
        pair.step(op);
        pair.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn deadlines_do_what_a_btree_map_does(raw in raw()) {
        run::<Deadlines>(raw);
    }

    #[test]
    fn a_wheel_does_what_a_btree_map_does(raw in raw()) {
        run::<Keyed>(raw);
    }
}

/// As many operations as `SOAK_OPERATIONS` says, or a hundred million, half for each form, from the
/// seed `SOAK_SEED`.
#[test]
#[ignore = "takes minutes: cargo test --release -p poll-timer --test oracle -- --ignored"]
fn soak() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let operations = number("SOAK_OPERATIONS", 100_000_000) / 2;
    let seed = number("SOAK_SEED", 1);
    std::thread::scope(|scope| {
        scope.spawn(|| soak_one::<Deadlines>(operations, seed));
        scope.spawn(|| soak_one::<Keyed>(operations, seed + 1));
    });
}

fn soak_one<S: Subject>(operations: u64, mut seed: u64) {
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (seed ^ seed >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ mixed >> 33
    };
    let mut done = 0;
    while done < operations {
        // A new wheel now and then, for time runs on to its end in each.
        let mut pair = Pair::<S>::default();
        let ids = [5, 40, 600, 20_000][(random() % 4) as usize];
        let bits = [20, 32, 50, 64][(random() % 4) as usize];
        let mut at_the_end = 0;
        for step in 0..20_000 {
            let distance = random() >> (64 - 1 - random() % bits);
            let (kind, id) = (random() as u8, (random() % ids) as u32);
            let op = op(&pair, kind, id, distance, random() as u16);
            pair.step(op);
            done += 1;
            if step % 1_024 == 0 {
                pair.check();
            }
            // Where time stands still there is little to see.
            at_the_end += u64::from(pair.now() > u64::MAX - 1_000);
            if at_the_end > 500 {
                break;
            }
        }
        pair.check();
    }
}
