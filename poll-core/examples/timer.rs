//! Ticks ten times a second, by a timer of the kernel's, and stops after the tenth.
//!
//! `cargo run -p poll-core --example timer`
#![forbid(unsafe_code)]

use std::io;
use std::time::{Duration, Instant};

use poll_core::timer::{Clock, KernelTimer};
use poll_core::{Events, Interest, Mode, Poller, Token};

fn main() -> io::Result<()> {
    let poller = Poller::new()?;
    let timer = KernelTimer::new(Clock::Monotonic)?;
    let timer = poller.register(timer, Token(0), Interest::READABLE, Mode::Level)?;
    let start = Instant::now();
    timer.every(Duration::from_millis(100))?;

    let mut events = Events::with_capacity(4);
    let mut ticks = 0;
    while ticks < 10 {
        poller.wait(&mut events, None)?;
        ticks += timer.take()?;
        println!("{ticks} after {:?}", start.elapsed());
    }
    Ok(())
}
