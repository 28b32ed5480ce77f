//! One phase of one peer, to be counted: `valgrind --tool=callgrind --toggle-collect='*counted*'`.
#![forbid(unsafe_code)]

use std::hint::black_box;

use poll_timer_benches::Peer;
use poll_timer_benches::peers::{Delay, Dense, Heap, Keyed, Nexus, runtime};
use poll_timer_benches::workloads::Random;

/// The operations of one phase. Its instructions, divided by their number, are the figure.
#[inline(never)]
fn counted<R>(phase: impl FnOnce() -> R) -> R {
    phase()
}

fn run<P: Peer>(phase: &str, count: u32) {
    let mut peer = P::new();
    let mut random = Random::new();
    let mut expired = Vec::new();
    let deadlines: Vec<u64> = (0..count).map(|_| 1 + u64::from(random.below(60_000))).collect();
    let order: Vec<u32> = (0..count).map(|_| random.below(count)).collect();
    let mut keys: Vec<Option<P::Key>> = (0..count).map(|_| None).collect();
    let insert = |peer: &mut P, keys: &mut Vec<Option<P::Key>>| {
        for (id, deadline) in (0..count).zip(&deadlines) {
            keys[id as usize] = Some(peer.insert(id, *deadline));
        }
    };
    match phase {
        "insert" => counted(|| insert(&mut peer, &mut keys)),
        "cancel" => {
            insert(&mut peer, &mut keys);
            counted(|| {
                for id in 0..count {
                    if let Some(key) = keys[id as usize].take() {
                        peer.cancel(id, key);
                    }
                }
            });
        }
        "reset" => {
            insert(&mut peer, &mut keys);
            counted(|| {
                for &id in &order {
                    if let Some(key) = keys[id as usize].take() {
                        keys[id as usize] = Some(peer.reset(id, key, 70_000));
                    }
                }
            });
        }
        "expire" => {
            insert(&mut peer, &mut keys);
            counted(|| {
                for now in 1..=60_001 {
                    peer.advance(now, &mut expired);
                    expired.clear();
                }
            });
        }
        "next" => {
            for id in 0..count {
                keys[id as usize] = Some(peer.insert(id, 10_000 + u64::from(id)));
            }
            counted(|| {
                for id in 0..count / 5 {
                    if let Some(key) = keys[id as usize].take() {
                        peer.cancel(id, key);
                    }
                    let deadline = 10_000 + u64::from(count) + u64::from(id);
                    keys[id as usize] = Some(peer.insert(id, deadline));
                    black_box(peer.next());
                }
            });
        }
        "floor" => counted(|| {
            for &id in &order {
                if let Some(key) = keys[id as usize].take() {
                    keys[id as usize] = Some(key);
                }
            }
        }),
        _ => eprintln!("insert, cancel, reset, expire, next or floor"),
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let peer = arguments.next().unwrap_or_default();
    let phase = arguments.next().unwrap_or_default();
    let count = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let (_, _guard) = runtime();
    match peer.as_str() {
        "dense" => run::<Dense>(&phase, count),
        "keyed" => run::<Keyed>(&phase, count),
        "heap" => run::<Heap>(&phase, count),
        "nexus" => run::<Nexus>(&phase, count),
        "delay" => run::<Delay>(&phase, count),
        _ => eprintln!("dense, keyed, heap, nexus or delay; then the phase; then how many"),
    }
}
