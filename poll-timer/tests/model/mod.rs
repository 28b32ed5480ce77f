//! Both wheels beside a `BTreeMap` that does the same. The property test, the fuzz target and the
//! soak run share it.

use std::collections::{BTreeMap, HashMap};

use poll_timer::{Deadlines, Key, Wheel};

/// What can be done to a wheel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    /// A new timer, or the deadline of the id.
    Set(u32, u64),
    /// The same through the form that can fail.
    TrySet(u32, u64),
    /// An old deadline again, later or earlier.
    Move(u32, u64),
    Clear(u32),
    /// Expire everything up to then.
    Drain(u64),
    /// Expire with a budget, and go on with something else.
    DrainWithin(u64, usize),
    /// Expire a number of timers and stop.
    DrainSome(u64, usize),
    /// As an event loop does: go to the next deadline and expire.
    DrainNext,
    /// Expire, and set each that expires anew, that much later.
    DrainAndSet(u64, u64),
    Next,
    Shrink,
    ClearAll,
    RetainEven,
}

/// The judge: timers by deadline and order.
#[derive(Debug, Default)]
struct Model {
    by_deadline: BTreeMap<(u64, u64), u32>,
    by_id: BTreeMap<u32, (u64, u64)>,
    order: u64,
    now: u64,
}

impl Model {
    fn set(&mut self, id: u32, deadline: u64) -> Option<u64> {
        let was = self.clear(id);
        self.order += 1;
        self.by_deadline.insert((deadline, self.order), id);
        self.by_id.insert(id, (deadline, self.order));
        was
    }

    fn clear(&mut self, id: u32) -> Option<u64> {
        let place = self.by_id.remove(&id)?;
        self.by_deadline.remove(&place);
        Some(place.0)
    }

    fn pop(&mut self, now: u64) -> Option<(u64, u32)> {
        self.now = self.now.max(now);
        let (&(deadline, order), &id) = self.by_deadline.first_key_value()?;
        if deadline > self.now {
            return None;
        }
        self.by_deadline.remove(&(deadline, order));
        self.by_id.remove(&id);
        Some((deadline, id))
    }

    fn next(&self) -> Option<u64> {
        self.by_deadline.keys().next().map(|key| key.0)
    }
}

/// A wheel of either form, by id.
pub(crate) trait Subject: Default {
    fn set(&mut self, id: u32, deadline: u64) -> Option<u64>;
    fn try_set(&mut self, id: u32, deadline: u64) -> Option<u64>;
    fn clear(&mut self, id: u32) -> Option<u64>;
    fn deadline(&self, id: u32) -> Option<u64>;
    fn pop(&mut self, now: u64, budget: &mut usize) -> Option<u32>;
    fn next(&mut self) -> Option<u64>;
    fn wake(&self) -> Option<u64>;
    fn now(&self) -> u64;
    fn len(&self) -> usize;
    fn ids(&self) -> Vec<(u32, u64)>;
    fn shrink(&mut self);
    fn clear_all(&mut self);
    fn retain_even(&mut self);
    fn check(&self);
}

impl Subject for Deadlines {
    fn set(&mut self, id: u32, deadline: u64) -> Option<u64> {
        self.set(id, deadline)
    }
    fn try_set(&mut self, id: u32, deadline: u64) -> Option<u64> {
        self.try_set(id, deadline).expect("there is memory")
    }
    fn clear(&mut self, id: u32) -> Option<u64> {
        self.clear(id)
    }
    fn deadline(&self, id: u32) -> Option<u64> {
        self.deadline(id)
    }
    fn pop(&mut self, now: u64, budget: &mut usize) -> Option<u32> {
        self.pop_expired_within(now, budget)
    }
    fn next(&mut self) -> Option<u64> {
        self.next_deadline()
    }
    fn wake(&self) -> Option<u64> {
        self.next_wake()
    }
    fn now(&self) -> u64 {
        self.now()
    }
    fn len(&self) -> usize {
        self.len()
    }
    fn ids(&self) -> Vec<(u32, u64)> {
        self.iter().collect()
    }
    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
    fn clear_all(&mut self) {
        self.clear_all();
    }
    fn retain_even(&mut self) {
        self.retain(|id, _| id % 2 == 0);
    }
    fn check(&self) {
        self.check_invariants();
    }
}

/// A keyed wheel with the id as payload, and the keys, the dead ones included.
#[derive(Debug, Default)]
pub(crate) struct Keyed {
    wheel: Wheel<u32>,
    keys: HashMap<u32, Key>,
    /// The last keys that died.
    dead: std::collections::VecDeque<Key>,
}

impl Keyed {
    fn bury(&mut self, key: Key) {
        self.dead.push_back(key);
        if self.dead.len() > 20 {
            self.dead.pop_front();
        }
        for &key in &self.dead {
            assert_eq!(self.wheel.get(key), None, "a stale key finds nothing");
            assert!(!self.wheel.reschedule(key, 1), "a stale key moves nothing");
            assert_eq!(self.wheel.cancel(key), None, "a stale key takes nothing");
        }
    }
}

impl Subject for Keyed {
    fn set(&mut self, id: u32, deadline: u64) -> Option<u64> {
        if let Some(&key) = self.keys.get(&id) {
            let was = self.wheel.deadline(key);
            assert!(was.is_some() && self.wheel.reschedule(key, deadline));
            return was;
        }
        self.keys.insert(id, self.wheel.schedule(deadline, id));
        None
    }
    fn try_set(&mut self, id: u32, deadline: u64) -> Option<u64> {
        let was = self.clear(id);
        let key = self.wheel.try_schedule(deadline, id).expect("there is memory");
        self.keys.insert(id, key);
        was
    }
    fn clear(&mut self, id: u32) -> Option<u64> {
        let key = self.keys.remove(&id)?;
        let deadline = self.wheel.deadline(key);
        assert_eq!(self.wheel.cancel(key), Some(id));
        self.bury(key);
        deadline
    }
    fn deadline(&self, id: u32) -> Option<u64> {
        let key = *self.keys.get(&id)?;
        assert_eq!(self.wheel.get(key), Some(&id));
        self.wheel.deadline(key)
    }
    fn pop(&mut self, now: u64, budget: &mut usize) -> Option<u32> {
        let expired = self.wheel.pop_expired_within(now, budget)?;
        assert_eq!(self.keys.remove(&expired.value), Some(expired.key));
        self.bury(expired.key);
        Some(expired.value)
    }
    fn next(&mut self) -> Option<u64> {
        self.wheel.next_deadline()
    }
    fn wake(&self) -> Option<u64> {
        self.wheel.next_wake()
    }
    fn now(&self) -> u64 {
        self.wheel.now()
    }
    fn len(&self) -> usize {
        self.wheel.len()
    }
    fn ids(&self) -> Vec<(u32, u64)> {
        let mut ids: Vec<_> = self.wheel.iter().map(|(_, at, &id)| (id, at)).collect();
        ids.sort_unstable();
        ids
    }
    fn shrink(&mut self) {
        self.wheel.shrink_to_fit();
    }
    fn clear_all(&mut self) {
        self.wheel.clear();
        let keys: Vec<_> = self.keys.drain().map(|(_, key)| key).collect();
        keys.into_iter().for_each(|key| self.bury(key));
    }
    fn retain_even(&mut self) {
        self.wheel.retain(|_, _, id| *id % 2 == 0);
        let odd: Vec<_> = self.keys.keys().copied().filter(|id| id % 2 == 1).collect();
        for id in odd {
            if let Some(key) = self.keys.remove(&id) {
                self.bury(key);
            }
        }
    }
    fn check(&self) {
        self.wheel.check_invariants();
    }
}

/// A wheel and its judge.
#[derive(Debug, Default)]
pub(crate) struct Pair<S> {
    subject: S,
    model: Model,
}

impl<S: Subject> Pair<S> {
    /// Does `op` to both and compares what can be seen. Deadlines and times are as given.
    pub(crate) fn step(&mut self, op: Op) {
        match op {
            Op::Set(id, deadline) => {
                assert_eq!(self.subject.set(id, deadline), self.model.set(id, deadline));
            }
            Op::TrySet(id, deadline) => {
                assert_eq!(self.subject.try_set(id, deadline), self.model.set(id, deadline));
            }
            Op::Move(id, deadline) => {
                if let Some(was) = self.subject.deadline(id) {
                    assert_eq!(self.subject.set(id, deadline), Some(was));
                    assert_eq!(self.model.set(id, deadline), Some(was));
                }
            }
            Op::Clear(id) => assert_eq!(self.subject.clear(id), self.model.clear(id)),
            Op::Drain(now) => self.drain(now),
            Op::DrainWithin(now, budget) => self.drain_within(now, budget),
            Op::DrainSome(now, count) => (0..count).for_each(|_| _ = self.pop(now)),
            Op::DrainNext => {
                if let Some(next) = self.subject.next() {
                    let was = self.model.by_id.len();
                    self.drain(next);
                    assert!(self.model.by_id.len() < was, "who wakes at the deadline finds it");
                }
            }
            Op::DrainAndSet(now, later) => {
                while let Some(id) = self.pop(now) {
                    let deadline = now.saturating_add(later.max(1));
                    if deadline > self.model.now {
                        assert_eq!(self.subject.set(id, deadline), self.model.set(id, deadline));
                    }
                }
            }
            Op::Next => assert_eq!(self.subject.next(), self.model.next()),
            Op::Shrink => self.subject.shrink(),
            Op::ClearAll => {
                self.subject.clear_all();
                self.model.by_id.clear();
                self.model.by_deadline.clear();
            }
            Op::RetainEven => {
                self.subject.retain_even();
                self.model.by_id.retain(|id, _| id % 2 == 0);
                self.model.by_deadline.retain(|_, id| *id % 2 == 0);
            }
        }
        assert_eq!(self.subject.len(), self.model.by_id.len());
        assert_eq!(self.subject.wake().is_some(), self.model.next().is_some());
        assert!(self.subject.wake() <= self.model.next(), "a wake-up is not late");
    }

    fn pop(&mut self, now: u64) -> Option<u32> {
        let id = self.subject.pop(now, &mut usize::MAX.clone());
        assert_eq!(id, self.model.pop(now).map(|(_, id)| id), "at {now}");
        assert_eq!(self.subject.now(), self.model.now);
        id
    }

    fn drain(&mut self, now: u64) {
        while self.pop(now).is_some() {}
        assert!(self.subject.wake().is_none_or(|wake| wake > self.model.now));
    }

    fn drain_within(&mut self, now: u64, budget: usize) {
        let mut left = budget;
        loop {
            let before = left;
            let Some(id) = self.subject.pop(now, &mut left) else {
                break;
            };
            assert!(left < before);
            assert_eq!(Some(id), self.model.pop(now).map(|(_, id)| id));
        }
        if left > 0 {
            assert_eq!(self.model.pop(now), None, "with budget left, nothing is due");
        }
        self.model.now = self.subject.now();
    }

    /// Compares all that can be seen, and has the wheel check itself.
    pub(crate) fn check(&self) {
        self.subject.check();
        let model = self.model.by_id.iter().map(|(&id, place)| (id, place.0));
        assert!(self.subject.ids().into_iter().eq(model), "the same timers");
        for id in self.model.by_id.keys() {
            assert!(self.subject.deadline(*id).is_some());
        }
    }

    /// The latest time told.
    pub(crate) fn now(&self) -> u64 {
        self.model.now
    }

    /// The id of the timer that is next, and its deadline.
    pub(crate) fn first(&self) -> Option<(u32, u64)> {
        let (key, &id) = self.model.by_deadline.first_key_value()?;
        Some((id, key.0))
    }
}

/// Makes operations of raw numbers: `kind` chooses, `id` is below `ids`, `distance` is spread over
/// all magnitudes, and what it is measured from is the present.
pub(crate) fn op<S: Subject>(pair: &Pair<S>, kind: u8, id: u32, distance: u64, count: u16) -> Op {
    let now = pair.now();
    let later = now.saturating_add(distance);
    let earlier = now.saturating_sub(distance);
    let near = now.saturating_add(distance & 0x3ff);
    match kind {
        0..=49 => Op::Set(id, later),
        50..=69 => Op::Set(id, near),
        70..=74 => Op::Set(id, earlier),
        75..=77 if count % 16 == 0 => Op::Set(id, u64::MAX - (distance & 3)),
        75..=77 => Op::Set(id, later),
        78..=84 => Op::TrySet(id, later),
        85..=94 => Op::Move(id, later),
        95..=104 => Op::Move(id, near),
        105..=129 => Op::Clear(id),
        130..=139 => Op::Clear(pair.first().map_or(id, |first| first.0)),
        140..=149 => Op::Set(id, pair.first().map_or(later, |first| first.1)),
        150..=159 => Op::Drain(near),
        160..=162 => Op::Drain(later.min(u64::MAX / 2).max(now)),
        163 if count % 256 == 0 => Op::Drain(u64::MAX),
        163 => Op::Drain(earlier),
        164..=174 => Op::DrainWithin(near, usize::from(count) % 40),
        175..=179 => Op::DrainWithin(later, usize::from(count) % 40),
        180..=184 => Op::DrainSome(near, usize::from(count) % 8),
        185..=199 => Op::DrainNext,
        200..=209 => Op::DrainAndSet(near, distance),
        210..=252 => Op::Next,
        253 => Op::Shrink,
        254 if count % 8 == 0 => Op::ClearAll,
        254 => Op::Next,
        255 => Op::RetainEven,
    }
}
