//! The backend of a simulated world: readiness and time come from [`World`](crate::sim).

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use poll_sys::errno;

use super::{Backend, Key, Shape};
use crate::bell::Ring;
use crate::error::RegisterError;
use crate::event::{Event, Readiness};
use crate::events::Events;
use crate::interest::Interest;
use crate::mode::Mode;
use crate::sim::{Sim, Step};
use crate::wait::Kernel;
use crate::watch::Watch;

#[derive(Debug)]
pub(crate) struct Simulated {
    sim: Sim,
    entries: Mutex<BTreeMap<Key, Entry>>,
    rung: AtomicBool,
}

#[derive(Debug)]
struct Entry {
    watch: Watch,
    /// Not after oneshot has fired.
    enabled: bool,
    /// Edge: how often the side had changed when it was last reported.
    seen: Option<u64>,
    /// When it was last reported, so that each gets its turn.
    turn: u64,
}

impl Simulated {
    pub(crate) fn with(sim: Sim) -> Self {
        Self { sim, entries: Mutex::new(BTreeMap::new()), rung: AtomicBool::new(false) }
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of a source is its number in the world, which is never used again.
    fn id(&self, source: BorrowedFd<'_>) -> Result<Key, RegisterError> {
        self.sim.id_of(source.as_raw_fd()).ok_or(RegisterError::NotPollable)
    }

    /// Puts what is ready into `events`: those first that have waited longest, equal ones by chance.
    fn harvest(&self, events: &mut Events) {
        let (mut entries, mut world) = (self.entries(), self.sim.world());
        let mut ready: Vec<(u64, u64, Key, Readiness, u64)> = Vec::new();
        entries.retain(|key, entry| {
            // A kernel forgets what is closed.
            let Some((readiness, changes)) = world.look(*key) else { return false };
            let readiness = asked(readiness, entry.watch.how.interest());
            if entry.enabled && !readiness.is_empty() && entry.seen != Some(changes) {
                ready.push((entry.turn, world.random(), *key, readiness, changes));
            }
            true
        });
        ready.sort_unstable_by_key(|(turn, chance, ..)| (*turn, *chance));
        for (.., key, readiness, changes) in ready {
            let Some(entry) = entries.get_mut(&key) else { continue };
            if events.push(Event::new(entry.watch.token, readiness)).is_err() {
                break;
            }
            entry.turn = world.next_number();
            match entry.watch.how.mode() {
                Mode::Level | Mode::Exclusive => {}
                Mode::Edge => entry.seen = Some(changes),
                Mode::Oneshot => entry.enabled = false,
            }
        }
    }
}

/// What of `ready` is told to who asks for `interest`: an error and a hang-up come unasked, the latter
/// with all that it means.
fn asked(ready: Readiness, interest: Interest) -> Readiness {
    let mut asked = Readiness::ERROR;
    if ready.contains(Readiness::WRITE_CLOSED) {
        asked = Readiness::all();
    }
    if interest.is_readable() {
        asked |= Readiness::READABLE | Readiness::READ_CLOSED;
    }
    if interest.is_writable() {
        asked |= Readiness::WRITABLE;
    }
    ready & asked
}

impl Shape for Simulated {
    const KIND: Backend = Backend::Simulated;

    fn new() -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "a simulated poller is made by Sim::poller"))
    }

    fn supports(&self, _: Mode) -> bool {
        true
    }

    fn supports_interest(&self, interest: Interest) -> bool {
        !interest.is_priority()
    }

    fn add(&self, source: BorrowedFd<'_>, watch: Watch) -> Result<Key, RegisterError> {
        let key = self.id(source)?;
        let mut entries = self.entries();
        if entries.contains_key(&key) {
            return Err(RegisterError::AlreadyRegistered);
        }
        let turn = self.sim.world().next_number();
        entries.insert(key, Entry { watch, enabled: true, seen: None, turn });
        drop(entries);
        self.sim.stir();
        Ok(key)
    }

    fn modify(&self, _: BorrowedFd<'_>, key: Key, watch: Watch) -> Result<(), RegisterError> {
        let mut entries = self.entries();
        let entry = entries.get_mut(&key).ok_or(RegisterError::NotRegistered)?;
        (entry.watch, entry.enabled, entry.seen) = (watch, true, None);
        drop(entries);
        self.sim.stir();
        Ok(())
    }

    fn delete(&self, _: BorrowedFd<'_>, key: Key) -> Result<(), RegisterError> {
        self.entries().remove(&key).map(drop).ok_or(RegisterError::NotRegistered)
    }

    fn abandon(&self, key: Key) {
        self.entries().remove(&key);
    }

    fn find(&self, source: BorrowedFd<'_>) -> Result<Key, RegisterError> {
        let key = self.id(source).map_err(|_| RegisterError::NotRegistered)?;
        if self.entries().contains_key(&key) { Ok(key) } else { Err(RegisterError::NotRegistered) }
    }
}

impl Ring for Simulated {
    fn ring(&self) -> io::Result<()> {
        self.rung.store(true, Ordering::SeqCst);
        errno::preserve(|| self.sim.stir());
        Ok(())
    }
}

impl Kernel for Simulated {
    fn now(&self) -> Instant {
        self.sim.now()
    }

    fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        let limit = timeout.map(|timeout| self.sim.elapsed().saturating_add(timeout));
        loop {
            // Before the look: what changes during it is looked at again.
            let stirs = self.sim.stirs();
            self.harvest(events);
            if !events.is_empty() || self.rung.swap(false, Ordering::SeqCst) {
                return Ok(());
            }
            match self.sim.step(limit, stirs) {
                Step::Done => {}
                Step::TimeIsOver => return Ok(()),
                Step::Stuck => {
                    return Err(io::Error::other(
                        "the simulation is stuck: nothing is ready, nothing scheduled, no deadline",
                    ));
                }
            }
        }
    }
}
