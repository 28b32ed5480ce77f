//! Both forms of the wheel against a `BTreeMap`, by operations made of the input.
//!
//! `cargo +nightly fuzz run oracle` in `poll-timer`.
#![no_main]

#[path = "../../tests/model/mod.rs"]
mod model;

use libfuzzer_sys::fuzz_target;
use model::{Keyed, Pair, Subject, op};
use poll_timer::Deadlines;

fn run<S: Subject>(data: &[u8]) {
    let mut pair = Pair::<S>::default();
    for bytes in data.chunks_exact(13) {
        let number = |from: usize, len: usize| {
            bytes[from..from + len].iter().fold(0u64, |all, &byte| all << 8 | u64::from(byte))
        };
        // Kind, id, how many bits of the distance count, the distance, and a count.
        let distance = number(3, 8) >> (bytes[2] % 64);
        let op = op(&pair, bytes[0], u32::from(bytes[1]), distance, number(11, 2) as u16);
        pair.step(op);
        pair.check();
    }
}

fuzz_target!(|data: &[u8]| {
    run::<Deadlines>(data);
    run::<Keyed>(data);
});
