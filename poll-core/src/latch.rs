//! A lock of one byte for two threads that change the *same* guard's watch at the same moment.
//!
//! It is held for the time of one syscall and hardly ever contended for, so whoever finds it closed
//! asks again. That makes the unlock a plain store: a mutex needs a second atomic instruction there,
//! because it has to learn whether somebody waits. Where there is [no second thread](Single), the
//! lock is a plain store too. It matters because an atomic instruction behind a syscall waits for
//! all that the kernel has written: a tenth of a change of interest.

use crate::sync::{AtomicBool, Ordering, Single, pause};

/// Held by one thread at a time.
#[derive(Debug)]
pub(crate) struct Latch(AtomicBool);

/// Opens the latch when it is dropped.
#[must_use = "dropped at once, it guards nothing"]
pub(crate) struct Latched<'a>(&'a Latch);

impl Latch {
    pub(crate) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Waits until nobody else holds it. Not for signal handlers.
    #[inline]
    pub(crate) fn close(&self, single: Single) -> Latched<'_> {
        if single.is_certain() {
            // Nobody can hold it, and nobody can ask for it meanwhile.
            self.0.store(true, Ordering::Relaxed);
            return Latched(self);
        }
        self.try_close().unwrap_or_else(|| self.take_turns())
    }

    /// Unless somebody else holds it.
    #[inline]
    fn try_close(&self) -> Option<Latched<'_>> {
        if self.0.swap(true, Ordering::Acquire) { None } else { Some(Latched(self)) }
    }

    #[cold]
    fn take_turns(&self) -> Latched<'_> {
        let mut turn = 0;
        loop {
            pause(turn);
            if let Some(latched) = self.try_close() {
                return latched;
            }
            turn += 1;
        }
    }
}

impl Drop for Latched<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn a_panic_behind_the_latch_opens_it() {
        let latch = Arc::new(Latch::new());
        let other = Arc::clone(&latch);
        let panicked = std::thread::spawn(move || {
            let _latched = other.close(Single::new());
            panic!("on purpose");
        });
        assert!(panicked.join().is_err());
        let _latched = latch.close(Single::new());
    }

    #[test]
    fn threads_take_turns() {
        const ROUNDS: usize = 1000;
        let shared = Arc::new((Latch::new(), AtomicUsize::new(0)));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    for _ in 0..ROUNDS {
                        let _latched = shared.0.close(Single::new());
                        // Not one step: without the latch some of them would be lost.
                        let seen = shared.1.load(Ordering::Relaxed);
                        std::thread::yield_now();
                        shared.1.store(seen + 1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(shared.1.load(Ordering::Relaxed), 4 * ROUNDS);
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;
    use crate::bell::model::model;
    use crate::sync::AtomicUsize;

    /// Without the wait: a model has no use for threads that ask again and again.
    #[test]
    fn who_gets_in_is_alone_and_sees_what_was_done_there_before() {
        model(|| {
            let shared = Arc::new((Latch::new(), AtomicUsize::new(0)));
            let add = |shared: &(Latch, AtomicUsize)| {
                let Some(_latched) = shared.0.try_close() else {
                    return 0;
                };
                let seen = shared.1.load(Ordering::Relaxed);
                shared.1.store(seen + 1, Ordering::Relaxed);
                1
            };
            let threads = [(); 2].map(|()| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || add(&shared))
            });
            let got_in: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
            let got_in = got_in + add(&shared);
            assert_eq!(shared.1.load(Ordering::Relaxed), got_in);
        });
    }
}
