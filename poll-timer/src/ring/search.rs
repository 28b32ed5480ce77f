//! The search for the earliest deadline.

use alloc::vec::Vec;

use super::{Node, Nodes, Ring, is_current};
use crate::due::Entry;
use crate::levels::{self, LEVELS};
use crate::queue::Queue;
use crate::ring::NEAR;

/// A slot with more live timers than this is put in order when its first one must be found for the
/// second time.
const CROWD: usize = 32;

impl Ring {
    /// Finds the earliest deadline: without a search if a crowd that is in order begins with it.
    #[inline]
    pub(super) fn find_next(&mut self, nodes: &mut impl Nodes) {
        match self.due.first_of_crowd() {
            Some(first) if first.deadline <= self.wake => {
                (self.next_deadline, self.next_id) = (first.deadline, first.id);
            }
            _ => self.search(nodes),
        }
    }

    /// Looks everywhere for it, clearing away on the way what does not belong where it is filed.
    #[inline(never)]
    fn search(&mut self, nodes: &mut impl Nodes) {
        let live = |id, order| is_current(nodes, id, order);
        let mut best = self.due.first_of_batch(live).map(|entry| (entry.deadline, entry.id));
        best = earlier(best, self.due.first_near(live).map(|entry| (entry.deadline, entry.id)));
        if best.is_none_or(|(deadline, _)| deadline > self.wake) {
            best = self.search_slots(nodes, best);
        }
        if let Some((deadline, id)) = best {
            (self.next_deadline, self.next_id) = (deadline, id);
        }
    }

    /// The earliest of `best` and all that is in slots.
    fn search_slots(
        &mut self,
        nodes: &mut impl Nodes,
        mut best: Option<(u64, u32)>,
    ) -> Option<(u64, u32)> {
        // What is moved goes to its own level or a higher one: it is later than its slot, and that
        // is wider than all that the levels below reach. So one pass upwards sees everything, but
        // that level 0 reaches beyond a slot of level 1.
        for level in [0, 1, 0].into_iter().chain(2..LEVELS) {
            while let Some((begin, slot)) = self.occupancy.first_of(self.cur, level) {
                if best.is_some_and(|(deadline, _)| deadline <= begin) {
                    break;
                }
                let found = if level == 0 {
                    self.first_of_tick(nodes, slot, begin)
                } else {
                    self.first_of_span(nodes, slot, begin)
                };
                best = earlier(best, found);
                if found.is_some() {
                    break;
                }
            }
        }
        best
    }

    /// The first live timer of the slot of one tick. The slot is vacated if there is none.
    fn first_of_tick(
        &mut self,
        nodes: &mut impl Nodes,
        slot: u16,
        tick: u64,
    ) -> Option<(u64, u32)> {
        while let Some(id) = self.pool.front(&self.queues[usize::from(slot)]) {
            let node = nodes.node(id);
            if node.place == slot && node.live && node.deadline == tick {
                return Some((tick, id));
            }
            self.pool.take(&mut self.queues[usize::from(slot)], 1);
            self.refile_run(nodes, &[id], slot);
        }
        self.vacate(slot);
        None
    }

    /// The earliest timer of a slot of many ticks. All that do not belong there are moved away; if
    /// there is none that does, the slot is vacated.
    ///
    /// A crowded slot that is searched again is put in order, once and for all of its timers, so
    /// that one who asks after each cancellation does not pay for all of them each time.
    fn first_of_span(
        &mut self,
        nodes: &mut impl Nodes,
        slot: u16,
        begin: u64,
    ) -> Option<(u64, u32)> {
        let last = levels::last(begin, slot);
        let again = core::mem::replace(&mut self.searched[levels::level_of(slot)], slot) == slot;
        let mut old = core::mem::replace(&mut self.queues[usize::from(slot)], Queue::EMPTY);
        let mut crowd = if again { self.due.crowd() } else { Vec::new() };
        let mut best = None;
        while let Some(run) = self.pool.take(&mut old, usize::MAX) {
            for &id in run.ids() {
                let Node { deadline, place, live } = nodes.node(id);
                if place != slot || !live || deadline > last {
                    self.refile_run(nodes, &[id], slot);
                    continue;
                }
                best = earlier(best, Some((deadline, id)));
                if again {
                    // At once, for the queue may hold it twice.
                    nodes.set_place(id, NEAR);
                    crowd.push(Entry { deadline, order: nodes.order(id), id });
                } else {
                    self.pool.push(&mut self.queues[usize::from(slot)], id);
                }
            }
        }
        if crowd.len() <= CROWD {
            for Entry { id, .. } in crowd.drain(..) {
                nodes.set_place(id, slot);
                self.pool.push(&mut self.queues[usize::from(slot)], id);
            }
        }
        if again {
            self.due.push_crowd(crowd);
        }
        if self.queues[usize::from(slot)].is_empty() {
            self.vacate(slot);
        }
        best
    }
}

#[inline]
fn earlier(a: Option<(u64, u32)>, b: Option<(u64, u32)>) -> Option<(u64, u32)> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
        (a, b) => a.or(b),
    }
}
