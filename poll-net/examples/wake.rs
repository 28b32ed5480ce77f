//! Waking an event loop from another thread: work is done elsewhere, its results come back here.
//!
//! A channel carries the results and a waker tells of them. Wakes that come while one is pending are
//! one event, so the loop takes all that the channel holds, whatever the number of events.
#![forbid(unsafe_code)]

use std::io;
use std::sync::mpsc;
use std::thread;

use poll_core::{Events, Poller, Token};

const RESULTS: Token = Token::fixed(0);
const WORKERS: u64 = 4;
const EACH: u64 = 1000;

/// Sums what four threads compute.
pub(crate) fn main() -> io::Result<()> {
    let poller = Poller::new()?;
    let waker = poller.waker(RESULTS)?;
    let (sender, results) = mpsc::channel();

    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (sender, waker) = (sender.clone(), waker.clone());
            thread::spawn(move || {
                for n in 0..EACH {
                    let result = worker * EACH + n;
                    // First the result, then the wake: who is woken finds it.
                    sender.send(result).expect("the loop receives until all have ended");
                    waker.wake()?;
                }
                io::Result::Ok(())
            })
        })
        .collect();

    let mut events = Events::with_capacity(8);
    let (mut count, mut sum, mut wakes) = (0, 0, 0);
    while count < WORKERS * EACH {
        poller.wait(&mut events, None)?;
        for event in &events {
            assert_eq!(event.token(), RESULTS);
            wakes += 1;
            for result in results.try_iter() {
                count += 1;
                sum += result;
            }
        }
    }
    for worker in workers {
        worker.join().expect("a worker does not panic")?;
    }
    let all = WORKERS * EACH;
    assert_eq!(sum, all * (all - 1) / 2);
    println!("{count} results from {wakes} event(s)");
    Ok(())
}
