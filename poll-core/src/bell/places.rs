//! Where wakers leave their mark: one bit each, set without a lock, collected under one.

use crate::sync::{Arc, AtomicUsize, SeqCst};
use crate::token::Token;

/// A waker's own bit.
#[derive(Debug)]
pub(crate) struct Place {
    word: Arc<AtomicUsize>,
    mask: usize,
    slot: usize,
}

impl Place {
    /// Sets the bit; returns whether it was set already.
    pub(super) fn set(&self) -> bool {
        self.word.fetch_or(self.mask, SeqCst) & self.mask != 0
    }

    pub(super) fn clear(&self) {
        self.word.fetch_and(!self.mask, SeqCst);
    }
}

/// All places: those in use, and those that were and will be again.
#[derive(Debug)]
pub(super) struct Places {
    /// Bit b of word w is slot `w * usize::BITS + b`. Shared with the places.
    words: Vec<Arc<AtomicUsize>>,
    slots: Vec<Slot>,
    free: Vec<usize>,
    /// The last `wake_all` of each token that ever made one: its number. They outlive their wakers,
    /// because nobody knows which batches have yet to see them.
    herds: Vec<(usize, Token)>,
    /// The slot after the one that was handed out last, so that every waker gets its turn.
    cursor: usize,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    token: Token,
    /// The waker is gone, but a wake of its is still to be delivered.
    orphan: bool,
}

const BITS: usize = usize::BITS as usize;

impl Places {
    pub(super) const fn new() -> Self {
        Self {
            words: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            herds: Vec::new(),
            cursor: 0,
        }
    }

    pub(super) fn add(&mut self, token: Token) -> Place {
        let fresh = Slot { token, orphan: false };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = fresh;
                slot
            }
            None => {
                self.slots.push(fresh);
                self.slots.len() - 1
            }
        };
        if slot / BITS == self.words.len() {
            self.words.push(Arc::new(AtomicUsize::new(0)));
        }
        Place { word: Arc::clone(&self.words[slot / BITS]), mask: 1 << (slot % BITS), slot }
    }

    /// Frees a place whose waker is gone; after its last wake is delivered, if one is pending.
    pub(super) fn remove(&mut self, place: &Place) {
        if place.word.load(SeqCst) & place.mask != 0 {
            self.slots[place.slot].orphan = true;
        } else {
            self.free.push(place.slot);
        }
    }

    pub(super) fn set_herd(&mut self, place: &Place, number: usize) {
        let token = self.slots[place.slot].token;
        match self.herds.iter_mut().find(|(_, of)| *of == token) {
            Some((last, _)) => *last = number,
            None => self.herds.push((number, token)),
        }
    }

    /// The first `wake_all` after number `seen`: its number and its waker's token.
    pub(super) fn next_herd(&self, seen: usize) -> Option<(usize, Token)> {
        // By distance, so that a wrapped number is still later.
        let later = |(number, token): &(usize, Token)| {
            let distance = number.wrapping_sub(seen);
            (distance != 0 && distance <= usize::MAX / 2).then_some((distance, *token))
        };
        let (distance, token) = self.herds.iter().filter_map(later).min_by_key(|(d, _)| *d)?;
        Some((seen.wrapping_add(distance), token))
    }

    /// Takes the next set bit, going round.
    pub(super) fn next_set(&mut self) -> Option<Token> {
        let words = self.words.len();
        let (first, start) = (self.cursor / BITS, self.cursor % BITS);
        // The first word is looked at twice: above the cursor, and at last below it.
        for step in 0..=words {
            let index = (first + step) % words.max(1);
            let word = self.words.get(index)?;
            let bits = word.load(SeqCst);
            let bits = match step {
                0 => bits & (usize::MAX << start),
                _ if step == words => bits & !(usize::MAX << start),
                _ => bits,
            };
            if bits != 0 {
                let bit = bits.trailing_zeros() as usize;
                // Only the holder of the lock clears, but for a wake that failed.
                word.fetch_and(!(1 << bit), SeqCst);
                let slot = index * BITS + bit;
                self.cursor = (slot + 1) % (words * BITS);
                return Some(self.delivered(slot));
            }
        }
        None
    }

    fn delivered(&mut self, slot: usize) -> Token {
        let Slot { token, orphan } = &mut self.slots[slot];
        if std::mem::take(orphan) {
            self.free.push(slot);
        }
        *token
    }

    pub(super) fn any_set(&self) -> bool {
        self.words.iter().any(|word| word.load(SeqCst) != 0)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn set_bits_are_taken_in_turn() {
        let mut places = Places::new();
        let all: Vec<Place> = (0..BITS + 3).map(|n| places.add(Token(n))).collect();
        for place in &all {
            place.set();
        }
        for n in 0..BITS + 1 {
            assert_eq!(places.next_set(), Some(Token(n)));
        }
        // One that was served already waits until the others had their turn.
        all[0].set();
        let rest: Vec<Token> = std::iter::from_fn(|| places.next_set()).collect();
        assert_eq!(rest, [Token(BITS + 1), Token(BITS + 2), Token(0)]);
        assert!(!places.any_set());
    }

    #[test]
    fn a_freed_place_is_used_again() {
        let mut places = Places::new();
        let place = places.add(Token(1));
        places.remove(&place);
        let again = places.add(Token(2));
        assert_eq!((again.slot, places.next_set()), (0, None));
    }

    #[test]
    fn a_place_with_a_pending_wake_is_used_again_only_when_that_is_delivered() {
        let mut places = Places::new();
        let place = places.add(Token(1));
        place.set();
        places.remove(&place);
        assert_eq!(places.add(Token(2)).slot, 1);
        assert_eq!((places.next_set(), places.next_set()), (Some(Token(1)), None));
        assert_eq!(places.add(Token(3)).slot, 0);
    }

    #[test]
    fn a_token_has_one_herd_the_last() {
        let mut places = Places::new();
        let place = places.add(Token(1));
        places.set_herd(&place, 1);
        places.set_herd(&place, 2);
        assert_eq!((places.next_herd(0), places.next_herd(2)), (Some((2, Token(1))), None));
    }

    #[test]
    fn herds_come_in_order_also_across_a_wrap() {
        let mut places = Places::new();
        let (a, b) = (places.add(Token(1)), places.add(Token(2)));
        places.set_herd(&a, 0);
        places.set_herd(&b, usize::MAX);
        assert_eq!(places.next_herd(usize::MAX - 1), Some((usize::MAX, Token(2))));
        assert_eq!(places.next_herd(usize::MAX), Some((0, Token(1))));
        assert_eq!(places.next_herd(0), None);
    }
}
