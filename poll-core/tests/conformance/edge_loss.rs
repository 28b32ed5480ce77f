//! Bytes in are bytes out, whatever the mode, with writers at work and drains that stop early.

use std::io::Write;

use poll_core::{Events, Mode, Tokens};

use crate::support::*;

const WRITERS: usize = 4;
const MESSAGES: usize = 4_000;

/// Small steps of a generator, so that each run does the same: Marsaglia's xorshift.
struct Dice(u32);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % n
    }
}

#[test]
fn no_message_is_lost() {
    for_each_mode(|world, mode| {
        let _busy = world.busy();
        let mut sources = Tokens::new();
        let mut writers = Vec::new();
        for seed in 1..=WRITERS {
            let (ours, theirs) = world.pair();
            writers
                .push(std::thread::spawn(move || write_all(theirs.blocking(), Dice(seed as u32))));
            sources.try_insert_with(|token| world.register(ours, token, READ, mode)).unwrap();
        }
        let mut dice = Dice(99);
        let mut events = Events::with_capacity(3);
        let mut bytes = 0;
        while !sources.is_empty() {
            assert_ne!(world.wait(&mut events, Some(CAP)).unwrap(), 0, "stuck at {bytes} bytes");
            for event in &events {
                let Some(source) = sources.get(event.token()) else { continue };
                // A drain that stops early must be told again: level by itself, the others by `arm`.
                match read_some(source, 1 + dice.below(9)) {
                    Drain::Ended(n) => {
                        bytes += n;
                        sources.remove(event.token());
                    }
                    Drain::Stopped(n) => {
                        bytes += n;
                        source.arm(READ, mode).unwrap();
                    }
                    Drain::Drained(n) => {
                        bytes += n;
                        if mode == Mode::Oneshot {
                            source.arm(READ, mode).unwrap();
                        }
                    }
                }
            }
        }
        let written: usize = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
        assert_eq!(bytes, written);
    });
}

/// Writes messages of one to five bytes, and closes; how many bytes there were.
fn write_all(mut to: End, mut dice: Dice) -> usize {
    let mut bytes = 0;
    for _ in 0..MESSAGES {
        let length = 1 + dice.below(5);
        to.write_all(&[7; 5][..length]).unwrap();
        bytes += length;
    }
    bytes
}

enum Drain {
    /// It would block.
    Drained(usize),
    /// There may be more.
    Stopped(usize),
    /// There will be no more.
    Ended(usize),
}

/// Reads at most `times`.
fn read_some(mut from: &End, times: usize) -> Drain {
    use std::io::Read;
    let mut sum = 0;
    for _ in 0..times {
        match from.read(&mut [0; 3]) {
            Ok(0) => return Drain::Ended(sum),
            Ok(n) => sum += n,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                return Drain::Drained(sum);
            }
            Err(error) => panic!("{error}"),
        }
    }
    Drain::Stopped(sum)
}
