//! The wheel itself, over nodes that somebody else stores.
//!
//! The invariants, by name:
//!
//! - AHEAD: every occupied slot begins after `cur`, but for those that are being emptied, which begin
//!   at `cur`. So an index of a level names one span (see `levels`).
//! - FILED-EARLY: the slot that a node is filed in begins at or before the node's deadline. Moving a
//!   node later therefore moves nothing: it is filed anew when its slot comes due. A node that was
//!   cleared stays filed, too, and its next deadline mostly finds it filed early enough.
//! - NAMED: the node names its slot, and that slot's queue holds its id. A queue may hold other ids:
//!   an entry whose node names another slot is stale and is dropped by whoever meets it.
//! - NEAR: the live nodes that are in no slot have a current entry in `due`. A dead one has none.
//! - WAKE: `wake` is when the first occupied slot begins, and `wake_slot` is one that begins then.
//! - NEXT: if `next` names a node, its deadline is the earliest of all live ones.

mod check;

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

use crate::due::{Due, Entry};
use crate::levels::{self, LEVELS, Occupancy, SLOTS};
use crate::queue::{Pool, Queue};

/// The node's place: in `due`.
pub(crate) const NEAR: u16 = SLOTS as u16;
/// The node's place: nowhere.
pub(crate) const NOWHERE: u16 = NEAR + 1;
/// The node's place while a queue is rid of doubles.
const SEEN: u16 = NEAR + 2;

/// How many bits a place takes.
pub(crate) const PLACE_BITS: u32 = 11;

/// No node.
const NOBODY: u32 = u32::MAX;

/// A slot with more live timers than this is moved to the heap when its first one must be found for
/// the second time.
const CROWD: usize = 32;

/// A slot number that no slot has.
const NO_SLOT: u16 = u16::MAX;

/// What the ring reads of a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) deadline: u64,
    pub(crate) place: u16,
    pub(crate) live: bool,
}

/// The storage of nodes.
pub(crate) trait Nodes {
    /// The greatest order number that a node can hold.
    const LAST_ORDER: u64;

    fn node_count(&self) -> u32;
    fn node(&self, id: u32) -> Node;
    /// The order number that the node was given last.
    fn order(&self, id: u32) -> u64;
    /// Stores all but whether the node is live.
    fn put(&mut self, id: u32, deadline: u64, order: u64, place: u16);
    fn set_place(&mut self, id: u32, place: u16);
    fn set_order(&mut self, id: u32, order: u64);
}

/// The wheel without its nodes.
#[derive(Debug, Clone)]
pub(crate) struct Ring {
    /// All ticks before this one are done, and so are its slots, see AHEAD.
    cur: u64,
    /// The latest time that the caller told.
    now: u64,
    /// See WAKE; `u64::MAX` and `NO_SLOT` if no slot is occupied.
    wake: u64,
    wake_slot: u16,
    /// See NEXT; `NOBODY` if it is not known.
    next_id: u32,
    /// The deadline of `next_id`. Without one: 0, so that no deadline is less, or `u64::MAX` if there
    /// is no timer, so that the first one is the next.
    next_deadline: u64,
    live: u32,
    order: u64,
    occupancy: Occupancy,
    pool: Pool,
    queues: Vec<Queue>,
    due: Due,
    /// The slot of each level that was searched last, see `CROWD`.
    searched: [u16; LEVELS],
    /// How many queue entries may be swept for those that went stale, and the slot to go on with.
    sweep_credit: i64,
    sweep_slot: u16,
}

impl Ring {
    pub(crate) const fn new(now: u64) -> Self {
        Self {
            cur: now,
            now,
            wake: u64::MAX,
            wake_slot: NO_SLOT,
            next_id: NOBODY,
            next_deadline: u64::MAX,
            live: 0,
            order: 0,
            occupancy: Occupancy::new(),
            pool: Pool::new(),
            queues: Vec::new(),
            due: Due::new(),
            searched: [NO_SLOT; LEVELS],
            sweep_credit: 0,
            sweep_slot: 0,
        }
    }

    /// The latest time that the caller told.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// How many nodes are live.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.live as usize
    }

    /// Counts one more live node, before its `set`.
    #[inline]
    pub(crate) fn born(&mut self) {
        self.live += 1;
    }

    /// Forgets a node that its store has just made dead. It stays filed if it is.
    #[inline]
    pub(crate) fn died(&mut self, nodes: &mut impl Nodes, id: u32) {
        self.live -= 1;
        if id == self.next_id {
            self.forget_next();
        }
        if nodes.node(id).place == NEAR {
            nodes.set_place(id, NOWHERE);
            self.due.retire(|id, order| is_current(nodes, id, order));
        }
    }

    #[inline]
    fn forget_next(&mut self) {
        self.next_id = NOBODY;
        self.next_deadline = if self.live == 0 { u64::MAX } else { 0 };
    }

    /// Gives a live node its deadline and the last place among equal ones.
    #[inline]
    pub(crate) fn set(&mut self, nodes: &mut impl Nodes, id: u32, deadline: u64) {
        let order = self.next_order(nodes);
        if deadline < self.next_deadline {
            (self.next_id, self.next_deadline) = (id, deadline);
        } else if id == self.next_id {
            self.forget_next();
        }
        let node = nodes.node(id);
        if usize::from(node.place) < SLOTS && deadline >= node.deadline {
            // FILED-EARLY holds as it did.
            nodes.put(id, deadline, order, node.place);
        } else {
            self.set_anew(nodes, id, Entry { deadline, order, id }, node);
        }
    }

    #[inline]
    fn next_order<N: Nodes>(&mut self, nodes: &mut N) -> u64 {
        if self.order == N::LAST_ORDER {
            self.rebuild(nodes);
        }
        self.order += 1;
        self.order
    }

    fn set_anew(&mut self, nodes: &mut impl Nodes, id: u32, entry: Entry, was: Node) {
        let deadline = entry.deadline;
        if usize::from(was.place) < SLOTS {
            if levels::start(self.cur, was.place) <= deadline {
                return nodes.put(id, deadline, entry.order, was.place);
            }
            // The entry in the old slot stays behind, stale.
            self.sweep(nodes);
        }
        nodes.put(id, deadline, entry.order, NEAR);
        if was.place == NEAR {
            self.due.retire(|id, order| is_current(nodes, id, order));
        }
        if deadline > self.cur {
            let place = self.file(id, deadline);
            nodes.set_place(id, place);
        } else if deadline == self.cur && self.wake > self.cur {
            self.due.push_batch(entry);
        } else {
            self.due.push_near(entry);
        }
    }

    /// Puts an id into the slot for a deadline after `cur`, and returns the slot.
    #[inline]
    fn file(&mut self, id: u32, deadline: u64) -> u16 {
        let (slot, begin) = levels::place(self.cur, deadline);
        self.pool.push(&mut self.queues[usize::from(slot)], id);
        self.occupancy.set(slot);
        if begin < self.wake || self.wake_slot == NO_SLOT {
            (self.wake, self.wake_slot) = (begin, slot);
        }
        slot
    }

    /// Makes the slots when the first node is made.
    pub(crate) fn try_prepare(&mut self) -> Result<(), TryReserveError> {
        if self.queues.is_empty() {
            self.queues.try_reserve_exact(SLOTS)?;
            self.queues.resize(SLOTS, Queue::EMPTY);
        }
        Ok(())
    }

    /// As [`try_prepare`](Self::try_prepare), for those who cannot do without memory.
    pub(crate) fn prepare(&mut self) {
        if self.queues.is_empty() {
            self.queues.resize(SLOTS, Queue::EMPTY);
        }
    }

    /// Makes room for one more `set`.
    pub(crate) fn try_reserve_one(&mut self) -> Result<(), TryReserveError> {
        self.try_prepare()?;
        self.pool.try_reserve_one()?;
        self.due.try_reserve_one()
    }

    /// Makes room for `count` more timers in the slots.
    pub(crate) fn try_reserve(&mut self, count: usize) -> Result<(), TryReserveError> {
        self.try_prepare()?;
        self.pool.try_reserve(count)
    }

    /// Tells the time, and finds the first timer that is due, which stays where it is.
    ///
    /// Every timer or entry that is moved or dropped on the way costs one of `budget`; when that is
    /// used up the answer is `None`, whatever is due.
    #[inline]
    pub(crate) fn first_due(
        &mut self,
        nodes: &mut impl Nodes,
        now: u64,
        budget: &mut usize,
    ) -> Option<Entry> {
        self.now = self.now.max(now);
        loop {
            if self.wake <= self.cur && self.wake_slot != NO_SLOT {
                // The tick in hand is not closed.
                if !self.empty_slot(nodes, budget) {
                    return None;
                }
                continue;
            }
            let first = if self.due.is_empty() {
                None
            } else {
                self.due.first(|id, order| is_current(nodes, id, order))
            };
            let limit = first.map_or(self.now, |first| first.deadline.min(self.now));
            if self.wake <= limit && self.wake_slot != NO_SLOT {
                self.cur = self.wake;
                continue;
            }
            self.cur = self.cur.max(limit);
            return first.filter(|first| first.deadline <= self.now);
        }
    }

    /// Takes what [`first_due`](Self::first_due) found out of the ring. The caller makes it dead and
    /// says so to [`expired`](Self::expired).
    #[inline]
    pub(crate) fn take(&mut self, nodes: &mut impl Nodes, entry: Entry) {
        self.due.take(entry);
        nodes.set_place(entry.id, NOWHERE);
        self.live -= 1;
        if entry.id == self.next_id || self.live == 0 {
            self.forget_next();
        }
    }

    /// Empties the slot that begins at `cur`; false if the budget did not suffice.
    fn empty_slot(&mut self, nodes: &mut impl Nodes, budget: &mut usize) -> bool {
        let slot = self.wake_slot;
        while let Some(run) = self.pool.take(&mut self.queues[usize::from(slot)], *budget) {
            for &id in run.ids() {
                self.refile(nodes, id, slot);
            }
            *budget -= run.ids().len();
        }
        if !self.queues[usize::from(slot)].is_empty() {
            return false;
        }
        self.vacate(slot);
        true
    }

    /// Files the node of an entry of `slot` where it belongs now.
    #[inline]
    fn refile(&mut self, nodes: &mut impl Nodes, id: u32, slot: u16) {
        let node = nodes.node(id);
        if node.place != slot {
            return;
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

    /// Marks a slot empty and finds the first occupied one.
    fn vacate(&mut self, slot: u16) {
        self.occupancy.clear(slot);
        let level = levels::level_of(slot);
        if self.searched[level] == slot {
            self.searched[level] = NO_SLOT;
        }
        (self.wake, self.wake_slot) = self.occupancy.first(self.cur).unwrap_or((u64::MAX, NO_SLOT));
    }

    /// The begin of the first occupied slot or the first entry of `due`: not after the next deadline.
    pub(crate) fn wake(&self) -> Option<u64> {
        if self.live == 0 {
            return None;
        }
        if self.next_id != NOBODY {
            return Some(self.next_deadline);
        }
        let slot = (self.wake_slot != NO_SLOT).then_some(self.wake);
        self.due.bound().into_iter().chain(slot).min()
    }

    /// The earliest deadline of all.
    #[inline]
    pub(crate) fn next(&mut self, nodes: &mut impl Nodes) -> Option<u64> {
        if self.live == 0 {
            return None;
        }
        if self.next_id == NOBODY {
            self.find_next(nodes);
        }
        Some(self.next_deadline)
    }

    /// Finds the earliest deadline, clearing away on the way what does not belong where it is filed.
    #[cold]
    fn find_next(&mut self, nodes: &mut impl Nodes) {
        let live = |id, order| is_current(nodes, id, order);
        let mut best = self.due.first_of_batch(live).map(|entry| (entry.deadline, entry.id));
        best = earlier(best, self.due.first_near(live).map(|entry| (entry.deadline, entry.id)));
        // What is moved goes to its own level or a higher one: it is later than its slot, and that is
        // wider than all that the levels below reach. So one pass upwards sees everything.
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
            self.refile(nodes, id, slot);
        }
        self.vacate(slot);
        None
    }

    /// The earliest timer of a slot of many ticks. All that do not belong there are moved away; if
    /// there is none that does, the slot is vacated.
    ///
    /// A crowded slot that is searched again is moved to the heap, once and for all of its timers, so
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
        let (mut best, mut kept) = (None, 0);
        while let Some(run) = self.pool.take(&mut old, usize::MAX) {
            for &id in run.ids() {
                let node = nodes.node(id);
                if node.place == slot && node.live && node.deadline <= last {
                    best = earlier(best, Some((node.deadline, id)));
                    kept += 1;
                    self.pool.push(&mut self.queues[usize::from(slot)], id);
                } else {
                    self.refile(nodes, id, slot);
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

    /// Sweeps a slot now and then, so that stale entries stay fewer than a constant share: two
    /// entries are looked at for each one that goes stale.
    fn sweep(&mut self, nodes: &mut impl Nodes) {
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
        let mut old = core::mem::replace(&mut self.queues[usize::from(slot)], Queue::EMPTY);
        while let Some(run) = self.pool.take(&mut old, usize::MAX) {
            self.sweep_credit -= run.ids().len() as i64;
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
}

/// Whether the entry with this order number is the node's current one.
#[inline]
fn is_current(nodes: &impl Nodes, id: u32, order: u64) -> bool {
    let node = nodes.node(id);
    node.live && node.place == NEAR && nodes.order(id) == order
}

#[inline]
fn earlier(a: Option<(u64, u32)>, b: Option<(u64, u32)>) -> Option<(u64, u32)> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
        (a, b) => a.or(b),
    }
}
