//! Echoes what is typed, and says so when nothing was typed for two seconds.
//!
//! `cargo run -p poll-core --features driver --example driver`; end it with Ctrl-D.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use poll_core::driver::Driver;
use poll_core::{Events, Interest, Mode, Poller, Token};

const QUIET: Duration = Duration::from_secs(2);

fn main() -> io::Result<()> {
    let poller = Poller::new()?;
    // std's own reads ahead, and no poller reports what it has in its buffer.
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut input = poller.register(input, Token(0), Interest::READABLE, Mode::Level)?;
    let mut driver = Driver::new(poller);
    let mut timeout = driver.after(QUIET, "it is quiet");

    let mut events = Events::with_capacity(16);
    let mut buffer = [0; 4096];
    loop {
        driver.wait(&mut events, None)?;
        for _ in &events {
            match input.read(&mut buffer)? {
                0 => return Ok(()),
                n => print!("{}", String::from_utf8_lossy(&buffer[..n])),
            }
            driver.timers_mut().cancel(timeout);
            timeout = driver.after(QUIET, "it is quiet");
        }
        while let Some(text) = driver.next_expired() {
            println!("{text}");
            timeout = driver.after(QUIET, "it is quiet");
        }
    }
}
