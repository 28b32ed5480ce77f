//! An edge-triggered server that counts what each peer sends: one event may stand for any number of
//! arrivals, so everything is emptied until it would block.
//!
//! `cargo run --example edge_drain -- 127.0.0.1:7777`, then `nc -N 127.0.0.1 7777 < FILE`.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;

use poll_core::{Events, Interest, Mode, Poller, Registration, Token, Tokens};
use poll_net::{TcpListener, TcpStream};

const LISTENER: Token = Token::fixed(0);

struct Connection {
    stream: Registration<TcpStream>,
    peer: SocketAddr,
    received: u64,
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    let poller = Poller::new()?;
    if !poller.supports(Mode::Edge) {
        return Err(io::Error::new(ErrorKind::Unsupported, "this poller has no edges"));
    }
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);

    let listener = poller.register(listener, LISTENER, Interest::READABLE, Mode::Edge)?;
    let mut connections = Tokens::new();
    let mut events = Events::with_capacity(256);
    loop {
        poller.wait(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                // Ends when the queue is empty. An error here would leave connections of which no
                // event tells again; a server that must survive it arms the listener anew.
                for accepted in listener.accept_ready() {
                    let (stream, peer) = accepted?;
                    connections.try_insert_with(|token| {
                        let stream =
                            poller.register(stream, token, Interest::READABLE, Mode::Edge)?;
                        io::Result::Ok(Connection { stream, peer, received: 0 })
                    })?;
                }
            } else if let Some(connection) = connections.get_mut(event.token()) {
                if let Some(end) = connection.drain() {
                    println!("{} sent {} bytes: {end}", connection.peer, connection.received);
                    connections.remove(event.token());
                }
            }
        }
    }
}

impl Connection {
    /// Reads until it would block, and says how the stream ended, if it did.
    fn drain(&mut self) -> Option<String> {
        let mut buf = [0; 16 * 1024];
        loop {
            match (&self.stream).read(&mut buf) {
                Ok(0) => return Some("end".to_owned()),
                Ok(len) => self.received += len as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) => return Some(error.to_string()),
            }
        }
    }
}
