//! What is measured. Each returns nanoseconds of thread CPU time per operation.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::Peer;

/// The CPU time of this thread.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn per(operations: usize, from: Duration) -> f64 {
    (cpu_time() - from).as_nanos() as f64 / operations as f64
}

/// A generator of numbers that are the same in each run.
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        Self(0x2545_f491_4f6c_dd1d)
    }
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (((self.0 >> 32) * u64::from(bound)) >> 32) as u32
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

/// The names of the measures, in the table's order.
pub const COLUMNS: [&str; 12] = [
    "a insert",
    "a cancel",
    "a refill",
    "b reset",
    "b+next",
    "b2 re-add",
    "b3 rpc",
    "c all",
    "t max us",
    "jump",
    "next",
    "unasked",
];

fn shuffled(count: u32) -> Vec<u32> {
    let mut ids: Vec<u32> = (0..count).collect();
    let mut random = Random::new();
    for i in (1..count).rev() {
        ids.swap(i as usize, random.below(i + 1) as usize);
    }
    ids
}

/// a: a million inserts up to 60 s, then all are cancelled in random order, and once more on the
/// same timer: first insert, cancel, second insert.
pub fn insert_cancel<P: Peer>(count: u32) -> (f64, f64, f64) {
    let mut peer = P::new();
    let order = shuffled(count);
    let mut keys: Vec<Option<P::Key>> = (0..count).map(|_| None).collect();
    let mut random = Random::new();
    let mut fill = |peer: &mut P, keys: &mut Vec<Option<P::Key>>| {
        let from = cpu_time();
        for id in 0..count {
            keys[id as usize] = Some(peer.insert(id, 1 + u64::from(random.below(60_000))));
        }
        per(count as usize, from)
    };
    let insert = fill(&mut peer, &mut keys);
    let from = cpu_time();
    for &id in &order {
        if let Some(key) = keys[id as usize].take() {
            peer.cancel(id, key);
        }
    }
    let cancel = per(count as usize, from);
    (insert, cancel, fill(&mut peer, &mut keys))
}

/// What is done to a timer that is pushed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    Reset,
    ResetAndAsk,
    CancelAndInsert,
}

/// b: 100,000 live timers; a random one is pushed back by 30 s, 23 of them each tick. One in a
/// thousand fires.
pub fn push_back<P: Peer>(live: u32, steps: usize, push: Push) -> f64 {
    let mut peer = P::new();
    let mut random = Random::new();
    let mut expired = Vec::new();
    let mut keys: Vec<Option<P::Key>> = Vec::new();
    for id in 0..live {
        keys.push(Some(peer.insert(id, 1 + u64::from(random.below(30_000)))));
    }
    let mut now = 0;
    let mut run = |steps: usize, peer: &mut P| {
        for _ in 0..steps / 23 {
            now += 1;
            peer.advance(now, &mut expired);
            for id in expired.drain(..) {
                keys[id as usize] = Some(peer.insert(id, now + 30_000));
            }
            for _ in 0..23 {
                let id = random.below(live);
                if let Some(key) = keys[id as usize].take() {
                    keys[id as usize] = Some(if push == Push::CancelAndInsert {
                        peer.cancel(id, key);
                        peer.insert(id, now + 30_000)
                    } else {
                        peer.reset(id, key, now + 30_000)
                    });
                }
            }
            if push == Push::ResetAndAsk {
                black_box(peer.next());
            }
        }
    };
    run(23 * 35_000, &mut peer); // the start-up wave passes
    let from = cpu_time();
    run(steps, &mut peer);
    per(steps, from)
}

/// b3: 10,000 in flight; the oldest is cancelled and one of +30 s added, 1,000 each tick.
pub fn rpc<P: Peer>(live: u32, steps: usize) -> f64 {
    let mut peer = P::new();
    let mut expired = Vec::new();
    let mut keys: Vec<Option<P::Key>> = (0..live).map(|id| Some(peer.insert(id, 30_000))).collect();
    let (mut now, mut oldest) = (0, 0);
    let mut run = |steps: usize, peer: &mut P| {
        for _ in 0..steps / 1_000 {
            now += 1;
            peer.advance(now, &mut expired);
            for _ in 0..1_000 {
                if let Some(key) = keys[oldest as usize].take() {
                    peer.cancel(oldest, key);
                }
                keys[oldest as usize] = Some(peer.insert(oldest, now + 30_000));
                oldest = if oldest + 1 == live { 0 } else { oldest + 1 };
            }
        }
    };
    run(100_000, &mut peer);
    let from = cpu_time();
    run(steps, &mut peer);
    per(steps, from)
}

/// c: a million up to 60 s, and all expire by ticks of 1 ms.
pub fn expire_all<P: Peer>(count: u32) -> f64 {
    let mut peer = P::new();
    let mut random = Random::new();
    let mut expired = Vec::with_capacity(1 << 12);
    let from = cpu_time();
    // The keys are dropped at the end, for some timers end with their keys.
    let keys: Vec<P::Key> =
        (0..count).map(|id| peer.insert(id, 1 + u64::from(random.below(60_000)))).collect();
    let mut done = 0;
    for now in 1..=60_001 {
        done += peer.advance(now, &mut expired);
        expired.clear();
    }
    let time = per(count as usize, from);
    assert_eq!(done, count as usize, "{}", P::NAME);
    drop(keys);
    time
}

/// t: the longest tick of 1 ms, in microseconds, with a million timers up to 60 s live while the
/// clock crosses a multiple of 2^18 ms.
pub fn longest_tick<P: Peer>(count: u32) -> f64 {
    let mut peer = P::new();
    let mut random = Random::new();
    let mut expired = Vec::with_capacity(1 << 16);
    let start = (1 << 18) - 2_000;
    peer.advance(start, &mut expired);
    let keys: Vec<P::Key> =
        (0..count).map(|id| peer.insert(id, start + 1 + u64::from(random.below(60_000)))).collect();
    let mut longest = Duration::ZERO;
    for now in start + 1..start + 4_000 {
        let from = cpu_time();
        peer.advance(now, &mut expired);
        longest = longest.max(cpu_time() - from);
        expired.clear();
    }
    drop(keys);
    longest.as_nanos() as f64 / 1e3
}

/// Ten timers hours away, and time jumps by 58 minutes until the last has expired: per jump.
pub fn idle_jumps<P: Peer>(rounds: usize) -> f64 {
    let mut expired = Vec::new();
    let mut total = Duration::ZERO;
    let mut jumps = 0;
    for round in 0..rounds as u64 {
        let mut peer = P::new();
        let keys: Vec<_> = (0..10u32)
            .map(|id| peer.insert(id, (u64::from(id) + 10) * 3_600_000 + round * 977))
            .collect();
        let from = cpu_time();
        for jump in 1..=9 {
            peer.advance(jump * 58 * 60_000, &mut expired);
            jumps += 1;
        }
        total += cpu_time() - from;
        drop(keys);
    }
    total.as_nanos() as f64 / jumps as f64
}

/// The next deadline of 100,000 timers, the earliest of which is cancelled before each question and
/// another one added. And the same without the question.
pub fn ask_next<P: Peer>(live: u32, steps: usize, ask: bool) -> f64 {
    let mut peer = P::new();
    let mut keys: Vec<Option<P::Key>> =
        (0..live).map(|id| Some(peer.insert(id, 10_000 + u64::from(id)))).collect();
    if peer.next().is_none() {
        return f64::NAN;
    }
    let from = cpu_time();
    for step in 0..steps {
        let id = step % live as usize;
        if let Some(key) = keys[id].take() {
            peer.cancel(id as u32, key);
        }
        keys[id] = Some(peer.insert(id as u32, 10_000 + u64::from(live) + step as u64));
        if ask {
            black_box(peer.next());
        }
    }
    per(steps, from)
}

/// All measures of one peer, in the order of [`COLUMNS`].
pub fn measure<P: Peer>() -> Vec<f64> {
    const MILLION: u32 = 1_000_000;
    const STEPS: usize = 2_000_000;
    let (insert, cancel, refill) = insert_cancel::<P>(MILLION);
    vec![
        insert,
        cancel,
        refill,
        push_back::<P>(100_000, STEPS, Push::Reset),
        push_back::<P>(100_000, STEPS, Push::ResetAndAsk),
        push_back::<P>(100_000, STEPS, Push::CancelAndInsert),
        rpc::<P>(10_000, STEPS),
        expire_all::<P>(MILLION),
        longest_tick::<P>(MILLION),
        idle_jumps::<P>(100),
        ask_next::<P>(100_000, 20_000, true),
        ask_next::<P>(100_000, 20_000, false),
    ]
}

/// The names of the measures of timers that cannot be told the time.
pub const REAL_CLOCK: [&str; 4] = ["r insert", "r cancel", "r reset", "r expire"];

/// 100,000 timers up to 2 s; a few are cancelled and a few moved at random, and one jump has the
/// rest expire. Not by ticks, for which two seconds would have to pass awake.
pub fn real_clock<P: Peer>() -> Vec<f64> {
    let (count, few) = (100_000u32, 300);
    let mut peer = P::new();
    let mut random = Random::new();
    let mut expired = Vec::with_capacity(count as usize);
    let from = cpu_time();
    let mut keys: Vec<_> =
        (0..count).map(|id| Some(peer.insert(id, 500 + u64::from(random.below(1_500))))).collect();
    let insert = per(count as usize, from);
    let order = shuffled(count);
    let (cancelled, moved) = (&order[..few], &order[few..2 * few]);
    let from = cpu_time();
    for &id in cancelled {
        if let Some(key) = keys[id as usize].take() {
            peer.cancel(id, key);
        }
    }
    let cancel = per(few, from);
    let from = cpu_time();
    for &id in moved {
        let deadline = 500 + u64::from(random.below(1_500));
        let key = keys[id as usize].take();
        keys[id as usize] = key.map(|key| peer.reset(id, key, deadline));
    }
    let reset = per(few, from);
    let from = cpu_time();
    let done = peer.advance(2_001, &mut expired);
    let expire = per(count as usize, from);
    assert_eq!(done, count as usize - few, "{}", P::NAME);
    vec![insert, cancel, reset, expire]
}
