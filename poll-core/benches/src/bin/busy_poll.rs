//! How long one byte takes there and back over TCP, between two machines or two network namespaces,
//! with pollers that sleep at once, that have the kernel poll the network device for a time before
//! they sleep, and that look for themselves for as long.
//!
//! `busy_poll serve ADDRESS` on one side, `busy_poll ask ADDRESS` on the other. It takes a device that
//! can be polled (NAPI), else the `queue` that is printed is null and nothing is gained. Two namespaces
//! of one machine can have one: a pair of veth devices, after `ethtool -K DEVICE gro on tso off` on both
//! ends (`veth_xmit`, drivers/net/veth.c).
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use poll_core::{BusyPoll, Events, Interest, Mode, Poller, Registration, Token};
use poll_core_benches::measure::quantile;
use serde_json::json;

const TIME: Duration = Duration::from_micros(200);
const ROUNDS: usize = 20;
const QUESTIONS: usize = 2000;
const WAYS: [&str; 4] = ["sleeps", "busy-polls", "busy-polls, preferred", "looks for itself"];

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", address] => serve(address),
        ["ask", address] => ask(address),
        _ => Err(io::Error::new(ErrorKind::InvalidInput, "busy_poll serve|ask ADDRESS")),
    }
}

/// One connection after the other; its first byte says in which way it is served.
fn serve(address: &str) -> io::Result<()> {
    for stream in TcpListener::bind(address)?.incoming() {
        let mut stream = stream?;
        let mut way = [0];
        stream.read_exact(&mut way)?;
        let mut end = End::new(stream, way[0].into())?;
        while let Some(byte) = end.hear()? {
            end.say(byte)?;
        }
    }
    Ok(())
}

/// Every way in each round; prints the median of the rounds' medians, and of their 99th percentiles.
fn ask(address: &str) -> io::Result<()> {
    let mut medians = WAYS.map(|_| Vec::new());
    let mut tails = WAYS.map(|_| Vec::new());
    let mut queue = None;
    for _ in 0..ROUNDS {
        for way in 0..WAYS.len() {
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(&[way as u8])?;
            let mut end = End::new(stream, way)?;
            let mut times = Vec::with_capacity(QUESTIONS);
            for n in 0..QUESTIONS {
                let begun = Instant::now();
                end.say(n as u8)?;
                assert_eq!(end.hear()?, Some(n as u8));
                times.push(begun.elapsed().as_nanos() as f64);
            }
            queue = poll_sys::socket_option::napi_id(end.stream.as_fd())?;
            medians[way].push(quantile(&mut times, 0.5));
            tails[way].push(quantile(&mut times, 0.99));
        }
    }
    for (way, name) in WAYS.iter().enumerate() {
        let median_ns = quantile(&mut medians[way], 0.5);
        let p99_ns = quantile(&mut tails[way], 0.5);
        println!(
            "{}",
            json!({ "way": name, "median_ns": median_ns, "p99_ns": p99_ns, "queue": queue })
        );
    }
    Ok(())
}

/// One end of a connection, with a poller of its own.
struct End {
    poller: Poller,
    events: Events,
    stream: Registration<TcpStream>,
}

impl End {
    fn new(stream: TcpStream, way: usize) -> io::Result<Self> {
        let mut builder = Poller::builder();
        if way == 3 {
            builder = builder.spin(TIME);
        }
        let poller = builder.build()?;
        if let 1 | 2 = way {
            let mut how = BusyPoll::new(TIME);
            how.prefer = way == 2;
            poller.set_busy_poll(how)?;
        }
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let stream = poller.register(stream, Token(1), Interest::READABLE, Mode::Level)?;
        Ok(Self { poller, events: Events::with_capacity(4), stream })
    }

    fn say(&mut self, byte: u8) -> io::Result<()> {
        (&*self.stream).write_all(&[byte])
    }

    /// The next byte; none at the end of the connection.
    fn hear(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        loop {
            self.poller.wait(&mut self.events, None)?;
            match (&*self.stream).read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(Some(byte[0])),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}
