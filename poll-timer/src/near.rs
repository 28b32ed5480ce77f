//! The timers that are ordered one by one: a heap for those that come singly, and a sorted run for
//! a crowd that comes at once.

use alloc::collections::{BinaryHeap, TryReserveError};
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::due::Entry;

/// A greater crowd goes to the heap, for to sort it would take too long at once.
const LONGEST_RUN: usize = 1 << 16;

/// A run of more than this gives its memory back when it is done.
const KEEP: usize = 1 << 12;

#[derive(Debug, Clone)]
pub(crate) struct Near {
    heap: BinaryHeap<Reverse<Entry>>,
    /// The last is the first in order.
    run: Vec<Entry>,
}

impl Near {
    pub(crate) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), run: Vec::new() }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.heap.is_empty() && self.run.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len() + self.run.len()
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.heap.push(Reverse(entry));
    }

    /// Something to put a crowd in: what the last one left, as a rule.
    pub(crate) fn crowd(&mut self) -> Vec<Entry> {
        if self.run.is_empty() { core::mem::take(&mut self.run) } else { Vec::new() }
    }

    /// Adds many at once.
    pub(crate) fn push_crowd(&mut self, mut crowd: Vec<Entry>) {
        if self.run.is_empty() && crowd.len() <= LONGEST_RUN {
            // Also if it is empty, to keep its memory.
            crowd.sort_unstable_by_key(|&entry| Reverse(entry));
            self.run = crowd;
        } else {
            self.heap.extend(crowd.into_iter().map(Reverse));
        }
    }

    /// The first in order.
    #[inline]
    pub(crate) fn peek(&self) -> Option<&Entry> {
        let (run, heap) = (self.run.last(), self.heap.peek().map(|Reverse(entry)| entry));
        match (run, heap) {
            (Some(run), Some(heap)) => Some(run.min(heap)),
            (run, heap) => run.or(heap),
        }
    }

    /// The first in order, if all are in the run.
    #[inline]
    pub(crate) fn first_of_run(&self) -> Option<Entry> {
        if self.heap.is_empty() { self.run.last().copied() } else { None }
    }

    /// Takes the first of the run if it is of that timer. Says whether it was.
    #[inline]
    pub(crate) fn pop_of_run(&mut self, id: u32) -> bool {
        let is_it = self.run.last().is_some_and(|entry| entry.id == id);
        if is_it {
            self.pop_run();
        }
        is_it
    }

    #[inline]
    fn pop_run(&mut self) {
        self.run.pop();
        if self.run.is_empty() && self.run.capacity() > KEEP {
            self.run = Vec::new();
        }
    }

    /// Takes what [`peek`](Self::peek) shows.
    #[inline]
    pub(crate) fn pop(&mut self) {
        let heap = self.heap.peek().map(|Reverse(entry)| entry);
        if self.run.last().is_some_and(|run| heap.is_none_or(|heap| run < heap)) {
            self.pop_run();
        } else {
            self.heap.pop();
        }
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Entry) -> bool) {
        self.run.retain(&mut keep);
        self.heap.retain(|Reverse(entry)| keep(entry));
    }

    pub(crate) fn clear(&mut self) {
        self.run.clear();
        self.heap.clear();
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.run.shrink_to_fit();
        self.heap.shrink_to_fit();
    }

    pub(crate) fn try_reserve_one(&mut self) -> Result<(), TryReserveError> {
        self.heap.try_reserve(1)
    }

    /// How many entries there is room for.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.run.capacity() + self.heap.capacity()
    }

    /// All, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        self.run.iter().copied().chain(self.heap.iter().map(|Reverse(entry)| *entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(order: usize) -> Entry {
        Entry { deadline: 7, order: order as u64, id: order as u32 }
    }

    /// All there is, in the order in which it is taken.
    fn drain(near: &mut Near) -> Vec<u64> {
        let next = || {
            let first = near.peek()?.order;
            near.pop();
            Some(first)
        };
        core::iter::from_fn(next).collect()
    }

    #[test]
    fn single_ones_and_two_crowds_come_in_one_order() {
        let mut near = Near::new();
        near.push_crowd([8, 2, 5].map(entry).into());
        // The run is taken: this one goes to the heap.
        near.push_crowd([3, 9].map(entry).into());
        [1, 4, 7].map(entry).into_iter().for_each(|entry| near.push(entry));
        assert_eq!((near.len(), near.run.len()), (8, 3));
        assert_eq!(near.first_of_run(), None, "an earlier one is not in the run");
        assert_eq!(drain(&mut near), [1, 2, 3, 4, 5, 7, 8, 9]);
        assert_eq!((near.is_empty(), near.len()), (true, 0));
    }

    #[test]
    fn a_crowd_is_sorted_at_once_up_to_the_longest_run() {
        for (length, in_run) in [(LONGEST_RUN, LONGEST_RUN), (LONGEST_RUN + 1, 0)] {
            let mut near = Near::new();
            near.push_crowd((0..length).rev().map(entry).collect());
            assert_eq!((near.len(), near.run.len()), (length, in_run));
            assert_eq!(near.first_of_run(), (in_run > 0).then(|| entry(0)));
            assert!(drain(&mut near).into_iter().eq(0..length as u64));
        }
    }

    #[test]
    fn a_short_run_leaves_its_memory_to_the_next_crowd_and_a_long_one_gives_it_back() {
        for (length, kept) in [(KEEP - 1, true), (KEEP, true), (KEEP + 1, false)] {
            let mut near = Near::new();
            let mut crowd = near.crowd();
            assert_eq!(crowd.capacity(), 0);
            crowd.reserve_exact(length);
            crowd.extend((0..length).map(entry));
            near.push_crowd(crowd);
            // Not while the run is in use.
            assert_eq!(near.crowd().capacity(), 0);
            assert_eq!(drain(&mut near).len(), length);
            let left = if kept { length } else { 0 };
            assert_eq!(near.crowd().capacity(), left, "after a run of {length}");
        }
    }
}
