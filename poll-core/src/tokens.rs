//! A map from tokens to values that never issues a token twice.

use std::collections::TryReserveError;
use std::fmt;

use crate::token::{LAST_GENERATION, SLOT_MASK, Token};

/// A map that issues a [`Token`] for each value and never issues that token again.
///
/// A batch of events may hold one for a connection that the handler of an earlier event in the same
/// batch has closed. If the next connection were given the same token, it would receive the dead
/// one's event. Here it cannot: a token is a slot and a generation, a slot's generation rises with
/// each use, and [`get`](Self::get) with an old token finds nothing.
///
/// ```text
///   63           32 31            0
///  ┌───────────────┬───────────────┐
///  │ generation ≥1 │ slot          │   a token on 64-bit systems (32-bit: 12 and 20 bits)
///  └───────────────┴───────────────┘
/// ```
///
/// A slot whose last generation is used up is retired. On 64-bit systems that takes 2³² uses of one
/// slot.
///
/// # Cost
/// `insert`, `get` and `remove` are O(1); an insert allocates only when the map grows. No syscalls.
///
/// # Examples
/// ```
/// use poll_core::Tokens;
///
/// let mut connections = Tokens::new();
/// let first = connections.insert("first");
/// assert_eq!(connections.remove(first), Some("first"));
///
/// let second = connections.insert("second");
/// assert_eq!(second.slot(), first.slot());   // the slot is used again,
/// assert_ne!(second, first);                 // the token is not:
/// assert_eq!(connections.get(first), None);  // a stale event finds nothing
/// ```
#[derive(Clone)]
pub struct Tokens<T> {
    entries: Vec<Entry<T>>,
    /// The first slot of the chain of free ones, or `END`.
    free: u32,
    len: usize,
}

#[derive(Clone)]
struct Entry<T> {
    /// That of the value in the slot, or of the next one to come.
    generation: u32,
    slot: Slot<T>,
}

#[derive(Clone)]
enum Slot<T> {
    Full(T),
    /// Free, with the next free slot.
    Free(u32),
}

const END: u32 = u32::MAX;

/// As many slots as a token can name; the last one is never used, so that `END` is none.
const MAX_SLOTS: usize = SLOT_MASK;

impl<T> Tokens<T> {
    /// An empty map. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new(), free: END, len: 0 }
    }

    /// An empty map that grows to `capacity` values without a further allocation.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), ..Self::new() }
    }

    /// Makes room for `more` values, whose inserts then allocate nothing.
    ///
    /// # Errors
    /// `TryReserveError` if there is no memory; nothing has changed then. An insert that has to grow
    /// the map and cannot ends the process.
    ///
    /// # Cost
    /// O(`more`), and the growth.
    ///
    /// # Examples
    /// ```
    /// let mut connections = poll_core::Tokens::new();
    /// // Before a connection is accepted, so that it need not be dropped.
    /// connections.try_reserve(1)?;
    /// connections.insert("accepted");
    /// # Ok::<_, std::collections::TryReserveError>(())
    /// ```
    pub fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        let mut free = 0;
        let mut slot = self.free;
        // A slot that is retired is in no chain.
        while let Some(Entry { slot: Slot::Free(next), .. }) = self.entries.get(slot as usize) {
            if free == more {
                return Ok(());
            }
            (free, slot) = (free + 1, *next);
        }
        self.entries.try_reserve(more - free)
    }

    /// How many values the map holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the map holds no value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A place for a value, whose token is known before the value is: register first, then insert.
    ///
    /// If the place is dropped without an [`insert`](Vacant::insert), its token is used up.
    ///
    /// # Panics
    /// If every slot is full or retired: 2³² - 1 of them on 64-bit systems, 2²⁰ - 1 on 32-bit ones,
    /// where one slot retires after 4,095 uses.
    ///
    /// # Examples
    /// ```
    /// use poll_core::{Interest, Mode, Poller, Registration, Tokens};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let poller = Poller::new()?;
    /// let mut connections: Tokens<Registration<UnixStream>> = Tokens::new();
    /// let (stream, _peer) = UnixStream::pair()?;
    ///
    /// let place = connections.vacant();
    /// let watched = poller.register(stream, place.token(), Interest::READABLE, Mode::Level)?;
    /// place.insert(watched);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn vacant(&mut self) -> Vacant<'_, T> {
        if self.free == END {
            assert!(self.entries.len() < MAX_SLOTS, "no slot is left for a new token");
            // Within u32: below MAX_SLOTS.
            self.free = self.entries.len() as u32;
            self.entries.push(Entry { generation: 1, slot: Slot::Free(END) });
        }
        let slot = self.free;
        let generation = self.entries[slot as usize].generation;
        Vacant { token: Token::from_parts(slot, generation), tokens: Some(self) }
    }

    /// Stores `value` and returns the token that was issued for it.
    ///
    /// # Panics
    /// As [`vacant`](Self::vacant).
    pub fn insert(&mut self, value: T) -> Token {
        self.insert_with(|_token| value)
    }

    /// Stores what `make` makes of a new token, and returns that.
    ///
    /// # Panics
    /// As [`vacant`](Self::vacant).
    ///
    /// # Examples
    /// ```
    /// use poll_core::{Poller, Tokens};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let poller = Poller::new()?;
    /// let mut connections = Tokens::new();
    /// let (stream, _peer) = UnixStream::pair()?;
    /// let token = connections.insert_with(|token| poller.reserve(stream, token));
    /// assert_eq!(connections[token].token(), token);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn insert_with(&mut self, make: impl FnOnce(Token) -> T) -> Token {
        let place = self.vacant();
        let token = place.token();
        place.insert(make(token));
        token
    }

    /// Stores what `make` makes of a new token; if it fails, the map is as it was and the token is
    /// used up.
    ///
    /// # Errors
    /// What `make` returns.
    ///
    /// # Panics
    /// As [`vacant`](Self::vacant).
    ///
    /// # Examples
    /// ```
    /// use poll_core::{Interest, Mode, Poller, Tokens};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let poller = Poller::new()?;
    /// let mut connections = Tokens::new();
    /// let (stream, _peer) = UnixStream::pair()?;
    /// let token = connections.try_insert_with(|token| {
    ///     poller.register(stream, token, Interest::READABLE, Mode::Level)
    /// })?;
    /// assert_eq!(connections[token].token(), token);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn try_insert_with<E>(
        &mut self,
        make: impl FnOnce(Token) -> Result<T, E>,
    ) -> Result<Token, E> {
        let place = self.vacant();
        let token = place.token();
        place.insert(make(token)?);
        Ok(token)
    }

    /// The value of `token`, if it is still there.
    #[inline]
    #[must_use]
    pub fn get(&self, token: Token) -> Option<&T> {
        match self.entries.get(token.slot() as usize) {
            Some(Entry { generation, slot: Slot::Full(value) })
                if *generation == token.generation() =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    /// The value of `token`, if it is still there.
    #[inline]
    #[must_use]
    pub fn get_mut(&mut self, token: Token) -> Option<&mut T> {
        match self.entries.get_mut(token.slot() as usize) {
            Some(Entry { generation, slot: Slot::Full(value) })
                if *generation == token.generation() =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    /// Whether `token` still has a value.
    #[must_use]
    pub fn contains(&self, token: Token) -> bool {
        self.get(token).is_some()
    }

    /// Takes the value of `token` out; the token is never issued again.
    pub fn remove(&mut self, token: Token) -> Option<T> {
        self.get(token)?;
        self.len -= 1;
        match std::mem::replace(&mut self.entries[token.slot() as usize].slot, Slot::Free(END)) {
            Slot::Full(value) => {
                self.release(token.slot());
                Some(value)
            }
            // `get` has found it full.
            Slot::Free(_) => None,
        }
    }

    /// The value in `slot` with its token, whatever its generation: the way back from a side table
    /// that is indexed by [`Token::slot`].
    ///
    /// # Examples
    /// ```
    /// # let mut connections = poll_core::Tokens::new();
    /// let token = connections.insert("idle");
    /// let expired = token.slot(); // from a timing wheel, say
    /// if let Some((token, connection)) = connections.at(expired) {
    ///     assert_eq!(*connection, "idle");
    ///     connections.remove(token);
    /// }
    /// ```
    pub fn at(&mut self, slot: u32) -> Option<(Token, &mut T)> {
        match self.entries.get_mut(slot as usize) {
            Some(Entry { generation, slot: Slot::Full(value) }) => {
                Some((Token::from_parts(slot, *generation), value))
            }
            _ => None,
        }
    }

    /// All values with their tokens, in slot order.
    pub fn iter(&self) -> impl Iterator<Item = (Token, &T)> {
        self.entries.iter().zip(0..).filter_map(|(entry, slot)| match &entry.slot {
            Slot::Full(value) => Some((Token::from_parts(slot, entry.generation), value)),
            Slot::Free(_) => None,
        })
    }

    /// All values with their tokens, in slot order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Token, &mut T)> {
        self.entries.iter_mut().zip(0..).filter_map(|(entry, slot)| match &mut entry.slot {
            Slot::Full(value) => Some((Token::from_parts(slot, entry.generation), value)),
            Slot::Free(_) => None,
        })
    }

    /// Takes all values out, in slot order. What the iterator has not reached when it is dropped
    /// stays in the map.
    pub fn drain(&mut self) -> impl Iterator<Item = (Token, T)> {
        let mut slot = 0;
        std::iter::from_fn(move || {
            while (slot as usize) < self.entries.len() {
                let here = slot;
                slot += 1;
                let found = self.at(here).map(|(token, _)| token);
                if let Some(token) = found {
                    return self.remove(token).map(|value| (token, value));
                }
            }
            None
        })
    }

    /// Puts a slot that holds no value back into the chain, one generation on, or retires it.
    fn release(&mut self, slot: u32) {
        let entry = &mut self.entries[slot as usize];
        entry.generation += 1;
        if entry.generation < LAST_GENERATION {
            entry.slot = Slot::Free(self.free);
            self.free = slot;
        } else {
            entry.slot = Slot::Free(END);
        }
    }
}

/// A place in [`Tokens`] that has a token but no value yet.
#[must_use = "dropped without an insert, it uses its token up"]
pub struct Vacant<'a, T> {
    /// `None` once the value is in.
    tokens: Option<&'a mut Tokens<T>>,
    token: Token,
}

impl<'a, T> Vacant<'a, T> {
    /// The token that the value will have.
    #[must_use]
    pub fn token(&self) -> Token {
        self.token
    }

    /// Stores the value.
    pub fn insert(mut self, value: T) -> &'a mut T {
        let Some(tokens) = self.tokens.take() else { unreachable!("taken here and in drop alone") };
        tokens.take_from_chain(self.token.slot());
        tokens.len += 1;
        let entry = &mut tokens.entries[self.token.slot() as usize];
        entry.slot = Slot::Full(value);
        match &mut entry.slot {
            Slot::Full(value) => value,
            Slot::Free(_) => unreachable!("filled in the line above"),
        }
    }
}

impl<T> Tokens<T> {
    /// Takes `slot`, the first of the chain, out of it.
    fn take_from_chain(&mut self, slot: u32) {
        debug_assert_eq!(self.free, slot);
        if let Slot::Free(next) = self.entries[slot as usize].slot {
            self.free = next;
        }
    }
}

impl<T> Drop for Vacant<'_, T> {
    fn drop(&mut self) {
        if let Some(tokens) = self.tokens.take() {
            tokens.take_from_chain(self.token.slot());
            tokens.release(self.token.slot());
        }
    }
}

impl<T> Default for Tokens<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> std::ops::Index<Token> for Tokens<T> {
    type Output = T;

    /// # Panics
    /// If the token has no value any more. In an event loop use [`get`](Tokens::get): there a stale
    /// token is no mistake.
    fn index(&self, token: Token) -> &T {
        self.get(token).expect("the token has no value any more")
    }
}

impl<T: fmt::Debug> fmt::Debug for Tokens<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<T> fmt::Debug for Vacant<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vacant").field("token", &self.token).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Insert(u32),
        Waste,
        Remove(usize),
        Drain(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => any::<u32>().prop_map(Step::Insert),
            1 => Just(Step::Waste),
            3 => any::<usize>().prop_map(Step::Remove),
            1 => (0..4_usize).prop_map(Step::Drain),
        ];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        #[test]
        fn it_behaves_as_a_hash_map_that_never_issues_a_token_twice(steps in steps()) {
            let mut tokens = Tokens::new();
            let mut model: HashMap<Token, u32> = HashMap::new();
            let mut issued: Vec<Token> = Vec::new();
            let mut seen = HashSet::new();
            for step in steps {
                match step {
                    Step::Insert(value) => {
                        let token = tokens.insert(value);
                        prop_assert!(seen.insert(token), "{token:?} was issued twice");
                        prop_assert_ne!(token.generation(), 0);
                        issued.push(token);
                        model.insert(token, value);
                    }
                    Step::Waste => {
                        let token = tokens.vacant().token();
                        prop_assert!(seen.insert(token), "{token:?} was issued twice");
                    }
                    Step::Remove(n) if !issued.is_empty() => {
                        let token = issued[n % issued.len()];
                        prop_assert_eq!(tokens.remove(token), model.remove(&token));
                    }
                    Step::Remove(_) => {}
                    Step::Drain(n) => {
                        for (token, value) in tokens.drain().take(n) {
                            prop_assert_eq!(model.remove(&token), Some(value));
                        }
                    }
                }
                prop_assert_eq!(tokens.len(), model.len());
                for token in &issued {
                    prop_assert_eq!(tokens.get(*token), model.get(token));
                    prop_assert_eq!(tokens.get_mut(*token), model.get_mut(token));
                }
                let all: HashMap<Token, u32> = tokens.iter().map(|(t, v)| (t, *v)).collect();
                prop_assert_eq!(&all, &model);
                for (token, value) in &mut model {
                    prop_assert_eq!(tokens.at(token.slot()), Some((*token, value)));
                }
            }
        }
    }

    #[test]
    fn a_slot_retires_before_its_generation_wraps() {
        let mut tokens = Tokens::new();
        let first = tokens.insert(());
        tokens.remove(first);
        tokens.entries[0].generation = LAST_GENERATION - 1;
        let last = tokens.insert(());
        assert_eq!(last.slot(), 0);
        tokens.remove(last);
        assert_eq!(tokens.insert(()).slot(), 1);
    }

    #[test]
    fn a_fixed_token_finds_nothing() {
        let mut tokens = Tokens::new();
        tokens.insert(());
        assert!(!tokens.contains(Token::fixed(0)));
        assert_eq!(tokens.remove(Token::fixed(0)), None);
    }

    #[test]
    fn what_is_made_of_a_token_is_found_by_it() {
        let mut tokens = Tokens::new();
        let (one, two) = (tokens.insert_with(|token| token), tokens.insert_with(|token| token));
        assert_eq!((tokens.get(one), tokens.get(two)), (Some(&one), Some(&two)));
    }

    #[test]
    fn a_failed_insert_leaves_the_map_as_it_was() {
        let mut tokens = Tokens::<()>::new();
        assert_eq!(tokens.try_insert_with(|_| Err("no")), Err("no"));
        assert!(tokens.is_empty());
        assert_eq!(tokens.iter().count(), 0);
    }

    #[test]
    fn what_is_there_is_contained_until_it_is_removed() {
        let mut tokens = Tokens::new();
        let token = tokens.insert('a');
        assert!(tokens.contains(token));
        tokens.remove(token);
        assert!(!tokens.contains(token));
    }

    #[test]
    fn free_slots_are_room_that_need_not_be_made() {
        let mut tokens = Tokens::new();
        let all: Vec<Token> = (0..10).map(|n| tokens.insert(n)).collect();
        all[..4].iter().for_each(|token| _ = tokens.remove(*token));
        tokens.entries.shrink_to_fit();
        tokens.try_reserve(4).unwrap();
        assert_eq!(tokens.entries.capacity(), 10);
        tokens.try_reserve(16).unwrap();
        let capacity = tokens.entries.capacity();
        assert!((22..30).contains(&capacity), "{capacity}: four of the sixteen were there");
    }
}
