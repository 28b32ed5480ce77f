//! poll(2): a table in user space, and one thread at a time in the kernel.
//!
//! Of the threads that wait, one *leads*: it polls a snapshot of the list. The others follow: they
//! wait for the lead on a condition variable. Who has its batch gives the lead away, so that each
//! ready source goes to one thread, as with epoll. A wait that must not sleep asks under the lock.
//!
//! OWNED-DUPLICATE: each armed source is polled through a duplicate that the table owns, so that
//! nobody can close, and nobody else be given, a number that the leader is polling. A duplicate
//! that is dropped while somebody leads is closed by the leader when it comes out, which a ring of
//! the doorbell makes it do; outside that, at once.
//!
//! The sources live in [`table`], the loop that leads and follows here.

mod table;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use poll_sys::poll::{Flags, PollFd};

use super::doorbell::Doorbell;
use super::{Backend, Key, Shape};
use crate::bell::Ring;
use crate::error::RegisterError;
use crate::events::Events;
use crate::interest::Interest;
use crate::mode::Mode;
use crate::wait::Kernel;
use crate::watch::{How, Watch};

use table::{List, Table};

#[derive(Debug)]
pub(crate) struct Poll {
    table: Mutex<Table>,
    /// Notified when the lead is given away.
    lead_is_free: Condvar,
    doorbell: Doorbell,
}

impl Shape for Poll {
    const KIND: Backend = Backend::Poll;

    fn new() -> io::Result<Self> {
        Ok(Self {
            table: Mutex::new(Table::default()),
            lead_is_free: Condvar::new(),
            doorbell: Doorbell::new()?,
        })
    }

    fn supports(&self, mode: Mode) -> bool {
        matches!(mode, Mode::Level | Mode::Oneshot)
    }

    fn supports_interest(&self, _: Interest) -> bool {
        true
    }

    fn add(&self, source: BorrowedFd<'_>, watch: Watch) -> Result<Key, RegisterError> {
        let duplicate = table::duplicate(source)?;
        let mut table = self.table();
        let (key, stale) = table.add(source, duplicate, watch)?;
        self.changed(table);
        drop(stale);
        Ok(key)
    }

    fn modify(&self, _: BorrowedFd<'_>, key: Key, watch: Watch) -> Result<(), RegisterError> {
        let mut table = self.table();
        table.modify(key, watch)?;
        self.changed(table);
        Ok(())
    }

    fn delete(&self, _: BorrowedFd<'_>, key: Key) -> Result<(), RegisterError> {
        let mut table = self.table();
        let duplicate = table.remove(key)?;
        self.changed(table);
        // Outside the lock: closing a socket may take its time.
        drop(duplicate);
        Ok(())
    }

    fn abandon(&self, key: Key) {
        let mut table = self.table();
        // It is there: the guard that calls holds the key of its own registration.
        let duplicate = table.remove(key);
        self.changed(table);
        drop(duplicate);
    }

    fn find(&self, source: BorrowedFd<'_>) -> Result<Key, RegisterError> {
        self.table().find(source).ok_or(RegisterError::NotRegistered)
    }
}

/// What the kernel is asked for, in the words that event ports share.
pub(super) fn asked(how: How) -> Flags {
    let interest = how.interest();
    let mut flags = Flags::empty();
    if interest.is_readable() {
        flags |= Flags::IN | Flags::RDHUP;
    }
    if interest.is_writable() {
        flags |= Flags::OUT;
    }
    if interest.is_priority() {
        flags |= Flags::PRI;
    }
    flags
}

impl Ring for Poll {
    fn ring(&self) -> io::Result<()> {
        self.doorbell.ring()
    }
}

impl Kernel for Poll {
    fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        match timeout {
            Some(Duration::ZERO) => self.table().ask(events),
            _ => self.sleep(events, timeout),
        }
    }
}

impl Poll {
    fn table(&self) -> MutexGuard<'_, Table> {
        // What the table holds is valid between any two statements, also after a panic.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the leader look at the list again, if somebody leads and has not been told yet.
    fn changed(&self, mut table: MutexGuard<'_, Table>) {
        let tell = table.must_tell_leader();
        drop(table);
        if tell {
            // If the system refuses, the leader still sees the change when it next comes out.
            let _refused = self.doorbell.ring();
        }
    }

    /// Sleeps: as the leader in the kernel, else until the lead is free.
    fn sleep(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        let Some((mut list, left)) = self.take_lead(timeout)? else {
            return Ok(());
        };
        // The doorbell comes last, so that the lines keep their indices; there is room for it.
        list.lines().push(PollFd::new(self.doorbell.as_fd(), Flags::IN));
        let polled = poll_sys::poll::wait(list.lines(), left);
        let rang = list.lines().pop().is_some_and(|line| !line.found().is_empty());
        let answered = if polled.is_ok() && rang { self.doorbell.answer() } else { Ok(()) };
        let mut table = self.table();
        if polled.is_ok() {
            table.harvest(&list, events);
        }
        let (retired, followed) = table.end_lead(list);
        drop(table);
        if followed {
            self.lead_is_free.notify_one();
        }
        drop(retired);
        polled.and(answered)
    }

    /// Waits for the lead. `None` if the time is over before it is free; else the list to poll and
    /// the time that is left.
    fn take_lead(&self, timeout: Option<Duration>) -> io::Result<Option<(List, Option<Duration>)>> {
        let mut table = self.table();
        if let Some(list) = table.begin_lead()? {
            return Ok(Some((list, timeout)));
        }
        let deadline = timeout.and_then(|limit| Instant::now().checked_add(limit));
        let left = || deadline.map(|at| at.saturating_duration_since(Instant::now()));
        // Counted, because to notify costs a syscall even if nobody waits.
        table.followers += 1;
        let taken = loop {
            table = match left() {
                Some(Duration::ZERO) => break Ok(None),
                Some(left) => {
                    let waited = self.lead_is_free.wait_timeout(table, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.lead_is_free.wait(table).unwrap_or_else(PoisonError::into_inner),
            };
            match table.begin_lead() {
                Ok(None) => {}
                taken => break taken,
            }
        };
        table.followers -= 1;
        match taken {
            Ok(Some(list)) => Ok(Some((list, left()))),
            Ok(None) | Err(_) => {
                // The notification that the lead is free may have been meant for this thread.
                self.lead_is_free.notify_one();
                taken.map(|_| None)
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_ring_ends_one_sleep() {
        let poll = Poll::new().unwrap();
        let mut events = Events::with_capacity(1);
        poll.ring().unwrap();
        poll.ring().unwrap();
        poll.wait(&mut events, None).unwrap();
        let (begun, limit) = (Instant::now(), Duration::from_millis(5));
        poll.wait(&mut events, Some(limit)).unwrap();
        assert!(begun.elapsed() >= limit && events.is_empty());
    }

    #[test]
    fn a_thread_that_waited_for_the_lead_is_counted_until_it_has_it_or_gives_up() {
        let poll = Poll::new().unwrap();
        let list = poll.table().begin_lead().unwrap().unwrap();
        assert!(poll.take_lead(Some(Duration::from_millis(1))).unwrap().is_none());
        assert_eq!(poll.table().followers, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (list, _) = poll.take_lead(None).unwrap().unwrap();
                poll.table().end_lead(list)
            });
            while poll.table().followers == 0 {
                std::thread::yield_now();
            }
            let (_, followed) = poll.table().end_lead(list);
            assert!(followed);
            poll.lead_is_free.notify_one();
        });
        assert_eq!(poll.table().followers, 0);
    }
}
