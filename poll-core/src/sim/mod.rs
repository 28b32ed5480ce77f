//! A world in memory, for tests of an event loop: no kernel, no time that passes, no luck.
//!
//! A loop written on [`Poller`] runs unchanged on the poller of a [`Sim`]. Its sources are
//! [streams](Sim::pair) of the simulation; what the world does to them is [scheduled](Sim::after); time
//! stands still while the loop computes, and leaps to the next thing that happens when it waits. All
//! that is left to chance comes from a seed: the order of events in a batch, and how much a read or a
//! write does at a time. The same seed gives the same run, so that a failure can be repeated; many
//! seeds look into many corners.
//!
//! - A wait that could only last for ever is an error, so that a lost event fails a test at once.
//! - Take the time from [`Poller::now`], not from `Instant::now`.
//! - Deterministic for one thread; wakers, notifiers and channels work, from scheduled actions too.
//! - Every [`Mode`](crate::Mode) is there, with the semantics of the real ones; `PRIORITY` is not.
//!
//! # Examples
//! An idle timeout of an hour, tested in no time:
//! ```
//! use poll_core::sim::Sim;
//! use poll_core::{Events, Interest, Mode, Token};
//! use std::io::{Read, Write};
//! use std::time::Duration;
//!
//! const HOUR: Duration = Duration::from_secs(3600);
//! let sim = Sim::new(7);
//! let poller = sim.poller()?;
//! let (server, client) = sim.pair(1024)?;
//! let server = poller.register(server, Token(1), Interest::READABLE, Mode::Level)?;
//! sim.after(HOUR / 2, move |_| {
//!     (&client).write_all(b"!").unwrap();
//!     std::mem::forget(client); // stays connected
//! });
//!
//! let mut events = Events::with_capacity(8);
//! let start = poller.now();
//! assert_eq!(poller.wait(&mut events, Some(HOUR))?, 1);
//! assert_eq!(poller.now() - start, HOUR / 2);
//! assert_eq!((&*server).read(&mut [0; 8])?, 1);
//! assert_eq!(poller.wait(&mut events, Some(HOUR))?, 0);
//! assert_eq!(poller.now() - start, HOUR * 3 / 2);
//! assert!(poller.wait(&mut events, None).is_err()); // for ever
//! # std::io::Result::Ok(())
//! ```

mod stream;
mod world;

use std::fmt;
use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::Any;
use crate::backend::simulated::Simulated;
use crate::bell::Bell;
use crate::event::Readiness;
use crate::poller::Poller;

pub use stream::Stream;
use world::World;

/// A simulated world; see [the module](self). Clones are handles to the same one.
#[derive(Clone)]
pub struct Sim {
    world: Arc<Mutex<World>>,
}

/// What came of the wish to go on in time.
pub(crate) enum Step {
    /// Something that was scheduled has happened.
    Done,
    /// Nothing is scheduled before the limit, which is the time now.
    TimeIsOver,
    /// Nothing is scheduled, and there is no limit.
    Stuck,
}

impl Sim {
    /// A world whose chance comes from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { world: Arc::new(Mutex::new(World::new(seed))) }
    }

    /// A poller of this world, on [`Backend::Simulated`](crate::Backend::Simulated). It watches the
    /// world's streams only: others are [`NotPollable`](crate::RegisterError::NotPollable).
    ///
    /// # Errors
    /// ENOMEM.
    pub fn poller(&self) -> io::Result<Poller> {
        let backend = Any::Simulated(Box::new(Simulated::with(self.clone())));
        Poller::with_parts(backend, Bell::new(), Duration::ZERO)
    }

    /// Two streams that are connected with each other. Each direction holds at most `capacity` bytes,
    /// at least 1.
    ///
    /// # Errors
    /// EMFILE: each stream has a descriptor, of `/dev/null`, which is what it is registered by.
    pub fn pair(&self, capacity: usize) -> io::Result<(Stream, Stream)> {
        Stream::pair(self, capacity.max(1))
    }

    /// Does `action` when `after` has passed, within a wait. Actions of the same time come in the order
    /// in which they were scheduled.
    pub fn after(&self, after: Duration, action: impl FnOnce(&Self) + Send + 'static) {
        self.world().schedule(after, Box::new(action));
    }

    /// The time in this world.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.world().now()
    }

    /// A number by chance, from the seed: for the test's own choices.
    #[must_use]
    pub fn random(&self) -> u64 {
        self.world().random()
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.world().elapsed()
    }

    pub(crate) fn next_turn(&self) -> u64 {
        self.world().next_number()
    }

    pub(crate) fn side_of(&self, number: RawFd) -> Option<u64> {
        self.world().side_of(number)
    }

    /// What a side is ready for, and how often that has changed.
    pub(crate) fn look(&self, side: u64) -> (Readiness, u64) {
        self.world().look(side)
    }

    /// Goes on in time to the next action, and does it, but not beyond `limit`.
    pub(crate) fn step(&self, limit: Option<Duration>) -> Step {
        let next = self.world().next_action(limit);
        match (next, limit) {
            (Some(action), _) => {
                // Outside the lock: it may do anything to the world.
                action(self);
                Step::Done
            }
            (None, Some(_)) => Step::TimeIsOver,
            (None, None) => Step::Stuck,
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("elapsed", &self.elapsed()).finish_non_exhaustive()
    }
}
