//! kqueue: the kernel keeps a knote per filter; this file keeps what makes one registration of them.
//!
//! An event is the kernel's own, untouched, but for three things that a wait has to look for:
//!
//! - The bell's event is taken out.
//! - ONE-DELIVERY: a oneshot has up to three filters, each of which the kernel disables by itself
//!   when it fires. The first that comes is delivered and marks the registration; those that come
//!   later in the same batch are merged into it, those in a later batch are swallowed, until the
//!   registration is armed again. So a oneshot is delivered once, at no further syscall.
//! - A slot that was freed so is filled again, so that nobody waits for it.
//!
//! The descriptor of a kqueue is not inherited: in a child of fork(2) its number is free, or
//! somebody else's. There it must not be closed.
//!
//! The table of registrations lives in [`table`], what goes to the kernel is made in [`changes`].

mod bell;
mod changes;
pub(crate) mod child;
pub(crate) mod native;
mod one;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod timer;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use poll_sys::arc::Arc;
use poll_sys::fork::Mark;
use poll_sys::kqueue::{self, Filter};
use poll_sys::stat;

use crate::backend::{Backend, Key, Shape};
use crate::bell::Ring;
use crate::error::RegisterError;
use crate::events::Events;
use crate::interest::Interest;
use crate::mode::Mode;
use crate::sync::{AtomicUsize, SeqCst};
use crate::wait::Kernel;
use crate::watch::Watch;

use bell::Bell;
use table::{Place, Table};

/// Darwin refuses to wait longer than this (its kevent(2): `EINVAL` above 100,000,000 s). A wait that
/// comes back early is begun anew.
const LONGEST: Duration = Duration::from_secs(100_000_000);

#[derive(Debug)]
pub(crate) struct Kqueue {
    /// Counted so that a child can give it up without closing it.
    queue: Arc<OwnedFd>,
    made_in: Mark,
    bell: Bell,
    table: Mutex<Table>,
    /// How many entries of the table are oneshots. While there is none, no wait takes the lock.
    oneshots: AtomicUsize,
    /// The number of the last batch that the lock was taken for.
    batches: AtomicUsize,
}

impl Shape for Kqueue {
    const KIND: Backend = Backend::Kqueue;

    fn new() -> io::Result<Self> {
        let queue = kqueue::create()?;
        let bell = Bell::new(queue.as_fd())?;
        Self::with(queue, bell)
    }

    fn supports(&self, mode: Mode) -> bool {
        matches!(mode, Mode::Level | Mode::Edge | Mode::Oneshot)
    }

    fn supports_interest(&self, interest: Interest) -> bool {
        !interest.is_priority() || Filter::EXCEPT.is_some()
    }

    fn add(&self, source: BorrowedFd<'_>, watch: Watch) -> Result<Key, RegisterError> {
        if stat::is_always_ready(source).map_err(RegisterError::from_os)? {
            return Err(RegisterError::NotPollable);
        }
        let mut table = self.table();
        table.reserve(source)?;
        if let Some(key) = table.key_of(source) {
            self.replace_stale(&mut table, source, key)?;
        }
        let queue = self.queue.as_fd();
        self.count_in(watch);
        match changes::apply(queue, source, None, false, watch) {
            Ok(broken) => Ok(table.insert(source, watch, broken)),
            Err(error) => {
                self.count_out(watch);
                Err(RegisterError::from_os(error))
            }
        }
    }

    fn modify(&self, source: BorrowedFd<'_>, key: Key, watch: Watch) -> Result<(), RegisterError> {
        let mut table = self.table();
        let entry = table.find(key).ok_or(RegisterError::NotRegistered)?;
        let queue = self.queue.as_fd();
        let old = entry.watch;
        self.count_in(watch);
        match changes::apply(queue, source, Some(old), entry.broken, watch) {
            Ok(broken) => {
                (entry.watch, entry.broken, entry.delivered) = (watch, broken, None);
                self.count_out(old);
                Ok(())
            }
            Err(error) => {
                self.count_out(watch);
                Err(RegisterError::from_os(error))
            }
        }
    }

    fn delete(&self, source: BorrowedFd<'_>, key: Key) -> Result<(), RegisterError> {
        if key == table::UNKNOWN {
            return changes::remove_unknown(self.queue.as_fd(), source)
                .map_err(RegisterError::from_os)?
                .then_some(())
                .ok_or(RegisterError::NotRegistered);
        }
        let mut table = self.table();
        let entry = *table.find(key).ok_or(RegisterError::NotRegistered)?;
        changes::remove(self.queue.as_fd(), source, entry.watch, entry.broken)
            .map_err(RegisterError::from_os)?;
        self.count_out(entry.watch);
        table.remove(key);
        Ok(())
    }

    fn abandon(&self, key: Key) {
        if let Some(entry) = self.table().remove(key) {
            self.count_out(entry.watch);
        }
    }

    fn find(&self, source: BorrowedFd<'_>) -> Result<Key, RegisterError> {
        Ok(self.table().key_of(source).unwrap_or(table::UNKNOWN))
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.queue.as_fd())
    }
}

impl Ring for Kqueue {
    fn ring(&self) -> io::Result<()> {
        self.bell.ring(self.queue.as_fd())
    }
}

impl Kernel for Kqueue {
    #[inline]
    fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        let before = events.len();
        let room = events.room();
        let timeout = timeout.map(|limit| limit.min(LONGEST));
        let n = kqueue::kevent(self.queue.as_fd(), &[], room, timeout)?;
        let count = if self.oneshots.load(SeqCst) == 0 && !room[..n].iter().any(bell::is_bell) {
            n
        } else {
            self.sift(room, n)
        };
        events.set_len(before + count);
        Ok(())
    }
}

impl Kqueue {
    fn with(queue: OwnedFd, bell: Bell) -> io::Result<Self> {
        Ok(Self {
            queue: Arc::try_new(queue)?,
            made_in: Mark::new()?,
            bell,
            table: Mutex::new(Table::default()),
            oneshots: AtomicUsize::new(0),
            batches: AtomicUsize::new(0),
        })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // What the table holds is valid between any two statements, also after a panic.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a registration that is about to be armed: before the kernel can report it, so that
    /// whoever takes its event knows to look for it.
    fn count_in(&self, watch: Watch) {
        self.oneshots.fetch_add(usize::from(watch.how.mode() == Mode::Oneshot), SeqCst);
    }

    /// Counts one that is not armed any more, or never was.
    fn count_out(&self, watch: Watch) {
        self.oneshots.fetch_sub(usize::from(watch.how.mode() == Mode::Oneshot), SeqCst);
    }

    /// Forgets a registration whose descriptor was closed and whose number is `source`'s now.
    fn replace_stale(
        &self,
        table: &mut Table,
        source: BorrowedFd<'_>,
        key: Key,
    ) -> Result<(), RegisterError> {
        let Some(entry) = table.find(key).copied() else { return Ok(()) };
        let armed = entry.delivered.is_none();
        let watched = changes::is_watched(self.queue.as_fd(), source, entry.watch, armed);
        if watched.map_err(RegisterError::from_os)? {
            return Err(RegisterError::AlreadyRegistered);
        }
        table.remove(key);
        self.count_out(entry.watch);
        Ok(())
    }

    /// Takes the bell and the late halves out of the first `n` of `room`, and fills what they had
    /// taken where the batch was full. Returns how many events are left.
    #[cold]
    fn sift(&self, room: &mut [native::Native], n: usize) -> usize {
        let batch = self.batches.fetch_add(1, SeqCst);
        let mut count = self.sift_part(room, 0, n, batch);
        let mut was_full = n == room.len();
        // A oneshot has two late filters at most, and the bell one event.
        let mut most = 2 * self.oneshots.load(SeqCst) + 1;
        while was_full && count < room.len() && most > 0 {
            let rest = &mut room[count..];
            // An error leaves the slots empty: the caller has its events, the rest comes next time.
            let now = Some(Duration::ZERO);
            let n = kqueue::kevent(self.queue.as_fd(), &[], rest, now).unwrap_or(0);
            was_full = n == rest.len();
            count = self.sift_part(room, count, count + n, batch);
            most -= 1;
        }
        count
    }

    /// Sifts `room[from..to]`. Returns how many events of `room[..to]` are left.
    fn sift_part(
        &self,
        room: &mut [native::Native],
        from: usize,
        to: usize,
        batch: usize,
    ) -> usize {
        let mut table = self.table();
        let mut count = from;
        for index in from..to {
            let event = room[index];
            if bell::is_bell(&event) {
                continue;
            }
            if let Some(entry) =
                table.get(event.ident()).filter(|e| e.watch.how.mode() == Mode::Oneshot)
            {
                match entry.delivered {
                    // Of the number's last owner, or of the token before: armed again since.
                    _ if entry.watch.token != native::token(&event) => continue,
                    Some(place) if place.batch == batch => {
                        room[place.index] = native::merged(&room[place.index], &event);
                        continue;
                    }
                    Some(_) => continue,
                    None => entry.delivered = Some(Place { batch, index: count }),
                }
            }
            room[count] = event;
            count += 1;
        }
        count
    }
}

impl Drop for Kqueue {
    fn drop(&mut self) {
        if !self.made_in.is_current() {
            // The number is not ours here: never count down to the close.
            std::mem::forget(Arc::clone(&self.queue));
        }
    }
}
