//! A script made of the input, on every backend, against the model of the conformance suite.
//!
//! `cargo +nightly fuzz run life` in `poll-core`.
#![no_main]
#![forbid(unsafe_code)]

#[path = "../../tests/conformance/equivalence.rs"]
#[expect(dead_code, reason = "the suite makes its scripts in another way")]
mod equivalence;
#[path = "../../tests/conformance/support.rs"]
#[expect(dead_code, reason = "it serves the whole suite")]
mod support;
#[path = "../../tests/conformance/world.rs"]
#[expect(dead_code, reason = "it serves the whole suite")]
mod world;

use equivalence::{SLOTS, Step, play};
use libfuzzer_sys::fuzz_target;
use poll_core::{Backend, Interest, Mode};

/// One step of three bytes: what, which slot, how.
fn step(bytes: &[u8]) -> Step {
    let slot = usize::from(bytes[1]) % SLOTS;
    let interest = match bytes[2] % 3 {
        0 => Interest::READABLE,
        1 => Interest::WRITABLE,
        _ => Interest::READABLE | Interest::WRITABLE,
    };
    let mode = [Mode::Level, Mode::Oneshot, Mode::Edge][usize::from(bytes[2] / 3 % 3)];
    match bytes[0] % 16 {
        0 => Step::Open(slot),
        1 | 2 => Step::Arm(slot, interest, mode),
        3 => Step::Disarm(slot),
        4 => Step::SetToken(slot),
        5 => Step::Drop(slot),
        6 => Step::Close(slot),
        7 => Step::Deregister(slot),
        8 => Step::Add(slot, interest, mode),
        9 => Step::Modify(slot, interest, mode),
        10 => Step::Delete(slot),
        11 => Step::Write(slot),
        12 => Step::HalfClose(slot),
        13 => Step::HangUp(slot),
        14 => Step::Read(slot),
        _ => Step::Wait(1 + usize::from(bytes[2] % 5)),
    }
}

fuzz_target!(|data: &[u8]| {
    let script: Vec<Step> = data.chunks_exact(3).take(200).map(step).collect();
    for backend in Backend::available() {
        play(*backend, &script);
    }
});
