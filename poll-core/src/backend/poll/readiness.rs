//! What poll(2) says as a [`Readiness`], for the systems whose own events have other flags.

use poll_sys::poll::Flags;

use crate::event::Readiness;

pub(super) fn of(found: Flags) -> Readiness {
    let mut readiness = Readiness::empty();
    for (theirs, ours) in [
        (Flags::IN, Readiness::READABLE),
        (Flags::OUT, Readiness::WRITABLE),
        (Flags::PRI, Readiness::PRIORITY),
        (Flags::RDHUP, Readiness::READ_CLOSED),
        (Flags::HUP, Readiness::READ_CLOSED.union(Readiness::WRITE_CLOSED)),
        (Flags::ERR, Readiness::ERROR),
        (Flags::NVAL, Readiness::ERROR),
    ] {
        // An empty flag is one that the system does not have.
        if !theirs.is_empty() && found.contains(theirs) {
            readiness |= ours;
        }
    }
    if found.contains(Flags::ERR) && !found.intersects(Flags::IN | Flags::RDHUP) {
        // A pipe without readers.
        readiness |= Readiness::WRITE_CLOSED;
    }
    readiness
}

/// With what always comes along: at the end a read returns, with an error everything does.
pub(super) fn implied(readiness: Readiness) -> Readiness {
    let mut all = readiness;
    if readiness.intersects(Readiness::READ_CLOSED | Readiness::ERROR) {
        all |= Readiness::READABLE;
    }
    if readiness.intersects(Readiness::WRITE_CLOSED | Readiness::ERROR) {
        all |= Readiness::WRITABLE;
    }
    all
}
