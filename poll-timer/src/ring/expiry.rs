//! Expiry: slots that come due are emptied, timers that are due are handed out.

use core::ops::ControlFlow;

use super::node::is_current;
use super::{NEAR, NO_SLOT, NOWHERE, Nodes, Ring};
use crate::due::Entry;
use crate::levels;

impl Ring {
    /// Tells the time, and takes the first timer that is due out of the ring. The caller makes
    /// it dead, and its place `NOWHERE`.
    ///
    /// Every timer or entry that is moved, dropped or taken costs one of `budget`; when that is
    /// used up the answer is `None`, whatever is due.
    #[inline]
    pub(crate) fn pop_due(
        &mut self,
        nodes: &mut impl Nodes,
        now: u64,
        budget: &mut usize,
    ) -> Option<Entry> {
        self.now = self.now.max(now);
        loop {
            if self.due.stale() > 0
                && !self.due.skip_stale(budget, |id, order| is_current(nodes, id, order))
            {
                return None;
            }
            if self.due.is_near_empty() && self.wake > self.cur {
                let first = self.due.first_of_batch(|id, order| is_current(nodes, id, order));
                if let Some(first) = first {
                    *budget = budget.checked_sub(1)?;
                    self.due.take_batch();
                    return Some(self.taken(first));
                }
                if self.wake > self.now {
                    self.cur = self.now;
                    self.go_ahead(nodes, budget);
                    return None;
                }
            }
            if let ControlFlow::Break(found) = self.settle(nodes, budget) {
                if found.is_none() {
                    self.go_ahead(nodes, budget);
                }
                return found;
            }
        }
    }

    /// Moves some of what comes due next on level 1 down, if there is any.
    #[inline]
    fn go_ahead(&mut self, nodes: &mut impl Nodes, budget: &mut usize) {
        let passed = self.cur - self.ahead;
        self.ahead = self.cur;
        let slot = levels::next_of_level_1(self.cur);
        if passed > 0 && self.occupancy.contains(slot) {
            self.empty_ahead(nodes, slot, passed, budget);
        }
    }

    /// Takes a block out of a slot for each tick that has passed. 256 blocks are as many timers as
    /// there are in one when two million lie within a minute of milliseconds.
    #[inline(never)]
    fn empty_ahead(&mut self, nodes: &mut impl Nodes, slot: u16, blocks: u64, budget: &mut usize) {
        for _ in 0..blocks {
            let Some(run) = self.pool.take(&mut self.queues[usize::from(slot)], *budget) else {
                break;
            };
            *budget -= run.ids().len();
            self.refile_run(nodes, run.ids(), slot);
        }
        if self.queues[usize::from(slot)].is_empty() {
            self.vacate(slot);
        }
    }

    /// Does one step towards the first timer that is due.
    #[inline(never)]
    fn settle(&mut self, nodes: &mut impl Nodes, budget: &mut usize) -> ControlFlow<Option<Entry>> {
        let occupied = self.wake_slot != NO_SLOT;
        let mut first = None;
        if !occupied || self.wake > self.cur {
            // The tick in hand is closed.
            first = self.due.first(|id, order| is_current(nodes, id, order));
            let limit = first.map_or(self.now, |first| first.deadline.min(self.now));
            self.cur = self.cur.max(if occupied { limit.min(self.wake) } else { limit });
        }
        if occupied && self.wake <= self.cur {
            return match self.empty_slot(nodes, budget) {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(None),
            };
        }
        let Some(first) = first.filter(|first| first.deadline <= self.now && *budget > 0) else {
            return ControlFlow::Break(None);
        };
        *budget -= 1;
        self.due.take(first);
        ControlFlow::Break(Some(self.taken(first)))
    }

    #[inline]
    fn taken(&mut self, entry: Entry) -> Entry {
        self.live -= 1;
        if entry.id == self.next_id || self.live == 0 {
            self.forget_next();
        }
        entry
    }

    /// Empties the slot that begins at `cur`; false if the budget did not suffice.
    fn empty_slot(&mut self, nodes: &mut impl Nodes, budget: &mut usize) -> bool {
        let slot = self.wake_slot;
        if usize::from(slot) < levels::TICKS {
            // The next tick's.
            self.pool.ask_for(&self.queues[(usize::from(slot) + 1) % levels::TICKS]);
        }
        while let Some(run) = self.pool.take(&mut self.queues[usize::from(slot)], *budget) {
            *budget -= run.ids().len();
            self.refile_run(nodes, run.ids(), slot);
        }
        if !self.queues[usize::from(slot)].is_empty() {
            return false;
        }
        self.vacate(slot);
        true
    }

    /// Files the nodes of a run of entries of `slot` where they belong now.
    #[inline]
    pub(super) fn refile_run(&mut self, nodes: &mut impl Nodes, ids: &[u32], slot: u16) {
        // These nodes are far apart and were not touched for long. Reading one has the others wait
        // for their turn, unless all are asked for at once.
        let touched = if usize::from(slot) < levels::TICKS {
            ids.iter().fold(0, |all, &id| all | nodes.order(id))
        } else {
            ids.iter().fold(0, |all, &id| all | nodes.node(id).deadline)
        };
        core::hint::black_box(touched);
        for &id in ids {
            let node = nodes.node(id);
            if node.place != slot {
                continue;
            }
            let place = if !node.live {
                NOWHERE
            } else if node.deadline > self.cur {
                self.file(id, node.deadline)
            } else {
                self.due.push_batch(Entry { deadline: node.deadline, order: nodes.order(id), id });
                NEAR
            };
            nodes.set_place(id, place);
        }
    }

    /// Marks a slot empty and finds the first occupied one.
    pub(super) fn vacate(&mut self, slot: u16) {
        self.occupancy.clear(slot);
        let level = levels::level_of(slot);
        if self.searched[level] == slot {
            self.searched[level] = NO_SLOT;
        }
        (self.wake, self.wake_slot) = self.occupancy.first(self.cur).unwrap_or((u64::MAX, NO_SLOT));
    }
}
