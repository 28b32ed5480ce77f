//! Several threads on one poller, sources in oneshot mode: each message is handled once, by whoever
//! gets the event, who then arms the source again.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use poll_core::{Events, Interest, Mode, Poller, Registration, Token};

const SOURCES: usize = 32;
const MESSAGES: usize = 200;
const STOP: Token = Token::fixed(u16::MAX);

fn work(poller: &Poller, sources: &[Registration<UnixStream>], handled: &[AtomicUsize]) {
    let mut events = Events::with_capacity(3);
    loop {
        poller.wait(&mut events, None).unwrap();
        for event in &events {
            if event.token() == STOP {
                return;
            }
            let index = event.token().0;
            let mut source = &sources[index];
            // Nobody else touches the source until it is armed: a plain load and store would do.
            let before = handled[index].load(Ordering::Relaxed);
            let mut byte = [0];
            let got = match source.read(&mut byte) {
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(error) => panic!("{error}"),
            };
            handled[index].store(before + got, Ordering::Relaxed);
            source.arm(Interest::READABLE, Mode::Oneshot).unwrap();
        }
    }
}

#[test]
fn each_message_is_handled_once() {
    for poller in super::pollers(Mode::Oneshot) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for index in 0..SOURCES {
            let (one, other) = UnixStream::pair().unwrap();
            other.set_nonblocking(true).unwrap();
            ours.push(one);
            // Reserved first: an event may come to another thread at once.
            theirs.push(poller.reserve(other, Token(index)));
        }
        let handled: Vec<AtomicUsize> = (0..SOURCES).map(|_| AtomicUsize::new(0)).collect();
        let stop = poller.waker(STOP).unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| work(&poller, &theirs, &handled));
            }
            for source in &theirs {
                source.arm(Interest::READABLE, Mode::Oneshot).unwrap();
            }
            for _ in 0..MESSAGES {
                ours.iter_mut().for_each(|stream| stream.write_all(b"m").unwrap());
            }
            let all = || handled.iter().map(|n| n.load(Ordering::Relaxed)).sum::<usize>();
            while all() < SOURCES * MESSAGES {
                thread::yield_now();
            }
            stop.wake_all().unwrap();
        });
        assert!(handled.iter().all(|n| n.load(Ordering::Relaxed) == MESSAGES));
    }
}
