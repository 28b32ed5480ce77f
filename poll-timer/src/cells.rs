//! The storage of keyed timers: 24 bytes for a timer with a word of payload, and 4 beside it.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::free::FreeSet;
use crate::levels::SLOTS;
use crate::ring::{NOWHERE, Node, Nodes, PLACE_BITS};

/// The generation of a cell: how often it was used. A cell retires when its numbers are used up.
pub(crate) type Generation = NonZeroU32;

/// The high bits of the order number, and the place, in the three bytes that the discriminant of a
/// cell leaves free.
type Tag = [u8; 3];

const PLACE: u32 = (1 << PLACE_BITS) - 1;

#[inline]
fn tag(order: u64, place: u16) -> Tag {
    let bits = ((order >> 32) as u32) << PLACE_BITS | u32::from(place);
    let [a, b, c, _] = bits.to_le_bytes();
    [a, b, c]
}

#[inline]
fn bits([a, b, c]: Tag) -> u32 {
    u32::from_le_bytes([a, b, c, 0])
}

/// A place for a timer. A free one keeps its place and deadline, see FILED-EARLY in `ring`.
#[derive(Debug, Clone)]
enum Cell<T> {
    Live { tag: Tag, generation: Generation, deadline: u64, value: T },
    Free { tag: Tag, generation: Generation, deadline: u64 },
}

impl<T> Cell<T> {
    #[inline]
    fn tag(&self) -> Tag {
        match *self {
            Self::Live { tag, .. } | Self::Free { tag, .. } => tag,
        }
    }

    #[inline]
    fn tag_mut(&mut self) -> &mut Tag {
        match self {
            Self::Live { tag, .. } | Self::Free { tag, .. } => tag,
        }
    }

    #[inline]
    fn generation(&self) -> Generation {
        match *self {
            Self::Live { generation, .. } | Self::Free { generation, .. } => generation,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Cells<T> {
    cells: Vec<Cell<T>>,
    /// The low bits of each cell's order number.
    low: Vec<u32>,
    free: FreeSet,
    /// A free cell that is not in the set: who cancels one and adds one goes no further.
    spare: Option<u32>,
    /// The generation of a cell that is made now: later than that of any cell that was given back.
    fresh: Generation,
}

impl<T> Nodes for Cells<T> {
    const LAST_ORDER: u64 = u64::MAX >> (8 + PLACE_BITS);

    fn node_count(&self) -> u32 {
        self.cells.len() as u32
    }

    #[inline]
    fn node(&self, id: u32) -> Node {
        let (tag, deadline, live) = match self.cells[id as usize] {
            Cell::Live { tag, deadline, .. } => (tag, deadline, true),
            Cell::Free { tag, deadline, .. } => (tag, deadline, false),
        };
        Node { deadline, place: (bits(tag) & PLACE) as u16, live }
    }

    #[inline]
    fn order(&self, id: u32) -> u64 {
        let high = bits(self.cells[id as usize].tag()) >> PLACE_BITS;
        u64::from(high) << 32 | u64::from(self.low[id as usize])
    }

    #[inline]
    fn put(&mut self, id: u32, new_deadline: u64, order: u64, place: u16) {
        let (Cell::Live { tag: old, deadline, .. } | Cell::Free { tag: old, deadline, .. }) =
            &mut self.cells[id as usize];
        *old = tag(order, place);
        *deadline = new_deadline;
        self.low[id as usize] = order as u32;
    }

    #[inline]
    fn set_place(&mut self, id: u32, place: u16) {
        let tag = self.cells[id as usize].tag_mut();
        let [a, b, c, _] = (bits(*tag) & !PLACE | u32::from(place)).to_le_bytes();
        *tag = [a, b, c];
    }

    fn set_order(&mut self, id: u32, order: u64) {
        let place = self.node(id).place;
        *self.cells[id as usize].tag_mut() = tag(order, place);
        self.low[id as usize] = order as u32;
    }
}

impl<T> Cells<T> {
    pub(crate) const fn new() -> Self {
        Self {
            cells: Vec::new(),
            low: Vec::new(),
            free: FreeSet::new(),
            spare: None,
            fresh: Generation::MIN,
        }
    }

    /// Takes a free cell: the one freed last, if there is just that, or the lowest.
    #[inline]
    pub(crate) fn free(&mut self) -> Option<u32> {
        match self.spare.take() {
            Some(id) => Some(id),
            None => self.free.pop(),
        }
    }

    /// Puts a value into a free cell.
    #[inline]
    pub(crate) fn fill(&mut self, id: u32, value: T) -> (u32, Generation) {
        let cell = &mut self.cells[id as usize];
        let (Cell::Live { tag, generation, deadline, .. }
        | Cell::Free { tag, generation, deadline }) = *cell;
        *cell = Cell::Live { tag, generation, deadline, value };
        (id, generation)
    }

    /// Puts a value into a new cell.
    ///
    /// # Panics
    ///
    /// If there are as many cells as there are numbers.
    pub(crate) fn push(&mut self, value: T) -> (u32, Generation) {
        let (id, generation) = (self.cells.len(), self.fresh);
        assert!(id < u32::MAX as usize, "a wheel holds less than 2^32 timers");
        if id == self.free.bound() {
            self.free.grow(Self::bound_after(id));
        }
        let tag = tag(0, NOWHERE);
        self.cells.push(Cell::Live { tag, generation, deadline: 0, value });
        self.low.push(0);
        (id as u32, generation)
    }

    /// The bound of the set of free cells when it has become too small for `id`.
    fn bound_after(id: usize) -> usize {
        (id + id / 8 + 64).next_multiple_of(64)
    }

    /// Stores a deadline and an order number if the cell is filed early enough; else says where the
    /// cell is.
    #[inline]
    pub(crate) fn postpone(&mut self, id: u32, deadline: u64, order: u64) -> Result<(), u16> {
        let (Cell::Live { tag: its, deadline: old, .. }
        | Cell::Free { tag: its, deadline: old, .. }) = &mut self.cells[id as usize];
        let place = (bits(*its) & PLACE) as u16;
        if usize::from(place) >= SLOTS || deadline < *old {
            return Err(place);
        }
        *its = tag(order, place);
        *old = deadline;
        self.low[id as usize] = order as u32;
        Ok(())
    }

    #[inline]
    pub(crate) fn is_live(&self, id: u32, generation: Generation) -> bool {
        matches!(
            self.cells.get(id as usize),
            Some(Cell::Live { generation: its, .. }) if *its == generation
        )
    }

    /// Takes the value of a live cell of that generation out, and frees the cell, which stays
    /// filed.
    #[inline]
    pub(crate) fn remove(&mut self, id: u32, generation: Generation) -> Option<T> {
        let cell = self.cells.get_mut(id as usize)?;
        match *cell {
            Cell::Live { tag, generation: its, deadline, .. } if its == generation => {
                let next = generation.checked_add(1);
                let generation = next.unwrap_or(generation);
                let freed = Cell::Free { tag, generation, deadline };
                let Cell::Live { value, .. } = core::mem::replace(cell, freed) else {
                    return None;
                };
                if next.is_some() {
                    self.release(id);
                }
                Some(value)
            }
            _ => None,
        }
    }

    /// Takes the value of a live cell that is in no slot out, and frees the cell.
    #[inline]
    pub(crate) fn remove_expired(&mut self, id: u32) -> Option<(Generation, T)> {
        let cell = &mut self.cells[id as usize];
        let was = cell.generation();
        let next = was.checked_add(1);
        let generation = next.unwrap_or(was);
        let freed = Cell::Free { tag: tag(0, NOWHERE), generation, deadline: 0 };
        match core::mem::replace(cell, freed) {
            Cell::Live { value, .. } => {
                if next.is_some() {
                    self.release(id);
                }
                Some((was, value))
            }
            Cell::Free { .. } => None,
        }
    }

    #[inline]
    fn release(&mut self, id: u32) {
        match self.spare {
            None => self.spare = Some(id),
            Some(_) => self.free.insert(id),
        }
    }

    pub(crate) fn get(&self, id: u32, generation: Generation) -> Option<(u64, &T)> {
        match self.cells.get(id as usize)? {
            Cell::Live { generation: its, deadline, value, .. } if *its == generation => {
                Some((*deadline, value))
            }
            _ => None,
        }
    }

    pub(crate) fn get_mut(&mut self, id: u32, generation: Generation) -> Option<&mut T> {
        match self.cells.get_mut(id as usize)? {
            Cell::Live { generation: its, value, .. } if *its == generation => Some(value),
            _ => None,
        }
    }

    pub(crate) fn current_mut(&mut self, id: u32) -> Option<(Generation, u64, &mut T)> {
        match self.cells.get_mut(id as usize)? {
            Cell::Live { generation, deadline, value, .. } => Some((*generation, *deadline, value)),
            Cell::Free { .. } => None,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, Generation, u64, &T)> {
        (0..).zip(&self.cells).filter_map(|(id, cell)| match cell {
            Cell::Live { generation, deadline, value, .. } => {
                Some((id, *generation, *deadline, value))
            }
            Cell::Free { .. } => None,
        })
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, Generation, u64, &mut T)> {
        (0..).zip(&mut self.cells).filter_map(|(id, cell)| match cell {
            Cell::Live { generation, deadline, value, .. } => {
                Some((id, *generation, *deadline, value))
            }
            Cell::Free { .. } => None,
        })
    }

    pub(crate) fn capacity(&self) -> usize {
        self.cells.capacity()
    }

    pub(crate) fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        self.cells.try_reserve_exact(more)?;
        self.low.try_reserve_exact(more)?;
        // It grows ahead of the cells.
        self.free.try_reserve(Self::bound_after(self.cells.len() + more))
    }

    /// Makes sure that one more `insert` allocates nothing.
    pub(crate) fn try_reserve_one(&mut self) -> Result<(), TryReserveError> {
        self.cells.try_reserve(1)?;
        self.low.try_reserve(1)?;
        self.free.try_reserve(Self::bound_after(self.cells.len()))
    }

    /// Gives back the free cells at the end, which are in no slot. A retired one stays.
    pub(crate) fn shrink_to_fit(&mut self) {
        let retired = |generation: Generation| generation == Generation::MAX;
        while let Some(&Cell::Free { generation, .. }) = self.cells.last() {
            if retired(generation) {
                break;
            }
            self.fresh = self.fresh.max(generation);
            self.cells.pop();
        }
        self.low.truncate(self.cells.len());
        self.cells.shrink_to_fit();
        self.low.shrink_to_fit();
        self.spare = None;
        self.free.reset(self.cells.len());
        for (id, cell) in (0..).zip(&self.cells) {
            if matches!(cell, Cell::Free { generation, .. } if !retired(*generation)) {
                self.free.insert(id);
            }
        }
        self.free.shrink_to_fit();
    }

    #[cfg(test)]
    pub(crate) fn set_generation(&mut self, id: u32, new: Generation) {
        let (Cell::Live { generation, .. } | Cell::Free { generation, .. }) =
            &mut self.cells[id as usize];
        *generation = new;
    }
}
