//! The wheel itself, over nodes that somebody else stores.
//!
//! The invariants, by name:
//!
//! - AHEAD: every occupied slot begins after `cur`, but for those that are being emptied, which
//!   begin at `cur`. So an index of a level names one span (see `levels`).
//! - FILED-EARLY: the slot that a node is filed in begins at or before the node's deadline. Moving
//!   a node later therefore moves nothing: it is filed anew when its slot comes due. A node that
//!   was cleared stays filed, too, and its next deadline mostly finds it filed early enough.
//! - NAMED: the node names its slot, and that slot's queue holds its id. A queue may hold other
//!   ids: an entry whose node names another slot is stale and is dropped by whoever meets it.
//! - NEAR: the live nodes that are in no slot have a current entry in `due`. A dead one has none.
//! - AHEAD-OF-TIME: the slot of level 1 that comes due next gets nothing new. It is emptied bit by bit
//!   while time passes, so that no tick has all of it to move.
//! - WAKE: `wake` is when the first occupied slot begins, and `wake_slot` is one that begins then.
//! - NEXT: if `next` names a node, its deadline is the earliest of all live ones.

mod check;
mod expiry;
mod node;
mod search;
mod upkeep;

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

use crate::due::{Due, Entry};
use crate::levels::{self, LEVELS, Occupancy, SLOTS};
use crate::queue::{Pool, Queue};

use node::is_current;
pub(crate) use node::{NEAR, NOWHERE, Node, Nodes, PLACE_BITS};

/// No node.
const NOBODY: u32 = u32::MAX;

/// A slot number that no slot has.
const NO_SLOT: u16 = u16::MAX;

/// The wheel without its nodes.
#[derive(Debug, Clone)]
pub(crate) struct Ring {
    /// All ticks before this one are done, and so are its slots, see AHEAD.
    cur: u64,
    /// The latest time that the caller told.
    now: u64,
    /// Until when the next slot of level 1 was emptied, see AHEAD-OF-TIME.
    ahead: u64,
    /// See WAKE; `u64::MAX` and `NO_SLOT` if no slot is occupied.
    wake: u64,
    wake_slot: u16,
    /// See NEXT; `NOBODY` if it is not known.
    next_id: u32,
    /// The deadline of `next_id`. Without one: 0, so that no deadline is less, or `u64::MAX` if
    /// there is no timer, so that the first one is the next.
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
            ahead: now,
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
        // The node itself is looked at only if it may be in `due`, see NEAR.
        if !self.due.is_empty() {
            self.died_near(nodes, id);
        }
    }

    #[inline(never)]
    fn died_near(&mut self, nodes: &mut impl Nodes, id: u32) {
        if nodes.node(id).place != NEAR {
            return;
        }
        nodes.set_place(id, NOWHERE);
        self.due.retire(id, |id, order| is_current(nodes, id, order));
    }

    #[inline]
    fn forget_next(&mut self) {
        self.next_id = NOBODY;
        self.next_deadline = if self.live == 0 { u64::MAX } else { 0 };
    }

    /// Notes that a live node gets a deadline, and returns its order number: the last place among
    /// equal ones. What remains is to store both in the node, and to [`file_anew`](Self::file_anew)
    /// if the node is not filed or is filed for later.
    #[inline]
    pub(crate) fn announce(&mut self, id: u32, deadline: u64) -> u64 {
        self.order += 1;
        if deadline < self.next_deadline {
            (self.next_id, self.next_deadline) = (id, deadline);
        } else if id == self.next_id {
            self.forget_next();
        }
        self.order
    }

    /// Whether the order numbers are used up, and `rebuild` is due before the next `announce`.
    #[inline]
    pub(crate) fn is_exhausted<N: Nodes>(&self) -> bool {
        self.order == N::LAST_ORDER
    }

    /// Files a live node that was in `was`, and stores its deadline and its order number.
    #[inline(never)]
    pub(crate) fn file_anew(
        &mut self,
        nodes: &mut impl Nodes,
        id: u32,
        deadline: u64,
        order: u64,
        was: u16,
    ) {
        // Each call is the last thing that is done, so nothing need be kept across one.
        if was != NOWHERE || deadline <= self.cur {
            return self.move_anew(nodes, id, deadline, order, was);
        }
        let Some((slot, begin)) = levels::place_low(self.cur, deadline) else {
            return self.file_high(nodes, id, deadline, order);
        };
        nodes.put(id, deadline, order, slot);
        if !self.pool.try_push(&mut self.queues[usize::from(slot)], id) {
            self.file_in_new_block(id, slot, begin);
        }
    }

    #[inline(never)]
    fn file_high(&mut self, nodes: &mut impl Nodes, id: u32, deadline: u64, order: u64) {
        let (slot, begin) = levels::place_high(self.cur, deadline);
        nodes.put(id, deadline, order, slot);
        if !self.pool.try_push(&mut self.queues[usize::from(slot)], id) {
            self.file_in_new_block(id, slot, begin);
        }
    }

    #[inline(never)]
    fn move_anew(&mut self, nodes: &mut impl Nodes, id: u32, deadline: u64, order: u64, was: u16) {
        if usize::from(was) < SLOTS {
            if levels::start(self.cur, was) <= deadline {
                return nodes.put(id, deadline, order, was);
            }
            // The entry in the old slot stays behind, stale.
            self.sweep(nodes);
        }
        if deadline > self.cur {
            let place = self.file(id, deadline);
            nodes.put(id, deadline, order, place);
        } else {
            nodes.put(id, deadline, order, NEAR);
            let entry = Entry { deadline, order, id };
            if deadline == self.cur && self.wake > self.cur {
                self.due.push_batch(entry);
            } else {
                self.due.push_near(entry);
            }
        }
        if was == NEAR {
            self.due.retire(id, |id, order| is_current(nodes, id, order));
        }
    }

    /// Puts an id into the slot for a deadline after `cur`, and returns the slot.
    #[inline(always)]
    fn file(&mut self, id: u32, deadline: u64) -> u16 {
        let (slot, begin) = levels::place(self.cur, deadline);
        if !self.pool.try_push(&mut self.queues[usize::from(slot)], id) {
            self.file_in_new_block(id, slot, begin);
        }
        slot
    }

    #[inline(never)]
    fn file_in_new_block(&mut self, id: u32, slot: u16, begin: u64) {
        let queue = &mut self.queues[usize::from(slot)];
        let was_empty = queue.is_empty();
        self.pool.extend(queue, id);
        if was_empty {
            self.occupy(slot, begin);
        }
    }

    fn occupy(&mut self, slot: u16, begin: u64) {
        self.occupancy.set(slot);
        if begin < self.wake || self.wake_slot == NO_SLOT {
            (self.wake, self.wake_slot) = (begin, slot);
        }
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

    /// The begin of the first occupied slot or the first entry of `due`: not after the next
    /// deadline.
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
}
