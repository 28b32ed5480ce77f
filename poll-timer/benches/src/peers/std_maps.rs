//! What people build from maps and heaps.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::{Duration, Instant};

use priority_queue::PriorityQueue;

use crate::Peer;

/// `BinaryHeap` that deletes lazily, as calloop does: an entry counts if the id still has its
/// number. When more than half is stale it is swept.
pub struct Heap {
    heap: BinaryHeap<Reverse<(u64, u32, u32)>>,
    current: Vec<u32>,
    live: usize,
}

impl Heap {
    fn drop_stale(&mut self) {
        if self.heap.len() > 2 * self.live + 64 {
            let current = &self.current;
            self.heap.retain(|Reverse((_, number, id))| current[*id as usize] == *number);
        }
    }
}

impl Peer for Heap {
    const NAME: &'static str = "BinaryHeap by id, lazy";
    type Key = ();

    fn new() -> Self {
        Self { heap: BinaryHeap::new(), current: Vec::new(), live: 0 }
    }
    fn insert(&mut self, id: u32, deadline: u64) {
        let index = id as usize;
        if index >= self.current.len() {
            self.current.resize(index + 1, 0);
        }
        self.live += 1;
        self.current[index] += 1;
        self.heap.push(Reverse((deadline, self.current[index], id)));
    }
    fn cancel(&mut self, id: u32, (): ()) {
        self.live -= 1;
        self.current[id as usize] += 1;
        self.drop_stale();
    }
    fn reset(&mut self, id: u32, (): (), deadline: u64) {
        self.current[id as usize] += 1;
        self.heap.push(Reverse((deadline, self.current[id as usize], id)));
        self.drop_stale();
    }
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize {
        let before = expired.len();
        while let Some(&Reverse((deadline, number, id))) = self.heap.peek() {
            let stale = self.current[id as usize] != number;
            if deadline > now && !stale {
                break;
            }
            self.heap.pop();
            if !stale {
                self.live -= 1;
                self.current[id as usize] += 1;
                expired.push(id);
            }
        }
        expired.len() - before
    }
    fn next(&mut self) -> Option<u64> {
        while let Some(&Reverse((deadline, number, id))) = self.heap.peek() {
            if self.current[id as usize] == number {
                return Some(deadline);
            }
            self.heap.pop();
        }
        None
    }
}

/// The same with payloads in a slab and generational keys, as one writes it for timers that a
/// caller holds keys of.
pub struct KeyedHeap {
    heap: BinaryHeap<Reverse<(u64, u64, u32)>>,
    slab: Vec<Entry>,
    free: Vec<u32>,
    number: u64,
}

struct Entry {
    generation: u32,
    /// The number of the heap's entry that counts.
    number: u64,
    value: Option<u64>,
}

impl KeyedHeap {
    fn push(&mut self, index: u32, deadline: u64) {
        self.number += 1;
        self.slab[index as usize].number = self.number;
        self.heap.push(Reverse((deadline, self.number, index)));
        if self.heap.len() > 2 * (self.slab.len() - self.free.len()) + 64 {
            let slab = &self.slab;
            self.heap.retain(|Reverse((_, number, index))| slab[*index as usize].number == *number);
        }
    }

    fn remove(&mut self, index: u32) -> Option<u64> {
        let entry = &mut self.slab[index as usize];
        entry.generation += 1;
        entry.number = 0;
        self.free.push(index);
        entry.value.take()
    }
}

impl Peer for KeyedHeap {
    const NAME: &'static str = "BinaryHeap + slab, lazy";
    type Key = (u32, u32);

    fn new() -> Self {
        Self { heap: BinaryHeap::new(), slab: Vec::new(), free: Vec::new(), number: 0 }
    }
    fn insert(&mut self, id: u32, deadline: u64) -> Self::Key {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slab.push(Entry { generation: 0, number: 0, value: None });
            self.slab.len() as u32 - 1
        });
        self.slab[index as usize].value = Some(id.into());
        self.push(index, deadline);
        (index, self.slab[index as usize].generation)
    }
    fn cancel(&mut self, _: u32, (index, generation): Self::Key) {
        if self.slab[index as usize].generation == generation {
            self.remove(index);
        }
    }
    fn reset(&mut self, _: u32, key: Self::Key, deadline: u64) -> Self::Key {
        if self.slab[key.0 as usize].generation == key.1 {
            self.push(key.0, deadline);
        }
        key
    }
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize {
        let before = expired.len();
        while let Some(&Reverse((deadline, number, index))) = self.heap.peek() {
            let current = self.slab[index as usize].number == number;
            if deadline > now && current {
                break;
            }
            self.heap.pop();
            if current {
                expired.extend(self.remove(index).map(|id| id as u32));
            }
        }
        expired.len() - before
    }
    fn next(&mut self) -> Option<u64> {
        while let Some(&Reverse((deadline, number, index))) = self.heap.peek() {
            if self.slab[index as usize].number == number {
                return Some(deadline);
            }
            self.heap.pop();
        }
        None
    }
}

/// The `priority-queue` crate: a heap that knows where each id is.
pub struct IndexedHeap(PriorityQueue<u32, Reverse<u64>>);

impl Peer for IndexedHeap {
    const NAME: &'static str = "priority-queue";
    type Key = ();

    fn new() -> Self {
        Self(PriorityQueue::new())
    }
    fn insert(&mut self, id: u32, deadline: u64) {
        self.0.push(id, Reverse(deadline));
    }
    fn cancel(&mut self, id: u32, (): ()) {
        self.0.remove(&id);
    }
    fn reset(&mut self, id: u32, (): (), deadline: u64) {
        self.0.change_priority(&id, Reverse(deadline));
    }
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize {
        let before = expired.len();
        while self.next().is_some_and(|deadline| deadline <= now) {
            expired.extend(self.0.pop().map(|(id, _)| id));
        }
        expired.len() - before
    }
    fn next(&mut self) -> Option<u64> {
        Some(self.0.peek()?.1.0)
    }
}

/// `BTreeMap` by instant and number, as async-io does.
pub struct BTree {
    map: BTreeMap<(Instant, u64), u32>,
    origin: Instant,
    number: u64,
}

impl BTree {
    fn at(&self, tick: u64) -> Instant {
        self.origin + Duration::from_millis(tick)
    }
}

impl Peer for BTree {
    const NAME: &'static str = "BTreeMap";
    type Key = (Instant, u64);

    fn new() -> Self {
        Self { map: BTreeMap::new(), origin: Instant::now(), number: 0 }
    }
    fn insert(&mut self, id: u32, deadline: u64) -> Self::Key {
        self.number += 1;
        let key = (self.at(deadline), self.number);
        self.map.insert(key, id);
        key
    }
    fn cancel(&mut self, _: u32, key: Self::Key) {
        self.map.remove(&key);
    }
    fn reset(&mut self, id: u32, key: Self::Key, deadline: u64) -> Self::Key {
        self.map.remove(&key);
        self.insert(id, deadline)
    }
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize {
        let (before, now) = (expired.len(), self.at(now));
        while let Some(first) = self.map.first_entry().filter(|first| first.key().0 <= now) {
            expired.push(first.remove());
        }
        expired.len() - before
    }
    fn next(&mut self) -> Option<u64> {
        let (key, _) = self.map.first_key_value()?;
        Some(key.0.duration_since(self.origin).as_millis() as u64)
    }
}
