//! What has left the slots: the timers of the tick in hand, and a heap for the few that are ordered
//! one by one.
//!
//! An entry carries the order number that its timer had when it was pushed. A timer that is moved or
//! taken gets another number or dies, so the entry is stale from then on and is skipped.

use alloc::collections::{BinaryHeap, TryReserveError};
use alloc::vec::Vec;
use core::cmp::Reverse;

/// Above this many entries the batch gives its memory back when it is done.
const KEEP: usize = 1 << 16;

/// Up to this many entries a batch is sorted at once; beyond, a straggler goes to the heap, so that
/// no single step grows with the size of the tick.
const SORT: usize = 1 << 10;

/// A timer with its place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) deadline: u64,
    pub(crate) order: u64,
    pub(crate) id: u32,
}

/// A member of the batch, whose deadline is the batch's.
#[derive(Debug, Clone, Copy)]
struct Member {
    order: u64,
    id: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Due {
    /// The timers of one tick, by order once the tick is closed.
    batch: Vec<Member>,
    /// The tick of the batch.
    tick: u64,
    /// How many of the batch were taken.
    taken: usize,
    /// Whether the batch is in order.
    sorted: bool,
    near: BinaryHeap<Reverse<Entry>>,
    /// How many entries of `batch` and `near` are stale.
    stale: usize,
}

impl Due {
    pub(crate) const fn new() -> Self {
        Self {
            batch: Vec::new(),
            tick: 0,
            taken: 0,
            sorted: true,
            near: BinaryHeap::new(),
            stale: 0,
        }
    }

    /// Whether there is nothing, not even a stale entry.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.near.is_empty()
    }

    /// Adds a timer in any order.
    pub(crate) fn push_near(&mut self, entry: Entry) {
        self.near.push(Reverse(entry));
    }

    /// Adds a timer of the tick in hand.
    #[inline]
    pub(crate) fn push_batch(&mut self, entry: Entry) {
        if self.batch.is_empty() {
            self.tick = entry.deadline;
            self.sorted = true;
        }
        debug_assert_eq!(self.tick, entry.deadline);
        if let Some(last) = self.batch.last() {
            if entry.order < last.order {
                if self.batch.len() >= SORT {
                    self.sort();
                    // The greatest is last now, and it may be before this one.
                    if self.batch.last().is_some_and(|last| entry.order < last.order) {
                        return self.push_near(entry);
                    }
                } else {
                    self.sorted = false;
                }
            }
        }
        self.batch.push(Member { order: entry.order, id: entry.id });
    }

    fn sort(&mut self) {
        if !self.sorted {
            self.batch[self.taken..].sort_unstable_by_key(|member| member.order);
            self.sorted = true;
        }
    }

    /// The first entry, after dropping stale ones before it. The tick in hand must be closed.
    #[inline]
    pub(crate) fn first(&mut self, is_live: impl Fn(u32, u64) -> bool) -> Option<Entry> {
        let batch = self.first_of_batch(&is_live);
        if self.near.is_empty() {
            return batch;
        }
        let near = self.first_near(&is_live);
        match (batch, near) {
            (Some(batch), Some(near)) => Some(batch.min(near)),
            (batch, near) => batch.or(near),
        }
    }

    #[inline]
    pub(crate) fn first_of_batch(&mut self, is_live: impl Fn(u32, u64) -> bool) -> Option<Entry> {
        self.sort();
        while let Some(&Member { order, id }) = self.batch.get(self.taken) {
            if is_live(id, order) {
                return Some(Entry { deadline: self.tick, order, id });
            }
            self.stale = self.stale.saturating_sub(1);
            self.take_batch();
        }
        None
    }

    /// The first of the heap, after dropping stale ones before it.
    pub(crate) fn first_near(&mut self, is_live: impl Fn(u32, u64) -> bool) -> Option<Entry> {
        while let Some(&Reverse(entry)) = self.near.peek() {
            if is_live(entry.id, entry.order) {
                return Some(entry);
            }
            self.stale = self.stale.saturating_sub(1);
            self.near.pop();
        }
        None
    }

    /// Not after the first deadline.
    pub(crate) fn bound(&self) -> Option<u64> {
        let batch = (!self.batch.is_empty()).then_some(self.tick);
        let near = self.near.peek().map(|Reverse(entry)| entry.deadline);
        batch.into_iter().chain(near).min()
    }

    /// Takes what [`first`](Self::first) returned.
    #[inline]
    pub(crate) fn take(&mut self, entry: Entry) {
        match self.batch.get(self.taken) {
            Some(member) if member.order == entry.order => self.take_batch(),
            _ => {
                self.near.pop();
            }
        }
    }

    #[inline]
    fn take_batch(&mut self) {
        self.taken += 1;
        if self.taken == self.batch.len() {
            self.taken = 0;
            self.batch.clear();
            if self.batch.capacity() > KEEP {
                self.batch = Vec::new();
            }
        }
    }

    /// Notes that one entry went stale, and drops all stale ones when they are the most.
    pub(crate) fn retire(&mut self, is_live: impl Fn(u32, u64) -> bool) {
        self.stale += 1;
        if self.stale < 64 || self.stale * 2 < self.batch.len() + self.near.len() {
            return;
        }
        self.stale = 0;
        self.batch.drain(..self.taken);
        self.taken = 0;
        self.batch.retain(|member| is_live(member.id, member.order));
        self.near.retain(|Reverse(entry)| is_live(entry.id, entry.order));
    }

    pub(crate) fn clear(&mut self) {
        self.batch.clear();
        self.near.clear();
        self.taken = 0;
        self.stale = 0;
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.batch.shrink_to_fit();
        self.near.shrink_to_fit();
    }

    pub(crate) fn try_reserve_one(&mut self) -> Result<(), TryReserveError> {
        self.batch.try_reserve(1)?;
        self.near.try_reserve(1)
    }

    /// Every entry, stale ones too, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        let batch = self.batch[self.taken..].iter();
        batch
            .map(|member| Entry { deadline: self.tick, order: member.order, id: member.id })
            .chain(self.near.iter().map(|Reverse(entry)| *entry))
    }
}
