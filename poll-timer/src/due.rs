//! What has left the slots: the timers of the tick in hand, and the few that are ordered one by one.
//!
//! An entry carries the order number that its timer had when it was pushed. A timer that is moved
//! or taken gets another number or dies, so the entry is stale from then on and is skipped.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

use crate::near::Near;

/// Above this many entries the batch gives its memory back when it is done.
const KEEP: usize = 1 << 16;

/// Up to this many entries a batch is sorted at once; beyond, a straggler is ordered alone, so that no
/// single step grows with the size of the tick.
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
    /// The order number of the last member; 0 without one.
    last: u64,
    near: Near,
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
            last: 0,
            near: Near::new(),
            stale: 0,
        }
    }

    /// Whether all is in the batch: nothing is ordered one by one, stale or not.
    #[inline]
    pub(crate) fn is_near_empty(&self) -> bool {
        self.near.is_empty()
    }

    /// Whether there is no entry at all, not even a stale one.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.near.is_empty()
    }

    /// Adds a timer in any order.
    pub(crate) fn push_near(&mut self, entry: Entry) {
        self.near.push(entry);
    }

    /// Something to put a crowd in.
    pub(crate) fn crowd(&mut self) -> Vec<Entry> {
        self.near.crowd()
    }

    /// Adds many timers, in any order.
    pub(crate) fn push_crowd(&mut self, crowd: Vec<Entry>) {
        self.near.push_crowd(crowd);
    }

    /// The first entry, if all of them are of one crowd and none is stale.
    #[inline]
    pub(crate) fn first_of_crowd(&self) -> Option<Entry> {
        if self.stale == 0 && self.batch.is_empty() { self.near.first_of_run() } else { None }
    }

    /// Adds a timer of the tick in hand.
    #[inline]
    pub(crate) fn push_batch(&mut self, entry: Entry) {
        if (entry.order < self.last || !self.sorted) && !self.admits(entry) {
            return self.push_near(entry);
        }
        self.tick = entry.deadline;
        self.last = entry.order;
        self.batch.push(Member { order: entry.order, id: entry.id });
    }

    /// Whether an entry may join the batch that is out of order, or comes out of order itself.
    #[cold]
    fn admits(&mut self, entry: Entry) -> bool {
        if self.batch.len() < SORT {
            self.sorted = false;
            return true;
        }
        self.sort();
        entry.order >= self.last
    }

    #[cold]
    fn sort(&mut self) {
        if self.sorted {
            return;
        }
        self.batch[self.taken..].sort_unstable_by_key(|member| member.order);
        self.sorted = true;
        self.last = self.batch.last().map_or(0, |member| member.order);
    }

    /// Drops the stale entries before the first, one for each of `budget`; false if that was not
    /// enough.
    #[cold]
    pub(crate) fn skip_stale(
        &mut self,
        budget: &mut usize,
        is_live: impl Fn(u32, u64) -> bool,
    ) -> bool {
        loop {
            let member = self.batch.get(self.taken);
            let in_batch = member.is_some_and(|&Member { order, id }| !is_live(id, order));
            let near = self.near.peek();
            if !in_batch && near.is_none_or(|entry| is_live(entry.id, entry.order)) {
                return true;
            }
            if *budget == 0 {
                return false;
            }
            *budget -= 1;
            self.stale -= 1;
            if in_batch { self.take_batch() } else { self.near.pop() }
        }
    }

    /// The first entry, after dropping stale ones before it. The tick in hand must be closed.
    pub(crate) fn first(&mut self, is_live: impl Fn(u32, u64) -> bool) -> Option<Entry> {
        let batch = self.first_of_batch(&is_live);
        match (batch, self.first_near(&is_live)) {
            (Some(batch), Some(near)) => Some(batch.min(near)),
            (batch, near) => batch.or(near),
        }
    }

    /// The first of the batch, after dropping stale ones before it.
    #[inline]
    pub(crate) fn first_of_batch(&mut self, is_live: impl Fn(u32, u64) -> bool) -> Option<Entry> {
        if !self.sorted {
            self.sort();
        }
        while let Some(&Member { order, id }) = self.batch.get(self.taken) {
            if self.stale == 0 || is_live(id, order) {
                return Some(Entry { deadline: self.tick, order, id });
            }
            self.stale -= 1;
            self.take_batch();
        }
        None
    }

    /// The first of those that are ordered one by one, after dropping stale ones before it.
    pub(crate) fn first_near(&mut self, is_live: impl Fn(u32, u64) -> bool) -> Option<Entry> {
        while let Some(&entry) = self.near.peek() {
            if self.stale == 0 || is_live(entry.id, entry.order) {
                return Some(entry);
            }
            self.stale -= 1;
            self.near.pop();
        }
        None
    }

    /// Not after the first deadline.
    pub(crate) fn bound(&self) -> Option<u64> {
        let batch = (!self.batch.is_empty()).then_some(self.tick);
        let near = self.near.peek().map(|entry| entry.deadline);
        batch.into_iter().chain(near).min()
    }

    /// Takes what [`first`](Self::first) returned.
    #[inline]
    pub(crate) fn take(&mut self, entry: Entry) {
        match self.batch.get(self.taken) {
            Some(member) if member.order == entry.order => self.take_batch(),
            _ => self.near.pop(),
        }
    }

    /// Takes the first of the batch.
    #[inline]
    pub(crate) fn take_batch(&mut self) {
        self.taken += 1;
        if self.taken >= self.batch.len() {
            self.end_batch();
        }
    }

    fn end_batch(&mut self) {
        self.batch.clear();
        (self.taken, self.last, self.sorted) = (0, 0, true);
        if self.batch.capacity() > KEEP {
            self.batch = Vec::new();
        }
    }

    /// Notes that an entry of a timer went stale, and drops all stale ones when they are the most.
    pub(crate) fn retire(&mut self, id: u32, is_live: impl Fn(u32, u64) -> bool) {
        // Who cancels the first again and again leaves nothing behind. If it is not the entry in
        // question, it was stale already, and the count is right all the same.
        if self.near.pop_of_run(id) {
            return;
        }
        self.stale += 1;
        if self.stale < 64 || self.stale * 2 < self.batch.len() + self.near.len() {
            return;
        }
        self.stale = 0;
        self.batch.drain(..self.taken);
        self.taken = 0;
        self.batch.retain(|member| is_live(member.id, member.order));
        self.last = self.batch.iter().map(|member| member.order).max().unwrap_or(0);
        self.near.retain(|entry| is_live(entry.id, entry.order));
    }

    pub(crate) fn clear(&mut self) {
        self.end_batch();
        self.near.clear();
        self.stale = 0;
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.batch.shrink_to_fit();
        self.near.shrink_to_fit();
    }

    pub(crate) fn try_reserve_one(&mut self) -> Result<(), TryReserveError> {
        self.batch.try_reserve(1)?;
        self.near.try_reserve_one()
    }

    /// How many entries are stale.
    pub(crate) fn stale(&self) -> usize {
        self.stale
    }

    /// Every entry, stale ones too, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        let batch = self.batch[self.taken..].iter();
        batch
            .map(|member| Entry { deadline: self.tick, order: member.order, id: member.id })
            .chain(self.near.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_out_of_order_than_may_be_sorted_at_once() {
        let mut due = Due::new();
        let push = |due: &mut Due, order: u64| {
            due.push_batch(Entry { deadline: 1, order, id: order as u32 });
            assert!(due.sorted || due.batch.len() <= SORT, "{} are not sorted", due.batch.len());
        };
        // One straggler, and many in order.
        push(&mut due, 2);
        push(&mut due, 1);
        (3..10_000).for_each(|order| push(&mut due, order));
        assert_eq!(due.near.len(), 0);
        // Stragglers behind a long batch: that stays in order.
        (20_000..21_000).rev().for_each(|order| push(&mut due, order));
        assert!(due.sorted);
        let mut last = 0;
        while let Some(entry) = due.first(|_, _| true) {
            assert!(entry.order > last);
            last = entry.order;
            due.take(entry);
        }
        assert_eq!(last, 20_999);
    }

    fn entry(order: u64) -> Entry {
        Entry { deadline: 5, order, id: order as u32 }
    }

    /// All that is due, in its order.
    fn drain(due: &mut Due) -> Vec<u64> {
        let next = || {
            let first = due.first(|_, _| true)?;
            due.take(first);
            Some(first.order)
        };
        core::iter::from_fn(next).collect()
    }

    #[test]
    fn a_batch_comes_in_order_whatever_it_was_pushed_in() {
        let mut due = Due::new();
        for order in [3, 1, 2, 9, 8] {
            due.push_batch(entry(order));
        }
        assert_eq!(drain(&mut due), [1, 2, 3, 8, 9]);
    }

    #[test]
    fn what_comes_late_to_a_long_batch_comes_in_order_all_the_same() {
        let mut due = Due::new();
        let late = [5, 3000, 7];
        for order in (0..2 * SORT as u64).map(|n| 2 * n).chain(late) {
            due.push_batch(entry(order));
        }
        let mut orders = drain(&mut due);
        assert!(orders.is_sorted() && orders.len() == 2 * SORT + late.len());
        orders.dedup();
        assert_eq!(orders.len(), 2 * SORT + 2);
        assert!(due.is_near_empty() && due.bound().is_none());
    }

    #[test]
    fn who_cancels_the_first_of_a_crowd_leaves_nothing_behind() {
        let mut due = Due::new();
        due.push_crowd((1..=100).map(entry).collect());
        for dead in 1..=60 {
            due.retire(dead, |_, order| order > u64::from(dead));
            assert_eq!((due.iter().count(), due.stale()), (100 - dead as usize, 0));
        }
        assert_eq!(due.first_of_crowd(), Some(entry(61)));
        // One in the middle stays until it is met.
        due.retire(70, |_, order| order > 60 && order != 70);
        assert_eq!((due.iter().count(), due.stale()), (40, 1));
        assert_eq!(due.first_of_crowd(), None, "the first may be a stale one");
    }

    #[test]
    fn the_first_of_a_crowd_is_not_told_while_there_is_a_batch() {
        let mut due = Due::new();
        due.push_crowd((1..=100).map(entry).collect());
        due.push_batch(Entry { deadline: 4, ..entry(101) });
        assert_eq!(due.first_of_crowd(), None);
        due.take_batch();
        assert_eq!(due.first_of_crowd(), Some(entry(1)));
    }

    #[test]
    fn entries_that_are_stale_are_thrown_away_when_they_are_many_and_half() {
        for in_batch in [true, false] {
            let mut due = Due::new();
            for order in 1..=200 {
                if in_batch { due.push_batch(entry(order)) } else { due.push_near(entry(order)) }
            }
            let is_live = |live: u64| move |_, order| order > live;
            for dead in 1..100 {
                due.retire(dead as u32, is_live(dead));
                assert_eq!(due.iter().count(), 200, "{dead} of 200 are stale");
            }
            due.retire(100, is_live(100));
            assert_eq!(due.iter().count(), 100);
            assert_eq!(drain(&mut due).len(), 100);
            // A few are kept, however many of all they are.
            due.push_near(entry(201));
            due.retire(201, is_live(201));
            assert_eq!(due.iter().count(), 1);
        }
    }

    #[test]
    fn stale_entries_are_thrown_away_from_the_sixty_fourth_on() {
        let mut due = Due::new();
        (1..=128).for_each(|order| due.push_batch(entry(order)));
        for dead in 1..64 {
            due.retire(dead as u32, |_, order| order > dead);
            assert_eq!(due.iter().count(), 128, "{dead} of 128 are stale");
        }
        due.retire(64, |_, order| order > 64);
        assert_eq!((due.iter().count(), due.stale()), (64, 0));
    }

    #[test]
    fn a_long_batch_gives_its_memory_back_when_it_is_done_and_a_short_one_keeps_it() {
        for (length, kept) in [(KEEP - 1, true), (KEEP, true), (KEEP + 1, false)] {
            let mut due = Due::new();
            due.batch.reserve_exact(length);
            (1..=length as u64).for_each(|order| due.push_batch(entry(order)));
            assert_eq!(drain(&mut due).len(), length);
            assert_eq!(due.batch.capacity(), if kept { length } else { 0 }, "after {length}");
        }
    }

    #[test]
    fn what_one_crowd_leaves_the_next_is_put_in() {
        let mut due = Due::new();
        let mut crowd = due.crowd();
        crowd.extend((1..=100).map(entry));
        let capacity = crowd.capacity();
        due.push_crowd(crowd);
        assert_eq!(drain(&mut due).len(), 100);
        assert_eq!(due.crowd().capacity(), capacity);
    }

    #[test]
    fn room_is_made_for_one_and_given_back() {
        let mut due = Due::new();
        due.try_reserve_one().expect("there is memory");
        assert!(due.batch.capacity() > 0 && due.near.capacity() > 0);
        due.shrink_to_fit();
        assert_eq!((due.batch.capacity(), due.near.capacity()), (0, 0));
    }
}
