//! The workloads, and the one list of them.

mod ready;
mod register;
mod talk;
mod talk_tokio;
mod wake;

use crate::Mode;
use crate::peers::Peer;
use crate::peers::polling::{EDGE, LEVEL, ONESHOT, Polling};
use crate::peers::{bare::Bare, calloop::Calloop, mio::Mio, ours::Ours, raw::Raw};

/// Does the operation so many times.
pub type Body = Box<dyn FnMut(u64)>;

/// A workload that is measured.
pub struct Workload {
    pub name: &'static str,
    /// What one operation is, in a few words.
    pub operation: &'static str,
    /// How many sources its poller may watch, for the limit of descriptors.
    pub sources: u64,
    /// Whether instructions are counted: where nothing but the poller is between two syscalls.
    pub instructions: bool,
    make: fn(Peer) -> Option<Body>,
}

impl Workload {
    /// The body for `peer`; `None` if the peer cannot do it.
    #[must_use]
    pub fn body(&self, peer: Peer) -> Option<Body> {
        (self.make)(peer)
    }
}

/// Calls a generic function for the type that stands behind a peer.
macro_rules! reactor {
    ($peer:expr, $function:ident($($argument:expr),*)) => {
        match $peer {
            Peer::Raw | Peer::RawAgain => $function::<Raw>($($argument),*),
            Peer::Bare => $function::<Bare>($($argument),*),
            Peer::Ours => $function::<Ours<false>>($($argument),*),
            Peer::OursPoll => $function::<Ours<true>>($($argument),*),
            Peer::Mio => $function::<Mio>($($argument),*),
            Peer::PollingLevel => $function::<Polling<LEVEL>>($($argument),*),
            Peer::PollingEdge => $function::<Polling<EDGE>>($($argument),*),
            Peer::Calloop => $function::<Calloop>($($argument),*),
            _ => None,
        }
    };
}

/// Not for peers whose wakes are no events: a wait that must not sleep would not tell one.
fn unless_silent(peer: Peer, body: Option<Body>) -> Option<Body> {
    body.filter(|_| !matches!(peer, Peer::PollingLevel | Peer::PollingEdge))
}

const fn workload(
    name: &'static str,
    operation: &'static str,
    sources: u64,
    instructions: bool,
    make: fn(Peer) -> Option<Body>,
) -> Workload {
    Workload { name, operation, sources, instructions, make }
}

use ready::{active, empty_wait, ready, threaded, timeout};
use register::{
    arm_again, arm_change, batch, bulk, close, pair, reserve, threads, threads_unowned,
};
use talk::{accept, accept_reserved, drain, echo, ping_pong};
use wake::{awake, latency, latency_spinning, pending};

/// All workloads, in the order of the report.
pub const ALL: &[Workload] = &[
    workload("ping-pong, Unix", "64 bytes there and back", 2, true, |peer| match peer {
        Peer::Tokio => talk_tokio::ping_pong(false),
        Peer::PollingOneshot => ping_pong::<Polling<ONESHOT>>(false),
        _ => reactor!(peer, ping_pong(false)),
    }),
    workload("ping-pong, TCP", "64 bytes there and back", 2, true, |peer| match peer {
        Peer::Tokio => talk_tokio::ping_pong(true),
        Peer::PollingOneshot => ping_pong::<Polling<ONESHOT>>(true),
        _ => reactor!(peer, ping_pong(true)),
    }),
    workload("1,000 sources, 1 active", "write, wait, read", 1000, false, |peer| {
        reactor!(peer, active(1000, 1))
    }),
    workload("1,000 sources, 100 active", "100 × write, wait, 100 × read", 1000, false, |peer| {
        reactor!(peer, active(1000, 100))
    }),
    workload(
        "1,000 sources, 1,000 active",
        "1,000 × write, wait, 1,000 × read",
        1000,
        false,
        |peer| reactor!(peer, active(1000, 1000)),
    ),
    workload("10,000 sources, 1 active", "write, wait, read", 10000, false, |peer| {
        reactor!(peer, active(10_000, 1))
    }),
    workload(
        "10,000 sources, 100 active",
        "100 × write, wait, 100 × read",
        10000,
        false,
        |peer| reactor!(peer, active(10_000, 100)),
    ),
    workload(
        "10,000 sources, 1,000 active",
        "1,000 × write, wait, 1,000 × read",
        10000,
        false,
        |peer| reactor!(peer, active(10_000, 1000)),
    ),
    workload("empty wait", "wait(0), nothing ready", 1, true, |peer| reactor!(peer, empty_wait())),
    workload("1 ready, level", "wait, look at 1 event", 1, true, |peer| {
        reactor!(peer, ready(1, Mode::Level))
    }),
    workload("empty wait, 2 threads", "wait(0) beside another thread", 1, false, |peer| {
        threaded(reactor!(peer, empty_wait()))
    }),
    workload("1 ready, level, 2 threads", "wait beside another thread", 1, false, |peer| {
        threaded(reactor!(peer, ready(1, Mode::Level)))
    }),
    workload("100 ready, level", "wait, look at 100 events", 100, true, |peer| {
        reactor!(peer, ready(100, Mode::Level))
    }),
    workload("1,000 ready, level", "wait, look at 1,000 events", 1000, true, |peer| {
        reactor!(peer, ready(1000, Mode::Level))
    }),
    workload("1,000 ready, edge", "1,000 × write, wait, look at them", 1000, true, |peer| {
        reactor!(peer, ready(1000, Mode::Edge))
    }),
    workload("100 µs timeout", "wait(100 µs), nothing ready", 1, false, |peer| {
        reactor!(peer, timeout(100))
    }),
    workload("register, deregister", "one source in and out", 1, true, |peer| {
        reactor!(peer, pair())
    }),
    workload(
        "create, register, close",
        "an eventfd from its making to its close",
        1,
        false,
        |peer| reactor!(peer, close()),
    ),
    workload("reserve, drop", "a guard that never watches", 1, true, |peer| {
        reactor!(peer, reserve())
    }),
    workload("change interest", "to read and write, and back", 1, true, |peer| {
        reactor!(peer, arm_change())
    }),
    workload("arm again, unchanged", "level stays level", 1, true, |peer| {
        reactor!(peer, arm_again())
    }),
    workload("register 64, wait, deregister 64", "the batch", 64, false, |peer| {
        reactor!(peer, batch(64))
    }),
    workload("poller with 15,000 sources", "make, register all, drop all", 15000, false, |peer| {
        reactor!(peer, bulk(15_000))
    }),
    workload("register from 1 thread", "64 × in and out while one waits", 64, false, |peer| {
        threads(peer, 1)
    }),
    workload("register from 1 thread, unowned", "the same without a guard", 64, false, |peer| {
        threads_unowned(peer, 1)
    }),
    workload("register from 3 threads", "192 × in and out while one waits", 192, false, |peer| {
        threads(peer, 3)
    }),
    workload(
        "accept, read, write, close",
        "a TCP connection of 64 bytes each way",
        4,
        true,
        |peer| match peer {
            Peer::Tokio => talk_tokio::accept(),
            _ => reactor!(peer, accept()),
        },
    ),
    workload(
        "accept, I/O tried first",
        "the same, watched only where it would block",
        4,
        true,
        |peer| match peer {
            Peer::Ours => accept_reserved(),
            Peer::Raw | Peer::RawAgain => reactor!(peer, accept()),
            _ => None,
        },
    ),
    workload(
        "echo, 64 connections",
        "64 bytes on each, all echoed",
        128,
        true,
        |peer| match peer {
            Peer::Tokio => talk_tokio::echo(64),
            _ => reactor!(peer, echo(64)),
        },
    ),
    workload(
        "echo, 512 connections",
        "64 bytes on each, all echoed",
        1024,
        false,
        |peer| match peer {
            Peer::Tokio => talk_tokio::echo(512),
            _ => reactor!(peer, echo(512)),
        },
    ),
    workload("edge, read until it would block", "64 bytes, wait, 2 × read", 1, true, |peer| {
        drain(peer, false)
    }),
    workload("edge, a short read ends", "the same with 1 × read", 1, true, |peer| {
        drain(peer, true)
    }),
    workload("wake a sleeper", "there and back between two threads", 2, false, |peer| {
        reactor!(peer, latency())
    }),
    workload(
        "wake a sleeper, spinning",
        "the same, our pollers spin",
        2,
        false,
        |peer| match peer {
            Peer::Ours => latency_spinning(),
            Peer::Raw | Peer::RawAgain => reactor!(peer, latency()),
            _ => None,
        },
    ),
    workload("1,000 wakes while awake", "1,000 × wake, wait(0)", 1, true, |peer| {
        unless_silent(peer, reactor!(peer, awake(1000)))
    }),
    workload(
        "1,000 wakes while awake, 2 threads",
        "the same beside another thread",
        1,
        false,
        |peer| threaded(unless_silent(peer, reactor!(peer, awake(1000)))),
    ),
    workload("a wake is pending", "wake, wait(0)", 1, true, |peer| {
        unless_silent(peer, reactor!(peer, pending()))
    }),
];
