//! Long runs of what must never go wrong: one job on one backend, so many times.
//!
//! `cargo run --release -p poll-core --example soak -- wakes epoll 1000000 1`; the last number is the
//! seed. `cargo xtask soak` runs all jobs on all backends. A job ends with a line `ok: …` that tells
//! what it did, or it panics; what hangs is ended by a wait's cap.
#![forbid(unsafe_code)]

mod churn;
mod drops;
mod edges;
mod stale;
mod wakes;

use std::io;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use poll_core::{Backend, Mode, Poller};

/// No wait lasts longer when something is due.
const CAP: Option<Duration> = Some(Duration::from_secs(60));

/// What a job is told.
#[derive(Clone, Copy)]
struct Orders {
    backend: Backend,
    /// How often; for `churn` for how many seconds.
    count: u64,
    seed: u64,
}

impl Orders {
    fn poller(self) -> Poller {
        Poller::with_backend(self.backend).expect("a poller")
    }

    /// The modes that the backend has, and an equal share of the count for each.
    fn shares(self) -> (impl Iterator<Item = Mode>, u64) {
        let poller = self.poller();
        let all = [Mode::Level, Mode::Edge, Mode::Oneshot];
        let modes: Vec<_> = all.into_iter().filter(|mode| poller.supports(*mode)).collect();
        let share = self.count.div_ceil(modes.len() as u64);
        (modes.into_iter(), share)
    }
}

/// Numbers that look random and are the same for the same seed: Marsaglia's xorshift.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        // Zero would stay zero.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % n
    }
}

fn pair() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    ours.set_nonblocking(true).expect("a mode");
    (ours, theirs)
}

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |n: usize| words.get(n).and_then(|word| word.parse().ok());
    let known = |word: &String| {
        Backend::available().iter().find(|b| format!("{b:?}").to_lowercase() == *word)
    };
    let (Some(job), Some(&backend), Some(count), Some(seed)) =
        (words.first(), words.get(1).and_then(known), number(2), number(3))
    else {
        return Err(io::Error::other("churn|drops|edges|stale|wakes BACKEND COUNT SEED"));
    };
    let orders = Orders { backend, count, seed };
    let told = match job.as_str() {
        "churn" => churn::run(orders),
        "drops" => drops::run(orders),
        "edges" => edges::run(orders),
        "stale" => stale::run(orders),
        "wakes" => wakes::run(orders),
        other => return Err(io::Error::other(format!("no job is named {other}"))),
    };
    println!("ok: {told}");
    Ok(())
}
