//! epoll: the kernel keeps everything, and this file keeps nothing but the bell.
//!
//! The bell is an eventfd that is watched edge-triggered and never read: each write makes one event,
//! for one of the threads that wait. Its event lands among the caller's and has to be taken out, but
//! looking at every event of every batch for it would cost more than all the rest of a wait. So
//! rings are counted, when they begin and when they have ended, and each batch remembers the last
//! ring that can no longer turn up in it ([`Memory::rings`](crate::events::Memory)): while that is
//! the last one that began, nothing has to be looked at.
//!
//! CLEAN-PREFIX: if a wait began when r rings had ended, and either found the bell's event or came
//! back with some events and room to spare, then no ring up to r turns up in this batch later. For
//! the event of such a ring was in the kernel's ready list when the wait began, or had been taken; a
//! wait with room to spare empties the list, and one that finds the event takes it, merged with all
//! rings before. A wait that finds nothing tells nothing: whether the list is empty is looked up
//! without its lock, and it looks so while another thread's wait is about to put back what did not
//! fit (`ep_events_available` and `ep_start_scan`, fs/eventpoll.c).

pub(crate) mod child;
pub(crate) mod native;
pub(crate) mod timer;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use poll_sys::epoll::{self, Flags};
use poll_sys::epoll_params::{self, Params};
use poll_sys::errno;

use crate::backend::doorbell::Doorbell;
use crate::backend::{Backend, Key, Shape};
use crate::bell::Ring;
use crate::busy_poll::BusyPoll;
use crate::error::RegisterError;
use crate::events::Events;
use crate::interest::Interest;
use crate::mode::Mode;
use crate::sync::{AtomicUsize, SeqCst};
use crate::token::Token;
use crate::wait::Kernel;
use crate::watch::{How, Watch};

#[derive(Debug)]
pub(crate) struct Epoll {
    epoll: OwnedFd,
    bell: Doorbell,
    rings_begun: AtomicUsize,
    rings_ended: AtomicUsize,
}

impl Shape for Epoll {
    const KIND: Backend = Backend::Epoll;

    fn new() -> io::Result<Self> {
        let epoll = epoll::create()?;
        let bell = Doorbell::new()?;
        let datum = native::datum(Token::RESERVED);
        epoll::add(epoll.as_fd(), bell.as_fd(), Flags::IN | Flags::ET, datum)?;
        Ok(Self { epoll, bell, rings_begun: AtomicUsize::new(0), rings_ended: AtomicUsize::new(0) })
    }

    #[inline]
    fn supports(&self, _: Mode) -> bool {
        true
    }

    #[inline]
    fn supports_interest(&self, _: Interest) -> bool {
        true
    }

    #[inline]
    fn add(&self, source: BorrowedFd<'_>, watch: Watch) -> Result<Key, RegisterError> {
        epoll::add(self.epoll.as_fd(), source, flags(watch.how), native::datum(watch.token))
            .map_err(RegisterError::from_os)?;
        // The kernel finds a registration by its descriptor; nothing else is needed.
        Ok(0)
    }

    #[inline]
    fn modify(&self, source: BorrowedFd<'_>, _: Key, watch: Watch) -> Result<(), RegisterError> {
        epoll::modify(self.epoll.as_fd(), source, flags(watch.how), native::datum(watch.token))
            .map_err(RegisterError::from_os)
    }

    #[inline]
    fn delete(&self, source: BorrowedFd<'_>, _: Key) -> Result<(), RegisterError> {
        epoll::delete(self.epoll.as_fd(), source).map_err(RegisterError::from_os)
    }

    fn abandon(&self, _: Key) {}

    #[inline]
    fn find(&self, _: BorrowedFd<'_>) -> Result<Key, RegisterError> {
        Ok(0)
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.epoll.as_fd())
    }

    fn set_busy_poll(&self, how: BusyPoll) -> io::Result<()> {
        // A time beyond the field is one beyond what the kernel takes, too: EINVAL.
        let time = u32::try_from(how.time.as_micros()).unwrap_or(u32::MAX);
        let params = Params::new(time, how.packets, how.prefer);
        epoll_params::set(self.epoll.as_fd(), params).map_err(|error| {
            match error.raw_os_error() {
                // An epoll without the call knows no call at all.
                Some(errno::NOTTY) => io::Error::new(io::ErrorKind::Unsupported, error),
                _ => error,
            }
        })
    }
}

/// What the kernel is asked for.
#[inline]
fn flags(how: How) -> Flags {
    FLAGS[usize::from(how.byte()) % FLAGS.len()]
}

/// By the byte of a [`How`].
const FLAGS: [Flags; 32] = {
    let mut flags = [Flags::empty(); 32];
    let modes = [Mode::Level, Mode::Edge, Mode::Oneshot, Mode::Exclusive];
    let mut number = 0;
    while number < 7 * modes.len() {
        let interest = Interest::from_bits((number % 7 + 1) as u8).unwrap();
        let how = How::new(interest, modes[number / 7]);
        flags[how.byte() as usize] = flags_of(how);
        number += 1;
    }
    flags
};

const fn flags_of(how: How) -> Flags {
    const READ: Flags = Flags::IN.union(Flags::RDHUP);
    let (mode, read) = match how.mode() {
        Mode::Level => (Flags::empty(), READ),
        Mode::Edge => (Flags::ET, READ),
        Mode::Oneshot => (Flags::ONESHOT, READ),
        // RDHUP beside EXCLUSIVE is EINVAL (epoll_ctl(2)).
        Mode::Exclusive => (Flags::EXCLUSIVE, Flags::IN),
    };
    let interest = how.interest();
    let read = if interest.is_readable() { read } else { Flags::empty() };
    let write = if interest.is_writable() { Flags::OUT } else { Flags::empty() };
    let priority = if interest.is_priority() { Flags::PRI } else { Flags::empty() };
    mode.union(read).union(write).union(priority)
}

impl Ring for Epoll {
    #[inline]
    fn ring(&self) -> io::Result<()> {
        self.rings_begun.fetch_add(1, SeqCst);
        let rung = self.bell.ring();
        self.rings_ended.fetch_add(1, SeqCst);
        rung
    }
}

impl Kernel for Epoll {
    #[inline(always)]
    fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        let before = events.len();
        let room = events.room();
        let ended = self.rings_ended.load(SeqCst);
        let n = epoll::wait(self.epoll.as_fd(), room, timeout)?;
        if n == 0 || self.rings_begun.load(SeqCst) == events.memory.rings {
            events.set_len(before + n);
        } else {
            self.take_bell_out(events, n, ended);
        }
        Ok(())
    }
}

impl Epoll {
    /// Commits the `n` events that the kernel wrote, but for the bell's own.
    #[cold]
    #[inline(never)]
    fn take_bell_out(&self, events: &mut Events, n: usize, ended: usize) {
        let room = events.room();
        if n == 1 && room.len() > 1 && is_bell(&room[0]) {
            // So a wake nearly always ends a sleep.
            events.memory.rings = ended; // CLEAN-PREFIX
            return;
        }
        self.take_bell_out_of(events, n, ended);
    }

    /// The same of any batch.
    #[inline(never)]
    fn take_bell_out_of(&self, events: &mut Events, n: usize, ended: usize) {
        let before = events.len();
        if self.rings_begun.load(SeqCst) == 0 {
            // A new batch of a poller that has never rung: nothing to look for, full or not.
            events.set_len(before + n);
            events.memory.rings = 0;
            return;
        }
        let room = events.room();
        let spare = room.len();
        let mut count = n;
        // Mostly behind the others.
        let bell = room[..n].iter().rposition(is_bell);
        if let Some(place) = bell {
            count -= 1;
            if place < count {
                room.copy_within(place + 1..n, place);
            }
            if n == spare {
                // The bell had taken a slot that a source may be waiting for.
                count += self.fill(&mut room[count..n]);
            }
        }
        events.set_len(before + count);
        if bell.is_some() || (0 < n && n < spare) {
            events.memory.rings = ended; // CLEAN-PREFIX
        }
    }

    /// Fills the one slot that the bell had taken. An error, or another ring, leaves it empty: the
    /// caller has its events, and the source comes with the next wait.
    fn fill(&self, slot: &mut [native::Native]) -> usize {
        match epoll::wait(self.epoll.as_fd(), slot, Some(Duration::ZERO)) {
            Ok(1) if !is_bell(&slot[0]) => 1,
            _ => 0,
        }
    }
}

/// Whether an event is the bell's.
#[inline]
fn is_bell(event: &native::Native) -> bool {
    native::token(event) == Token::RESERVED
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::bell::Bell;
    use crate::wait::Limit;

    #[test]
    fn an_exclusive_watch_asks_for_no_half_close() {
        let asked = |mode| flags(How::new(Interest::READABLE, mode));
        assert_eq!(asked(Mode::Exclusive), Flags::IN | Flags::EXCLUSIVE);
        assert_eq!(asked(Mode::Level), Flags::IN | Flags::RDHUP);
    }

    /// A batch of four that has seen no ring yet, and a poller that has rung twice.
    fn rung_twice() -> (Epoll, Events) {
        let epoll = Epoll::new().unwrap();
        epoll.ring().unwrap();
        epoll.ring().unwrap();
        (epoll, Events::with_capacity(4))
    }

    #[test]
    fn the_bell_takes_no_slot_of_a_full_batch() {
        let epoll = Epoll::new().unwrap();
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let watch = Watch::new(Token(1), Interest::WRITABLE, Mode::Level);
        let mut events = Events::with_capacity(1);
        // The bell stands first in the kernel's list.
        epoll.ring().unwrap();
        epoll.add(ours.as_fd(), watch).unwrap();
        epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        let tokens: Vec<Token> = events.iter().map(|event| event.token()).collect();
        assert_eq!(tokens, [Token(1)]);
    }

    #[test]
    fn a_wait_that_finds_the_bell_need_not_look_for_it_again() {
        let (epoll, mut events) = rung_twice();
        epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        assert_eq!((events.len(), events.memory.rings), (0, 2));
    }

    #[test]
    fn a_full_batch_of_a_poller_that_never_rang_is_not_looked_through_again() {
        let epoll = Epoll::new().unwrap();
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let watch = Watch::new(Token(1), Interest::WRITABLE, Mode::Level);
        epoll.add(ours.as_fd(), watch).unwrap();
        let mut events = Events::with_capacity(1);
        events.memory.rings = usize::MAX;
        epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        assert_eq!((events.len(), events.memory.rings), (1, 0));
        // The first ring is looked for all the same.
        epoll.ring().unwrap();
        epoll.delete(ours.as_fd(), 0).unwrap();
        events.clear();
        epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        assert_eq!((events.len(), events.memory.rings), (0, 1));
    }

    #[test]
    fn a_wait_that_finds_nothing_goes_on_looking_for_the_bell() {
        let (epoll, mut events) = rung_twice();
        // What the kernel may answer while another thread has the list in its hands.
        epoll.take_bell_out(&mut events, 0, 2);
        assert_eq!(events.memory.rings, 0);
        epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        assert_eq!((events.len(), events.memory.rings), (0, 2));
    }

    fn tokens(events: &Events) -> Vec<usize> {
        events.iter().map(|event| event.token().0).collect()
    }

    #[test]
    fn the_bell_is_taken_out_from_before_the_others() {
        let epoll = Epoll::new().unwrap();
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        epoll.ring().unwrap();
        for (source, token) in [(&ours, 1), (&theirs, 2)] {
            let watch = Watch::new(Token(token), Interest::WRITABLE, Mode::Level);
            epoll.add(source.as_fd(), watch).unwrap();
        }
        let mut events = Events::with_capacity(4);
        epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        assert_eq!(tokens(&events), [1, 2]);
    }

    #[test]
    fn only_a_batch_with_room_to_spare_tells_that_another_has_taken_the_bell() {
        for (found, seen) in [(0, 0), (1, 2), (3, 2), (4, 0)] {
            let (epoll, mut events) = rung_twice();
            for place in events.room() {
                *place = native::new(Token(1), crate::event::Readiness::READABLE);
            }
            epoll.take_bell_out(&mut events, found, 2);
            assert_eq!((events.len(), events.memory.rings), (found, seen));
        }
    }

    /// Each has rung once: what the batch knows of the one is not true of the other.
    #[test]
    fn the_bell_is_looked_for_by_a_batch_that_has_seen_as_many_rings_elsewhere() {
        let mut events = Events::with_capacity(4);
        for _ in 0..2 {
            let (bell, epoll) = (Bell::new(), Epoll::new().unwrap());
            epoll.ring().unwrap();
            let found = epoll.wait_with(&bell, &mut events, &Limit::Zero).unwrap();
            assert_eq!((found, events.memory.rings), (0, 1));
        }
    }

    #[test]
    fn a_ring_does_not_fill_the_slot_that_a_ring_had_taken() {
        let (epoll, mut events) = rung_twice();
        assert_eq!(epoll.fill(&mut events.room()[..1]), 0);
    }
}
