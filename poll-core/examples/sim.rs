//! A server tested in a thousand simulated worlds, each with other luck, in a moment.
//!
//! `cargo run -p poll-core --example sim`; with `-- careless` the server forgets to drain its edges, and
//! a world is found in which that matters.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use poll_core::sim::{Connector, Listener, Sim, Stream};
use poll_core::{Events, Interest, Mode, Poller, Registration, Token, Tokens};

const LISTENER: Token = Token::fixed(0);
const CLIENTS: usize = 10;
const WORLDS: u64 = 1_000;

/// Adds up what its clients send, until the last of them has closed. It knows nothing of a simulation
/// but the names of the types, for which a trait or a generic parameter does as well.
fn serve(poller: &Poller, listener: Listener, careless: bool) -> io::Result<u64> {
    let listener = poller.register(listener, LISTENER, Interest::READABLE, Mode::Level)?;
    let mut connections: Tokens<Registration<Stream>> = Tokens::new();
    let mut events = Events::with_capacity(4);
    let (mut sum, mut closed) = (0, 0);
    while closed < CLIENTS {
        poller.wait(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                let stream = listener.accept()?;
                connections.try_insert_with(|token| {
                    poller.register(stream, token, Interest::READABLE, Mode::Edge)
                })?;
                continue;
            }
            let Some(mut connection) = connections.get(event.token()) else { continue };
            let mut buffer = [0; 16];
            loop {
                match connection.read(&mut buffer) {
                    Ok(0) => {
                        connections.remove(event.token());
                        closed += 1;
                        break;
                    }
                    Ok(n) => sum += buffer[..n].iter().map(|byte| u64::from(*byte)).sum::<u64>(),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
                if careless {
                    break;
                }
            }
        }
    }
    Ok(sum)
}

/// A client that comes some time, sends something now and something later, and goes.
fn client(sim: &Sim, connector: Connector) {
    let millis = |most: u64| Duration::from_millis(sim.random() % most);
    let (comes, speaks) = (millis(100), millis(100));
    sim.after(comes, move |sim| {
        let mut stream = connector.connect().expect("the server listens");
        stream.write_all(&[1; 5]).expect("there is room");
        sim.after(speaks, move |_| stream.write_all(&[2; 5]).expect("there is room"));
    });
}

fn main() -> io::Result<()> {
    let careless = std::env::args().any(|argument| argument == "careless");
    let begin = Instant::now();
    let mut passed = Duration::ZERO;
    for seed in 0..WORLDS {
        let sim = Sim::new(seed);
        let (poller, (listener, connector)) = (sim.poller()?, sim.listener(64)?);
        let start = poller.now();
        for _ in 0..CLIENTS {
            client(&sim, connector.clone());
        }
        match serve(&poller, listener, careless) {
            Ok(sum) => assert_eq!(sum, 15 * CLIENTS as u64, "seed {seed}"),
            Err(error) => {
                println!("seed {seed}: {error}");
                return Ok(());
            }
        }
        passed += poller.now() - start;
    }
    println!("{WORLDS} worlds, {passed:?} of their time, {:?} of ours", begin.elapsed());
    Ok(())
}
