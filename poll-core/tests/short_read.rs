//! When a read that ends short of its buffer says that an edge-triggered stream is empty, and when
//! it does not: the rule of `Mode::Edge`, held to the kernel.
#![forbid(unsafe_code)]

use std::io::{IoSlice, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use poll_core::{Backend, Event, Events, Interest, Mode, Poller, Registration, Source, Token};

/// Fails a test that would hang.
const CAP: Option<Duration> = Some(Duration::from_secs(10));

/// Every poller of this system that can do it.
fn pollers() -> Vec<Poller> {
    let all = Backend::available().iter().map(|backend| Poller::with_backend(*backend).unwrap());
    all.filter(|poller| poller.supports(Mode::Edge)).collect()
}

fn watch<S: Source>(poller: &Poller, source: S) -> Registration<S> {
    poller.register(source, Token(1), Interest::READABLE, Mode::Edge).unwrap()
}

/// The next event, which has to come.
fn next(poller: &Poller) -> Event {
    let mut events = Events::with_capacity(4);
    assert_ne!(poller.wait(&mut events, CAP).unwrap(), 0, "{:?}", poller.backend());
    events.get(0).unwrap()
}

/// That nothing is reported now.
fn silent(poller: &Poller) {
    let mut events = Events::with_capacity(4);
    poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
    assert!(events.is_empty(), "{:?}: {events:?}", poller.backend());
}

fn unix() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    (ours, theirs)
}

fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (theirs, _) = listener.accept().unwrap();
    theirs.set_nonblocking(true).unwrap();
    (ours, theirs)
}

#[test]
fn what_arrives_after_a_short_read_is_reported() {
    for poller in pollers() {
        let (mut ours, theirs) = tcp();
        let mut theirs = watch(&poller, theirs);
        for _ in 0..100 {
            ours.write_all(b"four").unwrap();
            let event = next(&poller);
            assert!(event.is_readable() && !event.is_read_closed(), "{event:?}");
            let n = theirs.read(&mut [0; 64]).unwrap();
            assert_eq!(n, 4, "{:?}", poller.backend());
        }
    }
}

#[test]
fn an_end_that_came_before_the_event_is_reported_with_it_and_not_again() {
    for poller in pollers() {
        let (mut ours, theirs) = unix();
        let mut theirs = watch(&poller, theirs);
        ours.write_all(b"last").unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        let event = next(&poller);
        assert!(event.is_read_closed(), "{:?}: {event:?}", poller.backend());
        assert_eq!(theirs.read(&mut [0; 64]).unwrap(), 4);
        // Who stops at the short read here never sees the end.
        silent(&poller);
        assert_eq!(theirs.read(&mut [0; 64]).unwrap(), 0);
    }
}

#[test]
fn an_end_that_comes_after_the_event_is_reported_anew() {
    for poller in pollers() {
        let (mut ours, theirs) = unix();
        let mut theirs = watch(&poller, theirs);
        ours.write_all(b"last").unwrap();
        assert!(!next(&poller).is_read_closed());
        ours.shutdown(Shutdown::Write).unwrap();
        assert_eq!(theirs.read(&mut [0; 64]).unwrap(), 4);
        let event = next(&poller);
        assert!(event.is_read_closed(), "{:?}: {event:?}", poller.backend());
        assert_eq!(theirs.read(&mut [0; 64]).unwrap(), 0);
    }
}

#[test]
fn a_read_stops_short_at_urgent_data_with_more_behind_it() {
    for poller in pollers() {
        let (mut ours, theirs) = tcp();
        ours.write_all(b"abc").unwrap();
        poll_sys::urgent::send(ours.as_fd(), b'!').unwrap();
        ours.write_all(b"def").unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        let mut theirs = watch(&poller, theirs);
        // All of it is there when the end is.
        while !next(&poller).is_read_closed() {}
        let mut buffer = [0; 64];
        assert_eq!(theirs.read(&mut buffer).unwrap(), 3);
        silent(&poller);
        assert_eq!(theirs.read(&mut buffer).unwrap(), 3);
        assert_eq!(&buffer[..3], b"def");
    }
}

#[test]
fn a_read_stops_short_behind_a_descriptor_with_more_behind_it() {
    for poller in pollers() {
        let (mut ours, theirs) = unix();
        let passed = [std::io::stdin()];
        let passed = [passed[0].as_fd()];
        poll_sys::rights::send(ours.as_fd(), &[IoSlice::new(b"abc")], &passed).unwrap();
        ours.write_all(b"def").unwrap();
        let mut theirs = watch(&poller, theirs);
        next(&poller);
        let mut buffer = [0; 64];
        assert_eq!(theirs.read(&mut buffer).unwrap(), 3, "{:?}", poller.backend());
        silent(&poller);
        assert_eq!(theirs.read(&mut buffer).unwrap(), 3);
    }
}
