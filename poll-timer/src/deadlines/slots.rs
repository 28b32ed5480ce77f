//! The storage of deadlines by id.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

use crate::ring::{NOWHERE, Node, Nodes, PLACE_BITS};

pub(super) const ORDER_SHIFT: u32 = PLACE_BITS;
pub(super) const PLACE: u64 = (1 << PLACE_BITS) - 1;

/// The deadline of one id, in 16 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) deadline: u64,
    /// Order number, place.
    pub(super) word: u64,
}

impl Slot {
    const UNSET: Self = Self { deadline: 0, word: NOWHERE as u64 };
}

/// The bits of 64 ids, of which one is in a word by its low six bits.
#[inline]
pub(super) fn bit(id: u32) -> u64 {
    1 << (id % 64)
}

#[derive(Debug, Clone)]
pub(super) struct Slots {
    pub(super) all: Vec<Slot>,
    /// Which ids have a deadline, a bit each: to take one away touches nothing else. There is a word
    /// for every slot.
    pub(super) live: Vec<u64>,
}

impl Slots {
    pub(super) const fn new() -> Self {
        Self { all: Vec::new(), live: Vec::new() }
    }

    #[inline]
    pub(super) fn is_live(&self, id: u32) -> bool {
        self.live.get(id as usize / 64).is_some_and(|word| word & bit(id) != 0)
    }

    /// Takes away the deadline of an id that is in no slot of the ring.
    #[inline]
    pub(super) fn bury(&mut self, id: u32) {
        self.live[id as usize / 64] &= !bit(id);
        self.all[id as usize].word = u64::from(NOWHERE);
    }

    /// Makes a slot for `id`, and a few more, since ids come one by one; not more than memory was
    /// reserved for.
    pub(super) fn grow(&mut self, id: u32, max_id: u32) {
        let len = id as usize + 1;
        self.all.reserve(len - self.all.len());
        let len = (len + 63).min(self.all.capacity()).min(max_id as usize + 1);
        self.all.resize(len, Slot::UNSET);
        self.live.resize(len.div_ceil(64), 0);
    }

    /// Makes room for slots up to `len`.
    pub(super) fn try_reserve_exact(&mut self, len: usize) -> Result<(), TryReserveError> {
        self.all.try_reserve_exact(len.saturating_sub(self.all.len()))?;
        self.try_reserve_bits()
    }

    /// Makes sure that to `grow` to `id` allocates nothing.
    pub(super) fn try_reserve(&mut self, id: u32) -> Result<(), TryReserveError> {
        self.all.try_reserve((id as usize + 1).saturating_sub(self.all.len()))?;
        self.try_reserve_bits()
    }

    /// Makes room for a bit for every slot that there is room for.
    fn try_reserve_bits(&mut self) -> Result<(), TryReserveError> {
        let words = self.all.capacity().div_ceil(64);
        self.live.try_reserve_exact(words.saturating_sub(self.live.len()))
    }

    /// The ids that have a deadline, and their deadlines, by id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        (0..)
            .zip(&self.all)
            .filter(|(id, _)| self.is_live(*id))
            .map(|(id, slot)| (id, slot.deadline))
    }

    /// Gives back the slots after the last that has a deadline.
    pub(super) fn shrink_to_fit(&mut self) {
        let last = self.iter().last();
        self.all.truncate(last.map_or(0, |(id, _)| id as usize + 1));
        self.live.truncate(self.all.len().div_ceil(64));
        self.all.shrink_to_fit();
        self.live.shrink_to_fit();
    }
}

impl Nodes for Slots {
    const LAST_ORDER: u64 = u64::MAX >> ORDER_SHIFT;

    fn node_count(&self) -> u32 {
        self.all.len() as u32
    }

    #[inline]
    fn node(&self, id: u32) -> Node {
        let slot = &self.all[id as usize];
        Node {
            deadline: slot.deadline,
            place: (slot.word & PLACE) as u16,
            live: self.live[id as usize / 64] & bit(id) != 0,
        }
    }

    #[inline]
    fn order(&self, id: u32) -> u64 {
        self.all[id as usize].word >> ORDER_SHIFT
    }

    #[inline]
    fn put(&mut self, id: u32, deadline: u64, order: u64, place: u16) {
        self.all[id as usize] = Slot { deadline, word: order << ORDER_SHIFT | u64::from(place) };
    }

    #[inline]
    fn set_place(&mut self, id: u32, place: u16) {
        let slot = &mut self.all[id as usize];
        slot.word = slot.word & !PLACE | u64::from(place);
    }

    fn set_order(&mut self, id: u32, order: u64) {
        let slot = &mut self.all[id as usize];
        slot.word = order << ORDER_SHIFT | slot.word & PLACE;
    }
}
