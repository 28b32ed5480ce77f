//! The search for the earliest deadline.

use super::{Nodes, Ring, is_current};
use crate::due::Entry;
use crate::levels::{self, LEVELS};
use crate::queue::Queue;
use crate::ring::NEAR;

/// A slot with more live timers than this is moved to the heap when its first one must be found for
/// the second time.
const CROWD: usize = 32;

impl Ring {
    /// Finds the earliest deadline, clearing away on the way what does not belong where it is
    /// filed.
    #[cold]
    pub(super) fn find_next(&mut self, nodes: &mut impl Nodes) {
        let live = |id, order| is_current(nodes, id, order);
        let mut best = self.due.first_of_batch(live).map(|entry| (entry.deadline, entry.id));
        best = earlier(best, self.due.first_near(live).map(|entry| (entry.deadline, entry.id)));
        // What is moved goes to its own level or a higher one: it is later than its slot, and that
        // is wider than all that the levels below reach. So one pass upwards sees everything.
        for level in 0..LEVELS {
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
        if let Some((deadline, id)) = best {
            (self.next_deadline, self.next_id) = (deadline, id);
        }
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
    /// A crowded slot that is searched again is moved to the heap, once and for all of its timers,
    /// so that one who asks after each cancellation does not pay for all of them each time.
    fn first_of_span(
        &mut self,
        nodes: &mut impl Nodes,
        slot: u16,
        begin: u64,
    ) -> Option<(u64, u32)> {
        let last = levels::last(begin, slot);
        let again = core::mem::replace(&mut self.searched[levels::level_of(slot)], slot) == slot;
        let mut old = core::mem::replace(&mut self.queues[usize::from(slot)], Queue::EMPTY);
        let (mut best, mut kept) = (None, 0);
        while let Some(run) = self.pool.take(&mut old, usize::MAX) {
            for &id in run.ids() {
                let node = nodes.node(id);
                if node.place == slot && node.live && node.deadline <= last {
                    best = earlier(best, Some((node.deadline, id)));
                    kept += 1;
                    self.pool.push(&mut self.queues[usize::from(slot)], id);
                } else {
                    self.refile_run(nodes, &[id], slot);
                }
            }
        }
        if again && kept > CROWD {
            let mut crowd = core::mem::replace(&mut self.queues[usize::from(slot)], Queue::EMPTY);
            while let Some(run) = self.pool.take(&mut crowd, usize::MAX) {
                for &id in run.ids() {
                    self.move_near(nodes, id, slot);
                }
            }
            kept = 0;
        }
        if kept == 0 {
            self.vacate(slot);
        }
        best
    }

    fn move_near(&mut self, nodes: &mut impl Nodes, id: u32, slot: u16) {
        let node = nodes.node(id);
        if node.place == slot {
            nodes.set_place(id, NEAR);
            let order = nodes.order(id);
            self.due.push_near(Entry { deadline: node.deadline, order, id });
        }
    }
}

#[inline]
fn earlier(a: Option<(u64, u32)>, b: Option<(u64, u32)>) -> Option<(u64, u32)> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
        (a, b) => a.or(b),
    }
}
