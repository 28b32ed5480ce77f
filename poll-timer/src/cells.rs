//! The storage of keyed timers: 28 bytes for a timer with a word of payload.

mod cell;

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

use crate::free::FreeSet;
use crate::ring::{NOWHERE, Node, Nodes, PLACE_BITS};
use cell::{Cell, Pair, Tag};

pub(crate) use cell::{Filed, Generation};

#[derive(Debug, Clone)]
pub(crate) struct Cells<T> {
    pairs: Vec<Pair<T>>,
    /// How many cells are in use, free ones too. One after them may be left in the last pair.
    len: u32,
    free: FreeSet,
    /// A free cell that is not in the set: who cancels one and adds one goes no further.
    spare: Option<u32>,
    /// The generation of a cell that is made now: later than that of any cell that was given back.
    fresh: Generation,
}

impl<T> Nodes for Cells<T> {
    const LAST_ORDER: u64 = u64::MAX >> (8 + PLACE_BITS);

    fn node_count(&self) -> u32 {
        self.len
    }

    #[inline]
    fn node(&self, id: u32) -> Node {
        let cell = self.cell(id);
        Node { deadline: cell.deadline(), place: cell.tag().place(), live: cell.is_live() }
    }

    #[inline]
    fn order(&self, id: u32) -> u64 {
        self.cell(id).tag().order() | u64::from(self.pair(id).low[id as usize % 2])
    }

    #[inline]
    fn put(&mut self, id: u32, deadline: u64, order: u64, place: u16) {
        let pair = self.pair_mut(id);
        let cell = &mut pair.cells[id as usize % 2];
        cell.set_tag(Tag::new(order, place));
        cell.set_deadline(deadline);
        pair.low[id as usize % 2] = order as u32;
    }

    #[inline]
    fn set_place(&mut self, id: u32, place: u16) {
        let cell = self.cell_mut(id);
        cell.set_tag(cell.tag().at(place));
    }

    fn set_order(&mut self, id: u32, order: u64) {
        let pair = self.pair_mut(id);
        let cell = &mut pair.cells[id as usize % 2];
        cell.set_tag(Tag::new(order, cell.tag().place()));
        pair.low[id as usize % 2] = order as u32;
    }
}

impl<T> Cells<T> {
    #[inline]
    fn pair(&self, id: u32) -> &Pair<T> {
        &self.pairs[id as usize / 2]
    }

    #[inline]
    fn pair_mut(&mut self, id: u32) -> &mut Pair<T> {
        &mut self.pairs[id as usize / 2]
    }

    #[inline]
    fn cell(&self, id: u32) -> &Cell<T> {
        &self.pair(id).cells[id as usize % 2]
    }

    #[inline]
    fn cell_mut(&mut self, id: u32) -> &mut Cell<T> {
        &mut self.pair_mut(id).cells[id as usize % 2]
    }

    /// The cell of an id that may be of another wheel.
    #[inline]
    fn find(&self, id: u32) -> Option<&Cell<T>> {
        Some(&self.pairs.get(id as usize / 2)?.cells[id as usize % 2])
    }

    #[inline]
    fn find_mut(&mut self, id: u32) -> Option<&mut Cell<T>> {
        Some(&mut self.pairs.get_mut(id as usize / 2)?.cells[id as usize % 2])
    }

    pub(crate) const fn new() -> Self {
        Self {
            pairs: Vec::new(),
            len: 0,
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
        let cell = self.cell_mut(id);
        let (Tag { low, high }, generation, deadline) =
            (cell.tag(), cell.generation(), cell.deadline());
        *cell = Cell::Live { low, high, generation, deadline, value };
        (id, generation)
    }

    /// Puts a value into a new cell.
    ///
    /// # Panics
    ///
    /// If there are as many cells as there are numbers.
    #[inline]
    pub(crate) fn push(&mut self, value: T) -> (u32, Generation) {
        let (id, generation) = (self.len, self.fresh);
        if id as usize >= self.free.bound() {
            self.raise_bound();
        }
        let new = Cell::Live { low: NOWHERE, high: 0, generation, deadline: 0, value };
        if id % 2 == 0 {
            self.pairs.push(Pair { low: [0; 2], cells: [new, Cell::NEW] });
        } else {
            *self.cell_mut(id) = new;
        }
        self.len += 1;
        (id, generation)
    }

    #[cold]
    fn raise_bound(&mut self) {
        assert!(self.len < u32::MAX, "a wheel holds less than 2^32 timers");
        self.free.grow(Self::bound_after(self.len as usize));
    }

    /// The bound of the set of free cells when it has become too small for `id`.
    fn bound_after(id: usize) -> usize {
        (id + id / 8 + 64).next_multiple_of(64).min(u32::MAX as usize)
    }

    /// A live cell of that generation, to be given another deadline.
    #[inline]
    pub(crate) fn live_mut(&mut self, id: u32, generation: Generation) -> Option<Filed<'_, T>> {
        let Pair { low, cells } = self.pairs.get_mut(id as usize / 2)?;
        let cell = &mut cells[id as usize % 2];
        let is_it = cell.is_live() && cell.generation() == generation;
        is_it.then_some(Filed { cell, low: &mut low[id as usize % 2] })
    }

    /// A cell, to be given another deadline.
    #[inline]
    pub(crate) fn filed(&mut self, id: u32) -> Filed<'_, T> {
        let Pair { low, cells } = self.pair_mut(id);
        Filed { cell: &mut cells[id as usize % 2], low: &mut low[id as usize % 2] }
    }

    #[inline]
    pub(crate) fn is_live(&self, id: u32, generation: Generation) -> bool {
        self.find(id).is_some_and(|cell| cell.is_live() && cell.generation() == generation)
    }

    /// Takes the value of a live cell of that generation out, and frees the cell, which stays
    /// filed.
    #[inline]
    pub(crate) fn remove(&mut self, id: u32, generation: Generation) -> Option<T> {
        let cell = self.find_mut(id)?;
        if !cell.is_live() || cell.generation() != generation {
            return None;
        }
        let (Tag { low, high }, deadline) = (cell.tag(), cell.deadline());
        let next = generation.checked_add(1);
        let freed = Cell::Free { low, high, generation: next.unwrap_or(generation), deadline };
        let Cell::Live { value, .. } = core::mem::replace(cell, freed) else {
            return None;
        };
        if next.is_some() {
            self.release(id);
        }
        Some(value)
    }

    /// Takes the value of a live cell that is in no slot out, and frees the cell.
    #[inline]
    pub(crate) fn remove_expired(&mut self, id: u32) -> Option<(Generation, T)> {
        let cell = self.cell_mut(id);
        let was = cell.generation();
        let next = was.checked_add(1);
        let generation = next.unwrap_or(was);
        let freed = Cell::Free { low: NOWHERE, high: 0, generation, deadline: 0 };
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
        match self.find(id)? {
            Cell::Live { generation: its, deadline, value, .. } if *its == generation => {
                Some((*deadline, value))
            }
            _ => None,
        }
    }

    pub(crate) fn get_mut(&mut self, id: u32, generation: Generation) -> Option<&mut T> {
        match self.find_mut(id)? {
            Cell::Live { generation: its, value, .. } if *its == generation => Some(value),
            _ => None,
        }
    }

    pub(crate) fn current_mut(&mut self, id: u32) -> Option<(Generation, u64, &mut T)> {
        match self.find_mut(id)? {
            Cell::Live { generation, deadline, value, .. } => Some((*generation, *deadline, value)),
            Cell::Free { .. } => None,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, Generation, u64, &T)> {
        let cells = self.pairs.iter().flat_map(|pair| &pair.cells);
        (0..).zip(cells).filter_map(|(id, cell)| match cell {
            Cell::Live { generation, deadline, value, .. } => {
                Some((id, *generation, *deadline, value))
            }
            Cell::Free { .. } => None,
        })
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, Generation, u64, &mut T)> {
        let cells = self.pairs.iter_mut().flat_map(|pair| &mut pair.cells);
        (0..).zip(cells).filter_map(|(id, cell)| match cell {
            Cell::Live { generation, deadline, value, .. } => {
                Some((id, *generation, *deadline, value))
            }
            Cell::Free { .. } => None,
        })
    }

    pub(crate) fn capacity(&self) -> usize {
        self.pairs.capacity() * 2
    }

    pub(crate) fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        self.pairs.try_reserve_exact(more.div_ceil(2))?;
        // It grows ahead of the cells.
        self.free.try_reserve(Self::bound_after(self.len as usize + more))
    }

    /// Makes sure that one more `insert` allocates nothing.
    pub(crate) fn try_reserve_one(&mut self) -> Result<(), TryReserveError> {
        self.pairs.try_reserve(1)?;
        self.free.try_reserve(Self::bound_after(self.len as usize))
    }

    /// Gives back the free cells at the end, which are in no slot. A retired one stays.
    pub(crate) fn shrink_to_fit(&mut self) {
        let retired = |generation: Generation| generation == Generation::MAX;
        while let Some(last) = self.len.checked_sub(1) {
            let cell = self.cell(last);
            let generation = cell.generation();
            if cell.is_live() || retired(generation) {
                break;
            }
            self.fresh = self.fresh.max(generation);
            self.len = last;
        }
        self.pairs.truncate(self.len.div_ceil(2) as usize);
        self.pairs.shrink_to_fit();
        self.spare = None;
        self.free.reset(self.len as usize);
        for id in 0..self.len {
            let cell = self.cell(id);
            if !cell.is_live() && !retired(cell.generation()) {
                self.free.insert(id);
            }
        }
        self.free.shrink_to_fit();
    }

    #[cfg(test)]
    pub(crate) fn set_generation(&mut self, id: u32, new: Generation) {
        let (Cell::Live { generation, .. } | Cell::Free { generation, .. }) = self.cell_mut(id);
        *generation = new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::levels::SLOTS;

    /// Order numbers and places that share words are kept apart, at both ends.
    #[test]
    fn a_node_keeps_its_order_and_its_place_apart() {
        let mut cells = Cells::new();
        let (id, _) = cells.push('a');
        let last = Cells::<char>::LAST_ORDER;
        for order in [0, 1, u64::from(u32::MAX), 1 << 32, (1 << 32) + 5, last - 1, last] {
            for place in [0, 1, SLOTS as u16 - 1, NOWHERE] {
                cells.put(id, 7, order, place);
                assert_eq!((cells.order(id), cells.node(id).place), (order, place));
                cells.set_place(id, 3);
                assert_eq!((cells.order(id), cells.node(id).place), (order, 3));
                cells.set_place(id, place);
                cells.set_order(id, last - order);
                assert_eq!((cells.order(id), cells.node(id).place), (last - order, place));
                assert_eq!((cells.node(id).deadline, cells.node(id).live), (7, true));
            }
        }
    }

    #[test]
    fn a_timer_in_a_slot_is_postponed_where_it_is_and_never_to_before() {
        let mut cells = Cells::new();
        let (id, _) = cells.push('a');
        cells.put(id, 7, 1, 3);
        assert_eq!(cells.filed(id).postpone(6, 2), Err(3));
        assert_eq!((cells.filed(id).postpone(7, 2), cells.order(id)), (Ok(()), 2));
        assert_eq!((cells.filed(id).postpone(9, 1 << 33), cells.order(id)), (Ok(()), 1 << 33));
        assert_eq!((cells.node(id).deadline, cells.node(id).place), (9, 3));
        cells.put(id, 7, 1, NOWHERE);
        assert_eq!(cells.filed(id).postpone(8, 2), Err(NOWHERE));
    }

    #[test]
    fn a_value_is_changed_by_its_own_generation_alone() {
        let mut cells = Cells::new();
        let (id, old) = cells.push('a');
        assert_eq!(cells.remove(id, old), Some('a'));
        let id = cells.free().unwrap();
        let (id, new) = cells.fill(id, 'b');
        assert_eq!(cells.get_mut(id, old), None);
        assert_eq!(cells.get_mut(id + 1, new), None);
        *cells.get_mut(id, new).unwrap() = 'c';
        assert_eq!(cells.get(id, new), Some((0, &'c')));
    }

    #[test]
    fn a_cell_whose_last_generation_expires_is_not_used_again_nor_given_back() {
        let mut cells = Cells::new();
        let (id, _) = cells.push('a');
        cells.set_generation(id, Generation::MAX);
        assert_eq!(cells.remove_expired(id), Some((Generation::MAX, 'a')));
        assert_eq!(cells.free(), None);
        cells.shrink_to_fit();
        assert_eq!((cells.node_count(), cells.free()), (1, None));
    }

    /// By a constant it would have to grow 15,000 times.
    #[test]
    fn the_set_of_free_cells_grows_to_a_million_in_few_steps() {
        let bounds = core::iter::successors(Some(0), |&id| Some(Cells::<()>::bound_after(id)));
        let bounds: alloc::vec::Vec<usize> = bounds.take_while(|&id| id < 1_000_000).collect();
        assert!(bounds.iter().skip(1).all(|bound| bound % 64 == 0));
        assert!(
            bounds.windows(2).all(|pair| pair[1] > pair[0] && pair[1] <= pair[0] * 9 / 8 + 128)
        );
        assert!(bounds.len() < 100, "{} steps", bounds.len());
    }
}
