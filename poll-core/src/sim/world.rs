//! The state of a simulated world.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use super::Sim;
use crate::event::Readiness;

type Action = Box<dyn FnOnce(&Sim) + Send>;

pub(super) struct World {
    chance: u64,
    origin: Instant,
    elapsed: Duration,
    numbers: u64,
    script: BTreeMap<(Duration, u64), Action>,
    sides: HashMap<u64, Side>,
    by_number: HashMap<RawFd, u64>,
}

/// One end of a connection.
struct Side {
    peer: u64,
    /// What the peer has sent and this end has not read.
    inbox: VecDeque<u8>,
    capacity: usize,
    /// The peer sends no more.
    read_closed: bool,
    /// This end sends no more.
    write_closed: bool,
    error: Option<io::ErrorKind>,
    changes: u64,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            chance: seed,
            origin: Instant::now(),
            elapsed: Duration::ZERO,
            numbers: 0,
            script: BTreeMap::new(),
            sides: HashMap::new(),
            by_number: HashMap::new(),
        }
    }

    /// SplitMix64.
    pub(super) fn random(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of 1 to `most`, which is not 0.
    fn some_of(&mut self, most: usize) -> usize {
        1 + (self.random() % most as u64) as usize
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    // ── time ───────────────────────────────────────────────────────────────────────────────────

    pub(super) fn now(&self) -> Instant {
        // Beyond all instants there is nothing to wait for.
        self.origin.checked_add(self.elapsed).unwrap_or(self.origin)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    pub(super) fn schedule(&mut self, after: Duration, action: Action) {
        let number = self.next_number();
        self.script.insert((self.elapsed.saturating_add(after), number), action);
    }

    /// The next action up to `limit`, whose time it is then; if there is none, it is `limit`.
    pub(super) fn next_action(&mut self, limit: Option<Duration>) -> Option<Action> {
        let next = self.script.first_key_value().map(|((at, _), _)| *at);
        match next {
            Some(at) if limit.is_none_or(|limit| at <= limit) => {
                self.elapsed = self.elapsed.max(at);
                self.script.pop_first().map(|(_, action)| action)
            }
            _ => {
                self.elapsed = self.elapsed.max(limit.unwrap_or_default());
                None
            }
        }
    }

    // ── connections ────────────────────────────────────────────────────────────────────────────

    pub(super) fn connect(&mut self, numbers: [RawFd; 2], capacity: usize) -> [u64; 2] {
        let sides = [self.next_number(), self.next_number()];
        for (this, peer) in [(0, 1), (1, 0)] {
            let side = Side {
                peer: sides[peer],
                inbox: VecDeque::new(),
                capacity,
                read_closed: false,
                write_closed: false,
                error: None,
                changes: 0,
            };
            self.sides.insert(sides[this], side);
            self.by_number.insert(numbers[this], sides[this]);
        }
        sides
    }

    pub(super) fn side_of(&self, number: RawFd) -> Option<u64> {
        self.by_number.get(&number).copied()
    }

    /// The end is closed: the peer may still read what it was sent.
    pub(super) fn disconnect(&mut self, number: RawFd, side: u64) {
        self.by_number.remove(&number);
        if let Some(side) = self.sides.remove(&side) {
            self.change(side.peer, |peer| peer.read_closed = true);
        }
    }

    fn change(&mut self, side: u64, how: impl FnOnce(&mut Side)) {
        if let Some(side) = self.sides.get_mut(&side) {
            how(side);
            side.changes += 1;
        }
    }

    pub(super) fn look(&self, side: u64) -> (Readiness, u64) {
        let Some(this) = self.sides.get(&side) else {
            return (Readiness::empty(), 0);
        };
        let peer = self.sides.get(&this.peer);
        let mut ready = Readiness::empty();
        ready.set(Readiness::READABLE, !this.inbox.is_empty() || this.read_closed);
        ready.set(Readiness::READ_CLOSED, this.read_closed);
        let room = peer.is_none_or(|peer| peer.inbox.len() < peer.capacity);
        ready.set(Readiness::WRITABLE, room || this.write_closed);
        ready.set(Readiness::WRITE_CLOSED, peer.is_none());
        ready.set(Readiness::ERROR, this.error.is_some());
        (ready, this.changes)
    }

    pub(super) fn read(&mut self, side: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(this) = self.sides.get_mut(&side) else { return Ok(0) };
        if let Some(error) = this.error.take() {
            return Err(error.into());
        }
        let there = this.inbox.len().min(buffer.len());
        if there == 0 {
            let end = this.read_closed || buffer.is_empty();
            return if end { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
        }
        let count = self.some_of(there);
        let Some(this) = self.sides.get_mut(&side) else { return Ok(0) };
        let was_full = this.inbox.len() == this.capacity;
        for (place, byte) in buffer.iter_mut().zip(this.inbox.drain(..count)) {
            *place = byte;
        }
        let peer = this.peer;
        if was_full {
            self.change(peer, |_| ());
        }
        Ok(count)
    }

    pub(super) fn write(&mut self, side: u64, bytes: &[u8]) -> io::Result<usize> {
        let Some(this) = self.sides.get_mut(&side) else { return Ok(0) };
        if let Some(error) = this.error.take() {
            return Err(error.into());
        }
        let (peer, write_closed) = (this.peer, this.write_closed);
        let Some(room) = self.sides.get(&peer).map(|peer| peer.capacity - peer.inbox.len()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        if write_closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        match room.min(bytes.len()) {
            0 if bytes.is_empty() => Ok(0),
            0 => Err(io::ErrorKind::WouldBlock.into()),
            most => {
                let count = self.some_of(most);
                self.change(peer, |peer| peer.inbox.extend(&bytes[..count]));
                Ok(count)
            }
        }
    }

    pub(super) fn shutdown(&mut self, side: u64) {
        let mut peer = None;
        self.change(side, |side| {
            side.write_closed = true;
            peer = Some(side.peer);
        });
        if let Some(peer) = peer {
            self.change(peer, |peer| peer.read_closed = true);
        }
    }

    pub(super) fn fail(&mut self, side: u64, error: io::ErrorKind) {
        self.change(side, |side| side.error = Some(error));
    }
}
