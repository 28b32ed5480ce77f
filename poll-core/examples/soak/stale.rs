//! Events of connections that are gone before the loop comes to them, while their descriptor number,
//! their open file and their slot already belong to successors.

use std::collections::HashSet;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use poll_core::{Events, Interest, Mode, Poller, Registration, Token, Tokens};

use crate::{CAP, Dice, Orders, pair};

/// Connections in a batch; each batch but for its first event is stale.
const BATCH: usize = 64;

type Connections = Tokens<Registration<UnixStream>>;

pub(crate) fn run(orders: Orders) -> String {
    let (modes, share) = orders.shares();
    let stale: u64 = modes.map(|mode| one(orders, mode, share)).sum();
    format!("{stale} stale events, none of which found a connection")
}

fn one(orders: Orders, mode: Mode, count: u64) -> u64 {
    let poller = orders.poller();
    let (file, mut peer) = pair();
    peer.write_all(b"x").expect("room for a byte");
    let mut dice = Dice::new(orders.seed);
    let mut events = Events::with_capacity(BATCH);
    let mut connections = Connections::new();
    for _ in 0..BATCH {
        open(&poller, &mut connections, &file, mode);
    }
    let mut stale = 0;
    while stale < count {
        let ready = poller.wait(&mut events, CAP).expect("a wait");
        // Nothing is read, so each connection is ready once more in each batch, and no other is.
        assert_eq!(ready, BATCH, "{mode:?}");
        let tokens: HashSet<Token> = events.iter().map(|event| event.token()).collect();
        assert_eq!(tokens.len(), BATCH, "{mode:?}: a connection was reported twice");
        for token in &tokens {
            assert!(connections.contains(*token), "{mode:?}: {token:?} was dropped batches ago");
        }
        // The handler of one event closes every connection, in an order of its own …
        let mut dying: Vec<Token> = events.iter().map(|event| event.token()).collect();
        for last in (1..dying.len()).rev() {
            dying.swap(last, dice.below(last + 1));
        }
        for token in dying {
            let gone = connections.remove(token).expect("found above");
            let number = gone.as_raw_fd();
            if dice.below(2) == 0 {
                drop(gone);
            } else {
                drop(gone.deregister());
            }
            // … and accepts another in its place at once: same file, same number, same slot.
            let (successor, same) = open(&poller, &mut connections, &file, mode);
            assert_eq!((same, successor.slot()), (number, token.slot()), "{mode:?}");
        }
        for event in &events {
            assert!(connections.get(event.token()).is_none(), "{mode:?}: a stale event was heard");
            stale += 1;
        }
    }
    stale
}

/// Another descriptor of `file`, which is readable from the start.
fn open(
    poller: &Poller,
    connections: &mut Connections,
    file: &UnixStream,
    mode: Mode,
) -> (Token, i32) {
    let source = file.try_clone().expect("a descriptor");
    let number = source.as_raw_fd();
    let register = |token| poller.register(source, token, Interest::READABLE, mode);
    (connections.try_insert_with(register).expect("a registration"), number)
}
