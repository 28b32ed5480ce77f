//! What the kqueue backend knows of each source, by the number of its descriptor.
//!
//! The kernel has one knote per filter, the caller one registration with up to three; somebody has
//! to know which of them there are, and whether a oneshot has been delivered. An entry says what was
//! last asked of the kernel, under one lock with the asking, so that it cannot drift from it but by
//! the close of a descriptor that is still registered, which [`Table::get`]'s callers allow for.

use std::collections::TryReserveError;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::backend::{Key, Watch};

#[derive(Debug, Default)]
pub(super) struct Table {
    entries: Vec<Option<Entry>>,
    last_generation: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    generation: u32,
    pub(super) watch: Watch,
    /// The write filter was refused because nobody is left to read, and a user event is there in
    /// its stead.
    pub(super) broken: bool,
    /// Where a oneshot was delivered; `None` while it is armed.
    pub(super) delivered: Option<Place>,
}

/// A place in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) batch: usize,
    pub(super) index: usize,
}

impl Table {
    /// Makes room for `source`, so that [`insert`](Self::insert) cannot fail.
    pub(super) fn reserve(&mut self, source: BorrowedFd<'_>) -> Result<(), TryReserveError> {
        let length = number(source) + 1;
        let more = length.saturating_sub(self.entries.len());
        self.entries.try_reserve(more)
    }

    /// A new entry in the place of what was there.
    pub(super) fn insert(&mut self, source: BorrowedFd<'_>, watch: Watch, broken: bool) -> Key {
        // Generation 0 is nobody's: UNKNOWN.
        self.last_generation = self.last_generation.wrapping_add(1).max(1);
        let generation = self.last_generation;
        let index = number(source);
        if self.entries.len() <= index {
            self.entries.resize(index + 1, None);
        }
        self.entries[index] = Some(Entry { generation, watch, broken, delivered: None });
        key(generation, index)
    }

    /// The entry of the descriptor with this number, whoever registered it.
    pub(super) fn get(&mut self, number: usize) -> Option<&mut Entry> {
        self.entries.get_mut(number)?.as_mut()
    }

    /// The entry that `key` names, if it is still there.
    pub(super) fn find(&mut self, key: Key) -> Option<&mut Entry> {
        self.get(index_of(key)).filter(|entry| u64::from(entry.generation) == key >> 32)
    }

    pub(super) fn key_of(&mut self, source: BorrowedFd<'_>) -> Option<Key> {
        let index = number(source);
        self.get(index).map(|entry| key(entry.generation, index))
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<Entry> {
        self.find(key)?;
        self.entries[index_of(key)].take()
    }
}

/// The key of a source that the table does not have. The kernel may: its guard was abandoned.
pub(super) const UNKNOWN: Key = 0;

/// A key is the generation above the descriptor's number: a number that is used again for another
/// registration has another key.
fn key(generation: u32, number: usize) -> Key {
    (Key::from(generation) << 32) | number as Key
}

fn index_of(key: Key) -> usize {
    // The lower half is a descriptor's number.
    (key & Key::from(u32::MAX)) as usize
}

/// A descriptor's number, which is never negative.
pub(super) fn number(source: BorrowedFd<'_>) -> usize {
    source.as_raw_fd().unsigned_abs() as usize
}
