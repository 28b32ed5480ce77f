//! As many connections as the limit of descriptors allows and a million timers, all of them always
//! changing: after a first part of the time neither memory nor descriptors may grow.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use poll_core::{Backend, Events, Interest, Mode, Poller, Registration, Token, Tokens, Waker};
use poll_timer::Deadlines;
use rustix::process::{Resource, getrlimit};

use crate::{Dice, Orders, pair};

const TIMERS: u32 = 1_000_000;
/// Timers are this many ticks away at most; a round is one tick.
const HORIZON: usize = 4_096;
/// poll(2) looks at each descriptor in each wait: more would only make it slow.
const POLL_MOST: u64 = 512;
const WAKE: Token = Token::fixed(1);
/// How often memory and descriptors are looked at.
const LOOK: Duration = Duration::from_secs(1);

struct Connection {
    ours: Registration<UnixStream>,
    peer: UnixStream,
    /// Bytes that were written and not read.
    unread: usize,
}

struct World {
    poller: Poller,
    waker: Waker,
    modes: Vec<Mode>,
    dice: Dice,
    events: Events,
    connections: Tokens<Connection>,
    alive: Vec<Token>,
    timers: Deadlines,
    tick: u64,
    done: Done,
}

#[derive(Default)]
struct Done {
    opened: u64,
    events: u64,
    bytes: u64,
    fired: u64,
    wakes: u64,
}

/// Resident kibibytes, and open descriptors.
#[derive(Clone, Copy, Debug)]
struct Size {
    resident: u64,
    descriptors: usize,
}

impl Size {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").expect("/proc is mounted");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        let descriptors = fs::read_dir("/proc/self/fd").expect("/proc is mounted").count();
        Self { resident: resident.expect("a number of kB"), descriptors }
    }
}

pub(crate) fn run(orders: Orders) -> String {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(1 << 20);
    let room = limit.saturating_sub(64) / 2;
    let most = if orders.backend == Backend::Poll { room.min(POLL_MOST) } else { room };
    let mut world = World::new(orders, most as usize);
    let whole = Duration::from_secs(orders.count.max(4));
    let begun = Instant::now();
    // The tables find their size, and the allocator its habits.
    let mut base = Size::now();
    let (mut largest, mut smallest, mut looks) = (base, base, 0);
    let mut next = LOOK;
    while begun.elapsed() < whole {
        world.round();
        if begun.elapsed() < next {
            continue;
        }
        next += LOOK;
        let size = Size::now();
        if begun.elapsed() < whole / 4 {
            (base, largest, smallest) = (size, size, size);
            continue;
        }
        looks += 1;
        largest.resident = largest.resident.max(size.resident);
        smallest.resident = smallest.resident.min(size.resident);
        assert_eq!(size.descriptors, base.descriptors, "descriptors grew or shrank");
        let growth = size.resident.saturating_sub(base.resident);
        assert!(growth * 100 <= base.resident, "memory grew: {base:?}, now {size:?}");
    }
    let Done { opened, events, bytes, fired, wakes } = world.done;
    format!(
        "{} s, {} connections, {} timers: {opened} opened, {events} events, {bytes} bytes, {fired} \
         timers fired, {wakes} wakes; {looks} looks: {} descriptors, {} to {} KiB resident",
        begun.elapsed().as_secs(),
        world.alive.len(),
        world.timers.len(),
        base.descriptors,
        smallest.resident,
        largest.resident,
    )
}

impl World {
    fn new(orders: Orders, connections: usize) -> Self {
        let poller = orders.poller();
        let waker = poller.waker(WAKE).expect("a waker");
        let (modes, _) = orders.shares();
        let mut world = Self {
            poller,
            waker,
            modes: modes.collect(),
            dice: Dice::new(orders.seed),
            events: Events::with_capacity(256),
            connections: Tokens::new(),
            alive: Vec::with_capacity(connections),
            timers: Deadlines::new(),
            tick: 0,
            done: Done::default(),
        };
        for _ in 0..connections {
            let token = world.open();
            world.alive.push(token);
        }
        for timer in 0..TIMERS {
            world.set(timer);
        }
        world
    }

    fn open(&mut self) -> Token {
        let (ours, peer) = pair();
        let mode = self.modes[self.dice.below(self.modes.len())];
        self.done.opened += 1;
        let registered = self.connections.try_insert_with(|token| {
            let ours = self.poller.register(ours, token, Interest::READABLE, mode)?;
            Ok::<_, poll_core::Rejected<UnixStream>>(Connection { ours, peer, unread: 0 })
        });
        registered.expect("a registration")
    }

    fn set(&mut self, timer: u32) {
        self.timers.set(timer, self.tick + 1 + self.dice.below(HORIZON) as u64);
    }

    /// A few connections are replaced, written to and changed, timers moved, a wake sent; then all
    /// that is reported is done.
    fn round(&mut self) {
        for _ in 0..8 {
            let place = self.dice.below(self.alive.len());
            drop(self.connections.remove(self.alive[place]));
            self.alive[place] = self.open();
        }
        for _ in 0..32 {
            let token = self.alive[self.dice.below(self.alive.len())];
            let connection = self.connections.get_mut(token).expect("it is alive");
            if connection.unread < 64 {
                connection.peer.write_all(b"12345678").expect("room for 8 bytes");
                connection.unread += 8;
            }
            let timer = self.dice.below(TIMERS as usize) as u32;
            self.set(timer);
        }
        self.tick += 1;
        while let Some(timer) = self.timers.pop_expired(self.tick) {
            self.done.fired += 1;
            self.set(timer);
        }
        self.waker.wake().expect("a wake");
        self.poller.wait(&mut self.events, Some(Duration::ZERO)).expect("a wait");
        for event in &self.events {
            self.done.events += 1;
            if event.token() == WAKE {
                self.done.wakes += 1;
            } else if let Some(connection) = self.connections.get_mut(event.token()) {
                self.done.bytes += connection.serve(&mut self.dice, &self.modes) as u64;
            }
        }
    }
}

impl Connection {
    /// Reads all, and arms again, sometimes in another mode.
    fn serve(&mut self, dice: &mut Dice, modes: &[Mode]) -> usize {
        let mut bytes = 0;
        loop {
            match (&mut &*self.ours).read(&mut [0; 64]) {
                Ok(0) => unreachable!("the peer is ours and open"),
                Ok(n) => bytes += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        self.unread -= bytes;
        let mode = modes[dice.below(modes.len())];
        self.ours.arm(Interest::READABLE, mode).expect("an arm");
        bytes
    }
}
