//! Runs a command, shows its output as it comes, and its exit: all in one loop.
//!
//! `cargo run -p poll-core --example child -- sh -c 'echo one; sleep 1; echo two; exit 3'`
#![forbid(unsafe_code)]

use std::env;
use std::io::{self, Read};
use std::process::{Command, Stdio};

use poll_core::child::Process;
use poll_core::{Events, Interest, Mode, Poller, Token};

const EXIT: Token = Token::fixed(0);
const OUTPUT: Token = Token::fixed(1);

fn main() -> io::Result<()> {
    let mut arguments = env::args_os().skip(1);
    let program = arguments.next().unwrap_or_else(|| "date".into());
    let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn()?;

    let poller = Poller::new()?;
    let output = child.stdout.take().expect("it was asked for");
    let mut output = Some(poller.register(output, OUTPUT, Interest::READABLE, Mode::Level)?);
    let process = poller.register(Process::new(child)?, EXIT, Interest::READABLE, Mode::Level)?;

    let mut events = Events::with_capacity(16);
    let mut buffer = [0; 4096];
    // It may exit before the last of its output is read.
    while output.is_some() || process.mode().is_some() {
        poller.wait(&mut events, None)?;
        for event in &events {
            match (event.token(), &mut output) {
                (OUTPUT, Some(pipe)) => match pipe.read(&mut buffer)? {
                    0 => output = None,
                    n => print!("output: {}", String::from_utf8_lossy(&buffer[..n])),
                },
                _ => {
                    if let Some(status) = process.try_wait()? {
                        println!("{status}");
                        process.disarm()?;
                    }
                }
            }
        }
    }
    Ok(())
}
