//! Where wakers and notifiers leave their mark: one bit each, set without a lock, collected under
//! one.
//!
//! A notifier's place also carries a state: its readiness, and whether it is closed. The state is
//! written before the bit is set, and read after the bit is cleared, so that whoever collects misses
//! nothing. A level-triggered one keeps its bit for as long as it is ready.

use std::collections::TryReserveError;
use std::io;

use crate::error::no_memory;
use crate::event::Readiness;
use crate::sync::{Arc, AtomicUsize, SeqCst, share};
use crate::token::Token;

/// A waker's own bit.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    word: Arc<AtomicUsize>,
    mask: usize,
    slot: usize,
    /// It is that of the waker that was made first, whose wakes stand in the bell's word.
    pub(super) is_first: bool,
}

/// A notifier's own bit, and what it carries.
#[derive(Debug)]
pub(crate) struct Carrier {
    pub(super) place: Place,
    pub(super) load: Load,
}

/// What a notifier carries: the bits of its [`Readiness`], and [`CLOSED`].
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) state: Arc<AtomicUsize>,
    pub(super) level: bool,
}

/// In a [`Load`]'s state: nothing is reported any more.
pub(super) const CLOSED: usize = 1 << 8;

impl Load {
    /// What there is to report.
    pub(super) fn readiness(&self) -> Readiness {
        match self.state.load(SeqCst) {
            closed if closed & CLOSED != 0 => Readiness::empty(),
            // Below 256: nothing else is ever put there.
            bits => Readiness::from_bits_truncate(bits as u8),
        }
    }
}

impl Place {
    /// Whether the bit is set.
    #[inline]
    pub(super) fn is_marked(&self) -> bool {
        self.word.load(SeqCst) & self.mask != 0
    }

    /// Sets the bit.
    #[inline]
    pub(super) fn mark(&self) {
        self.word.fetch_or(self.mask, SeqCst);
    }

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
    /// It has room for all slots, so that a waker's end needs no memory.
    free: Vec<usize>,
    /// The last `wake_all` of each token that ever made one: its number. They outlive their wakers,
    /// because nobody knows which batches have yet to see them.
    herds: Vec<(usize, Token)>,
    /// The slot after the one that was handed out last, so that every waker gets its turn.
    cursor: usize,
    /// How many slots the cursor has passed in this round. A waker that is faster than who hears it
    /// would else fill a batch alone.
    passed: usize,
    /// Slots that were handed out and are to be pending again: as long as `slots`, so that it never
    /// grows during a wait.
    again: Vec<usize>,
}

#[derive(Debug)]
struct Slot {
    token: Token,
    /// The waker is gone, but a wake of its is still to be delivered.
    orphan: bool,
    /// That of a notifier.
    load: Option<Load>,
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
            passed: 0,
            again: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, token: Token) -> io::Result<Place> {
        self.add_slot(Slot { token, orphan: false, load: None })
    }

    pub(super) fn add_carrier(&mut self, token: Token, level: bool) -> io::Result<Carrier> {
        let load = Load { state: share(AtomicUsize::new(0))?, level };
        self.again.try_reserve(self.slots.len() + 1).map_err(no_memory)?;
        let slot = Slot { token, orphan: false, load: Some(load.clone()) };
        Ok(Carrier { place: self.add_slot(slot)?, load })
    }

    fn add_slot(&mut self, fresh: Slot) -> io::Result<Place> {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = fresh;
                slot
            }
            None => {
                self.reserve_slot().map_err(no_memory)?;
                if self.slots.len() == self.words.len() * BITS {
                    self.words.push(share(AtomicUsize::new(0))?);
                }
                self.slots.push(fresh);
                self.slots.len() - 1
            }
        };
        let word = Arc::clone(&self.words[slot / BITS]);
        Ok(Place { word, mask: 1 << (slot % BITS), slot, is_first: false })
    }

    /// Makes room for one more slot, and for its end.
    fn reserve_slot(&mut self) -> Result<(), TryReserveError> {
        self.slots.try_reserve(1)?;
        self.words.try_reserve(1)?;
        // None is free.
        self.free.try_reserve(self.slots.len() + 1)
    }

    /// Frees a place whose waker is gone; after its last wake is delivered, if one is pending.
    pub(super) fn remove(&mut self, place: &Place) {
        if place.word.load(SeqCst) & place.mask != 0 {
            self.slots[place.slot].orphan = true;
        } else {
            self.free.push(place.slot);
        }
    }

    /// Frees the place of a notifier that is gone, with what it had to report.
    pub(super) fn remove_carrier(&mut self, carrier: &Carrier) {
        carrier.place.clear();
        self.slots[carrier.place.slot].load = None;
        self.free.push(carrier.place.slot);
    }

    /// Fails if there is no memory, which only the first one of a token needs.
    pub(super) fn set_herd(&mut self, place: &Place, number: usize) -> io::Result<()> {
        let token = self.slots[place.slot].token;
        match self.herds.iter_mut().find(|(_, of)| *of == token) {
            Some((last, _)) => *last = number,
            None => {
                self.herds.try_reserve(1).map_err(no_memory)?;
                self.herds.push((number, token));
            }
        }
        Ok(())
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

    /// Takes the next one with something to report. Each comes once in a round, which
    /// [`put_back`](Self::put_back) ends.
    pub(super) fn next_ready(&mut self) -> Option<(Token, Readiness)> {
        loop {
            let slot = self.next_set()?;
            let Slot { token, orphan, load } = &mut self.slots[slot];
            let Some(load) = load else {
                if std::mem::take(orphan) {
                    self.free.push(slot);
                }
                return Some((*token, Readiness::READABLE));
            };
            let readiness = load.readiness();
            if readiness.is_empty() {
                continue;
            }
            if load.level {
                self.again.push(slot);
            }
            return Some((*token, readiness));
        }
    }

    /// Makes those pending again that were taken but stay ready.
    pub(super) fn put_back(&mut self) {
        self.passed = 0;
        for slot in self.again.drain(..) {
            self.words[slot / BITS].fetch_or(1 << (slot % BITS), SeqCst);
        }
    }

    /// Takes the next set bit, going round once: its slot.
    fn next_set(&mut self) -> Option<usize> {
        let words = self.words.len();
        let slots = words * BITS;
        let from_cursor = usize::MAX << (self.cursor % BITS);
        let mut index = self.cursor / BITS;
        // The first word is looked at twice: above the cursor, and at last for what is below it.
        for step in 0..=words {
            let mut bits = self.words.get(index)?.load(SeqCst);
            if step == 0 {
                bits &= from_cursor;
            }
            if bits != 0 {
                let bit = bits.trailing_zeros() as usize;
                let slot = index * BITS + bit;
                let round = if slot < self.cursor { slots } else { 0 };
                self.passed += slot + round - self.cursor + 1;
                if self.passed > slots {
                    return None;
                }
                // Only the holder of the lock clears, but for a wake that failed.
                self.words[index].fetch_and(!(1 << bit), SeqCst);
                self.cursor = if slot + 1 == slots { 0 } else { slot + 1 };
                return Some(slot);
            }
            index = if index + 1 == words { 0 } else { index + 1 };
        }
        None
    }

    pub(super) fn any_set(&self) -> bool {
        self.words.iter().any(|word| word.load(SeqCst) != 0)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn next(places: &mut Places) -> Option<Token> {
        places.next_ready().map(|(token, _)| token)
    }

    #[test]
    fn set_bits_are_taken_in_turn() {
        let mut places = Places::new();
        let all: Vec<Place> = (0..BITS + 3).map(|n| places.add(Token(n)).unwrap()).collect();
        for place in &all {
            place.set();
        }
        for n in 0..BITS + 1 {
            assert_eq!(next(&mut places), Some(Token(n)));
        }
        // One that was served already waits for the next round.
        all[0].set();
        let rest: Vec<Token> = std::iter::from_fn(|| next(&mut places)).collect();
        assert_eq!(rest, [Token(BITS + 1), Token(BITS + 2)]);
        places.put_back();
        assert_eq!(next(&mut places), Some(Token(0)));
        assert!(!places.any_set());
    }

    #[test]
    fn a_waker_that_wakes_again_meanwhile_comes_once_a_round() {
        let mut places = Places::new();
        let all: Vec<Place> = (0..2).map(|n| places.add(Token(n)).unwrap()).collect();
        for first in [0, 0, 1, 1] {
            all[first].set();
            assert_eq!(next(&mut places), Some(Token(first)));
            all[first].set();
            assert_eq!(next(&mut places), None);
            places.put_back();
            assert_eq!((next(&mut places), next(&mut places)), (Some(Token(first)), None));
            places.put_back();
        }
    }

    #[test]
    fn a_freed_place_is_used_again() {
        let mut places = Places::new();
        let place = places.add(Token(1)).unwrap();
        places.remove(&place);
        let again = places.add(Token(2)).unwrap();
        assert_eq!((again.slot, next(&mut places)), (0, None));
    }

    #[test]
    fn a_place_with_a_pending_wake_is_used_again_only_when_that_is_delivered() {
        let mut places = Places::new();
        let place = places.add(Token(1)).unwrap();
        place.set();
        places.remove(&place);
        assert_eq!(places.add(Token(2)).unwrap().slot, 1);
        assert_eq!((next(&mut places), next(&mut places)), (Some(Token(1)), None));
        assert_eq!(places.add(Token(3)).unwrap().slot, 0);
    }

    #[test]
    fn a_token_has_one_herd_the_last() {
        let mut places = Places::new();
        let place = places.add(Token(1)).unwrap();
        places.set_herd(&place, 1).unwrap();
        places.set_herd(&place, 2).unwrap();
        assert_eq!((places.next_herd(0), places.next_herd(2)), (Some((2, Token(1))), None));
    }

    #[test]
    fn herds_come_in_order_also_across_a_wrap() {
        let mut places = Places::new();
        let (a, b) = (places.add(Token(1)).unwrap(), places.add(Token(2)).unwrap());
        places.set_herd(&a, 0).unwrap();
        places.set_herd(&b, usize::MAX).unwrap();
        assert_eq!(places.next_herd(usize::MAX - 1), Some((usize::MAX, Token(2))));
        assert_eq!(places.next_herd(usize::MAX), Some((0, Token(1))));
        assert_eq!(places.next_herd(0), None);
    }

    fn ready(carrier: &Carrier, readiness: Readiness) {
        carrier.load.state.fetch_or(readiness.bits().into(), SeqCst);
        carrier.place.set();
    }

    #[test]
    fn a_level_place_is_taken_once_a_round_until_its_readiness_is_cleared() {
        let mut places = Places::new();
        let carrier = places.add_carrier(Token(1), true).unwrap();
        ready(&carrier, Readiness::WRITABLE);
        for _ in 0..2 {
            assert_eq!(places.next_ready(), Some((Token(1), Readiness::WRITABLE)));
            assert_eq!(places.next_ready(), None);
            places.put_back();
        }
        carrier.load.state.store(0, SeqCst);
        assert_eq!(places.next_ready(), None);
        assert!(!places.any_set());
    }

    #[test]
    fn a_level_place_that_is_set_again_meanwhile_is_not_taken_twice() {
        let mut places = Places::new();
        let carrier = places.add_carrier(Token(1), true).unwrap();
        ready(&carrier, Readiness::READABLE);
        assert_eq!(next(&mut places), Some(Token(1)));
        ready(&carrier, Readiness::READABLE);
        assert_eq!(next(&mut places), None);
        places.put_back();
        assert_eq!(next(&mut places), Some(Token(1)));
    }

    #[test]
    fn an_edge_place_is_taken_once() {
        let mut places = Places::new();
        let carrier = places.add_carrier(Token(1), false).unwrap();
        ready(&carrier, Readiness::READABLE);
        assert_eq!(places.next_ready(), Some((Token(1), Readiness::READABLE)));
        places.put_back();
        assert_eq!(places.next_ready(), None);
    }

    #[test]
    fn a_removed_carrier_reports_nothing_and_its_place_is_used_again() {
        let mut places = Places::new();
        let carrier = places.add_carrier(Token(1), true).unwrap();
        ready(&carrier, Readiness::READABLE);
        places.remove_carrier(&carrier);
        assert_eq!((places.next_ready(), places.add(Token(2)).unwrap().slot), (None, 0));
    }

    #[test]
    fn a_word_is_made_for_as_many_places_as_it_has_bits() {
        let mut places = Places::new();
        for n in 0..2 * BITS + 1 {
            let _place = places.add(Token(n));
            assert_eq!(places.words.len(), n / BITS + 1);
        }
    }
}
