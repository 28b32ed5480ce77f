//! The slots' contents: queues of ids in blocks from one pool.
//!
//! A block is 128 bytes: 31 ids and the number of the next block. Reading a queue is a run of
//! independent loads, which a linked list of nodes is not, and what one slot gives back another one
//! takes, which vectors do not do.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

use crate::levels::SLOTS;

/// How many ids a block holds; the number after them is the next block's.
pub(crate) const BLOCK: usize = 31;

/// No block.
const NONE: u32 = u32::MAX;

/// Not aligned to cache lines: allocators move what is over-aligned by copying.
#[derive(Debug, Clone)]
struct Block([u32; BLOCK + 1]);

/// One slot's queue, first in, first out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Queue {
    head: u32,
    tail: u32,
    /// The first id in the head block.
    begin: u8,
    /// One past the last id in the tail block; `BLOCK` in a queue that has no block.
    end: u8,
}

impl Queue {
    pub(crate) const EMPTY: Self = Self { head: NONE, tail: NONE, begin: 0, end: BLOCK as u8 };

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.head == NONE
    }
}

/// Up to one block of ids, taken out of a queue.
#[derive(Debug)]
pub(crate) struct Run {
    ids: [u32; BLOCK + 1],
    begin: usize,
    end: usize,
}

impl Run {
    #[inline]
    pub(crate) fn ids(&self) -> &[u32] {
        self.ids.get(self.begin..self.end).unwrap_or(&[])
    }
}

/// All blocks, in use or free.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    blocks: Vec<Block>,
    /// The first free block; the others follow through their links.
    free: u32,
    /// How many blocks are in queues.
    used: usize,
}

impl Pool {
    pub(crate) const fn new() -> Self {
        Self { blocks: Vec::new(), free: NONE, used: 0 }
    }

    /// Adds an id at the end, if the last block has room. An empty queue has none.
    #[inline]
    pub(crate) fn try_push(&mut self, queue: &mut Queue, id: u32) -> bool {
        let has_room = usize::from(queue.end) < BLOCK;
        if has_room {
            self.blocks[queue.tail as usize].0[usize::from(queue.end) % (BLOCK + 1)] = id;
            queue.end += 1;
        }
        has_room
    }

    /// Adds an id at the end.
    #[inline]
    pub(crate) fn push(&mut self, queue: &mut Queue, id: u32) {
        if !self.try_push(queue, id) {
            self.extend(queue, id);
        }
    }

    /// Gives `queue` a new tail block that holds `id`.
    #[inline(never)]
    pub(crate) fn extend(&mut self, queue: &mut Queue, id: u32) {
        let block = if self.free == NONE {
            self.grow();
            self.blocks.push(Block([NONE; BLOCK + 1]));
            (self.blocks.len() - 1) as u32
        } else {
            let block = self.free;
            self.free = self.blocks[block as usize].0[BLOCK];
            block
        };
        self.used += 1;
        if queue.is_empty() {
            queue.head = block;
            queue.begin = 0;
        } else {
            self.blocks[queue.tail as usize].0[BLOCK] = block;
        }
        self.blocks[block as usize].0[0] = id;
        queue.tail = block;
        queue.end = 1;
    }

    /// Makes room by an eighth: doubling would waste more than the ids need.
    fn grow(&mut self) {
        if self.blocks.len() == self.blocks.capacity() {
            self.blocks.reserve_exact(self.blocks.len() / 8 + 8);
        }
    }

    /// Takes up to `limit` ids, at most a block, from the front; none from an empty queue.
    #[inline]
    pub(crate) fn take(&mut self, queue: &mut Queue, limit: usize) -> Option<Run> {
        if queue.is_empty() || limit == 0 {
            return None;
        }
        let head = queue.head;
        let block = &mut self.blocks[head as usize].0;
        let stop = if head == queue.tail { usize::from(queue.end) } else { BLOCK };
        let begin = usize::from(queue.begin);
        let end = stop.min(begin.saturating_add(limit));
        let run = Run { ids: *block, begin, end };
        if end < stop {
            queue.begin = end as u8;
            return Some(run);
        }
        if head == queue.tail {
            *queue = Queue::EMPTY;
        } else {
            queue.head = block[BLOCK];
            queue.begin = 0;
        }
        block[BLOCK] = self.free;
        self.free = head;
        self.used -= 1;
        self.ask_for(queue);
        Some(run)
    }

    /// Has the cache fetch the first block of a queue that is about to be emptied, while other work
    /// is done: it was not touched for long, as a rule.
    #[inline]
    pub(crate) fn ask_for(&self, queue: &Queue) {
        if let Some(Block(words)) = self.blocks.get(queue.head as usize) {
            // One word of each of its cache lines, wherever those begin.
            core::hint::black_box(words[0] | words[BLOCK / 2] | words[BLOCK]);
        }
    }

    /// The id at the front.
    #[inline]
    pub(crate) fn front(&self, queue: &Queue) -> Option<u32> {
        let block = self.blocks.get(queue.head as usize)?;
        Some(block.0[usize::from(queue.begin) % (BLOCK + 1)])
    }

    /// The ids of a queue, front first.
    pub(crate) fn iter(&self, queue: &Queue) -> impl Iterator<Item = u32> + '_ {
        let mut queue = *queue;
        core::iter::from_fn(move || {
            let id = self.front(&queue)?;
            let last = queue.head == queue.tail;
            queue.begin += 1;
            if last && queue.begin == queue.end {
                queue = Queue::EMPTY;
            } else if usize::from(queue.begin) == BLOCK {
                queue.head = self.blocks[queue.head as usize].0[BLOCK];
                queue.begin = 0;
            }
            Some(id)
        })
    }

    /// Forgets all queues. The caller resets them.
    pub(crate) fn clear(&mut self) {
        self.blocks.clear();
        self.free = NONE;
        self.used = 0;
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.blocks.shrink_to_fit();
    }

    /// Makes room for one more block, or says that there is none.
    pub(crate) fn try_reserve_one(&mut self) -> Result<(), TryReserveError> {
        if self.free == NONE && self.blocks.len() == self.blocks.capacity() {
            self.blocks.try_reserve_exact(self.blocks.len() / 8 + 8)?;
        }
        Ok(())
    }

    /// Makes room for `ids` more ids, and one block for each slot that is not full.
    pub(crate) fn try_reserve(&mut self, ids: usize) -> Result<(), TryReserveError> {
        self.blocks.try_reserve_exact(ids / BLOCK + ids.min(SLOTS))
    }

    /// How many ids the blocks that are in queues have room for.
    pub(crate) fn capacity_in_use(&self) -> usize {
        self.used * BLOCK
    }

    /// How many blocks are in no queue.
    pub(crate) fn free_blocks(&self) -> usize {
        let next = |&block: &u32| self.blocks.get(block as usize).map(|block| block.0[BLOCK]);
        core::iter::successors(Some(self.free), next).take_while(|&block| block != NONE).count()
    }

    /// How many blocks there are.
    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// How many blocks a queue uses.
    pub(crate) fn blocks_of(&self, queue: &Queue) -> usize {
        if queue.is_empty() {
            return 0;
        }
        let next =
            |&block: &u32| (block != queue.tail).then(|| self.blocks[block as usize].0[BLOCK]);
        core::iter::successors(Some(queue.head), next).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_grows_by_an_eighth() {
        let (mut pool, mut queue) = (Pool::new(), Queue::EMPTY);
        let mut allocations = 0;
        for id in 0..1_000 * BLOCK as u32 {
            let before = pool.blocks.capacity();
            pool.push(&mut queue, id);
            let (len, capacity) = (pool.blocks.len(), pool.blocks.capacity());
            allocations += usize::from(capacity != before);
            assert!(capacity <= len + len / 8 + 8, "room for {capacity}, and there are {len}");
        }
        assert!(allocations < 40, "{allocations} allocations");
        assert!(pool.iter(&queue).eq(0..1_000 * BLOCK as u32));
    }

    /// Before each block that is needed, as the forms that may fail do.
    #[test]
    fn room_for_a_block_is_made_by_an_eighth_and_only_where_there_is_none() {
        let (mut pool, mut queue) = (Pool::new(), Queue::EMPTY);
        let mut allocations = 0;
        for id in 0..1_000 * BLOCK as u32 {
            let before = pool.blocks.capacity();
            let needed = pool.blocks.len() == before;
            pool.try_reserve_one().expect("there is memory");
            let (len, capacity) = (pool.blocks.len(), pool.blocks.capacity());
            assert_eq!(capacity != before, needed, "room for {before}, and there are {len}");
            assert!(capacity > len && capacity <= len + len / 8 + 8);
            allocations += usize::from(needed);
            pool.push(&mut queue, id);
            assert_eq!(pool.blocks.capacity(), capacity);
        }
        assert!(allocations < 40, "{allocations} allocations");
        // A free block is room, too.
        pool.shrink_to_fit();
        let full = pool.blocks.capacity();
        assert_eq!((pool.blocks.len(), pool.take(&mut queue, BLOCK).is_some()), (full, true));
        pool.try_reserve_one().expect("there is memory");
        assert_eq!(pool.blocks.capacity(), full);
    }

    #[test]
    fn what_was_reserved_for_ids_holds_them() {
        let (mut pool, mut queue) = (Pool::new(), Queue::EMPTY);
        pool.try_reserve(100_000).expect("there is memory");
        let capacity = pool.blocks.capacity();
        (0..100_000).for_each(|id| pool.push(&mut queue, id));
        assert_eq!(pool.blocks.capacity(), capacity);
    }
}
