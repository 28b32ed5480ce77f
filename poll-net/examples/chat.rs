//! A chat: each line that somebody writes goes to all the others. A line is handed out when it is whole,
//! however it was cut on the way, and nobody who reads slowly holds up the rest.
//!
//! `cargo run -p poll-net --example chat -- 127.0.0.1:7777`, then `nc 127.0.0.1 7777`
//! in two terminals.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;

use bytes::Bytes;
use poll_core::{Events, Interest, Mode, Poller, Registration, Token, Tokens};
use poll_net::framing::LineReader;
use poll_net::{TcpListener, TcpStream};

const LISTENER: Token = Token::fixed(0);
const LONGEST_LINE: usize = 4096;
/// Who has so many lines unread is dropped.
const MOST_UNREAD: usize = 1000;

struct Guest {
    stream: Registration<TcpStream>,
    lines: LineReader,
    unsent: VecDeque<Bytes>,
}

impl Guest {
    /// Sends what the stream takes, and asks to be told when it takes more.
    fn send(&mut self) -> io::Result<()> {
        while let Some(line) = self.unsent.front_mut() {
            match (&*self.stream).write(line) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => drop(line.split_to(sent)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let both = Interest::READABLE | Interest::WRITABLE;
                    return self.stream.arm(both, Mode::Level).map_err(Into::into);
                }
                Err(error) => return Err(error),
            }
            if line.is_empty() {
                self.unsent.pop_front();
            }
        }
        Ok(self.stream.arm(Interest::READABLE, Mode::Level)?)
    }

    /// The lines that are whole; `None` at the end of the stream.
    fn receive(&mut self) -> io::Result<Option<Vec<Bytes>>> {
        let mut whole = Vec::new();
        loop {
            match self.lines.read(&mut &*self.stream) {
                Ok(Some(line)) => whole.push(line),
                Ok(None) if whole.is_empty() => return Ok(None),
                Ok(None) => return Ok(Some(whole)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Some(whole)),
                Err(error) => return Err(error),
            }
        }
    }
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    let poller = Poller::new()?;
    let listener = TcpListener::bind(address)?;
    println!("chat on {}", listener.local_addr()?);
    let listener = poller.register(listener, LISTENER, Interest::READABLE, Mode::Level)?;
    let mut guests: Tokens<Guest> = Tokens::new();
    let mut events = Events::with_capacity(256);
    loop {
        poller.wait(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                for accepted in listener.accept_ready() {
                    let (stream, _peer) = accepted?;
                    guests.try_insert_with(|token| {
                        let (read, level) = (Interest::READABLE, Mode::Level);
                        let stream = poller.register(stream, token, read, level)?;
                        let lines = LineReader::new(LONGEST_LINE);
                        io::Result::Ok(Guest { stream, lines, unsent: VecDeque::new() })
                    })?;
                }
                continue;
            }
            // Somebody who has gone within this batch is not found.
            let Some(guest) = guests.get_mut(event.token()) else { continue };
            match guest.send().and_then(|()| guest.receive()) {
                Ok(Some(lines)) => tell_the_others(&mut guests, event.token(), &lines),
                // The end, an error, or a line beyond all measure.
                Ok(None) | Err(_) => drop(guests.remove(event.token())),
            }
        }
    }
}

fn tell_the_others(guests: &mut Tokens<Guest>, from: Token, lines: &[Bytes]) {
    let mut gone = Vec::new();
    for (token, guest) in guests.iter_mut().filter(|(token, _)| *token != from) {
        for line in lines {
            guest.unsent.push_back([line, &b"\n"[..]].concat().into());
        }
        if guest.unsent.len() > MOST_UNREAD || guest.send().is_err() {
            gone.push(token);
        }
    }
    for token in gone {
        guests.remove(token);
    }
}
