//! Both forms against a `BTreeMap`, with all invariants checked after each step.
#![forbid(unsafe_code)]

mod model;

use model::{Keyed, Pair, Subject, op};
use poll_timer::Deadlines;
use proptest::prelude::*;

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
        prop::collection::vec((any::<u8>(), 0..ids, distance, any::<u16>()), 1..400)
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
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn deadlines_do_what_a_btree_map_does(raw in raw()) {
        run::<Deadlines>(raw);
    }

    #[test]
    fn a_wheel_does_what_a_btree_map_does(raw in raw()) {
        run::<Keyed>(raw);
    }
}
