//! The storage of deadlines by id.

use alloc::vec::Vec;

use crate::ring::{NOWHERE, Node, Nodes, PLACE_BITS};

/// One bit of a slot's word, above its place.
pub(super) const LIVE: u64 = 1 << PLACE_BITS;
pub(super) const ORDER_SHIFT: u32 = PLACE_BITS + 1;
pub(super) const PLACE: u64 = LIVE - 1;

/// The deadline of one id, in 16 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) deadline: u64,
    /// Order number, live bit, place.
    pub(super) word: u64,
}

impl Slot {
    pub(super) const UNSET: Self = Self { deadline: 0, word: NOWHERE as u64 };
}

#[derive(Debug, Clone)]
pub(super) struct Slots(pub(super) Vec<Slot>);

impl Nodes for Slots {
    const LAST_ORDER: u64 = u64::MAX >> ORDER_SHIFT;

    fn node_count(&self) -> u32 {
        self.0.len() as u32
    }

    #[inline]
    fn node(&self, id: u32) -> Node {
        let slot = &self.0[id as usize];
        Node {
            deadline: slot.deadline,
            place: (slot.word & PLACE) as u16,
            live: slot.word & LIVE != 0,
        }
    }

    #[inline]
    fn order(&self, id: u32) -> u64 {
        self.0[id as usize].word >> ORDER_SHIFT
    }

    #[inline]
    fn put(&mut self, id: u32, deadline: u64, order: u64, place: u16) {
        let slot = &mut self.0[id as usize];
        slot.deadline = deadline;
        slot.word = order << ORDER_SHIFT | slot.word & LIVE | u64::from(place);
    }

    #[inline]
    fn set_place(&mut self, id: u32, place: u16) {
        let slot = &mut self.0[id as usize];
        slot.word = slot.word & !PLACE | u64::from(place);
    }

    fn set_order(&mut self, id: u32, order: u64) {
        let slot = &mut self.0[id as usize];
        slot.word = order << ORDER_SHIFT | slot.word & (LIVE | PLACE);
    }
}
