//! Wake-ups per accepted connection, for the ways in which four threads can share one port.
//!
//! Connections come one at a time, so that every thread that is woken for one that another has
//! taken shows. Counted twice: events that reached the program, and times that a thread came out of
//! its sleep at all, which the kernel may do and find nothing left to report.
#![forbid(unsafe_code)]

use std::io::{ErrorKind, Read, Write};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use nix::sys::resource::{UsageWho, getrusage};
use poll_core::{Events, Interest, Mode, Poller, Registration, Token, Waker};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use serde_json::json;
use socket2::{Domain, Socket, Type};

const THREADS: usize = 4;
const CONNECTIONS: usize = 2000;
const LISTENER: Token = Token::fixed(0);
const STOP: Token = Token::fixed(1);

/// What the threads count.
#[derive(Default)]
struct Tally {
    events: AtomicUsize,
    sleeps: AtomicUsize,
    accepted: AtomicUsize,
    over: AtomicBool,
}

fn main() {
    one_poller("one poller, level", Mode::Level);
    one_poller("one poller, edge", Mode::Edge);
    one_poller("one poller, oneshot", Mode::Oneshot);
    a_poller_each("a poller each, one listener, level", false, Mode::Level);
    a_poller_each("a poller each, one listener, exclusive", false, Mode::Exclusive);
    a_poller_each("a poller each, a SO_REUSEPORT listener each, level", true, Mode::Level);
    exclusive();
}

fn listener(address: SocketAddr, reuse: bool) -> TcpListener {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_port(reuse).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.bind(&address.into()).unwrap();
    socket.listen(1024).unwrap();
    socket.into()
}

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Takes what is there; each client learns that it was taken.
fn accept_all(listener: &TcpListener, tally: &Tally) {
    loop {
        match listener.accept() {
            Ok((mut stream, _)) => {
                tally.accepted.fetch_add(1, Ordering::SeqCst);
                // The client may be gone already; it is counted all the same.
                let _gone = stream.write_all(b"x");
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                return;
            }
        }
    }
}

/// The clients, one after the other, and what came of them.
fn drive(
    way: &str,
    address: SocketAddr,
    tally: &Tally,
    threads: Vec<JoinHandle<()>>,
    stop: impl FnOnce(),
) {
    for _ in 0..CONNECTIONS {
        let mut client = TcpStream::connect(address).unwrap();
        client.read_exact(&mut [0]).unwrap();
    }
    tally.over.store(true, Ordering::SeqCst);
    stop();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let per = |count: &AtomicUsize| {
        count.load(Ordering::SeqCst) as f64 / tally.accepted.load(Ordering::SeqCst) as f64
    };
    let (events, wakeups) = (per(&tally.events), per(&tally.sleeps));
    println!(
        "{}",
        json!({ "way": way, "threads": THREADS, "events_per_accept": events,
        "wakeups_per_accept": wakeups })
    );
}

/// How often the calling thread has slept.
fn slept() -> usize {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
    usage.voluntary_context_switches() as usize
}

fn one_poller(way: &str, mode: Mode) {
    let poller = Poller::new().unwrap();
    let stop = poller.waker(STOP).unwrap();
    let listener = listener(any_port(), false);
    let address = listener.local_addr().unwrap();
    let watched = Arc::new(poller.register(listener, LISTENER, Interest::READABLE, mode).unwrap());
    let tally = Arc::new(Tally::default());
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (watched, tally) = (watched.clone(), tally.clone());
            thread::spawn(move || serve(&watched, mode, &tally))
        })
        .collect();
    drive(way, address, &tally, threads, || stop.wake_all().unwrap());
}

fn a_poller_each(way: &str, reuse: bool, mode: Mode) {
    let first = listener(any_port(), reuse);
    let address = first.local_addr().unwrap();
    let tally = Arc::new(Tally::default());
    let mut threads = Vec::new();
    let mut stops: Vec<Waker> = Vec::new();
    for n in 0..THREADS {
        let poller = Poller::new().unwrap();
        stops.push(poller.waker(STOP).unwrap());
        let own = if reuse && n > 0 { listener(address, true) } else { first.try_clone().unwrap() };
        let watched = poller.register(own, LISTENER, Interest::READABLE, mode).unwrap();
        let tally = tally.clone();
        threads.push(thread::spawn(move || serve(&watched, mode, &tally)));
    }
    let stop = || stops.iter().for_each(|stop| stop.wake().unwrap());
    drive(way, address, &tally, threads, stop);
}

fn serve(watched: &Registration<TcpListener>, mode: Mode, tally: &Tally) {
    let mut events = Events::with_capacity(8);
    let before = slept();
    while !tally.over.load(Ordering::SeqCst) {
        watched.poller().wait(&mut events, None).unwrap();
        for event in &events {
            if event.token() == LISTENER {
                tally.events.fetch_add(1, Ordering::SeqCst);
                accept_all(watched, tally);
                if mode == Mode::Oneshot {
                    watched.arm(Interest::READABLE, mode).unwrap();
                }
            }
        }
    }
    tally.sleeps.fetch_add(slept() - before, Ordering::SeqCst);
}

/// EPOLLEXCLUSIVE by hand: one listener in an epoll for each thread.
fn exclusive() {
    let listener = Arc::new(listener(any_port(), false));
    let address = listener.local_addr().unwrap();
    let tally = Arc::new(Tally::default());
    let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC).unwrap());
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let queue = epoll::create(CreateFlags::CLOEXEC).unwrap();
            let flags = EventFlags::IN | EventFlags::EXCLUSIVE;
            epoll::add(&queue, &*listener, EventData::new_u64(0), flags).unwrap();
            epoll::add(&queue, &*bell, EventData::new_u64(1), EventFlags::IN).unwrap();
            let (listener, tally) = (listener.clone(), tally.clone());
            thread::spawn(move || {
                let before = slept();
                while !tally.over.load(Ordering::SeqCst) {
                    let mut batch = [MaybeUninit::uninit(); 8];
                    let wait = || Ok(epoll::wait(&queue, &mut batch[..], None)?.0.len());
                    let woken = rustix::io::retry_on_intr(wait).unwrap();
                    if woken > 0 && !tally.over.load(Ordering::SeqCst) {
                        tally.events.fetch_add(1, Ordering::SeqCst);
                        accept_all(&listener, &tally);
                    }
                }
                tally.sleeps.fetch_add(slept() - before, Ordering::SeqCst);
            })
        })
        .collect();
    let stop = || {
        rustix::io::write(&*bell, &1_u64.to_ne_bytes()).unwrap();
    };
    drive("an epoll each by hand, one listener, EPOLLEXCLUSIVE", address, &tally, threads, stop);
}
