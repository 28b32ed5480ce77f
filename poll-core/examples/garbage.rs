//! Waits that the kernel answers with garbage: whatever it says, no more events come than there is
//! room for, none that is not known finds a connection, and nothing goes wrong when it talks sense
//! again.
//!
//! Alone it merely runs: `cargo run -p poll-core --example garbage -- epoll look`. `cargo xtask garbage`
//! runs it under strace, which writes over the answers of the first [`SPOILT`] waits.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use poll_core::{Backend, Event, Events, Interest, Mode, Poller, Registration, Token, Tokens};

/// How many answers are written over at most, as `cargo xtask garbage` is told, too.
const SPOILT: usize = 24;
const CAPACITY: usize = 8;
const WAKE: Token = Token::fixed(7);
const LOOK: [Duration; 1] = [Duration::ZERO];
/// On Linux the first is a call of its own.
const SLEEP: [Duration; 2] = [Duration::from_micros(300), Duration::from_millis(1)];

struct Connection {
    ours: Registration<UnixStream>,
    peer: UnixStream,
    mode: Mode,
}

#[derive(Default)]
struct Seen {
    waits: usize,
    events: usize,
    /// Of no connection.
    unknown: usize,
    /// Of a connection that had nothing to read.
    untrue: usize,
}

impl Connection {
    fn new(poller: &Poller, token: Token, mode: Mode) -> io::Result<Self> {
        let (ours, peer) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let ours = poller.register(ours, token, Interest::READABLE, mode)?;
        Ok(Self { ours, peer, mode })
    }

    /// Reads all there is, and says whether there was anything.
    fn drain(&self) -> bool {
        let mut any = false;
        loop {
            match (&mut &*self.ours).read(&mut [0; 64]) {
                Ok(0) => unreachable!("the peer is ours and open"),
                Ok(_) => any = true,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return any,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Everything that can be asked of an event, whatever is in it.
fn ask(event: Event) -> usize {
    format!("{event:?}{:?}", event.readiness()).len()
}

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, how] = words.as_slice() else {
        return Err(io::Error::other("BACKEND look|sleep"));
    };
    let known = |b: &&Backend| format!("{b:?}").to_lowercase() == *name;
    let Some(&backend) = Backend::available().iter().find(known) else {
        return Err(io::Error::other(format!("which of {:?}?", Backend::available())));
    };
    let timeouts: &[Duration] = if how == "look" { &LOOK } else { &SLEEP };
    let poller = Poller::with_backend(backend)?;
    let mut connections = Tokens::new();
    // The oneshot last: its line in poll(2)'s list is blank once it has fired.
    let last = if poller.supports(Mode::Edge) { Mode::Edge } else { Mode::Level };
    for mode in [Mode::Level, Mode::Level, last, Mode::Oneshot] {
        connections.try_insert_with(|token| Connection::new(&poller, token, mode))?;
    }
    let mut seen = Seen::default();
    let mut events = Events::with_capacity(CAPACITY);
    for _ in 0..2 * SPOILT {
        for timeout in timeouts {
            one(&poller, &connections, &mut events, *timeout, &mut seen)?;
        }
    }
    sense(&poller, &connections, &mut events)?;
    let Seen { waits, events, unknown, untrue } = seen;
    println!("ok: {waits} waits, {events} events, {unknown} unknown, {untrue} untrue");
    Ok(())
}

/// A wait that may be lied to, and what a loop makes of it.
fn one(
    poller: &Poller,
    connections: &Tokens<Connection>,
    events: &mut Events,
    timeout: Duration,
    seen: &mut Seen,
) -> io::Result<()> {
    for (_, connection) in connections.iter() {
        (&connection.peer).write_all(b"x")?;
    }
    seen.waits += 1;
    let n = poller.wait(events, Some(timeout))?;
    assert!(n == events.len() && n <= CAPACITY, "{n} events");
    for event in &*events {
        seen.events += 1;
        assert!(ask(event) > 0);
        match connections.get(event.token()) {
            None => seen.unknown += 1,
            Some(connection) => {
                seen.untrue += usize::from(!connection.drain());
                connection.ours.arm(Interest::READABLE, connection.mode)?;
            }
        }
    }
    Ok(())
}

/// The kernel is itself again: exactly what is ready is reported, and a wake is heard.
fn sense(poller: &Poller, connections: &Tokens<Connection>, events: &mut Events) -> io::Result<()> {
    let all: BTreeSet<Token> = connections.iter().map(|(token, _)| token).collect();
    for (_, connection) in connections.iter() {
        connection.drain();
        // What was said of it may have been lost.
        connection.ours.arm(Interest::READABLE, connection.mode)?;
    }
    for _ in 0..4 {
        assert_eq!(poller.wait(events, Some(Duration::ZERO))?, 0, "{events:?}");
        for (_, connection) in connections.iter() {
            (&connection.peer).write_all(b"x")?;
        }
        poller.wait(events, Some(Duration::from_secs(10)))?;
        assert_eq!(events.iter().map(|event| event.token()).collect::<BTreeSet<_>>(), all);
        for event in &*events {
            assert!(
                event.is_readable() && !event.is_read_closed() && !event.is_error(),
                "{event:?}"
            );
        }
        for (_, connection) in connections.iter() {
            assert!(connection.drain(), "it was said to be readable");
            connection.ours.arm(Interest::READABLE, connection.mode)?;
        }
        poller.waker(WAKE)?.wake()?;
        poller.wait(events, Some(Duration::from_secs(10)))?;
        assert_eq!(events.iter().map(|event| event.token()).collect::<Vec<_>>(), [WAKE]);
    }
    Ok(())
}
