//! A TCP echo server, level-triggered, that stops reading from a peer who does not read.
//!
//! `cargo run --example tcp_echo -- 127.0.0.1:7777`, then `nc 127.0.0.1 7777`.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use poll_core::{Events, Interest, Mode, Poller, Registration, Token, Tokens};
use poll_net::{TcpListener, TcpStream};

const LISTENER: Token = Token::fixed(0);

struct Connection {
    stream: Registration<TcpStream>,
    /// What the peer has sent and not yet got back.
    unsent: Vec<u8>,
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);

    let poller = Poller::new()?;
    let listener = poller.register(listener, LISTENER, Interest::READABLE, Mode::Level)?;
    let mut connections = Tokens::new();
    let mut events = Events::with_capacity(256);
    loop {
        poller.wait(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                accept(&poller, &listener, &mut connections)?;
            } else if let Some(connection) = connections.get_mut(event.token()) {
                if let Err(error) = connection.step() {
                    if error.kind() != ErrorKind::UnexpectedEof {
                        eprintln!("{error}");
                    }
                    connections.remove(event.token());
                    // A descriptor is free: accept again, if that was stopped for the want of one.
                    listener.arm(Interest::READABLE, Mode::Level)?;
                }
            }
        }
    }
}

fn accept(
    poller: &Poller,
    listener: &Registration<TcpListener>,
    connections: &mut Tokens<Connection>,
) -> io::Result<()> {
    for accepted in listener.accept_ready() {
        match accepted {
            Ok((stream, _peer)) => {
                connections.try_insert_with(|token| {
                    let stream = poller.register(stream, token, Interest::READABLE, Mode::Level)?;
                    io::Result::Ok(Connection { stream, unsent: Vec::new() })
                })?;
            }
            Err(error) if connections.is_empty() => return Err(error),
            Err(error) => {
                eprintln!("accept: {error}, until a connection closes");
                listener.disarm()?;
            }
        }
    }
    Ok(())
}

impl Connection {
    /// Reads once, if everything is sent, and sends what it can. `UnexpectedEof` at the end.
    fn step(&mut self) -> io::Result<()> {
        if self.unsent.is_empty() {
            let mut buf = [0; 4096];
            match (&self.stream).read(&mut buf) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(len) => self.unsent.extend_from_slice(&buf[..len]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        match (&self.stream).write(&self.unsent) {
            Ok(len) => drop(self.unsent.drain(..len)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        let next = if self.unsent.is_empty() { Interest::READABLE } else { Interest::WRITABLE };
        // No syscall where nothing changes.
        self.stream.arm(next, Mode::Level)?;
        Ok(())
    }
}
