//! Messages from several writers, drained in bits: each byte that goes in comes out, in every mode.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use poll_core::{Events, Interest, Mode, Tokens};

use crate::{CAP, Dice, Orders, pair};

const WRITERS: u64 = 4;

pub(crate) fn run(orders: Orders) -> String {
    let (modes, share) = orders.shares();
    let (mut messages, mut bytes) = (0, 0);
    for mode in modes {
        bytes += flood(orders, mode, share.div_ceil(WRITERS));
        messages += share.div_ceil(WRITERS) * WRITERS;
    }
    format!("{messages} messages, {bytes} bytes in and out")
}

fn flood(orders: Orders, mode: Mode, messages: u64) -> u64 {
    let poller = orders.poller();
    let mut dice = Dice::new(orders.seed);
    let mut events = Events::with_capacity(3);
    let mut sources = Tokens::new();
    let (mut got, mut sent) = (0, 0);
    thread::scope(|scope| {
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let (ours, theirs) = pair();
            let seed = orders.seed + 1 + writer;
            writers.push(scope.spawn(move || write(theirs, messages, Dice::new(seed))));
            let register = |token| poller.register(ours, token, Interest::READABLE, mode);
            sources.try_insert_with(register).expect("a registration");
        }
        while !sources.is_empty() {
            let n = poller.wait(&mut events, CAP).expect("a wait");
            assert_ne!(n, 0, "{mode:?}: stuck after {got} bytes");
            for event in &events {
                let Some(source) = sources.get(event.token()) else { continue };
                let (bytes, end) = read(source, 1 + dice.below(9));
                got += bytes;
                match end {
                    End::Closed => drop(sources.remove(event.token())),
                    // There may be more, which only `arm` makes known again.
                    End::Stopped => source.arm(Interest::READABLE, mode).expect("an arm"),
                    End::Drained if mode == Mode::Oneshot => {
                        source.arm(Interest::READABLE, mode).expect("an arm");
                    }
                    End::Drained => {}
                }
            }
        }
        sent = writers.into_iter().map(|writer| writer.join().expect("a writer")).sum();
    });
    assert_eq!(got, sent, "{mode:?}: bytes in and out differ");
    got
}

fn write(mut to: UnixStream, messages: u64, mut dice: Dice) -> u64 {
    let mut bytes = 0;
    for _ in 0..messages {
        let length = 1 + dice.below(32);
        to.write_all(&[7; 32][..length]).expect("a write");
        bytes += length as u64;
    }
    bytes
}

/// How a drain ended.
enum End {
    Drained,
    Stopped,
    Closed,
}

fn read(mut from: &UnixStream, times: usize) -> (u64, End) {
    let mut bytes = 0;
    for _ in 0..times {
        match from.read(&mut [0; 64]) {
            Ok(0) => return (bytes, End::Closed),
            Ok(n) => bytes += n as u64,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return (bytes, End::Drained),
            Err(error) => panic!("{error}"),
        }
    }
    (bytes, End::Stopped)
}
