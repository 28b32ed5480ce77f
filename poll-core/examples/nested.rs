//! A library that brings its own loop into that of its user: a poller inside a poller.
//!
//! `cargo run -p poll-core --example nested`
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use poll_core::{Events, Interest, Mode, Nested, Poller, Registration, Token, Tokens};

const LIBRARY: Token = Token::fixed(0);
const DONE: Token = Token::fixed(1);

/// The library: it listens to streams that its user knows nothing of.
struct Ears {
    poller: Nested,
    streams: Tokens<Registration<UnixStream>>,
    events: Events,
}

impl Ears {
    fn new() -> io::Result<Self> {
        let poller = Poller::builder().build_nested()?;
        Ok(Self { poller, streams: Tokens::new(), events: Events::with_capacity(2) })
    }

    fn listen_to(&mut self, stream: UnixStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        let watch = |token| self.poller.register(stream, token, Interest::READABLE, Mode::Level);
        self.streams.try_insert_with(watch)?;
        Ok(())
    }

    /// One turn of the library's loop, which never sleeps: what its user calls when this is readable.
    fn turn(&mut self) -> io::Result<()> {
        self.poller.wait(&mut self.events, Some(Duration::ZERO))?;
        for event in &self.events {
            let Some(mut stream) = self.streams.get(event.token()) else { continue };
            let mut buffer = [0; 64];
            match stream.read(&mut buffer) {
                Ok(0) => drop(self.streams.remove(event.token())),
                Ok(n) => println!("heard {:?}", String::from_utf8_lossy(&buffer[..n])),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl AsFd for Ears {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }
}

fn main() -> io::Result<()> {
    let mut ears = match Ears::new() {
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            println!("{error}");
            return Ok(());
        }
        ears => ears?,
    };
    let mut mouths = Vec::new();
    for _ in 0..3 {
        let (mouth, ear) = UnixStream::pair()?;
        ears.listen_to(ear)?;
        mouths.push(mouth);
    }

    let poller = Poller::new()?;
    poller.add(&ears, LIBRARY, Interest::READABLE, Mode::Level)?;
    let done = poller.waker(DONE)?;
    let speaker = thread::spawn(move || {
        for (n, mouth) in mouths.iter_mut().enumerate() {
            // One write, so that it is heard in one piece.
            mouth.write_all(format!("mouth {n}").as_bytes())?;
        }
        drop(mouths);
        done.wake().map_err(io::Error::from)
    });

    let mut events = Events::with_capacity(16);
    let mut spoken = false;
    while !spoken || !ears.streams.is_empty() {
        poller.wait(&mut events, None)?;
        for event in &events {
            match event.token() {
                LIBRARY => ears.turn()?,
                _ => spoken = true,
            }
        }
    }
    poller.delete(&ears)?;
    speaker.join().expect("it does not panic")
}
