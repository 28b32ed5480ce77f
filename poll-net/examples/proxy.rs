//! A TCP proxy: it passes half-closes on, reads for nobody who does not read, closes who is silent, and
//! on SIGTERM lets what is open come to its end.
//!
//! `cargo run -p poll-net --example proxy -- 127.0.0.1:8080 127.0.0.1:7000 60000`: where it connects to,
//! where it listens, and after how many milliseconds of silence it closes.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use poll_core::signal::{Signal, Signals};
use poll_core::{Events, Interest, Mode, Poller, RegisterError, Registration, Token, Tokens};
use poll_net::{ConnectState, TcpListener, TcpStream};
use poll_timer::{Clock, Deadlines};

const LISTENER: Token = Token::fixed(0);
const SIGNALS: Token = Token::fixed(1);

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |default: &str| arguments.next().unwrap_or_else(|| default.to_owned());
    let upstream = argument("127.0.0.1:8080").parse().map_err(io::Error::other)?;
    let listen: SocketAddr = argument("127.0.0.1:0").parse().map_err(io::Error::other)?;
    let silence = argument("60000").parse().map_err(io::Error::other)?;

    let poller = Poller::new()?;
    let signals = Signals::new(&[Signal::TERM, Signal::INT])?;
    let signals = poller.register(signals, SIGNALS, Interest::READABLE, Mode::Level)?;
    let listener = TcpListener::bind(listen)?;
    println!("listening on {}", listener.local_addr()?);
    let listener = poller.register(listener, LISTENER, Interest::READABLE, Mode::Level)?;
    let mut listener = Some(listener);

    let mut proxy = Proxy::new(poller, upstream, Duration::from_millis(silence));
    let mut events = Events::with_capacity(256);
    while listener.is_some() || !proxy.ends.is_empty() {
        proxy.wait(&mut events)?;
        for event in &events {
            match event.token() {
                SIGNALS if signals.pending().next().is_none() => {}
                // The second signal does not wait for anybody.
                SIGNALS if listener.take().is_none() => return Ok(()),
                SIGNALS => println!("stopping"),
                LISTENER => listener.iter().try_for_each(|listener| proxy.accept(listener))?,
                token => proxy.step(token),
            }
        }
        proxy.close_the_silent();
        if let Some(listener) = listener.as_ref().filter(|_| proxy.has_room) {
            listener.arm(Interest::READABLE, Mode::Level)?; // no syscall where it is armed
        }
    }
    Ok(())
}

struct Proxy {
    poller: Poller,
    upstream: SocketAddr,
    ends: Tokens<End>,
    /// Whether the process may have a descriptor for one more.
    has_room: bool,
    silence: Duration,
    clock: Clock,
    deadlines: Deadlines,
}

/// What has two sources has two tokens: the client's leads to the pair, the server's to the client's.
enum End {
    Client(Box<Pair>),
    Server(Token),
}

impl Proxy {
    fn new(poller: Poller, upstream: SocketAddr, silence: Duration) -> Self {
        let clock = Clock::new(poller.now());
        let (ends, deadlines) = (Tokens::new(), Deadlines::new());
        Self { poller, upstream, ends, has_room: true, silence, clock, deadlines }
    }

    fn wait(&mut self, events: &mut Events) -> io::Result<usize> {
        let deadline = self.deadlines.next_deadline().and_then(|tick| self.clock.instant(tick));
        self.poller.wait_until(events, deadline)
    }

    fn accept(&mut self, listener: &Registration<TcpListener>) -> io::Result<()> {
        let mut ready = listener.accept_ready();
        for accepted in ready.by_ref() {
            if let Err(error) = accepted.and_then(|(client, _)| self.open(client)) {
                eprintln!("accept: {error}");
            }
        }
        if !ready.is_drained() {
            // Out of descriptors: the rest stays in the queue until one is free.
            self.has_room = false;
            listener.disarm()?;
        }
        Ok(())
    }

    fn open(&mut self, client: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(self.upstream)?;
        // Nothing is read before there is somebody to write it to.
        let token = self.ends.insert_with(|token| {
            let [client, server] = [client, server].map(|end| self.poller.reserve(end, token));
            End::Client(Box::new(Pair::new(client, server)))
        });
        let server = self.ends.insert(End::Server(token));
        let Some(End::Client(pair)) = self.ends.get(token) else { return Ok(()) };
        let watched = pair.server.set_token(server).and_then(|()| pair.watch());
        self.deadlines.set(token.slot(), self.deadline());
        watched.map_err(|error| {
            self.close(token);
            error.into()
        })
    }

    fn step(&mut self, token: Token) {
        let token = match self.ends.get(token) {
            Some(End::Client(_)) => token,
            Some(End::Server(client)) => *client,
            None => return, // closed by an earlier event of this batch
        };
        let Some(End::Client(pair)) = self.ends.get_mut(token) else { return };
        match pair.step().and_then(|moved| pair.watch().map(|()| moved).map_err(io::Error::from)) {
            Ok(_) if pair.is_over() => self.close(token),
            Ok(false) => {}
            Ok(true) => drop(self.deadlines.set(token.slot(), self.deadline())),
            Err(error) => {
                eprintln!("{error}");
                self.close(token);
            }
        }
    }

    fn close_the_silent(&mut self) {
        let now = self.clock.now(self.poller.now());
        while let Some(slot) = self.deadlines.pop_expired(now) {
            if let Some((token, _)) = self.ends.at(slot) {
                self.close(token);
            }
        }
    }

    fn close(&mut self, client: Token) {
        if let Some(End::Client(pair)) = self.ends.remove(client) {
            self.ends.remove(pair.server.token());
            // Else it would expire for who is given the slot next.
            self.deadlines.clear(client.slot());
            self.has_room = true;
        }
    }

    fn deadline(&self) -> u64 {
        self.clock.deadline_after(self.poller.now(), self.silence)
    }
}

struct Pair {
    client: Registration<TcpStream>,
    server: Registration<TcpStream>,
    connected: bool,
    up: Flow,
    down: Flow,
}

impl Pair {
    fn new(client: Registration<TcpStream>, server: Registration<TcpStream>) -> Self {
        Self { client, server, connected: false, up: Flow::default(), down: Flow::default() }
    }

    /// Whether anything has moved.
    fn step(&mut self) -> io::Result<bool> {
        if !self.connected {
            self.connected = self.server.connect_result()? == ConnectState::Connected;
            return Ok(self.connected);
        }
        let up = self.up.step(&self.client, &self.server)?;
        Ok(self.down.step(&self.server, &self.client)? || up)
    }

    /// Watches for what would move something, and nothing else.
    fn watch(&self) -> Result<(), RegisterError> {
        if !self.connected {
            return self.server.arm(Interest::WRITABLE, Mode::Level);
        }
        for (end, inward, outward) in
            [(&self.client, &self.up, &self.down), (&self.server, &self.down, &self.up)]
        {
            match Interest::of(inward.wants_to_read(), outward.wants_to_write()) {
                Some(interest) => end.arm(interest, Mode::Level)?,
                None => end.disarm()?,
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.up.is_over && self.down.is_over
    }
}

/// One direction: what was read and is not written yet.
#[derive(Default)]
struct Flow {
    bytes: Vec<u8>,
    written: usize,
    has_ended: bool,
    /// It has ended, and the receiver has been told.
    is_over: bool,
}

impl Flow {
    const READ: usize = 16 * 1024;

    fn wants_to_read(&self) -> bool {
        !self.wants_to_write() && !self.has_ended
    }

    fn wants_to_write(&self) -> bool {
        self.written < self.bytes.len()
    }

    /// Reads once, if there is nothing to write, and writes once: the others have their turn too.
    fn step(
        &mut self,
        mut from: &Registration<TcpStream>,
        mut to: &Registration<TcpStream>,
    ) -> io::Result<bool> {
        let mut moved = false;
        if self.wants_to_read() {
            self.bytes.resize(Self::READ, 0);
            let read = now(from.read(&mut self.bytes));
            self.bytes.truncate(read.as_ref().map_or(0, |read| read.unwrap_or(0)));
            self.written = 0;
            self.has_ended = read? == Some(0);
            moved = self.has_ended || self.wants_to_write();
        }
        if self.wants_to_write() {
            let written = now(to.write(&self.bytes[self.written..]))?.unwrap_or(0);
            self.written += written;
            moved |= written > 0;
        }
        if self.has_ended && !self.wants_to_write() && !self.is_over {
            match to.shutdown(Shutdown::Write) {
                Err(error) if error.kind() == ErrorKind::NotConnected => {} // nobody to be told
                done => done?,
            }
            self.is_over = true;
        }
        Ok(moved)
    }
}

/// `None` if it would block.
fn now(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        done => done.map(Some),
    }
}
