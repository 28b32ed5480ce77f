//! Which cells are free: a bitmap with summaries, that gives the lowest first.
//!
//! Lowest first keeps the live cells together, so that what expires after a mass cancellation is
//! still close in the cache, and lets the cells' memory shrink.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

/// 64^6 is more than there are numbers.
const LEVELS: usize = 6;

/// A set of numbers below a bound.
///
/// Bit `i` of level 0 says whether `i` is in the set; bit `i` of another level says whether word
/// `i` of the level below has a bit.
#[derive(Debug, Clone)]
pub(crate) struct FreeSet {
    levels: [Vec<u64>; LEVELS],
    /// How many levels are in use; the highest one is a single word.
    depth: usize,
    len: u32,
    bound: usize,
}

/// The words that each level needs for numbers below `bound`.
fn words(bound: usize) -> impl Iterator<Item = usize> {
    core::iter::successors(Some(bound.div_ceil(64)), |&words| {
        (words > 1).then(|| words.div_ceil(64))
    })
}

impl FreeSet {
    pub(crate) const fn new() -> Self {
        Self { levels: [const { Vec::new() }; LEVELS], depth: 0, len: 0, bound: 0 }
    }

    /// Empties the set and makes room for the numbers below `bound`.
    pub(crate) fn reset(&mut self, bound: usize) {
        self.levels.iter_mut().for_each(Vec::clear);
        self.len = 0;
        self.grow(bound);
    }

    /// Raises the bound of an empty set.
    pub(crate) fn grow(&mut self, bound: usize) {
        debug_assert!(self.levels.iter().flatten().all(|&word| word == 0));
        for (level, words) in self.levels.iter_mut().zip(words(bound)) {
            level.resize(words, 0);
        }
        self.depth = words(bound).count();
        self.bound = bound;
    }

    pub(crate) fn try_reserve(&mut self, bound: usize) -> Result<(), TryReserveError> {
        for (level, words) in self.levels.iter_mut().zip(words(bound)) {
            level.try_reserve(words.saturating_sub(level.len()))?;
        }
        Ok(())
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.levels.iter_mut().for_each(Vec::shrink_to_fit);
    }

    /// The numbers in the set are below it.
    #[inline]
    pub(crate) fn bound(&self) -> usize {
        self.bound
    }

    /// Adds a number that is not in the set.
    #[inline]
    pub(crate) fn insert(&mut self, number: u32) {
        self.len += 1;
        let mut bit = number as usize;
        for level in &mut self.levels[..self.depth] {
            let word = &mut level[bit / 64];
            let was_empty = *word == 0;
            *word |= 1 << (bit % 64);
            if !was_empty {
                return;
            }
            bit /= 64;
        }
    }

    /// Takes the lowest number out.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<u32> {
        self.len = self.len.checked_sub(1)?;
        let mut bit = 0;
        for level in self.levels[..self.depth].iter().rev() {
            bit = bit * 64 + level[bit].trailing_zeros() as usize;
        }
        let number = bit as u32;
        for level in &mut self.levels[..self.depth] {
            let word = &mut level[bit / 64];
            *word &= *word - 1;
            if *word != 0 {
                break;
            }
            bit /= 64;
        }
        Some(number)
    }

    #[cfg(test)]
    pub(crate) fn contains(&self, number: u32) -> bool {
        let word = self.levels[0].get(number as usize / 64);
        word.is_some_and(|word| word & (1 << (number % 64)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn pop_gives_the_lowest_of_a_set_of_three_levels() {
        let (mut set, mut model) = (FreeSet::new(), BTreeSet::new());
        set.grow(300_000);
        let mut seed = 1u32;
        for step in 0..20_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if step % 3 == 0 {
                assert_eq!(set.pop(), model.pop_first());
            } else {
                let number = (seed >> 8) % 300_000;
                if model.insert(number) {
                    set.insert(number);
                }
            }
        }
        while let Some(number) = model.pop_first() {
            assert_eq!(set.pop(), Some(number));
            assert!(!set.contains(number));
        }
        assert_eq!(set.pop(), None);
    }
}
