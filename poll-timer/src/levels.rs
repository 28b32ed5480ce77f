//! The geometry of the ring: which slot holds which span of ticks.
//!
//! Ten levels of 8, 8, 6, 6, 6, 6, 6, 6, 6 and 6 bits make up the 64 bits of a tick, 1,024 slots in
//! all. A slot of level `l` spans `2^SHIFT[l]` ticks, aligned. Level `l` is a ring: it holds the
//! `SIZE[l]` spans that begin with the one that `cur` is in, so an index names one span only.

/// How many levels there are.
pub(crate) const LEVELS: usize = 10;

/// How many slots all levels have together.
pub(crate) const SLOTS: usize = 1024;

/// The number of low bits of a tick that a slot of each level does not tell apart.
const SHIFT: [u32; LEVELS] = [0, 8, 16, 22, 28, 34, 40, 46, 52, 58];

/// How many slots each level has, less one.
const MASK: [u64; LEVELS] = [255, 255, 63, 63, 63, 63, 63, 63, 63, 63];

/// The first slot of each level.
const BASE: [u16; LEVELS] = [0, 256, 512, 576, 640, 704, 768, 832, 896, 960];

/// The level of each group of 64 slots.
const LEVEL_OF_WORD: [u8; SLOTS / 64] = [0, 0, 0, 0, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/// The lowest level that can hold a distance, by the position of its highest bit.
const LEVEL_OF_BIT: [u8; 64] = {
    let mut table = [0; 64];
    let mut bit = 0;
    while bit < 64 {
        table[bit] = match bit {
            0..8 => 0,
            8..16 => 1,
            _ => 2 + (bit as u8 - 16) / 6,
        };
        bit += 1;
    }
    table
};

/// The level that `slot` belongs to.
#[inline]
pub(crate) fn level_of(slot: u16) -> usize {
    usize::from(LEVEL_OF_WORD[usize::from(slot / 64) % LEVEL_OF_WORD.len()])
}

/// The slot for a deadline later than `cur`, and the tick at which the slot begins.
///
/// The level is the lowest whose ring reaches the deadline, measured from `cur`: unlike the highest
/// differing bit, that does not send everything past a round tick into one slot.
#[inline]
pub(crate) fn place(cur: u64, deadline: u64) -> (u16, u64) {
    debug_assert!(deadline > cur);
    let bit = 63 - (deadline.wrapping_sub(cur) | 1).leading_zeros();
    let mut level = usize::from(LEVEL_OF_BIT[bit as usize % 64]);
    // A distance below the ring's length can still touch one span more than the ring has. The top
    // level spans all 64 bits and never does.
    if (deadline >> SHIFT[level]) - (cur >> SHIFT[level]) > MASK[level] {
        level += 1;
    }
    let span = deadline >> SHIFT[level];
    (BASE[level] + (span & MASK[level]) as u16, span << SHIFT[level])
}

/// The tick at which `slot` begins, as seen from `cur`.
#[inline]
pub(crate) fn start(cur: u64, slot: u16) -> u64 {
    let level = level_of(slot);
    let span = cur >> SHIFT[level];
    let ahead = u64::from(slot - BASE[level]).wrapping_sub(span) & MASK[level];
    (span + ahead) << SHIFT[level]
}

/// The last tick of the slot that begins at `start`.
#[inline]
pub(crate) fn last(start: u64, slot: u16) -> u64 {
    start | ((1 << SHIFT[level_of(slot)]) - 1)
}

/// Where in its level the span of `cur` is.
#[inline]
fn index(cur: u64, level: usize) -> u64 {
    (cur >> SHIFT[level]) & MASK[level]
}

/// Which slots hold anything, a bit each.
#[derive(Debug, Clone)]
pub(crate) struct Occupancy {
    words: [u64; SLOTS / 64],
    /// A bit per level that has a set bit in `words`.
    levels: u16,
}

impl Occupancy {
    pub(crate) const fn new() -> Self {
        Self { words: [0; SLOTS / 64], levels: 0 }
    }

    #[inline]
    pub(crate) fn set(&mut self, slot: u16) {
        self.words[usize::from(slot / 64) % (SLOTS / 64)] |= 1 << (slot % 64);
        self.levels |= 1 << level_of(slot);
    }

    #[inline]
    pub(crate) fn clear(&mut self, slot: u16) {
        let word = usize::from(slot / 64) % (SLOTS / 64);
        self.words[word] &= !(1 << (slot % 64));
        let empty = match level_of(slot) {
            level @ (0 | 1) => self.words[level * 4..level * 4 + 4] == [0; 4],
            _ => self.words[word] == 0,
        };
        if empty {
            self.levels &= !(1 << level_of(slot));
        }
    }

    pub(crate) fn contains(&self, slot: u16) -> bool {
        self.words[usize::from(slot / 64)] & (1 << (slot % 64)) != 0
    }

    /// The occupied slot of `level` that begins first, and when.
    #[inline]
    pub(crate) fn first_of(&self, cur: u64, level: usize) -> Option<(u64, u16)> {
        if self.levels & (1 << level) == 0 {
            return None;
        }
        let from = index(cur, level);
        let ahead = if level < 2 {
            self.ahead_in_256(level * 4, from)?
        } else {
            u64::from(self.words[6 + level].rotate_right(from as u32).trailing_zeros())
        };
        let span = (cur >> SHIFT[level]) + ahead;
        Some((span << SHIFT[level], BASE[level] + (span & MASK[level]) as u16))
    }

    /// How far the first set bit is ahead of `from` in the ring of 256 bits that begins at `word`.
    #[inline]
    fn ahead_in_256(&self, word: usize, from: u64) -> Option<u64> {
        let ring: &[u64; 4] = self.words[word..].first_chunk()?;
        let (first, bit) = ((from / 64) as usize % 4, from % 64);
        let mut bits = ring[first] & (u64::MAX << bit);
        for step in 0..5 {
            if bits != 0 {
                return Some(step * 64 + u64::from(bits.trailing_zeros()) - bit);
            }
            bits = ring[(first + step as usize + 1) % 4];
        }
        None
    }

    /// The occupied slot that begins first, and when; of two that begin together, the wider one.
    #[inline]
    pub(crate) fn first(&self, cur: u64) -> Option<(u64, u16)> {
        let mut best: Option<(u64, u16)> = None;
        let mut levels = self.levels;
        while levels != 0 {
            let level = levels.trailing_zeros() as usize;
            levels &= levels - 1;
            if let Some(found) = self.first_of(cur, level) {
                if best.is_none_or(|best| found.0 <= best.0) {
                    best = Some(found);
                }
            }
        }
        best
    }

    /// The first occupied slot with a number of `from` or more, in the order of numbers.
    pub(crate) fn at_or_after(&self, from: u16) -> Option<u16> {
        (from..SLOTS as u16).find(|&slot| self.contains(slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ticks where levels begin and end, and some between.
    fn ticks() -> impl Iterator<Item = u64> {
        (0..64).flat_map(|bit| [1u64 << bit, (1 << bit) - 1, (1 << bit) + 1, 5 << bit]).chain([
            u64::MAX,
            u64::MAX - 1,
            0xdead_beef,
            0x0123_4567_89ab_cdef,
        ])
    }

    #[test]
    fn a_deadline_lies_in_the_span_of_its_slot() {
        for cur in ticks() {
            for deadline in ticks().filter(|&deadline| deadline > cur) {
                let (slot, begin) = place(cur, deadline);
                assert_eq!(begin, start(cur, slot), "{cur} {deadline}");
                assert!(begin > cur && begin <= deadline, "{cur} {deadline}");
                assert!(deadline <= last(begin, slot), "{cur} {deadline}");
            }
        }
    }

    #[test]
    fn first_agrees_with_a_search_over_all_slots() {
        for cur in ticks() {
            let mut occupancy = Occupancy::new();
            let mut slots = [(0, 0); 0].to_vec();
            for deadline in ticks().filter(|&deadline| deadline > cur) {
                let (slot, begin) = place(cur, deadline);
                occupancy.set(slot);
                slots.push((begin, u16::MAX - slot));
            }
            slots.sort_unstable();
            slots.dedup();
            for (begin, slot) in slots {
                assert_eq!(occupancy.first(cur), Some((begin, u16::MAX - slot)), "{cur}");
                occupancy.clear(u16::MAX - slot);
            }
            assert_eq!(occupancy.first(cur), None);
        }
    }
}
