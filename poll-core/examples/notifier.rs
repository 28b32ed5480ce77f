//! A loop that is told by a worker, without the kernel, that there is work to fetch.
//!
//! `cargo run -p poll-core --example notifier`
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;
use std::thread;

use poll_core::{Events, Mode, Poller, Readiness, Token};

const RESULTS: Token = Token::fixed(0);
const JOBS: usize = 5;

fn main() -> io::Result<()> {
    let poller = Poller::new()?;
    let ready = poller.notifier(RESULTS, Mode::Level)?;
    let results = Mutex::new(VecDeque::new());

    thread::scope(|scope| {
        for job in 0..JOBS {
            let (ready, results) = (ready.clone(), &results);
            scope.spawn(move || {
                let square = (job, job * job);
                results.lock().unwrap_or_else(|e| e.into_inner()).push_back(square);
                ready.set(Readiness::READABLE)
            });
        }
        let mut events = Events::with_capacity(16);
        let mut done = 0;
        while done < JOBS {
            poller.wait(&mut events, None)?;
            for event in &events {
                println!("{event:?}");
                // First clear, then look: what comes later makes an event of its own.
                ready.clear(Readiness::READABLE);
                let mut results = results.lock().unwrap_or_else(|e| e.into_inner());
                while let Some((job, square)) = results.pop_front() {
                    println!("{job} squared is {square}");
                    done += 1;
                }
            }
        }
        Ok(())
    })
}
