//! A loop that reads its configuration again on SIGHUP and stops on SIGTERM or Ctrl-C.
//!
//! `cargo run -p poll-core --example signals`, then `kill -HUP` it, then press Ctrl-C.
#![forbid(unsafe_code)]

use std::io;

use poll_core::signal::{Signal, Signals};
use poll_core::{Events, Interest, Mode, Poller, Token};

fn main() -> io::Result<()> {
    let poller = Poller::new()?;
    let signals = Signals::new(&[Signal::HUP, Signal::TERM, Signal::INT])?;
    let signals = poller.register(signals, Token(0), Interest::READABLE, Mode::Level)?;
    println!("process {} waits for signals", std::process::id());

    let mut events = Events::with_capacity(16);
    loop {
        poller.wait(&mut events, None)?;
        for signal in signals.pending() {
            println!("{signal:?}");
            if signal != Signal::HUP {
                return Ok(());
            }
        }
    }
}
