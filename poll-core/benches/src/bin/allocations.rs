//! Counts allocations per operation, and the bytes that an idle registration keeps.
//!
//! A program of its own: a counting allocator would slow what is measured elsewhere.
#![forbid(unsafe_code)]

use std::alloc::System;
use std::sync::Arc;

use poll_core::{Interest, Mode, Poller, Registration, Token};
use poll_core_benches::peers::Peer;
use poll_core_benches::workloads::ALL;
use rustix::event::{EventfdFlags, eventfd};
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const TIMES: u64 = 64;

fn main() {
    for workload in ALL.iter().filter(|workload| workload.sources <= 1024) {
        let rust = |peer: &&Peer| peer.program().is_none() && **peer != Peer::RawAgain;
        for peer in Peer::ALL.iter().filter(rust) {
            let Some(mut body) = workload.body(*peer) else { continue };
            // What grows once has grown.
            body(TIMES);
            let region = Region::new(GLOBAL);
            body(TIMES);
            let made = region.change();
            let count = made.allocations + made.reallocations;
            let line = json!({ "workload": workload.name, "peer": peer.name(),
                "allocations": count as f64 / TIMES as f64 });
            println!("{line}");
        }
    }
    println!(
        "{}",
        json!({ "bytes_per_registration": bytes_per_registration(),
        "bytes_of_guard": size_of::<Registration<Arc<std::os::fd::OwnedFd>>>()
            - size_of::<Arc<std::os::fd::OwnedFd>>() })
    );
}

/// What the heap holds of 10,000 guards beyond the guards themselves.
fn bytes_per_registration() -> f64 {
    const N: usize = 10_000;
    let sources: Vec<_> =
        (0..N).map(|_| Arc::new(eventfd(0, EventfdFlags::CLOEXEC).unwrap())).collect();
    let poller = Poller::new().unwrap();
    let mut guards = Vec::with_capacity(N);
    let region = Region::new(GLOBAL);
    for (token, source) in sources.iter().enumerate() {
        let source = source.clone();
        guards
            .push(poller.register(source, Token(token), Interest::READABLE, Mode::Level).unwrap());
    }
    let change = region.change();
    (change.bytes_allocated - change.bytes_deallocated) as f64 / N as f64
}
