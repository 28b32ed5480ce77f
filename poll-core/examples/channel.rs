//! Workers send results to a loop through a bounded channel; the loop takes a fair share of them for
//! each event.
//!
//! `cargo run -p poll-core --example channel`
#![forbid(unsafe_code)]

use std::io;
use std::thread;

use poll_core::{Events, Poller, Token, channel};

const RESULTS: Token = Token::fixed(0);

fn main() -> io::Result<()> {
    let poller = Poller::new()?;
    let (sender, receiver) = channel::bounded(&poller, RESULTS, 8)?;
    let workers: Vec<_> = (1..=3_u64)
        .map(|worker| {
            let sender = sender.clone();
            thread::spawn(move || (1..=5).all(|n| sender.send((worker, worker.pow(n))).is_ok()))
        })
        .collect();
    drop(sender);

    let mut events = Events::with_capacity(16);
    while !receiver.is_closed() {
        poller.wait(&mut events, None)?;
        let batch: Vec<_> = receiver.drain(4).collect();
        println!("{events:?}: {batch:?}");
    }
    for worker in workers {
        assert!(worker.join().is_ok_and(|heard| heard));
    }
    Ok(())
}
