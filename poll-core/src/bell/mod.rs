//! The wake protocol: how a thread that sleeps in the kernel learns of something that happened in
//! user space, with no syscall unless somebody sleeps.
//!
//! ```text
//!   word   ┌──────────────────────────┬──────┬──────┐
//!          │ sleepers                 │ HERD │ WAKE │    sequentially consistent
//!          └──────────────────────────┴──────┴──────┘    read-modify-writes only
//! ```
//!
//! - WAKE: a waker's bit may be set, so look. Whoever sets it while somebody sleeps *rings*: makes
//!   one sleeper leave the kernel.
//! - SLEEPERS: how many threads are in the kernel, or on their way in or out. A thread adds itself
//!   only while neither WAKE nor HERD is set: one compare-and-swap decides both.
//! - HERD: a `wake_all` is under way. Everyone counted when it was set has to come out; each who
//!   does rings for the next, and the last clears it. Nobody new goes to sleep meanwhile.
//!
//! Why no wake is lost. `wake` sets the waker's bit, then WAKE. Whoever clears WAKE looks at the
//! bits afterwards, so that a bit set before WAKE was set is seen. A thread whose compare-and-swap
//! came before WAKE was set was counted, and the waker that set WAKE saw the count and rings; one
//! that came after saw WAKE and did not sleep. The kernel's bell is remembered until somebody takes
//! it (an edge-triggered eventfd, a readable pipe), so a ring before the sleeper is in the kernel
//! counts too. Whoever takes a ring but cannot deliver, because its batch is full, rings again for
//! another sleeper ([`Bell::pass_on`]); so does, while HERD is set, whoever looks into the kernel
//! without sleeping ([`Bell::heed`]).
//!
//! Why every thread gets a `wake_all`. It is numbered; each batch remembers the number that it has
//! seen last ([`Memory::herd`]) and is given those that came later. A thread that sleeps is counted
//! when HERD is set, and rung for; one that does not compares the numbers before it sleeps.
//!
//! While there is [one thread](Single) alone, nobody can race with it but a signal handler that runs on
//! it. So it is not counted, which takes two atomic instructions around the syscall, but says that it
//! sleeps by a plain store: a handler runs between two of its instructions, and sees what came before.
//! And a wake whose bit is set already, under a WAKE that is set already, has nothing left to do: what
//! could take it away is the thread that makes it, or the one that its handler interrupts, which goes on
//! after it. With more threads a bit that looks set may be taken at that moment, by one that has not
//! seen what this wake is about: so it is set again, in one atomic instruction.
//!
//! A bell for nesting counts the outer poller as a thread that always sleeps: every wake rings, and so
//! does whoever leaves something pending, so that the kernel's poller is readable for as long as there
//! is something to take.
//!
//! `model.rs` beside this file checks it with loom: all interleavings, up to a preemption bound.

mod carry;
mod places;

use std::io;
use std::sync::atomic::compiler_fence;

use crate::event::Readiness;
use crate::events::Memory;
use crate::sync::{AtomicBool, AtomicUsize, Mutex, Ordering, SeqCst, Single, lock};
use crate::token::Token;

use places::Places;
pub(crate) use places::{Carrier, Place};

const WAKE: usize = 1;
const HERD: usize = 2;
const SLEEPER: usize = 4;

/// See the module.
#[derive(Debug)]
pub(crate) struct Bell {
    word: AtomicUsize,
    /// The number of the last `wake_all`.
    herds: AtomicUsize,
    /// The sleepers that never leave: 1 for nesting, else none.
    outer: usize,
    single: Single,
    /// The only thread that there is sleeps, or is on its way in or out.
    alone: AtomicBool,
    desk: Mutex<Desk>,
}

/// What only the slow paths touch, under one lock.
#[derive(Debug)]
struct Desk {
    places: Places,
    /// While HERD is set: how many of those counted have not come out yet.
    owed: usize,
}

/// What came of the wish to sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Counted: go into the kernel, then [`Bell::come_out`].
    Counted,
    /// The same, of the only thread there is: it is not counted.
    Alone,
    /// Not counted: look into the kernel without sleeping, then [`Bell::come_out`].
    Passing,
    /// There is something to [`take`](Bell::take).
    Pending,
    /// A `wake_all` is under way: look into the kernel without sleeping and try again.
    Herd,
}

impl Entry {
    /// Whether it leads into the kernel, to sleep there.
    #[inline(always)]
    pub(crate) fn may_sleep(self) -> bool {
        matches!(self, Self::Counted | Self::Alone)
    }
}

/// What stood in the word when a thread came out of the kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out(usize);

impl Out {
    pub(crate) const QUIET: Self = Self(0);

    /// Nothing is pending, and no `wake_all` under way.
    #[inline(always)]
    pub(crate) fn is_quiet(self) -> bool {
        self.0 & (WAKE | HERD) == 0
    }

    /// Whether a wake is pending, and no `wake_all` under way.
    #[inline(always)]
    pub(crate) fn is_wake(self) -> bool {
        self.0 & (WAKE | HERD) == WAKE
    }
}

/// Whoever can make one sleeping thread leave the kernel.
pub(crate) trait Ring {
    /// Makes one thread that sleeps in the kernel, or is about to, come out. Async-signal-safe, and
    /// keeps `errno`: a waker may be in a signal handler.
    fn ring(&self) -> io::Result<()>;
}

impl Bell {
    pub(crate) fn new() -> Self {
        Self::with_outer(0)
    }

    /// For a poller that another one watches.
    pub(crate) fn for_nesting() -> Self {
        Self::with_outer(1)
    }

    fn with_outer(outer: usize) -> Self {
        Self {
            word: AtomicUsize::new(outer * SLEEPER),
            herds: AtomicUsize::new(0),
            outer,
            single: Single::new(),
            alone: AtomicBool::new(false),
            desk: Mutex::new(Desk { places: Places::new(), owed: 0 }),
        }
    }

    /// Who knows whether there is a second thread.
    #[inline]
    pub(crate) fn single(&self) -> Single {
        self.single
    }

    /// The number of the last `wake_all`, for a batch that comes from another poller.
    pub(crate) fn herds(&self) -> usize {
        self.herds.load(SeqCst)
    }

    // ── a thread that waits ────────────────────────────────────────────────────────────────────

    /// Whether there may be something to [`take`](Self::take).
    #[inline(always)]
    pub(crate) fn is_pending(&self, memory: &Memory) -> bool {
        self.word.load(SeqCst) & WAKE != 0 || self.herds.load(SeqCst) != memory.herd
    }

    /// For a thread that will not sleep.
    #[inline(always)]
    pub(crate) fn pass(&self, memory: &Memory) -> Entry {
        if self.is_pending(memory) { Entry::Pending } else { Entry::Passing }
    }

    /// Counts the calling thread as a sleeper if it may sleep.
    #[inline(always)]
    pub(crate) fn enter(&self, memory: &Memory, kernel: &impl Ring) -> Entry {
        if self.single.is_certain() {
            return self.enter_alone(memory);
        }
        let mut word = self.word.load(SeqCst);
        loop {
            if word & WAKE != 0 {
                return Entry::Pending;
            }
            if word & HERD != 0 {
                return Entry::Herd;
            }
            match self.word.compare_exchange_weak(word, word + SLEEPER, SeqCst, SeqCst) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        // A `wake_all` that was over before the count is seen here, one after it sees the count.
        if self.herds.load(SeqCst) == memory.herd {
            return Entry::Counted;
        }
        let out = self.come_out(Entry::Counted);
        self.heed(Entry::Counted, out, memory, kernel);
        Entry::Pending
    }

    /// The same for the only thread there is.
    #[inline(always)]
    fn enter_alone(&self, memory: &Memory) -> Entry {
        self.alone.store(true, Ordering::Relaxed);
        // A handler that runs before this was heard below; one that runs after it rings.
        compiler_fence(SeqCst);
        let word = self.word.load(Ordering::Relaxed);
        if word & (WAKE | HERD) == 0 && self.herds.load(Ordering::Relaxed) == memory.herd {
            return Entry::Alone;
        }
        self.alone.store(false, Ordering::Relaxed);
        if word & (WAKE | HERD) == HERD { Entry::Herd } else { Entry::Pending }
    }

    /// Ends what `entry` began: the calling thread is out of the kernel. Whoever does not end the wait
    /// because it is [quiet](Out::is_quiet) has to [`heed`](Self::heed) it.
    #[inline(always)]
    pub(crate) fn come_out(&self, entry: Entry) -> Out {
        match entry {
            Entry::Counted => Out(self.word.fetch_sub(SLEEPER, SeqCst)),
            Entry::Alone => {
                self.alone.store(false, Ordering::Relaxed);
                compiler_fence(SeqCst);
                Out(self.word.load(Ordering::Relaxed))
            }
            Entry::Passing | Entry::Pending | Entry::Herd => Out(self.word.load(SeqCst)),
        }
    }

    /// What is to be done for others by a thread that has [come out](Self::come_out). Returns whether
    /// there may be something to [`take`](Self::take).
    ///
    /// Who has looked without being counted may have taken a ring that was meant for one that a
    /// `wake_all` waits for, and rings again.
    #[cold]
    #[inline(never)]
    pub(crate) fn heed(&self, entry: Entry, out: Out, memory: &Memory, kernel: &impl Ring) -> bool {
        let herd = out.0 & HERD != 0;
        match entry {
            Entry::Counted if herd => self.leave_herd(kernel),
            Entry::Passing | Entry::Pending | Entry::Herd if herd => self.pass_on(kernel),
            _ => {}
        }
        if entry.may_sleep() { !out.is_quiet() } else { self.is_pending(memory) }
    }

    /// One of those that a `wake_all` waits for is out: rings for the next.
    #[cold]
    #[inline(never)]
    fn leave_herd(&self, kernel: &impl Ring) {
        let mut desk = lock(&self.desk);
        desk.owed = desk.owed.saturating_sub(1);
        if desk.owed == 0 || kernel.ring().is_err() {
            // If the kernel refuses, those still asleep get the event when they next come out.
            desk.owed = 0;
            self.word.fetch_and(!HERD, SeqCst);
        }
    }

    /// Hands out what is pending, at most `quota`, and keeps the rest pending. Returns how many.
    #[cold]
    pub(crate) fn take(
        &self,
        memory: &mut Memory,
        quota: usize,
        kernel: &impl Ring,
        mut out: impl FnMut(Token, Readiness),
    ) -> usize {
        self.word.fetch_and(!WAKE, SeqCst);
        let mut desk = lock(&self.desk);
        let seen = memory.herd == self.herds.load(SeqCst);
        let (taken, stay) = match if seen { desk.places.take_lone() } else { None } {
            Some(token) => {
                out(token, Readiness::READABLE);
                // Whoever has set a bit since the look at them finds WAKE cleared, and sets it.
                (1, false)
            }
            None => self.take_in_turn(&mut desk.places, memory, quota, &mut out),
        };
        drop(desk);
        if stay {
            let before = self.word.fetch_or(WAKE, SeqCst);
            self.ring_if(before & WAKE == 0 && before >= SLEEPER, kernel);
        }
        taken
    }

    /// The general case: how many were taken, and whether more are there.
    #[cold]
    #[inline(never)]
    fn take_in_turn(
        &self,
        places: &mut Places,
        memory: &mut Memory,
        quota: usize,
        out: &mut impl FnMut(Token, Readiness),
    ) -> (usize, bool) {
        let mut taken = 0;
        let herds = self.herds.load(SeqCst);
        while taken < quota && memory.herd != herds {
            match places.next_herd(memory.herd) {
                Some((number, token)) => {
                    memory.herd = number;
                    out(token, Readiness::READABLE);
                    taken += 1;
                }
                None => memory.herd = herds,
            }
        }
        while taken < quota {
            let Some((token, readiness)) = places.next_ready() else {
                break;
            };
            out(token, readiness);
            taken += 1;
        }
        places.put_back();
        (taken, places.any_set())
    }

    /// For a thread that may have taken a ring but has no room for what it announced: rings for
    /// another one.
    #[cold]
    pub(crate) fn pass_on(&self, kernel: &impl Ring) {
        let word = self.word.load(SeqCst);
        self.ring_if(word & (WAKE | HERD) != 0 && word >= SLEEPER, kernel);
    }

    /// A ring on behalf of somebody else. If the kernel refuses it, WAKE stays set, and the next
    /// wait of any thread sees it.
    fn ring_if(&self, needed: bool, kernel: &impl Ring) {
        if needed {
            let _refused = kernel.ring();
        }
    }

    // ── a waker ────────────────────────────────────────────────────────────────────────────────

    /// A place for a waker with this token. ENOMEM if there is no memory for it.
    pub(crate) fn place(&self, token: Token) -> io::Result<Place> {
        lock(&self.desk).places.add(token)
    }

    /// Frees a place whose waker is gone. A wake that it made is still delivered.
    pub(crate) fn free(&self, place: &Place) {
        lock(&self.desk).places.remove(place);
    }

    /// One event for one waiter. Takes no lock and allocates nothing: async-signal-safe.
    #[inline]
    pub(crate) fn wake(&self, place: &Place, kernel: &impl Ring) -> io::Result<()> {
        if self.word.load(SeqCst) & WAKE != 0 {
            if self.single.is_certain() && place.is_marked() {
                // It is this thread itself that will take it, and not before this has returned.
                return Ok(());
            }
            place.mark();
            if self.word.load(SeqCst) & WAKE != 0 {
                // Whoever clears that WAKE looks at the bits afterwards.
                return Ok(());
            }
        }
        self.wake_first(place, kernel)
    }

    /// The wake that finds none pending.
    fn wake_first(&self, place: &Place, kernel: &impl Ring) -> io::Result<()> {
        let was_set = place.set();
        let before = self.word.fetch_or(WAKE, SeqCst);
        if before & WAKE != 0 || (before < SLEEPER && !self.alone.load(SeqCst)) {
            return Ok(());
        }
        kernel.ring().inspect_err(|_| self.take_back(place, was_set))
    }

    /// After a wake that the kernel has refused.
    #[cold]
    #[inline(never)]
    fn take_back(&self, place: &Place, was_set: bool) {
        if !was_set {
            place.clear();
        }
        // So that the next wake rings again.
        self.word.fetch_and(!WAKE, SeqCst);
    }

    /// One event for every batch that has waited here.
    pub(crate) fn wake_all(&self, place: &Place, kernel: &impl Ring) -> io::Result<()> {
        let mut desk = lock(&self.desk);
        let number = self.herds.load(SeqCst).wrapping_add(1);
        desk.places.set_herd(place, number)?;
        self.herds.store(number, SeqCst);
        let before = self.word.fetch_or(HERD, SeqCst);
        if before & HERD != 0 {
            // Those that the one under way waits for get both.
            return Ok(());
        }
        desk.owed = before / SLEEPER - self.outer;
        let rung = if before < SLEEPER { Ok(()) } else { kernel.ring() };
        if desk.owed == 0 || rung.is_err() {
            desk.owed = 0;
            self.word.fetch_and(!HERD, SeqCst);
        }
        rung
    }
}

#[cfg(all(test, loom))]
pub(crate) mod model;
#[cfg(all(test, not(loom)))]
pub(crate) mod tests;
