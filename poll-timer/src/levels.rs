//! The geometry of the ring: which slot holds which span of ticks.
//!
//! Ten levels of 8, 8, 6, 6, 6, 6, 6, 6, 6 and 6 bits make up the 64 bits of a tick. A slot of a level
//! spans `2^shift` ticks, aligned. A level is a ring: it holds as many spans as it has slots, from the
//! one that `cur` is in, so an index names one span only.
//!
//! Level 0 has twice the slots that its bits need: whatever lies in the next slot of level 1 is within
//! its reach, so that this slot can be emptied bit by bit before it comes due, and gets nothing new.

/// How many levels there are.
pub(crate) const LEVELS: usize = 10;

/// The slots below this number, level 0, are one tick wide.
pub(crate) const TICKS: usize = 512;

/// How many slots all levels have together.
pub(crate) const SLOTS: usize = TICKS + 256 + 8 * 64;

/// One level. The table has 16 of them, so that an index of four bits needs no check.
#[derive(Clone, Copy)]
struct Level {
    /// The number of low bits of a tick that a slot does not tell apart.
    shift: u32,
    /// The number of the first slot.
    base: u16,
    /// How many slots there are, less one.
    mask: u64,
}

const LEVEL: [Level; 16] = {
    let mut table = [Level { shift: 58, base: SLOTS as u16 - 64, mask: 63 }; 16];
    table[0] = Level { shift: 0, base: 0, mask: TICKS as u64 - 1 };
    table[1] = Level { shift: 8, base: TICKS as u16, mask: 255 };
    let mut level = 2;
    while level < LEVELS {
        let above = level as u16 - 2;
        let base = TICKS as u16 + 256 + 64 * above;
        table[level] = Level { shift: 16 + 6 * above as u32, base, mask: 63 };
        level += 1;
    }
    table
};

#[inline]
fn level(number: usize) -> Level {
    LEVEL[number % LEVEL.len()]
}

/// How many groups of 64 slots there are, rounded up so that an index of five bits needs no check.
const WORDS: usize = 32;

/// The level of each group of 64 slots.
const LEVEL_OF_WORD: [u8; WORDS] = {
    let mut table = [0; WORDS];
    let mut word = 0;
    while word < WORDS {
        let mut level = LEVELS - 1;
        while LEVEL[level].base as usize > word * 64 {
            level -= 1;
        }
        table[word] = level as u8;
        word += 1;
    }
    table
};

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
    usize::from(LEVEL_OF_WORD[usize::from(slot / 64) % WORDS])
}

/// The slot for a deadline later than `cur`, and the tick at which the slot begins.
///
/// The level is the lowest whose ring reaches the deadline, measured from `cur`: unlike the highest
/// differing bit, that does not send everything past a round tick into one slot.
#[inline]
pub(crate) fn place(cur: u64, deadline: u64) -> (u16, u64) {
    place_low(cur, deadline).unwrap_or_else(|| place_high(cur, deadline))
}

/// As [`place`], if it is one of the two lowest levels, which nearly all timers go to.
#[inline]
pub(crate) fn place_low(cur: u64, deadline: u64) -> Option<(u16, u64)> {
    debug_assert!(deadline > cur);
    let span = deadline >> 8;
    if deadline.wrapping_sub(cur) < TICKS as u64 {
        Some(((deadline % TICKS as u64) as u16, deadline))
    } else if span.wrapping_sub(cur >> 8) < 256 {
        Some(((TICKS as u64 + span % 256) as u16, span << 8))
    } else {
        None
    }
}

/// As [`place`], above the two lowest levels.
#[inline]
pub(crate) fn place_high(cur: u64, deadline: u64) -> (u16, u64) {
    let bit = 63 - (deadline.wrapping_sub(cur) | 1).leading_zeros();
    // The second level does not reach it, or this would not have been called.
    let number = usize::from(LEVEL_OF_BIT[bit as usize % 64]).max(2);
    let Level { shift, base, mask } = level(number);
    let span = deadline >> shift;
    // A distance below the ring's length can still touch one span more than the ring has. The top
    // level spans all 64 bits and never does.
    if span - (cur >> shift) > mask {
        let Level { shift, base, mask } = level(number + 1);
        let span = deadline >> shift;
        return (base + (span & mask) as u16, span << shift);
    }
    (base + (span & mask) as u16, span << shift)
}

/// The slot of level 1 that comes due next, see the top.
#[inline]
pub(crate) fn next_of_level_1(cur: u64) -> u16 {
    (TICKS as u64 + ((cur >> 8) + 1) % 256) as u16
}

/// The tick at which `slot` begins, as seen from `cur`.
#[inline]
pub(crate) fn start(cur: u64, slot: u16) -> u64 {
    let Level { shift, base, mask } = level(level_of(slot));
    let span = cur >> shift;
    let ahead = u64::from(slot - base).wrapping_sub(span) & mask;
    (span + ahead) << shift
}

/// The last tick of the slot that begins at `start`.
#[inline]
pub(crate) fn last(start: u64, slot: u16) -> u64 {
    start | ((1 << level(level_of(slot)).shift) - 1)
}

/// Which slots hold anything, a bit each.
#[derive(Debug, Clone)]
pub(crate) struct Occupancy {
    words: [u64; WORDS],
    /// A bit per level that has a set bit in `words`.
    levels: u16,
}

impl Occupancy {
    pub(crate) const fn new() -> Self {
        Self { words: [0; WORDS], levels: 0 }
    }

    #[inline]
    pub(crate) fn set(&mut self, slot: u16) {
        self.words[usize::from(slot / 64) % WORDS] |= 1 << (slot % 64);
        self.levels |= 1 << level_of(slot);
    }

    #[inline]
    pub(crate) fn clear(&mut self, slot: u16) {
        let word = usize::from(slot / 64) % WORDS;
        self.words[word] &= !(1 << (slot % 64));
        let Level { base, mask, .. } = level(level_of(slot));
        let (first, count) = (usize::from(base) / 64, (mask as usize + 1) / 64);
        if self.words[word] == 0 && self.words[first..first + count].iter().all(|&word| word == 0) {
            self.levels &= !(1 << level_of(slot));
        }
    }

    #[inline]
    pub(crate) fn contains(&self, slot: u16) -> bool {
        self.words[usize::from(slot / 64) % WORDS] & (1 << (slot % 64)) != 0
    }

    /// The occupied slot of a level that begins first, and when.
    #[inline]
    pub(crate) fn first_of(&self, cur: u64, number: usize) -> Option<(u64, u16)> {
        if self.levels & (1 << number) == 0 {
            return None;
        }
        let Level { shift, base, mask } = level(number);
        let span = cur >> shift;
        let word = usize::from(base) / 64;
        let ahead = match number {
            0 => ahead(self.words[word..].first_chunk::<{ TICKS / 64 }>()?, span & mask)?,
            1 => ahead(self.words[word..].first_chunk::<4>()?, span & mask)?,
            _ => {
                let bits = self.words[word % WORDS].rotate_right((span & mask) as u32);
                u64::from(bits.trailing_zeros())
            }
        };
        let span = span + ahead;
        Some((span << shift, base + (span & mask) as u16))
    }

    /// The occupied slot that begins first, and when; of two that begin together, the wider one.
    #[inline]
    pub(crate) fn first(&self, cur: u64) -> Option<(u64, u16)> {
        let first = self.first_of(cur, 0);
        // Wider slots begin at multiples of 256.
        if first.is_some_and(|(begin, _)| begin <= cur | 255) && cur % 256 != 0 {
            return first;
        }
        self.first_wide(cur, first)
    }

    fn first_wide(&self, cur: u64, mut best: Option<(u64, u16)>) -> Option<(u64, u16)> {
        let mut levels = self.levels & !1;
        while levels != 0 {
            let found = self.first_of(cur, levels.trailing_zeros() as usize);
            levels &= levels - 1;
            if found.is_some_and(|found| best.is_none_or(|best| found.0 <= best.0)) {
                best = found;
            }
        }
        best
    }

    /// The first occupied slot with a number of `from` or more, in the order of numbers.
    pub(crate) fn at_or_after(&self, from: u16) -> Option<u16> {
        (from..SLOTS as u16).find(|&slot| self.contains(slot))
    }
}

/// How far the first set bit is ahead of `from` in a ring of words.
#[inline]
fn ahead<const N: usize>(ring: &[u64; N], from: u64) -> Option<u64> {
    let (first, bit) = ((from / 64) as usize % N, from % 64);
    let bits = ring[first] >> bit;
    if bits != 0 {
        return Some(u64::from(bits.trailing_zeros()));
    }
    for step in 1..=N {
        let bits = ring[(first + step) % N];
        if bits != 0 {
            return Some(step as u64 * 64 + u64::from(bits.trailing_zeros()) - bit);
        }
    }
    None
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

    /// Those that begin now are being emptied, the widest first: what it holds may belong to another.
    #[test]
    fn first_is_the_widest_of_those_that_begin_now() {
        let now = 1 << 16;
        let mut occupancy = Occupancy::new();
        let placed = [place(now, now + 5), place(now - 600, now), place(1, now)];
        assert_eq!(
            placed.map(|(slot, begin)| (level_of(slot), begin)),
            [(0, now + 5), (1, now), (2, now)]
        );
        placed.iter().for_each(|(slot, _)| occupancy.set(*slot));
        for (slot, begin) in placed.into_iter().rev() {
            assert_eq!(occupancy.first(now), Some((begin, slot)));
            occupancy.clear(slot);
        }
        assert_eq!(occupancy.first(now), None);
    }

    #[test]
    fn a_level_has_its_bit_as_long_as_it_has_an_occupied_slot() {
        let mut occupancy = Occupancy::new();
        let mut occupied = alloc::collections::BTreeSet::new();
        // Each slot is set, and cleared when two thirds of all others have been set meanwhile.
        for step in 0..3 * SLOTS {
            let slot = (step * 5 % SLOTS) as u16;
            if step < SLOTS {
                occupancy.set(slot);
                occupied.insert(slot);
            }
            if step >= SLOTS * 2 / 3 {
                let slot = ((step - SLOTS * 2 / 3) * 5 % SLOTS) as u16;
                occupancy.clear(slot);
                occupied.remove(&slot);
            }
            let levels = occupied.iter().fold(0, |all, &slot| all | 1 << level_of(slot));
            assert_eq!(occupancy.levels, levels, "step {step}");
        }
        assert!(occupied.is_empty());
    }
}
