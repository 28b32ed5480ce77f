//! What a notifier does: a bit as a waker's, and a readiness that goes with it.

use std::io;

use super::places::{CLOSED, Carrier};
use super::{Bell, Ring};
use crate::event::Readiness;
use crate::sync::{SeqCst, lock};
use crate::token::Token;

impl Bell {
    /// A place for a notifier with this token. ENOMEM if there is no memory for it.
    pub(crate) fn carrier(&self, token: Token, level: bool) -> io::Result<Carrier> {
        self.form_line();
        lock(&self.desk).places.add_carrier(token, level)
    }

    /// Frees a place whose notifier is gone. What it had to report is not reported any more.
    pub(crate) fn free_carrier(&self, carrier: &Carrier) {
        lock(&self.desk).places.remove_carrier(carrier);
    }

    /// Adds to a notifier's readiness and makes it pending. Takes no lock and allocates nothing.
    pub(crate) fn set(
        &self,
        carrier: &Carrier,
        readiness: Readiness,
        kernel: &impl Ring,
    ) -> io::Result<()> {
        let bits = usize::from(readiness.bits());
        let before = carrier.load.state.fetch_or(bits, SeqCst);
        let nothing_new = carrier.load.level && before & bits == bits;
        if bits == 0 || before & CLOSED != 0 || nothing_new {
            // What is ready and level-triggered is pending, or whoever made it so is about to say.
            return Ok(());
        }
        self.wake(&carrier.place, kernel).inspect_err(|_| {
            carrier.load.state.fetch_and(!(bits & !before), SeqCst);
        })
    }

    /// Takes from a notifier's readiness. What is pending and empty then is not reported.
    pub(crate) fn clear(&self, carrier: &Carrier, readiness: Readiness) {
        carrier.load.state.fetch_and(!usize::from(readiness.bits()), SeqCst);
    }

    /// Ends a notifier's reports: no wait that begins later sees it.
    pub(crate) fn close(&self, carrier: &Carrier) {
        carrier.load.state.fetch_or(CLOSED, SeqCst);
    }

    /// What [`set`](Self::set) and [`clear`](Self::clear) have made of it; empty once it is closed.
    pub(crate) fn readiness(&self, carrier: &Carrier) -> Readiness {
        carrier.load.readiness()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::bell::Entry;
    use crate::bell::tests::{leave, quiet};

    #[test]
    fn sets_ring_once_while_somebody_sleeps_and_never_while_nobody_does() {
        for level in [true, false] {
            let (bell, rings, mut memory) = quiet();
            let carrier = bell.carrier(Token(1), level).unwrap();
            for _ in 0..1000 {
                bell.set(&carrier, Readiness::READABLE, &rings).unwrap();
                bell.clear(&carrier, Readiness::READABLE);
            }
            assert_eq!(rings.made.get(), 0);
            bell.take(&mut memory, 9, &rings, |_, _| ());
            assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
            for _ in 0..1000 {
                bell.set(&carrier, Readiness::READABLE, &rings).unwrap();
                bell.clear(&carrier, Readiness::READABLE);
            }
            assert_eq!(rings.made.get(), 1);
        }
    }

    #[test]
    fn a_set_and_a_wake_of_the_first_waker_ring_once() {
        let (bell, rings, mut memory) = quiet();
        let first = bell.place(Token(1)).unwrap();
        let carrier = bell.carrier(Token(2), true).unwrap();
        assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
        bell.set(&carrier, Readiness::READABLE, &rings).unwrap();
        bell.wake(&first, &rings).unwrap();
        assert_eq!(rings.made.get(), 1);
        assert_eq!(bell.take(&mut memory, 9, &rings, |_, _| ()), 2);
    }

    #[test]
    fn a_set_that_the_system_refuses_leaves_everything_as_it_was() {
        let (bell, rings, mut memory) = quiet();
        let carrier = bell.carrier(Token(1), true).unwrap();
        assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
        rings.refused.set(true);
        let refused = bell.set(&carrier, Readiness::READABLE, &rings).unwrap_err();
        assert_eq!(
            (refused.raw_os_error(), bell.readiness(&carrier)),
            (Some(5), Readiness::empty())
        );
        assert!(!leave(&bell, Entry::Counted, &rings));
        rings.refused.set(false);
        bell.set(&carrier, Readiness::READABLE, &rings).unwrap();
        assert_eq!(bell.take(&mut memory, 9, &rings, |_, _| ()), 1);
    }

    #[test]
    fn a_set_of_nothing_new_is_not_pending() {
        let (bell, rings, mut memory) = quiet();
        for level in [true, false] {
            let carrier = bell.carrier(Token(1), level).unwrap();
            bell.set(&carrier, Readiness::empty(), &rings).unwrap();
            assert!(!bell.is_pending(&memory), "nothing at all");
            bell.set(&carrier, Readiness::READABLE, &rings).unwrap();
            bell.take(&mut memory, 9, &rings, |_, _| ());
            bell.close(&carrier);
            bell.take(&mut memory, 9, &rings, |_, _| ());
            bell.set(&carrier, Readiness::WRITABLE, &rings).unwrap();
            assert!(!bell.is_pending(&memory), "closed");
        }
    }

    #[test]
    fn an_edge_that_is_set_again_is_pending_again() {
        let (bell, rings, mut memory) = quiet();
        let carrier = bell.carrier(Token(1), false).unwrap();
        for _ in 0..2 {
            bell.set(&carrier, Readiness::READABLE, &rings).unwrap();
            assert_eq!(bell.take(&mut memory, 9, &rings, |_, _| ()), 1);
        }
    }

    #[test]
    fn a_refused_set_takes_back_only_what_it_has_added() {
        let (bell, rings, mut memory) = quiet();
        let carrier = bell.carrier(Token(1), true).unwrap();
        let both = Readiness::READABLE | Readiness::WRITABLE;
        bell.set(&carrier, Readiness::READABLE, &rings).unwrap();
        // As if somebody were just taking it.
        bell.word.fetch_and(!crate::bell::WAKE, SeqCst);
        assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
        rings.refused.set(true);
        bell.set(&carrier, both, &rings).unwrap_err();
        assert_eq!(bell.readiness(&carrier), Readiness::READABLE);
        rings.refused.set(false);
        bell.set(&carrier, both, &rings).unwrap();
        let mut seen = Readiness::empty();
        bell.take(&mut memory, 9, &rings, |_, readiness| seen |= readiness);
        assert_eq!(seen, both);
    }
}
