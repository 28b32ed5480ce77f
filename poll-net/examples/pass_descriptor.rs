//! A listener that outlives the process that opened it, as in a restart without a refused connection: the
//! old process passes it on by a Unix socket, and the new one accepts.
//!
//! `cargo run -p poll-net --example pass_descriptor`. Both sides are here in one process.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;

use poll_core::{Events, Interest, Mode, Poller, Token};
use poll_net::{TcpListener, TcpStream, UnixStream};

fn main() -> io::Result<()> {
    let (old, new) = UnixStream::pair()?;
    let listener = TcpListener::bind(([127, 0, 0, 1], 0))?;
    let address = listener.local_addr()?;

    // The old process: descriptors go with the first of the bytes.
    old.send_fds(b"listener", &[listener.as_fd()])?;
    drop(listener);
    println!("passed the listener of {address} on, and closed it");

    // The new process: at most one descriptor; the kernel's surplus would be closed.
    let poller = Poller::new()?;
    let mut events = Events::with_capacity(8);
    let new = poller.register(new, Token(0), Interest::READABLE, Mode::Level)?;
    poller.wait(&mut events, None)?;
    let (mut name, mut passed) = ([0; 16], Vec::new());
    let received = new.recv_fds(&mut name, 1, &mut passed)?;
    let descriptor = passed.pop().ok_or(ErrorKind::UnexpectedEof)?;
    println!("received {}", String::from_utf8_lossy(&name[..received.len]));
    let listener = TcpListener::try_from(std::net::TcpListener::from(descriptor))?;
    let listener = poller.register(listener, Token(1), Interest::READABLE, Mode::Level)?;

    let mut client = std::net::TcpStream::connect(address)?;
    poller.wait(&mut events, None)?;
    let (stream, peer): (TcpStream, _) = listener.accept()?;
    (&stream).write_all(b"hello from the new process\n")?;
    drop(stream);
    let mut said = String::new();
    client.read_to_string(&mut said)?;
    print!("{peer} was told: {said}");
    Ok(())
}
