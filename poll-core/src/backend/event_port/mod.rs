//! Event ports: an association reports once, so that level-triggered sources are associated anew.
//!
//! A source that was reported and is watched by level is *due*: the next wait, of any thread,
//! associates it again before it sleeps, and a condition that still holds is reported again. By then
//! the caller has had his chance to change that. A thread that sleeps meanwhile is not told of a
//! source that is due; who waits next is.
//!
//! Edge mode is not supported: to associate again reports what still holds, and not to associate
//! misses what comes.
//!
//! The kernel's user word is the registration's key, which is looked up when the event is taken: an
//! event of a registration that is gone finds nothing and reaches nobody.

pub(crate) mod native;

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, TryReserveError};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use poll_sys::errno;
use poll_sys::event_port::{self, Ended, Event as PortEvent, Source};
use poll_sys::stat;

use crate::backend::poll::asked;
use crate::backend::{Backend, Key, Shape};
use crate::bell::Ring;
use crate::error::RegisterError;
use crate::events::Events;
use crate::interest::Interest;
use crate::mode::Mode;
use crate::wait::Kernel;
use crate::watch::Watch;

#[derive(Debug)]
pub(crate) struct EventPort {
    port: OwnedFd,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    sources: HashMap<usize, Entry>,
    by_number: HashMap<RawFd, usize>,
    last_key: usize,
    /// Reported, watched by level, and not associated again yet.
    due: Vec<PortEvent>,
}

#[derive(Debug)]
struct Entry {
    number: RawFd,
    watch: Watch,
    /// Whether the kernel has an association, or an event of it that nobody has taken.
    armed: bool,
}

impl Shape for EventPort {
    const KIND: Backend = Backend::EventPort;

    fn new() -> io::Result<Self> {
        Ok(Self { port: event_port::create()?, table: Mutex::default() })
    }

    fn supports(&self, mode: Mode) -> bool {
        matches!(mode, Mode::Level | Mode::Oneshot)
    }

    fn supports_interest(&self, _: Interest) -> bool {
        true
    }

    fn add(&self, source: BorrowedFd<'_>, watch: Watch) -> Result<Key, RegisterError> {
        if stat::is_always_ready(source).map_err(RegisterError::from_os)? {
            return Err(RegisterError::NotPollable);
        }
        let mut table = self.table();
        table.reserve_one()?;
        let key = table.last_key + 1;
        let number = source.as_raw_fd();
        let Slot::Vacant(place) = table.by_number.entry(number) else {
            return Err(RegisterError::AlreadyRegistered);
        };
        event_port::associate(self.port.as_fd(), source, asked(watch.how), key)
            .map_err(RegisterError::from_os)?;
        place.insert(key);
        table.sources.insert(key, Entry { number, watch, armed: true });
        table.last_key = key;
        Ok(key as Key)
    }

    fn modify(&self, source: BorrowedFd<'_>, key: Key, watch: Watch) -> Result<(), RegisterError> {
        let mut table = self.table();
        let key = key as usize;
        let entry = table.sources.get_mut(&key).ok_or(RegisterError::NotRegistered)?;
        event_port::associate(self.port.as_fd(), source, asked(watch.how), key)
            .map_err(RegisterError::from_os)?;
        (entry.watch, entry.armed) = (watch, true);
        table.due.retain(|event| event.user() != key);
        Ok(())
    }

    fn delete(&self, source: BorrowedFd<'_>, key: Key) -> Result<(), RegisterError> {
        let mut table = self.table();
        if !table.sources.contains_key(&(key as usize)) {
            return Err(RegisterError::NotRegistered);
        }
        match event_port::dissociate(self.port.as_fd(), source) {
            // It went when it was reported.
            Err(error) if error.raw_os_error() != Some(errno::NOENT) => {
                Err(RegisterError::from_os(error))
            }
            _ => {
                table.remove(key as usize);
                Ok(())
            }
        }
    }

    fn abandon(&self, key: Key) {
        self.table().remove(key as usize);
    }

    fn find(&self, source: BorrowedFd<'_>) -> Result<Key, RegisterError> {
        let key = self.table().by_number.get(&source.as_raw_fd()).copied();
        key.map(|key| key as Key).ok_or(RegisterError::NotRegistered)
    }
}

impl Ring for EventPort {
    fn ring(&self) -> io::Result<()> {
        errno::preserve(|| event_port::send(self.port.as_fd(), 0, 0))
    }
}

impl Kernel for EventPort {
    fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        self.table().associate_due(self.port.as_fd());
        let before = events.len();
        let room = events.room();
        // port_getn(3C) may fail and still have taken events.
        let ended = event_port::getn(self.port.as_fd(), room, timeout)?;
        let (Ended::Filled(n) | Ended::TimedOut(n) | Ended::Interrupted(n)) = ended else {
            return Ok(());
        };
        let mut count = self.table().take(&mut room[..n]);
        if count < n && n == room.len() {
            // What was taken out had taken slots that sources may be waiting for.
            let more =
                event_port::getn(self.port.as_fd(), &mut room[count..], Some(Duration::ZERO));
            if let Ok(Ended::Filled(more) | Ended::TimedOut(more) | Ended::Interrupted(more)) = more
            {
                count += self.table().take(&mut room[count..count + more]);
            }
        }
        events.set_len(before + count);
        match ended {
            Ended::Interrupted(0) => Err(io::ErrorKind::Interrupted.into()),
            _ => Ok(()),
        }
    }
}

impl EventPort {
    fn table(&self) -> MutexGuard<'_, Table> {
        // What the table holds is valid between any two statements, also after a panic.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Makes room for one more source; also for all to be due at once, so that no wait has to.
    fn reserve_one(&mut self) -> Result<(), TryReserveError> {
        self.sources.try_reserve(1)?;
        self.by_number.try_reserve(1)?;
        self.due.try_reserve((self.sources.len() + 1).saturating_sub(self.due.len()))
    }

    fn remove(&mut self, key: usize) {
        if let Some(entry) = self.sources.remove(&key) {
            self.by_number.remove(&entry.number);
            self.due.retain(|event| event.user() != key);
        }
    }

    /// Associates what is due.
    fn associate_due(&mut self, port: BorrowedFd<'_>) {
        for event in self.due.drain(..) {
            let Some(entry) = self.sources.get_mut(&event.user()) else { continue };
            // A refusal is that of a descriptor that was closed while it was registered.
            entry.armed = event_port::renew(port, &event, asked(entry.watch.how)).is_ok();
        }
    }

    /// Takes the bell's events out, and those of nobody, gives the others their tokens, and notes
    /// what is due. Returns how many are left.
    fn take(&mut self, events: &mut [PortEvent]) -> usize {
        let mut count = 0;
        for index in 0..events.len() {
            let event = events[index];
            if event.source() != Source::FD {
                continue;
            }
            let Some(entry) = self.sources.get_mut(&event.user()) else { continue };
            if !entry.armed {
                continue;
            }
            entry.armed = false;
            events[count] = native::from_poll(entry.watch.token, event.found());
            count += 1;
            if entry.watch.how.mode() == Mode::Level {
                self.due.push(event);
            }
        }
        count
    }
}
