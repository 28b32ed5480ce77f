//! The wake protocol: how a thread that sleeps in the kernel learns of something that happened in
//! user space, with no syscall unless somebody sleeps.
//!
//! ```text
//!   word   ┌───────────────┬──────┬──────┬───────┬──────┐
//!          │ sleepers      │ LEFT │ HERD │ FIRST │ WAKE │    sequentially consistent
//!          └───────────────┴──────┴──────┴───────┴──────┘    read-modify-writes only
//! ```
//!
//! - WAKE: a waker's bit may be set, so look.
//! - FIRST: the bit of the waker that was made first, which most pollers have alone. It is its own
//!   WAKE: set by one instruction and taken by one, without the lock and without a look at the others'
//!   bits. Whoever sets one of the two while neither is set and somebody sleeps *rings*: makes one
//!   sleeper leave the kernel.
//! - SLEEPERS: how many threads are in the kernel, or on their way in or out. A thread adds itself
//!   only while none of WAKE, FIRST and HERD is set: one compare-and-swap decides it.
//! - HERD: a `wake_all` is under way. Everyone counted when it was set has to come out; each who
//!   does rings for the next, and the last clears it. Nobody new goes to sleep meanwhile.
//! - LEFT: a ring that the kernel has refused may have left bits that no WAKE announces. Whoever takes
//!   next looks at all bits.
//!
//! Why no wake is lost. `wake` sets the waker's bit, then WAKE. Whoever clears WAKE looks at the
//! bits afterwards, so that a bit set before WAKE was set is seen. A thread whose compare-and-swap
//! came before WAKE was set was counted, and the waker that set WAKE saw the count and rings; one
//! that came after saw WAKE and did not sleep. FIRST is WAKE and bit in one. Who finds one of them
//! set need not ring for the other, because nobody takes one alone: FIRST is taken by itself only
//! while WAKE is clear, and else [in line](Bell::line_up) with the others. The kernel's bell is
//! remembered until somebody takes it (an edge-triggered eventfd, a readable pipe), so a ring before
//! the sleeper is in the kernel counts too. Whoever takes a ring but cannot deliver, because its batch
//! is full, rings again for another sleeper ([`Bell::pass_on`]); so does, while HERD is set, whoever
//! looks into the kernel without sleeping ([`Bell::heed`]).
//!
//! While the first waker is the only one, it sets FIRST without a look at what else stands there, and
//! looks at the sleepers afterwards: who was counted before and is gone by then has seen FIRST. It cannot
//! tell whether a WAKE that it finds came before or after, and so rings in spite of it: once too often if
//! somebody has just joined it, or a batch has left something over.
//!
//! A waker whose ring the kernel refuses clears what announces its wake, and says so; what others have
//! set meanwhile, relying on that ring or beside it, is LEFT, and comes with the next wake, which rings
//! again.
//!
//! Why every thread gets a `wake_all`. It is numbered; each batch remembers the number that it has
//! seen last ([`Memory::calls`]) and is given those that came later. That there is none is told by its
//! [stamp](next_stamp) alone, which tells this poller from others, too ([`Memory::stamp`]). A thread that sleeps is counted
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
mod wake;

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::compiler_fence;

use crate::event::Readiness;
use crate::events::Memory;
use crate::sync::{AtomicBool, AtomicUsize, Mutex, Ordering, SeqCst, Single, lock};
use crate::token::Token;

use places::Places;
pub(crate) use places::{Carrier, Place};

const WAKE: usize = 1;
const FIRST: usize = 2;
const HERD: usize = 4;
const LEFT: usize = 8;
const SLEEPER: usize = 16;
/// There is a wake to be taken.
const WAKES: usize = WAKE | FIRST;

/// See the module.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Bell {
    word: AtomicUsize,
    /// The [stamp](next_stamp) of the last `wake_all`, or the poller's own before the first. No other
    /// poller has it: a batch that knows it has served this poller last, and has had every `wake_all`.
    stamp: AtomicUsize,
    // What changes often, in a process with threads, ends here.
    /// The sleepers that never leave: 1 for nesting, else none.
    outer: usize,
    single: Single,
    /// The poller's own stamp.
    own_stamp: usize,
    /// The waker that was made first. It is never another's place, also when the waker is gone: so
    /// whoever has seen FIRST knows whose it is.
    first: OnceLock<First>,
    /// There is or was somebody beside the first waker.
    has_line: AtomicBool,
    /// The only thread that there is sleeps, or is on its way in or out.
    alone: AtomicBool,
    desk: Mutex<Desk>,
}

/// What no other poller or `wake_all` has, and a batch that has served none has neither: not zero.
///
/// Only for equality. Where a word has 32 bits they come again, and would be mistaken for each other by a
/// batch that rested for exactly so long.
fn next_stamp() -> usize {
    // Not loom's: it orders nothing.
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(1);
    loop {
        let stamp = NEXT.fetch_add(1, Ordering::Relaxed);
        if stamp != 0 {
            return stamp;
        }
    }
}

#[derive(Debug)]
struct First {
    token: Token,
    /// Where FIRST goes when it has to stand in line with the others.
    place: Place,
}

/// What only the slow paths touch, under one lock.
#[derive(Debug)]
struct Desk {
    places: Places,
    /// How many `wake_all`s there were, which is the number of the last.
    calls: usize,
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
    /// There is something to [`take`](Bell::take), or the batch is to be
    /// [introduced](Bell::introduce).
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
        self.0 & (WAKES | HERD) == 0
    }

    /// Whether nothing is pending but a wake of the first waker.
    #[inline(always)]
    pub(crate) fn is_first(self) -> bool {
        self.0 & (WAKES | HERD) == FIRST
    }
}

/// Whoever can make one sleeping thread leave the kernel.
pub(crate) trait Ring {
    /// Makes one thread that sleeps in the kernel, or is about to, come out. Async-signal-safe, and
    /// keeps `errno`: a waker may be in a signal handler.
    fn ring(&self) -> io::Result<()>;
}

impl Bell {
    /// So many bytes at its beginning are what wakes and waits write in a process with threads.
    pub(crate) const WRITTEN: usize = std::mem::offset_of!(Self, outer);

    pub(crate) fn new() -> Self {
        Self::with_outer(0)
    }

    /// For a poller that another one watches.
    pub(crate) fn for_nesting() -> Self {
        Self::with_outer(1)
    }

    fn with_outer(outer: usize) -> Self {
        let own_stamp = next_stamp();
        Self {
            word: AtomicUsize::new(outer * SLEEPER),
            stamp: AtomicUsize::new(own_stamp),
            outer,
            single: Single::new(),
            own_stamp,
            first: OnceLock::new(),
            has_line: AtomicBool::new(false),
            alone: AtomicBool::new(false),
            desk: Mutex::new(Desk { places: Places::new(), calls: 0, owed: 0 }),
        }
    }

    /// Who knows whether there is a second thread.
    #[inline]
    pub(crate) fn single(&self) -> Single {
        self.single
    }

    /// Makes the memory of a batch that served another poller last, or none, one of this.
    pub(crate) fn introduce(&self, memory: &mut Memory) {
        if memory.poller == self.own_stamp {
            return;
        }
        // A new batch gets every `wake_all` there was: its thread may have been started for one.
        let (stamp, calls) = match memory.poller {
            0 => (self.own_stamp, 0),
            _ => {
                let desk = lock(&self.desk);
                (self.stamp.load(SeqCst), desk.calls)
            }
        };
        *memory = Memory {
            poller: self.own_stamp,
            stamp,
            calls,
            // No ring has this number: whatever the bell holds is looked for.
            rings: usize::MAX,
            served_user: false,
        };
    }

    /// Whether there may be something to [`take`](Self::take), or the batch is to be
    /// [introduced](Self::introduce).
    #[inline(always)]
    pub(crate) fn is_pending(&self, memory: &Memory) -> bool {
        self.word.load(SeqCst) & WAKES != 0 || self.stamp.load(SeqCst) != memory.stamp
    }

    /// For a thread that will not sleep.
    #[inline(always)]
    pub(crate) fn pass(&self, memory: &Memory) -> Entry {
        if self.is_pending(memory) { Entry::Pending } else { Entry::Passing }
    }

    /// Counts the calling thread as a sleeper if it may sleep. One whose batch is to be
    /// [introduced](Self::introduce) may not.
    #[inline(always)]
    pub(crate) fn enter(&self, memory: &Memory, kernel: &impl Ring) -> Entry {
        if self.single.is_certain() {
            return self.enter_alone(memory);
        }
        let mut word = self.word.load(SeqCst);
        loop {
            if word & WAKES != 0 {
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
        if self.stamp.load(SeqCst) == memory.stamp {
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
        if word & (WAKES | HERD) == 0 && self.stamp.load(Ordering::Relaxed) == memory.stamp {
            return Entry::Alone;
        }
        self.alone.store(false, Ordering::Relaxed);
        if word & (WAKES | HERD) == HERD { Entry::Herd } else { Entry::Pending }
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

    /// Takes a wake of the first waker if nothing else is pending: its token.
    #[inline(always)]
    pub(crate) fn take_first(&self, memory: &Memory) -> Option<Token> {
        if self.stamp.load(SeqCst) != memory.stamp {
            return None;
        }
        let first = self.first.get()?;
        // With WAKE set somebody relies on it that who takes FIRST looks at all bits.
        let alone = |word| (word & (WAKES | LEFT) == FIRST).then_some(word & !FIRST);
        self.word.fetch_update(SeqCst, SeqCst, alone).ok()?;
        Some(first.token)
    }

    /// Hands out what is pending, at most `quota`, and keeps the rest pending. Returns how many. The
    /// quota is not zero.
    #[cold]
    pub(crate) fn take(
        &self,
        memory: &mut Memory,
        quota: usize,
        kernel: &impl Ring,
        mut out: impl FnMut(Token, Readiness),
    ) -> usize {
        if let Some(token) = self.take_first(memory) {
            out(token, Readiness::READABLE);
            return 1;
        }
        self.take_in_turn(memory, quota, kernel, out)
    }

    #[cold]
    #[inline(never)]
    fn take_in_turn(
        &self,
        memory: &mut Memory,
        quota: usize,
        kernel: &impl Ring,
        mut out: impl FnMut(Token, Readiness),
    ) -> usize {
        let mut guard = lock(&self.desk);
        let desk = &mut *guard;
        let places = &mut desk.places;
        if self.word.fetch_and(!(WAKES | LEFT), SeqCst) & FIRST != 0 {
            self.line_up();
        }
        let mut taken = 0;
        while taken < quota && memory.calls != desk.calls {
            match places.next_herd(memory.calls) {
                Some((number, token)) => {
                    memory.calls = number;
                    out(token, Readiness::READABLE);
                    taken += 1;
                }
                None => memory.calls = desk.calls,
            }
        }
        if memory.calls == desk.calls {
            // It changes under the lock alone.
            memory.stamp = self.stamp.load(SeqCst);
        }
        while taken < quota {
            let Some((token, readiness)) = places.next_ready() else {
                break;
            };
            out(token, readiness);
            taken += 1;
        }
        places.put_back();
        let stay = places.any_set();
        drop(guard);
        if stay {
            let before = self.word.fetch_or(WAKE, SeqCst);
            self.ring_if(before & WAKES == 0 && before >= SLEEPER, kernel);
        }
        taken
    }

    /// FIRST, which the caller has cleared, becomes a bit like the others.
    fn line_up(&self) {
        if let Some(first) = self.first.get() {
            first.place.mark();
        }
    }

    /// For a thread that may have taken a ring but has no room for what it announced: rings for
    /// another one.
    #[cold]
    pub(crate) fn pass_on(&self, kernel: &impl Ring) {
        let word = self.word.load(SeqCst);
        self.ring_if(word & (WAKES | HERD) != 0 && word >= SLEEPER, kernel);
    }

    /// A ring on behalf of somebody else. If the kernel refuses it, WAKE stays set, and the next
    /// wait of any thread sees it.
    fn ring_if(&self, needed: bool, kernel: &impl Ring) {
        if needed {
            let _refused = kernel.ring();
        }
    }
}

#[cfg(all(test, loom))]
pub(crate) mod model;
#[cfg(all(test, not(loom)))]
pub(crate) mod tests;
