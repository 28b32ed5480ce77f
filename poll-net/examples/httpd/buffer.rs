//! Buffers of one fixed size, lent to a connection only while it has something to keep.

use std::io::{self, Write};

/// Bytes that came and were not used yet, or were made and not sent yet.
///
/// Without memory until a [`Pool`] lends it some, and never larger than that: what a peer can make
/// the server keep is bounded by it.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    memory: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// The bytes that it holds.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there is no room left.
    pub(crate) fn is_full(&self) -> bool {
        self.len() == self.memory.len()
    }

    /// Whether there is less room left than is taken.
    pub(crate) fn is_half_full(&self) -> bool {
        self.len() * 2 > self.memory.len()
    }

    /// The free part, made contiguous.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.memory.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.memory[self.end..]
    }

    /// Takes the first `count` bytes of the room into the buffer.
    pub(crate) fn add(&mut self, count: usize) {
        self.end = (self.end + count).min(self.memory.len());
    }

    /// Forgets the first `count` bytes.
    pub(crate) fn take(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            self.clear();
        }
    }

    /// Forgets all bytes.
    pub(crate) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }
}

/// Appends as much as there is room for.
impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room();
        let count = bytes.len().min(room.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.add(count);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The memory of buffers that hold nothing, to be lent again.
#[derive(Debug)]
pub(crate) struct Pool {
    size: usize,
    spare: Vec<Box<[u8]>>,
}

/// More than one is spare only after many connections were busy at the same time.
const MOST_SPARE: usize = 64;

impl Pool {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, spare: Vec::new() }
    }

    /// Gives the buffer memory, if it has none.
    pub(crate) fn lend(&mut self, buffer: &mut Buffer) {
        if buffer.memory.is_empty() {
            let spare = self.spare.pop();
            buffer.memory = spare.unwrap_or_else(|| vec![0; self.size].into_boxed_slice());
        }
    }

    /// Takes the memory of a buffer that holds nothing.
    pub(crate) fn take_back(&mut self, buffer: &mut Buffer) {
        if buffer.is_empty() && !buffer.memory.is_empty() {
            let memory = std::mem::take(&mut buffer.memory);
            if self.spare.len() < MOST_SPARE {
                self.spare.push(memory);
            }
        }
    }
}
