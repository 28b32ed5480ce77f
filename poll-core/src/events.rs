//! The batch of events that a wait fills.

use std::collections::TryReserveError;
use std::fmt;

use crate::backend::native::{self, Native};
use crate::event::{Event, Readiness};
use crate::token::Token;

/// The batch that [`Poller::wait`](crate::Poller::wait) fills: made once, used for every wait.
///
/// Each thread that waits has its own. A wait clears it first and never puts in more than its
/// capacity; what does not fit comes in a later wait. A batch may serve several pollers in turn, each
/// first wait with another one being a little slower; [`wake_all`](crate::Waker::wake_all) asks for one
/// batch for each.
///
/// # Cost
/// One allocation when it is made, none after. The kernel writes its events straight into it, and
/// iterating copies each out as an [`Event`], which is a register or two: a slice of `Event`s could
/// not be had without converting every event first, or without unsafe code outside `poll-sys`.
///
/// # Examples
/// ```
/// use poll_core::{Event, Events, Readiness, Token};
///
/// // Tests of an event loop can fill a batch themselves.
/// let mut events = Events::with_capacity(16);
/// events.push(Event::new(Token(1), Readiness::READABLE)).unwrap();
/// for event in &events {
///     assert!(event.token() == Token(1) && event.is_readable());
/// }
/// ```
pub struct Events {
    /// As long as the capacity; the first `len` entries are the batch, the rest is room.
    list: Box<[Native]>,
    len: usize,
    /// What this batch has seen of the poller that it last served.
    pub(crate) memory: Memory,
}

/// What a batch remembers of the poller that it last served, so that the poller need not know who
/// waits on it.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// That poller's own stamp; zero is none.
    pub(crate) poller: usize,
    /// The stamp of the last `wake_all` there, once all up to it were delivered into this batch or need
    /// not be; or the poller's own, if there was none.
    pub(crate) stamp: usize,
    /// The number of the last one that was delivered, or need not be.
    pub(crate) calls: usize,
    /// The last ring of the kernel's bell that can no longer turn up in this batch.
    #[allow(dead_code, reason = "epoll alone counts its rings")]
    pub(crate) rings: usize,
    /// At capacity 1: whether the last batch was a user-space event.
    pub(crate) served_user: bool,
}

impl Events {
    /// A batch of at most `capacity` events, at least 1: a capacity of 0 is taken as 1.
    ///
    /// A thousand or so is plenty for a server: with more ready sources than that, the next wait
    /// goes on where this one stopped. Less makes each batch fresher.
    ///
    /// # Panics
    /// As `Vec` does, if the events would take more than 2³¹ bytes (178,956,970 of them on epoll and
    /// x86-64): no system fills so many at once.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::of(vec![Self::blank(); length(capacity)])
    }

    /// As [`with_capacity`](Self::with_capacity), which panics or ends the process if there is no
    /// memory.
    ///
    /// # Errors
    /// `TryReserveError` if there is no memory, or the events would take more than 2³¹ bytes.
    ///
    /// # Examples
    /// ```
    /// use poll_core::Events;
    ///
    /// assert!(Events::try_with_capacity(usize::MAX).is_err());
    /// assert_eq!(Events::try_with_capacity(64)?.capacity(), 64);
    /// # Ok::<_, std::collections::TryReserveError>(())
    /// ```
    pub fn try_with_capacity(capacity: usize) -> Result<Self, TryReserveError> {
        let mut list = Vec::new();
        list.try_reserve_exact(length(capacity))?;
        list.resize(length(capacity), Self::blank());
        Ok(Self::of(list))
    }

    fn blank() -> Native {
        native::new(Token(0), Readiness::empty())
    }

    fn of(list: Vec<Native>) -> Self {
        Self { list: list.into_boxed_slice(), len: 0, memory: Memory::default() }
    }

    /// How many events the batch can hold.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.list.len()
    }

    /// How many events the batch holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the batch holds no event: the wait has timed out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets the events. Every wait does so by itself.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// The event at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Event> {
        self.list[..self.len].get(index).copied().map(Event::from_native)
    }

    /// The events, in the order in which the system gave them.
    #[inline]
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.list[..self.len].iter())
    }

    /// Adds an event, for tests of a loop without a kernel.
    ///
    /// # Errors
    /// The event comes back if the batch is full; nothing is changed.
    pub fn push(&mut self, event: Event) -> Result<(), Event> {
        let (_, mut push) = self.memory_and_push();
        push(event)
    }

    /// The free part, for a backend to write to.
    #[inline]
    pub(crate) fn room(&mut self) -> &mut [Native] {
        &mut self.list[self.len..]
    }

    /// What it remembers, and a [`push`](Self::push) that leaves that free.
    pub(crate) fn memory_and_push(
        &mut self,
    ) -> (&mut Memory, impl FnMut(Event) -> Result<(), Event>) {
        let Self { list, len, memory } = self;
        let push = |event: Event| match list.get_mut(*len) {
            Some(place) => {
                *place = event.into_native();
                *len += 1;
                Ok(())
            }
            None => Err(event),
        };
        (memory, push)
    }

    /// Makes the batch `len` entries long: a backend has written those that it did not have.
    #[inline]
    #[allow(dead_code, reason = "poll(2) puts its events in one by one")]
    pub(crate) fn set_len(&mut self, len: usize) {
        debug_assert!((self.len..=self.list.len()).contains(&len));
        self.len = len;
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.len == self.list.len()
    }
}

/// How long a list of that capacity is: longer than there can be one, if no system could fill it.
fn length(capacity: usize) -> usize {
    // epoll has the least of all limits: `EP_MAX_EVENTS`, fs/eventpoll.c.
    const MOST: usize = i32::MAX as usize / size_of::<Native>();
    if capacity > MOST { usize::MAX } else { capacity.max(1) }
}

/// The events of a batch; see [`Events::iter`].
#[derive(Clone)]
pub struct Iter<'a>(std::slice::Iter<'a, Native>);

impl Iterator for Iter<'_> {
    type Item = Event;

    #[inline]
    fn next(&mut self) -> Option<Event> {
        self.0.next().copied().map(Event::from_native)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Event> {
        self.0.next_back().copied().map(Event::from_native)
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl std::iter::FusedIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a> IntoIterator for &'a Events {
    type Item = Event;
    type IntoIter = Iter<'a>;

    #[inline]
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_batch_gives_the_event_back() {
        let mut events = Events::with_capacity(1);
        events.push(Event::new(Token(1), Readiness::READABLE)).unwrap();
        let back = events.push(Event::new(Token(2), Readiness::READABLE)).unwrap_err();
        assert_eq!((back.token(), events.len()), (Token(2), 1));
    }

    #[test]
    fn a_batch_that_no_system_could_fill_is_not_made() {
        let most = i32::MAX as usize / size_of::<Native>();
        assert_eq!(length(most), most);
        assert!(Events::try_with_capacity(most + 1).is_err());
    }

    #[test]
    fn a_capacity_of_zero_is_one() {
        assert_eq!(Events::with_capacity(0).capacity(), 1);
    }

    #[test]
    fn a_batch_can_be_read_from_both_ends() {
        let mut events = Events::with_capacity(3);
        for n in 0..3 {
            events.push(Event::new(Token(n), Readiness::READABLE)).unwrap();
        }
        let tokens: Vec<usize> = events.iter().rev().map(|e| e.token().0).collect();
        assert_eq!(tokens, [2, 1, 0]);
        assert_eq!((events.iter().len(), events.get(3).is_none()), (3, true));
    }
}
