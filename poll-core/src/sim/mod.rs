//! A world in memory, for tests of an event loop: no kernel, no time that passes, no luck.
//!
//! A loop written on [`Poller`] runs unchanged on the poller of a [`Sim`]. Its sources are
//! [streams](Sim::pair) and [listeners](Sim::listener) of the simulation; what the world does to them is
//! [scheduled](Sim::after); time stands still while the loop computes, and leaps to the next thing that
//! happens when it waits. All that is left to chance comes from a seed: the order of events in a batch,
//! and how much a read or a write does at a time. The same seed gives the same run, so that a failure
//! can be repeated; many seeds look into many corners.
//!
//! - A wait that could only last for ever is an error, so that a lost event fails a test at once.
//! - Take the time from [`Poller::now`], not from `Instant::now`.
//! - Wakers, notifiers and channels work, from scheduled actions too. A signal handler must not wake a
//!   simulated poller: here a wake takes a lock.
//! - A thread that works for the loop, and answers through one of these, says by [`Sim::busy`] that it
//!   will; what it does comes when it comes, so that such a test is no longer the same each time.
//! - Every [`Mode`](crate::Mode) is there, with the semantics of the real ones: the conformance suite of
//!   this crate runs in such a world too. [`PRIORITY`](crate::Interest::PRIORITY) is not.
//!
//! # Errors
//! | what | when | error |
//! |---|---|---|
//! | a wait | nothing is ready, nothing scheduled, nobody [busy](Sim::busy), and no deadline | `Other`, which says so |
//! | [`register`](Poller::register) | the source is not of this world | [`NotPollable`](crate::RegisterError::NotPollable) |
//! | [`register`](Poller::register) | for [`PRIORITY`](crate::Interest::PRIORITY) | [`InterestUnsupported`](crate::RegisterError::InterestUnsupported) |
//! | [`pair`](Sim::pair), [`listener`](Sim::listener), [`connect`](Connector::connect), [`accept`](Listener::accept) | the process is out of descriptors | EMFILE |
//!
//! # Platform
//! The same on every Unix.
//!
//! # Cost
//! No syscall but the `open` and the `close` of `/dev/null` for each stream and each listener, whose number
//! is what it is registered by. A wait looks at every source that is watched.
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

mod busy;
mod listener;
mod open;
mod sources;
mod stream;
mod world;

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::Any;
use crate::backend::simulated::Simulated;
use crate::bell::Bell;
use crate::poller::Poller;

pub use busy::Busy;
pub use listener::{Connector, Listener};
pub use stream::Stream;
use world::{Next, World};

/// A simulated world; see [the module](self). Clones are handles to the same one.
#[derive(Clone)]
pub struct Sim {
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    /// Notified of every change, for the waits that time does not end.
    stirred: Condvar,
}

/// What came of the wish to go on in time.
pub(crate) enum Step {
    /// Something has happened: look again.
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
        let world = Mutex::new(World::new(seed));
        Self { shared: Arc::new(Shared { world, stirred: Condvar::new() }) }
    }

    /// A poller of this world, on [`Backend::Simulated`](crate::Backend::Simulated). It watches the
    /// world's sources only: others are [`NotPollable`](crate::RegisterError::NotPollable). Any
    /// number of pollers can share a world.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn poller(&self) -> io::Result<Poller> {
        let backend = Any::Simulated(Box::new(Simulated::with(self.clone())));
        Poller::with_parts(backend, Bell::new(), None)
    }

    /// Two streams that are connected with each other. Each direction holds at most `capacity` bytes,
    /// at least 1.
    ///
    /// # Errors
    /// EMFILE: each stream has a descriptor, of `/dev/null`, which is what it is registered by.
    pub fn pair(&self, capacity: usize) -> io::Result<(Stream, Stream)> {
        let names = [name()?, name()?];
        let sides = self.change(|world| world.connect(capacity.max(1)));
        let [first, second] = names;
        Ok((Stream::new(self, first, sides[0]), Stream::new(self, second, sides[1])))
    }

    /// A listener, and what clients connect to it by. Each direction of the connections holds at most
    /// `capacity` bytes, at least 1.
    ///
    /// # Errors
    /// EMFILE: as for [`pair`](Self::pair).
    pub fn listener(&self, capacity: usize) -> io::Result<(Listener, Connector)> {
        Ok(Listener::new(self, name()?, capacity.max(1)))
    }

    /// Does `action` when `after` has passed, within a wait. Actions of the same time come in the order
    /// in which they were scheduled.
    pub fn after(&self, after: Duration, action: impl FnOnce(&Self) + Send + 'static) {
        self.change(|world| world.schedule(after, Box::new(action)));
    }

    /// Says that another thread works for the loop: while the guard lives, time stands still, and a wait
    /// that finds nothing sleeps until a thread has changed something or the last guard is gone.
    #[must_use = "dropped, it lets time go on"]
    pub fn busy(&self) -> Busy {
        Busy::new(self)
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

    pub(crate) fn id_of(&self, number: RawFd) -> Option<u64> {
        self.world().id_of(number)
    }

    /// How often anything has changed.
    pub(crate) fn stirs(&self) -> u64 {
        self.world().stirs
    }

    /// Makes the waits that sleep look again.
    pub(crate) fn stir(&self) {
        self.change(|_| ());
    }

    /// Goes on in time to the next action, and does it, but not beyond `limit`, nor if anything has
    /// changed since there were `stirs` changes.
    pub(crate) fn step(&self, limit: Option<Duration>, stirs: u64) -> Step {
        let mut world = self.world();
        loop {
            match world.next(limit, stirs) {
                Next::Action(action) => {
                    drop(world);
                    // Outside the lock: it may do anything to the world.
                    action(self);
                    self.stir();
                    return Step::Done;
                }
                Next::Changed => return Step::Done,
                Next::TimeIsOver => return Step::TimeIsOver,
                Next::Stuck => return Step::Stuck,
                Next::TimeStandsStill => {
                    let woken = self.shared.stirred.wait(world);
                    world = woken.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Changes the world, and tells the waits that sleep.
    fn change<T>(&self, how: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world();
        world.stirs += 1;
        let result = how(&mut world);
        drop(world);
        self.shared.stirred.notify_all();
        result
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a source is registered by: a descriptor for its number alone.
fn name() -> io::Result<File> {
    File::open("/dev/null")
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("elapsed", &self.elapsed()).finish_non_exhaustive()
    }
}
