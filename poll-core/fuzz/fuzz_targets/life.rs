//! A script made of the input, on every backend, against the model of the conformance suite.
//!
//! `cargo +nightly fuzz run life` in `poll-core`.
#![no_main]
#![forbid(unsafe_code)]

#[path = "../../tests/conformance/equivalence.rs"]
mod equivalence;
#[path = "../../tests/conformance/support.rs"]
#[expect(dead_code, reason = "it serves the whole suite")]
mod support;
#[path = "../../tests/conformance/world.rs"]
#[expect(dead_code, reason = "it serves the whole suite")]
mod world;

use equivalence::{Step, play};
use libfuzzer_sys::fuzz_target;
use poll_core::Backend;

fuzz_target!(|data: &[u8]| {
    let steps =
        data.chunks_exact(3).take(200).map(|bytes| Step::of([bytes[0], bytes[1], bytes[2]]));
    let script: Vec<Step> = steps.collect();
    for backend in Backend::available() {
        play(*backend, &script);
    }
});
