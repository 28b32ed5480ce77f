//! A UDP echo server that receives and sends in batches, and answers from the address that it was
//! asked at.
//!
//! `cargo run --example udp_echo -- 127.0.0.1:7777`, then `nc -u 127.0.0.1 7777`.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use poll_core::{Events, Interest, Mode, Poller, Token};
use poll_net::UdpSocket;
use poll_net::udp::{BATCH, Slot, Transmit};

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    let socket = UdpSocket::bind(address)?;
    // Where the system cannot tell, it chooses the address of the answer.
    match socket.report_destination(true) {
        Err(error) if error.kind() == ErrorKind::Unsupported => {}
        result => result?,
    }
    println!("listening on {}", socket.local_addr()?);

    let poller = Poller::new()?;
    let socket = poller.register(socket, Token(0), Interest::READABLE, Mode::Level)?;
    let mut events = Events::with_capacity(1);
    let mut bufs = vec![[0; 2048]; BATCH];
    let mut slots: Vec<_> = bufs.iter_mut().map(|buf| Slot::new(buf)).collect();
    loop {
        poller.wait(&mut events, None)?;
        let received = match socket.recv_many(&mut slots) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            received => received?,
        };
        let answers: Vec<_> = slots[..received].iter().filter_map(answer).collect();
        let mut unsent = &answers[..];
        while !unsent.is_empty() {
            match socket.send_many(unsent) {
                Ok(sent) => unsent = &unsent[sent..],
                // UDP may lose a datagram: when the buffer is full, it is this one.
                Err(error) => {
                    eprintln!("send: {error}");
                    unsent = &unsent[1..];
                }
            }
        }
    }
}

fn answer<'a>(slot: &'a Slot<'_>) -> Option<Transmit<'a>> {
    let meta = slot.meta();
    let answer = Transmit::new(slot.bytes()).to(meta.source?);
    Some(match meta.destination {
        Some(asked_at) if !asked_at.is_multicast() => answer.from(asked_at),
        _ => answer,
    })
}
