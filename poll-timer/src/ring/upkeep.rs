//! What keeps the ring small: sweeping, building anew, giving back.

use alloc::vec::Vec;

use super::{NEAR, NO_SLOT, NOWHERE, Nodes, Ring};
use crate::due::Entry;
use crate::levels::{LEVELS, Occupancy, SLOTS};
use crate::queue::{BLOCK, Queue};

/// The node's place while a queue is rid of doubles.
const SEEN: u16 = NEAR + 2;

impl Ring {
    /// Sweeps a slot now and then, if the slots hold much more than there are nodes: two entries
    /// are looked at for each one that goes stale, so that those are never the most for long.
    pub(super) fn sweep(&mut self, nodes: &mut impl Nodes) {
        if self.pool.capacity_in_use() < 2 * nodes.node_count() as usize + 64 * BLOCK {
            return;
        }
        self.sweep_credit += 2;
        if self.sweep_credit < 64 {
            return;
        }
        let slot = self.occupancy.at_or_after(self.sweep_slot);
        let Some(slot) = slot.or_else(|| self.occupancy.at_or_after(0)) else {
            self.sweep_credit = 0;
            return;
        };
        self.sweep_slot = (slot + 1) % SLOTS as u16;
        self.sweep_credit -= self.sweep_one(nodes, slot) as i64;
    }

    /// Drops what is stale in a slot, doubles too. Says how many entries were looked at.
    pub(crate) fn sweep_one(&mut self, nodes: &mut impl Nodes, slot: u16) -> usize {
        let mut seen = 0;
        let mut old = core::mem::replace(&mut self.queues[usize::from(slot)], Queue::EMPTY);
        while let Some(run) = self.pool.take(&mut old, usize::MAX) {
            seen += run.ids().len();
            for &id in run.ids() {
                let node = nodes.node(id);
                if node.place != slot {
                    continue;
                }
                let place = if node.live { SEEN } else { NOWHERE };
                nodes.set_place(id, place);
                if node.live {
                    self.pool.push(&mut self.queues[usize::from(slot)], id);
                }
            }
        }
        let queue = self.queues[usize::from(slot)];
        self.pool.iter(&queue).for_each(|id| nodes.set_place(id, slot));
        if queue.is_empty() {
            self.vacate(slot);
        }
        seen
    }

    /// Files every live node anew, with order numbers from 1, and drops all that is stale.
    #[cold]
    pub(crate) fn rebuild(&mut self, nodes: &mut impl Nodes) {
        let mut ids: Vec<u32> = Vec::with_capacity(self.live as usize);
        for id in 0..nodes.node_count() {
            nodes.set_place(id, NOWHERE);
            if nodes.node(id).live {
                ids.push(id);
            }
        }
        ids.sort_unstable_by_key(|&id| nodes.order(id));
        self.reset();
        for id in ids {
            self.order += 1;
            nodes.set_order(id, self.order);
            let deadline = nodes.node(id).deadline;
            let place = if deadline > self.cur {
                self.file(id, deadline)
            } else {
                self.due.push_near(Entry { deadline, order: self.order, id });
                NEAR
            };
            nodes.set_place(id, place);
        }
    }

    /// Empties slots and `due`; the caller sees to the nodes.
    fn reset(&mut self) {
        self.queues.fill(Queue::EMPTY);
        self.pool.clear();
        self.due.clear();
        self.occupancy = Occupancy::new();
        self.searched = [NO_SLOT; LEVELS];
        self.sweep_credit = 0;
        self.order = 0;
        (self.wake, self.wake_slot) = (u64::MAX, NO_SLOT);
    }

    /// Forgets all timers. The caller has made them dead.
    pub(crate) fn clear(&mut self, nodes: &mut impl Nodes) {
        self.reset();
        self.live = 0;
        self.forget_next();
        (0..nodes.node_count()).for_each(|id| nodes.set_place(id, NOWHERE));
    }

    /// Gives back what memory it can. The nodes were rebuilt.
    pub(crate) fn shrink_to_fit(&mut self, nodes: &impl Nodes) {
        self.pool.shrink_to_fit();
        self.due.shrink_to_fit();
        if nodes.node_count() == 0 {
            self.queues = Vec::new();
        }
    }

    /// Starts order numbers late, for tests of their end.
    #[cfg(test)]
    pub(crate) fn skip_orders<N: Nodes>(&mut self, left: u64) {
        self.order = N::LAST_ORDER - left;
    }

    /// Whether no timer that is due is ordered alone, for tests of what that costs.
    #[cfg(test)]
    pub(crate) fn is_near_empty(&self) -> bool {
        self.due.is_near_empty()
    }

    /// How many ids the slots hold room for, for tests of what goes stale.
    #[cfg(test)]
    pub(crate) fn filed(&self) -> usize {
        self.pool.capacity_in_use()
    }
}
