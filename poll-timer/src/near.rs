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

    /// Takes what [`peek`](Self::peek) shows.
    #[inline]
    pub(crate) fn pop(&mut self) {
        let heap = self.heap.peek().map(|Reverse(entry)| entry);
        if self.run.last().is_some_and(|run| heap.is_none_or(|heap| run < heap)) {
            self.run.pop();
            if self.run.is_empty() && self.run.capacity() > KEEP {
                self.run = Vec::new();
            }
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

    /// All, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        self.run.iter().copied().chain(self.heap.iter().map(|Reverse(entry)| *entry))
    }
}
