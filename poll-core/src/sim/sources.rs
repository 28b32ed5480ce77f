//! What there is to watch in a simulated world: connections and listeners.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::RawFd;

use super::world::World;
use crate::event::Readiness;

#[derive(Default)]
pub(super) struct Sources {
    all: HashMap<u64, Source>,
    by_number: HashMap<RawFd, u64>,
}

struct Source {
    what: What,
    /// What the next call fails with.
    error: Option<io::Error>,
    changes: u64,
    /// What it is registered by; a connection that waits in a queue has none yet.
    number: Option<RawFd>,
}

enum What {
    Side(Side),
    Queue(Queue),
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
}

/// A listener's.
struct Queue {
    waiting: VecDeque<u64>,
    capacity: usize,
}

impl Side {
    fn room(&self) -> usize {
        self.capacity - self.inbox.len()
    }
}

impl Sources {
    fn insert(&mut self, id: u64, what: What) {
        self.all.insert(id, Source { what, error: None, changes: 0, number: None });
    }

    fn side(&mut self, id: u64) -> Option<&mut Side> {
        match &mut self.all.get_mut(&id)?.what {
            What::Side(side) => Some(side),
            What::Queue(_) => None,
        }
    }

    /// [`side`](Self::side), for what is an edge to who watches it.
    fn stir(&mut self, id: u64) -> Option<&mut Side> {
        self.all.get_mut(&id)?.changes += 1;
        self.side(id)
    }

    fn queue(&mut self, id: u64) -> Option<&mut Queue> {
        match &mut self.all.get_mut(&id)?.what {
            What::Queue(queue) => Some(queue),
            What::Side(_) => None,
        }
    }

    fn take_error(&mut self, id: u64) -> io::Result<()> {
        self.all.get_mut(&id).and_then(|source| source.error.take()).map_or(Ok(()), Err)
    }

    fn look(&self, id: u64) -> Option<(Readiness, u64)> {
        let source = self.all.get(&id)?;
        let mut ready = match &source.what {
            What::Side(side) => self.look_at(side),
            What::Queue(queue) if queue.waiting.is_empty() => Readiness::empty(),
            What::Queue(_) => Readiness::READABLE,
        };
        if source.error.is_some() {
            ready |= Readiness::ERROR | Readiness::READABLE | Readiness::WRITABLE;
        }
        Some((ready, source.changes))
    }

    fn look_at(&self, side: &Side) -> Readiness {
        let peer = self.all.get(&side.peer).and_then(|peer| match &peer.what {
            What::Side(peer) => Some(peer),
            What::Queue(_) => None,
        });
        let gone = peer.is_none() || (side.read_closed && side.write_closed);
        let mut ready = Readiness::empty();
        ready.set(Readiness::READABLE, !side.inbox.is_empty() || side.read_closed);
        ready.set(Readiness::READ_CLOSED, side.read_closed);
        let room = peer.is_none_or(|peer| peer.room() > 0);
        ready.set(Readiness::WRITABLE, room || side.write_closed || gone);
        ready.set(Readiness::WRITE_CLOSED, gone);
        ready
    }
}

impl World {
    /// Two sides that are connected with each other.
    pub(super) fn connect(&mut self, capacity: usize) -> [u64; 2] {
        let sides = [self.next_number(), self.next_number()];
        for (this, peer) in [(0, 1), (1, 0)] {
            let side = Side {
                peer: sides[peer],
                inbox: VecDeque::new(),
                capacity,
                read_closed: false,
                write_closed: false,
            };
            self.sources.insert(sides[this], What::Side(side));
        }
        sides
    }

    pub(super) fn listen(&mut self, capacity: usize) -> u64 {
        let id = self.next_number();
        self.sources.insert(id, What::Queue(Queue { waiting: VecDeque::new(), capacity }));
        id
    }

    /// The client's side of a new connection in the listener's queue.
    pub(super) fn connect_to(&mut self, listener: u64) -> io::Result<u64> {
        let capacity = self.sources.queue(listener).map(|queue| queue.capacity);
        let capacity = capacity.ok_or(io::ErrorKind::ConnectionRefused)?;
        let [client, server] = self.connect(capacity);
        if let Some(source) = self.sources.all.get_mut(&listener) {
            source.changes += 1;
        }
        if let Some(queue) = self.sources.queue(listener) {
            queue.waiting.push_back(server);
        }
        Ok(client)
    }

    pub(super) fn accept(&mut self, listener: u64) -> io::Result<u64> {
        self.sources.take_error(listener)?;
        let next = self.sources.queue(listener).and_then(|queue| queue.waiting.pop_front());
        next.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    /// Gives a source the number that it is registered by.
    pub(super) fn call(&mut self, number: RawFd, id: u64) {
        self.sources.by_number.insert(number, id);
        if let Some(source) = self.sources.all.get_mut(&id) {
            source.number = Some(number);
        }
    }

    pub(super) fn id_of(&self, number: RawFd) -> Option<u64> {
        self.sources.by_number.get(&number).copied()
    }

    /// What a source is ready for, and how often that has changed; `None` if it is closed.
    pub(crate) fn look(&self, id: u64) -> Option<(Readiness, u64)> {
        self.sources.look(id)
    }

    /// A source is closed. The peer of a connection may still read what it was sent.
    pub(super) fn close(&mut self, id: u64) {
        let Some(source) = self.sources.all.remove(&id) else { return };
        if let Some(number) = source.number {
            self.sources.by_number.remove(&number);
        }
        match source.what {
            What::Side(side) => self.hang_up(side.peer, !side.inbox.is_empty()),
            What::Queue(queue) => {
                for side in queue.waiting {
                    let peer = self.sources.side(side).map(|side| side.peer);
                    self.sources.all.remove(&side);
                    peer.into_iter().for_each(|peer| self.hang_up(peer, true));
                }
            }
        }
    }

    fn hang_up(&mut self, side: u64, reset: bool) {
        if let Some(side) = self.sources.stir(side) {
            side.read_closed = true;
        }
        if let Some(source) = self.sources.all.get_mut(&side).filter(|_| reset) {
            source.error = Some(io::ErrorKind::ConnectionReset.into());
        }
    }

    pub(super) fn read(&mut self, id: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(side) = self.sources.side(id) else { return Ok(0) };
        let there = side.inbox.len().min(buffer.len());
        if there == 0 {
            let end = side.read_closed || buffer.is_empty();
            self.sources.take_error(id)?;
            return if end { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
        }
        let count = self.some_of(there);
        let Some(side) = self.sources.side(id) else { return Ok(0) };
        let was_full = side.room() == 0;
        for (place, byte) in buffer.iter_mut().zip(side.inbox.drain(..count)) {
            *place = byte;
        }
        let peer = side.peer;
        if was_full {
            self.sources.stir(peer);
        }
        Ok(count)
    }

    pub(super) fn write(&mut self, id: u64, bytes: &[u8]) -> io::Result<usize> {
        self.sources.take_error(id)?;
        let Some(side) = self.sources.side(id) else { return Ok(0) };
        let (peer, write_closed) = (side.peer, side.write_closed);
        let room = self.sources.side(peer).map(|peer| peer.room()).filter(|_| !write_closed);
        match room.map(|room| room.min(bytes.len())) {
            None => Err(io::ErrorKind::BrokenPipe.into()),
            Some(0) if bytes.is_empty() => Ok(0),
            Some(0) => Err(io::ErrorKind::WouldBlock.into()),
            Some(most) => {
                let count = self.some_of(most);
                if let Some(peer) = self.sources.stir(peer) {
                    peer.inbox.extend(&bytes[..count]);
                }
                Ok(count)
            }
        }
    }

    pub(super) fn shutdown(&mut self, id: u64) {
        let Some(side) = self.sources.stir(id) else { return };
        side.write_closed = true;
        let peer = side.peer;
        if let Some(peer) = self.sources.stir(peer) {
            peer.read_closed = true;
        }
    }

    pub(super) fn fail(&mut self, id: u64, error: io::Error) {
        if let Some(source) = self.sources.all.get_mut(&id) {
            source.error = Some(error);
            source.changes += 1;
        }
    }
}
