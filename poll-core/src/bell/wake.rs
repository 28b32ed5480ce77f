//! What a waker does: its bit, and the ring if it is the first to announce one.

use std::io;

use super::{Bell, FIRST, First, HERD, LEFT, Place, Ring, SLEEPER, WAKE, WAKES, next_stamp};
use crate::sync::{Ordering, SeqCst, lock};
use crate::token::Token;

impl Bell {
    /// A place for a waker with this token. ENOMEM if there is no memory for it.
    pub(crate) fn place(&self, token: Token) -> io::Result<Place> {
        let mut desk = lock(&self.desk);
        let mut place = desk.places.add(token)?;
        if self.first.get().is_none() {
            place.is_first = true;
            // Under the lock: nobody else has set it meanwhile.
            let _set = self.first.set(First { token, place: place.clone() });
        } else {
            self.form_line();
        }
        Ok(place)
    }

    /// Frees a place whose waker is gone, but the first's. A wake that it made is still delivered.
    pub(crate) fn free(&self, place: &Place) {
        if !place.is_first {
            lock(&self.desk).places.remove(place);
        }
    }

    /// One event for one waiter. Takes no lock and allocates nothing: async-signal-safe.
    #[inline]
    pub(crate) fn wake(&self, place: &Place, kernel: &impl Ring) -> io::Result<()> {
        if !place.is_first {
            return self.wake_in_line(place, kernel);
        }
        let single = self.single.is_certain();
        if single || self.has_line.load(Ordering::Relaxed) {
            if self.word.load(SeqCst) & FIRST == 0 {
                return self.wake_first(kernel);
            }
            if single {
                // It is this thread itself that will take it, and not before this has returned.
                return Ok(());
            }
        }
        // What else stands there is not asked, nor looked at before: so this is one instruction of most
        // CPUs, and the cache line comes once.
        if self.word.fetch_or(FIRST, SeqCst) & FIRST != 0 {
            return Ok(());
        }
        self.ring_unasked(kernel)
    }

    /// For who has set FIRST and has not asked whether WAKE was set, and so somebody has rung. Where
    /// others may set it, this may ring once too often; and if that is refused, the wake of that other
    /// one is late as well.
    #[inline(never)]
    pub(super) fn ring_unasked(&self, kernel: &impl Ring) -> io::Result<()> {
        let before = self.word.load(SeqCst) & !WAKES;
        self.ring_once(before, kernel).inspect_err(|_| self.take_back(FIRST))
    }

    /// Somebody beside the first waker is about to come, or has come.
    pub(super) fn form_line(&self) {
        self.has_line.store(true, Ordering::Relaxed);
    }

    /// The wake of the first waker that finds none of its own pending, and asks what else is.
    #[inline(never)]
    fn wake_first(&self, kernel: &impl Ring) -> io::Result<()> {
        let before = self.word.fetch_or(FIRST, SeqCst);
        self.ring_once(before, kernel).inspect_err(|_| self.take_back(FIRST))
    }

    /// The same of a waker that stands in line with others.
    #[inline(never)]
    fn wake_in_line(&self, place: &Place, kernel: &impl Ring) -> io::Result<()> {
        if self.word.load(SeqCst) & WAKE != 0 {
            if self.single.is_certain() && place.is_marked() {
                // As in `wake`.
                return Ok(());
            }
            place.mark();
            if self.word.load(SeqCst) & WAKE != 0 {
                // Whoever clears that WAKE looks at the bits afterwards, or sets LEFT.
                return Ok(());
            }
        }
        let was_set = place.set();
        let before = self.word.fetch_or(WAKE, SeqCst);
        self.ring_once(before, kernel).inspect_err(|_| {
            // In this order: a clone that finds WAKE clear again sets the bit anew.
            if !was_set {
                place.clear();
            }
            self.take_back(WAKE);
        })
    }

    /// For who has set WAKE or FIRST where `before` stood: rings if neither was set and somebody
    /// sleeps.
    #[inline]
    fn ring_once(&self, before: usize, kernel: &impl Ring) -> io::Result<()> {
        if before & WAKES != 0 || (before < SLEEPER && !self.alone.load(SeqCst)) {
            return Ok(());
        }
        kernel.ring()
    }

    /// After a wake that the kernel has refused, and which had set `own`.
    #[cold]
    #[inline(never)]
    fn take_back(&self, own: usize) {
        if self.word.fetch_and(!WAKES, SeqCst) & !own & FIRST != 0 {
            self.line_up();
        }
        self.word.fetch_or(LEFT, SeqCst);
    }

    /// One event for every batch that has waited here.
    pub(crate) fn wake_all(&self, place: &Place, kernel: &impl Ring) -> io::Result<()> {
        let mut desk = lock(&self.desk);
        let number = desk.calls.wrapping_add(1);
        desk.places.set_herd(place, number)?;
        desk.calls = number;
        self.stamp.store(next_stamp(), SeqCst);
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
