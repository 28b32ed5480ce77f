//! What to tell the kernel so that a source is watched as asked.
//!
//! One registration is up to three filters. What changes goes to the kernel in one call, each change
//! with a receipt of its own: first the filters that are new, so that a failure is found while
//! nothing is lost yet, then those that stay, then those that go.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use poll_sys::errno;
use poll_sys::kqueue::{self, Change, Event, Filter, Flags, note};

use super::native;
use super::table::number;
use crate::backend::system::poll_readiness;
use crate::event::Readiness;
use crate::interest::Interest;
use crate::mode::Mode;
use crate::token::Token;
use crate::watch::Watch;

/// As many changes as one registration can need: each filter deleted and added anew, and the user
/// event that stands in for a write filter; or, to undo that, each deleted, each added, and two for
/// the user event.
const MOST: usize = 8;

const FILTERS: [Interest; 3] = [Interest::READABLE, Interest::WRITABLE, Interest::PRIORITY];

/// A list of changes, on the stack.
struct List<'a> {
    changes: [Change<'a>; MOST],
    count: usize,
}

/// Makes the kernel watch `source` as `new` says, where it was watched as `old` says. Returns
/// whether the write filter was refused for want of a reader, and a user event stands in for it.
///
/// If it fails, the source is watched as it was.
pub(super) fn apply(
    queue: BorrowedFd<'_>,
    source: BorrowedFd<'_>,
    old: Option<Watch>,
    broken: bool,
    new: Watch,
) -> io::Result<bool> {
    let mut list = List::new(source);
    let is_new = |filter| old.is_none_or(|old| !old.how.interest().contains(filter));
    for filter in FILTERS.into_iter().filter(|filter| new.how.interest().contains(*filter)) {
        if is_new(filter) {
            list.push(change(source, filter, adding(new.how.mode()), new));
        }
    }
    if let Some(old) = old {
        for filter in FILTERS.into_iter().filter(|filter| !is_new(*filter)) {
            let stays = new.how.interest().contains(filter);
            // A filter keeps the mode that it was added with (kevent(2): the flags of a later
            // EV_ADD are not taken over), so that another mode takes another filter.
            if !stays || old.how.mode() != new.how.mode() {
                list.push(change(source, filter, Flags::DELETE, old));
            }
            if stays {
                list.push(change(source, filter, adding(new.how.mode()), new));
            }
        }
        if broken {
            list.push(Some(stand_in(source, Flags::DELETE, old)));
        }
    }
    let mut refused = None;
    let mut without_reader = false;
    list.submit(queue, |change, errno| {
        if is_absent(change, errno) {
            // It went with a oneshot, or with the close of its descriptor.
        } else if is_broken_pipe(change, errno) {
            without_reader = true;
        } else {
            refused.get_or_insert(errno);
        }
    })?;
    if without_reader && refused.is_none() && add_stand_in(queue, source, new).is_err() {
        // Without user events there is nothing to report it with, and the caller has to know.
        refused = Some(errno::PIPE);
    }
    match refused {
        None => Ok(without_reader),
        Some(errno) => {
            undo(queue, source, old, broken, new);
            Err(io::Error::from_raw_os_error(errno))
        }
    }
}

/// Adds a user event that says what the write filter of a pipe without readers would.
pub(super) fn add_stand_in(
    queue: BorrowedFd<'_>,
    source: BorrowedFd<'_>,
    watch: Watch,
) -> io::Result<()> {
    let mut list = List::new(source);
    list.push_stand_in(source, watch);
    let mut added = Ok(());
    list.submit(queue, |_, errno| added = Err(io::Error::from_raw_os_error(errno)))?;
    added
}

/// Stops watching `source`. What is not there any more is not missed.
pub(super) fn remove(
    queue: BorrowedFd<'_>,
    source: BorrowedFd<'_>,
    old: Watch,
    broken: bool,
) -> io::Result<()> {
    let mut list = List::new(source);
    for filter in FILTERS.into_iter().filter(|filter| old.how.interest().contains(*filter)) {
        list.push(change(source, filter, Flags::DELETE, old));
    }
    if broken {
        list.push(Some(stand_in(source, Flags::DELETE, old)));
    }
    let mut refused = Ok(());
    list.submit(queue, |change, errno| {
        if !is_absent(change, errno) {
            refused = Err(io::Error::from_raw_os_error(errno));
        }
    })?;
    refused
}

/// Stops watching a source of which only the kernel knows. Returns whether it did.
pub(super) fn remove_unknown(queue: BorrowedFd<'_>, source: BorrowedFd<'_>) -> io::Result<bool> {
    let all = Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY;
    let any = Watch::new(Token(0), all, Mode::Level);
    let mut list = List::new(source);
    for filter in FILTERS {
        list.push(change(source, filter, Flags::DELETE, any));
    }
    list.push(Some(stand_in(source, Flags::DELETE, any)));
    let mut removed = list.count;
    list.submit(queue, |_, _| removed -= 1)?;
    Ok(removed > 0)
}

/// Whether the kernel still has a filter of `source`: it has none when the descriptor was closed
/// and its number is another's now. An armed one is added again, which reports what it may have.
pub(super) fn is_watched(
    queue: BorrowedFd<'_>,
    source: BorrowedFd<'_>,
    old: Watch,
    armed: bool,
) -> io::Result<bool> {
    let (mut probe, mut restore) = (List::new(source), List::new(source));
    for filter in FILTERS.into_iter().filter(|filter| old.how.interest().contains(*filter)) {
        probe.push(change(source, filter, Flags::DISABLE, old));
        restore.push(change(source, filter, adding(old.how.mode()), old));
    }
    let mut watched = probe.count;
    probe.submit(queue, |_, errno| watched -= usize::from(errno == errno::NOENT))?;
    if watched > 0 && armed {
        restore.submit(queue, |_, _| {})?;
    }
    Ok(watched > 0)
}

/// Puts back what a failed [`apply`] has changed, as far as the kernel lets it.
fn undo(
    queue: BorrowedFd<'_>,
    source: BorrowedFd<'_>,
    old: Option<Watch>,
    broken: bool,
    new: Watch,
) {
    let mut list = List::new(source);
    for filter in FILTERS.into_iter().filter(|filter| new.how.interest().contains(*filter)) {
        list.push(change(source, filter, Flags::DELETE, new));
    }
    if let Some(old) = old {
        for filter in FILTERS.into_iter().filter(|filter| old.how.interest().contains(*filter)) {
            list.push(change(source, filter, adding(old.how.mode()), old));
        }
        if broken {
            list.push_stand_in(source, old);
        }
    }
    // The error that is reported is the one that led here.
    let _undone = list.submit(queue, |_, _| {});
}

impl<'a> List<'a> {
    fn new(source: BorrowedFd<'a>) -> Self {
        Self { changes: [Change::read(source, Flags::empty()); MOST], count: 0 }
    }

    fn push(&mut self, change: Option<Change<'a>>) {
        if let (Some(change), Some(place)) = (change, self.changes.get_mut(self.count)) {
            *place = change;
            self.count += 1;
        }
    }

    /// Adds a stand-in and triggers it, one after the other: what is asked of a user event with the
    /// `EV_ADD` that makes it is forgotten by FreeBSD.
    fn push_stand_in(&mut self, source: BorrowedFd<'a>, watch: Watch) {
        let said = poll_readiness::implied(Readiness::WRITE_CLOSED);
        let trigger = note::TRIGGER | note::FFCOPY | u32::from(said.bits());
        self.push(Some(stand_in(source, adding(watch.how.mode()), watch)));
        self.push(Some(stand_in(source, Flags::empty(), watch).fflags(trigger)));
    }

    /// Tells the kernel, in one call, and `failed` of each change that it refused.
    fn submit(
        &self,
        queue: BorrowedFd<'_>,
        mut failed: impl FnMut(&Change<'_>, i32),
    ) -> io::Result<()> {
        let changes = &self.changes[..self.count];
        let mut receipts = [Event::default(); MOST];
        let receipts = &mut receipts[..self.count];
        let count = answered(kqueue::kevent(queue, changes, receipts, Some(Duration::ZERO)))?;
        for (change, receipt) in changes.iter().zip(&receipts[..count]) {
            if let Some(errno) = receipt.error().and_then(|error| error.raw_os_error()) {
                failed(change, errno);
            }
        }
        Ok(())
    }
}

/// How many receipts there are. A signal that ended the call came after the changes, which have all
/// been applied by then (kevent(2)); its receipts are lost, and count as good.
fn answered(receipts: io::Result<usize>) -> io::Result<usize> {
    match receipts {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
        receipts => receipts,
    }
}

/// The flags by which a filter of `mode` is added, and enabled again where it is there.
fn adding(mode: Mode) -> Flags {
    let mode = match mode {
        // No backend of this shape is asked for exclusive watches: it does not support them.
        Mode::Level | Mode::Exclusive => Flags::empty(),
        Mode::Edge => Flags::CLEAR,
        Mode::Oneshot => Flags::DISPATCH,
    };
    Flags::ADD | Flags::ENABLE | mode
}

/// A change of one filter. `None` if the system does not have it, which the caller has excluded.
fn change(
    source: BorrowedFd<'_>,
    filter: Interest,
    flags: Flags,
    watch: Watch,
) -> Option<Change<'_>> {
    let flags = flags | Flags::RECEIPT;
    let change = match filter {
        Interest::READABLE => Change::read(source, flags),
        Interest::WRITABLE => Change::write(source, flags),
        _ => Change::except(source, flags)?,
    };
    Some(change.udata(native::datum(watch.token)))
}

/// A change of the user event that stands in for a write filter.
fn stand_in<'a>(source: BorrowedFd<'a>, flags: Flags, watch: Watch) -> Change<'a> {
    Change::user(number(source), flags | Flags::RECEIPT).udata(native::datum(watch.token))
}

/// Nothing to delete, or no descriptor to delete it from: it is gone, as it shall be.
fn is_absent(change: &Change<'_>, errno: i32) -> bool {
    change.flags().contains(Flags::DELETE) && matches!(errno, errno::NOENT | errno::BADF)
}

/// The write filter of a pipe whose reader is gone is refused with EPIPE (macOS, OpenBSD) or EBADF
/// (NetBSD), although the descriptor is open.
fn is_broken_pipe(change: &Change<'_>, errno: i32) -> bool {
    change.filter() == Filter::WRITE
        && change.flags().contains(Flags::ADD)
        && matches!(errno, errno::PIPE | errno::BADF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_that_a_signal_interrupted_have_been_applied() {
        let errno = |error: io::ErrorKind| answered(Err(error.into())).map_err(|e| e.kind());
        assert_eq!(errno(io::ErrorKind::Interrupted), Ok(0));
        assert_eq!(errno(io::ErrorKind::OutOfMemory), Err(io::ErrorKind::OutOfMemory));
        assert_eq!(answered(Ok(3)).unwrap(), 3);
    }
}
