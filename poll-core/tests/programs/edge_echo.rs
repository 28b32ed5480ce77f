//! An echo server, edge-triggered, with `Tokens` for its connections and a timing wheel for those that
//! say nothing.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use poll_core::{Events, Interest, Mode, Poller, Registration, Token, Tokens};
use poll_timer::{Clock, Deadlines};

const LISTENER: Token = Token::fixed(0);
const STOP: Token = Token::fixed(1);

struct Connection {
    stream: Registration<TcpStream>,
    /// Read and not yet written.
    pending: Vec<u8>,
}

fn serve(poller: &Poller, listener: TcpListener, idle: Duration) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = poller.register(listener, LISTENER, Interest::READABLE, Mode::Edge)?;
    let mut connections: Tokens<Connection> = Tokens::new();
    let clock = Clock::new(poller.now());
    let mut deadlines = Deadlines::new();
    let mut events = Events::with_capacity(4);
    loop {
        let next = deadlines.next_deadline().and_then(|tick| clock.instant(tick));
        poller.wait_until(&mut events, next)?;
        let now = poller.now();
        for event in &events {
            match event.token() {
                STOP => return Ok(()),
                LISTENER => {
                    // An edge: accept until it would block.
                    while let Some(stream) = accept(&listener)? {
                        let token = connections.try_insert_with(|token| {
                            let both = Interest::READABLE | Interest::WRITABLE;
                            poller
                                .register(stream, token, both, Mode::Edge)
                                .map(|stream| Connection { stream, pending: Vec::new() })
                        })?;
                        deadlines.set(token.slot(), clock.deadline_after(now, idle));
                    }
                }
                token => {
                    let Some(connection) = connections.get_mut(token) else { continue };
                    if matches!(connection.pump(), Ok(true)) {
                        deadlines.set(token.slot(), clock.deadline_after(now, idle));
                    } else {
                        deadlines.clear(token.slot());
                        connections.remove(token);
                    }
                }
            }
        }
        while let Some(slot) = deadlines.pop_expired(clock.now(now)) {
            let silent = connections.at(slot).map(|(token, _)| token);
            silent.map(|token| connections.remove(token));
        }
    }
}

fn accept(listener: &TcpListener) -> io::Result<Option<TcpStream>> {
    match listener.accept() {
        Ok((stream, _)) => {
            stream.set_nonblocking(true)?;
            Ok(Some(stream))
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

impl Connection {
    /// Echoes until one side would block. `false` at the end.
    fn pump(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 7];
        loop {
            while !self.pending.is_empty() {
                match self.stream.write(&self.pending) {
                    Ok(n) => drop(self.pending.drain(..n)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                    Err(error) => return Err(error),
                }
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(n) => self.pending.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Runs `client` against a server of each backend that can do edges.
fn with_server(idle: Duration, client: impl Fn(TcpStream)) {
    for poller in super::pollers(Mode::Edge) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = poller.waker(STOP).unwrap();
        let server = thread::spawn(move || serve(&poller, listener, idle));
        client(TcpStream::connect(address).unwrap());
        stop.wake().unwrap();
        server.join().unwrap().unwrap();
    }
}

#[test]
fn what_is_sent_comes_back() {
    with_server(Duration::from_secs(3600), |mut client| {
        // More than a socket's buffers hold, so that both sides have to wait for each other.
        let sent: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
        let mut writer = client.try_clone().unwrap();
        let copy = sent.clone();
        let sender = thread::spawn(move || writer.write_all(&copy));
        let mut back = vec![0; sent.len()];
        client.read_exact(&mut back).unwrap();
        sender.join().unwrap().unwrap();
        assert!(back == sent);
    });
}

#[test]
fn who_is_silent_is_let_go() {
    with_server(Duration::from_millis(1), |mut silent| {
        assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    });
}
