//! kqueue(2) and kevent(2): the BSDs and Apple's systems.
//!
//! A [`Change`] goes in, an [`Event`] comes out; both are the kernel's `struct kevent`, whose field
//! types differ from system to system. `record` is the one place that fills it, the getters of
//! [`Event`] the one place that reads it, and neither names a system: `libc`'s own field types do.
//!
//! # How is this safe?
//! - TOKEN-OPAQUE: `udata` is an integer that the kernel stores and gives back; neither it nor this
//!   crate dereferences it.
//! - FD-LIVE: a `BorrowedFd` names a descriptor that stays open for the call. A [`Change`] about a
//!   descriptor borrows it; what the kernel keeps afterwards is a reference of its own, which it
//!   drops when the last descriptor of the file closes.
//! - ROOM: a mutable slice is valid for writes of its length, and every bit pattern is a value of
//!   its entries, which are integers and a raw pointer. So whatever the kernel writes there, and
//!   however much of it, the slice stays initialised: no proof here needs to believe the count that
//!   it returns.
//! - LIVE-LISTS: kevent(2) reads `nchanges` entries of the change list, writes at most `nevents` of
//!   the event list and reads one `timespec`, during the call only.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use crate::result::check;
use crate::system::kqueue_abi as abi;
use crate::time::timespec;

mod names;
mod words;

pub use words::{Filter, Flags, note};

/// One entry of the change list: what kevent(2) shall do to one filter of one identifier.
///
/// `'a` is the borrow of the descriptor that it is about, so that a change cannot outlive it.
/// `Debug` prints the filter and the flags by name.
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// use poll_sys::kqueue::{Change, Flags};
///
/// let (receiver, _sender) = std::os::unix::net::UnixStream::pair()?;
/// let change = Change::read(receiver.as_fd(), Flags::ADD | Flags::CLEAR).udata(7);
/// assert!(format!("{change:?}").contains("filter: READ, flags: Flags(ADD | CLEAR)"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Change<'a> {
    raw: abi::Kevent,
    about: PhantomData<BorrowedFd<'a>>,
}

impl<'a> Change<'a> {
    /// `EVFILT_READ` of a descriptor: data, a connection to accept, or end-of-file.
    #[must_use]
    pub fn read(fd: BorrowedFd<'a>, flags: Flags) -> Self {
        Self::of(fd, Filter::READ, flags)
    }

    /// `EVFILT_WRITE` of a descriptor: room in the buffer, or a peer that reads no more.
    #[must_use]
    pub fn write(fd: BorrowedFd<'a>, flags: Flags) -> Self {
        Self::of(fd, Filter::WRITE, flags)
    }

    /// `EVFILT_EXCEPT` of a descriptor with `NOTE_OOB`: out-of-band data.
    ///
    /// # Platform
    /// | system | |
    /// |---|---|
    /// | Apple, OpenBSD, DragonFly | yes |
    /// | FreeBSD, NetBSD | `None`: out-of-band data has no filter |
    #[must_use]
    pub fn except(fd: BorrowedFd<'a>, flags: Flags) -> Option<Self> {
        let (filter, oob) = (Filter::EXCEPT?, note::OOB?);
        Some(Self::of(fd, filter, flags).fflags(oob))
    }

    /// `EVFILT_VNODE` of an open file; `fflags` says which changes ([`note::WRITE`] and its kin).
    #[must_use]
    pub fn vnode(fd: BorrowedFd<'a>, flags: Flags, fflags: u32) -> Self {
        Self::of(fd, Filter::VNODE, flags).fflags(fflags)
    }

    fn of(fd: BorrowedFd<'a>, filter: Filter, flags: Flags) -> Self {
        // A descriptor is never negative, so that its magnitude is its number.
        Self::new(fd.as_raw_fd().unsigned_abs() as usize, filter, flags)
    }

    fn new(ident: usize, filter: Filter, flags: Flags) -> Self {
        Self { raw: record(ident, filter, flags, 0, 0, 0), about: PhantomData }
    }

    /// Which filter is changed.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter(self.raw.filter)
    }

    /// What is done to it.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags::from_bits_retain(self.raw.flags)
    }

    /// Sets the filter's own flags.
    #[must_use]
    pub fn fflags(mut self, fflags: u32) -> Self {
        self.raw.fflags = fflags;
        self
    }

    /// Sets the word that every event of this filter will carry.
    #[must_use]
    pub fn udata(mut self, udata: usize) -> Self {
        self.raw.udata = ptr::without_provenance_mut(udata);
        self
    }
}

impl Change<'static> {
    /// `EVFILT_USER` with an identifier of the caller's choice: an event that the program triggers
    /// with [`note::TRIGGER`].
    ///
    /// # Platform
    /// | system | |
    /// |---|---|
    /// | FreeBSD, DragonFly, Apple | yes |
    /// | NetBSD | from 10.0, `EINVAL` before |
    /// | OpenBSD | from 7.8, `EINVAL` before |
    #[must_use]
    pub fn user(ident: usize, flags: Flags) -> Self {
        Self::new(ident, Filter::USER, flags)
    }

    /// `EVFILT_SIGNAL`: counts deliveries of `signal` to the process, beside its disposition, even
    /// where that ignores it.
    #[must_use]
    pub fn signal(signal: u32, flags: Flags) -> Self {
        Self::new(signal as usize, Filter::SIGNAL, flags)
    }

    /// `EVFILT_PROC` of a process; `fflags` says which events, [`note::EXIT`] above all.
    #[must_use]
    pub fn process(pid: u32, flags: Flags, fflags: u32) -> Self {
        Self::new(pid as usize, Filter::PROC, flags).fflags(fflags)
    }

    /// `EVFILT_TIMER` with an identifier of the caller's choice.
    ///
    /// # Units
    /// Milliseconds, unless `fflags` says otherwise ([`note::NSECONDS`]). Periodic without
    /// [`Flags::ONESHOT`].
    ///
    /// # Platform
    /// | system | a period of 0 |
    /// |---|---|
    /// | NetBSD | `EINVAL` |
    /// | OpenBSD | fires at once |
    #[must_use]
    pub fn timer(ident: usize, flags: Flags, fflags: u32, period: i32) -> Self {
        let raw = record(ident, Filter::TIMER, flags, fflags, period, 0);
        Self { raw, about: PhantomData }
    }
}

/// One entry of the event list. `Debug` prints the filter and the flags by name.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Event {
    raw: abi::Kevent,
}

// SAFETY: 1. `raw` can be sent: its fields are integers, but for `udata`, a pointer that is made of an
// integer and read as one (TOKEN-OPAQUE), with which another thread can do nothing more than this.
unsafe impl Send for Event {}

// SAFETY: 1. `raw` can be shared: as for `Send`, and nothing changes it through a shared reference.
unsafe impl Sync for Event {}

// SAFETY: 1. `raw` can be sent: it is that of an `Event`. 2. So can `about`: a `BorrowedFd` is `Send`.
unsafe impl Send for Change<'_> {}

// SAFETY: 1. `raw` can be shared: it is that of an `Event`, and nothing changes it through a shared
// reference. 2. So can `about`: a `BorrowedFd` is `Sync`.
unsafe impl Sync for Change<'_> {}

impl Event {
    /// An event as the kernel would write it, for what stands in for one.
    #[must_use]
    pub fn new(ident: usize, filter: Filter, flags: Flags, fflags: u32, udata: usize) -> Self {
        Self { raw: record(ident, filter, flags, fflags, 0, udata) }
    }

    /// The descriptor's number, the process, the signal, or the caller's identifier.
    #[must_use]
    pub fn ident(&self) -> usize {
        self.raw.ident
    }

    /// Which filter reports.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter(self.raw.filter)
    }

    /// What the kernel says of the filter: [`Flags::EOF`], [`Flags::ERROR`], and the flags that it
    /// was added with.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags::from_bits_retain(self.raw.flags)
    }

    /// The filter's own flags. With [`Flags::EOF`] on a socket: the socket's error, or 0.
    #[must_use]
    pub fn fflags(&self) -> u32 {
        self.raw.fflags
    }

    /// The filter's own number: bytes to read, room to write, connections to accept, expirations,
    /// an exit status; with [`Flags::ERROR`] an `errno`, where 0 is the receipt of a success.
    #[must_use]
    pub fn data(&self) -> i64 {
        convert(self.raw.data).unwrap_or(i64::MAX)
    }

    /// The word that the filter was added with.
    #[must_use]
    pub fn udata(&self) -> usize {
        self.raw.udata.addr()
    }

    /// The error that this entry stands for: [`Flags::ERROR`] with a number that is not 0.
    #[must_use]
    pub fn error(&self) -> Option<io::Error> {
        match self.data() {
            0 => None,
            _ if !self.flags().contains(Flags::ERROR) => None,
            errno => Some(io::Error::from_raw_os_error(i32::try_from(errno).unwrap_or(0))),
        }
    }
}

impl Default for Event {
    /// An entry that the kernel has not written yet: all zero.
    fn default() -> Self {
        Self { raw: record(0, Filter::READ, Flags::empty(), 0, 0, 0) }
    }
}

impl fmt::Debug for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        names::record(&mut f.debug_struct("Change"), &Event { raw: self.raw })
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        names::record(&mut f.debug_struct("Event"), self)
    }
}

/// A new kqueue that does not survive `exec`.
///
/// A child of fork(2) does not inherit it: there its number is free, or names something else. Who
/// forks without `exec` must not close it in the child.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`.
///
/// # Platform
/// | system | close-on-exec |
/// |---|---|
/// | NetBSD | in the same call: `kqueue1(O_CLOEXEC)` |
/// | others | by a second one, fcntl(2): an `exec` in another thread between the two leaks it |
///
/// # Cost
/// One syscall on NetBSD, else two.
///
/// # Source
/// [FreeBSD](https://man.freebsd.org/kqueue/2) · [NetBSD](https://man.netbsd.org/kqueue.2) ·
/// [OpenBSD](https://man.openbsd.org/kqueue.2)
pub fn create() -> io::Result<OwnedFd> {
    crate::system::kqueue_create::create()
}

/// kevent(2): applies `changes`, then waits for events and writes them to the front of `events`.
///
/// Returns how many entries were written, never more than the slice holds. A change that fails is
/// an entry with [`Flags::ERROR`] where there is room; then the call does not wait and withholds
/// what is pending. With as many entries as changes, each of them with [`Flags::RECEIPT`], entry *i*
/// is the outcome of change *i* ([`Event::error`]). With an empty slice the call does not wait, and
/// the first failure is its error.
///
/// # Units
/// `timeout` is exact to the nanosecond; the system rounds it to its clock. `None` waits for ever,
/// zero does not wait. What `time_t` cannot hold counts as its largest value.
///
/// # Errors
/// - `EINTR`: a signal came. The changes have been applied.
/// - the error of a change, if there was no room to report it: `EBADF`, `ENOENT` (nothing to delete
///   or to modify), `EINVAL` (no such filter, or not for this kind of file), `EPERM`, `ENOMEM`,
///   `ESRCH`. The changes before it have been applied.
/// - `EINVAL`: `timeout` is too long for the system (Darwin: 100,000,000 s).
///
/// # Cost
/// 1 syscall, no allocation.
///
/// # Source
/// [FreeBSD](https://man.freebsd.org/kevent/2) · [NetBSD](https://man.netbsd.org/kevent.2) ·
/// [OpenBSD](https://man.openbsd.org/kevent.2)
///
/// # Examples
/// ```
/// use std::io::Write;
/// use std::os::fd::AsFd;
/// use poll_sys::kqueue::{self, Change, Event, Flags};
///
/// let (receiver, mut sender) = std::os::unix::net::UnixStream::pair()?;
/// sender.write_all(b"hello")?;
///
/// let queue = kqueue::create()?;
/// let add = Change::read(receiver.as_fd(), Flags::ADD).udata(7);
/// let mut batch = [Event::default(); 8];
/// assert_eq!(kqueue::kevent(queue.as_fd(), &[add], &mut batch, None)?, 1);
/// assert_eq!((batch[0].udata(), batch[0].data()), (7, 5));
/// # std::io::Result::Ok(())
/// ```
#[inline]
pub fn kevent(
    queue: BorrowedFd<'_>,
    changes: &[Change<'_>],
    events: &mut [Event],
    timeout: Option<Duration>,
) -> io::Result<usize> {
    let limit = timeout.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    let too_many = || io::Error::from_raw_os_error(libc::EINVAL);
    let change_count: abi::Count = convert(changes.len()).ok_or_else(too_many)?;
    let room = convert(events.len()).unwrap_or(abi::Count::MAX);
    // SAFETY: 1. `queue` is open: FD-LIVE. 2. `change_count` entries can be read at `changes`: it
    // has that length, and its element is `repr(transparent)` over `Kevent`. 3. `room` entries can
    // be written at `events`: ROOM, and its element is `repr(transparent)` too. 4. The timeout is
    // null or points to a live local. 5. None of them is kept: LIVE-LISTS; `udata` is opaque:
    // TOKEN-OPAQUE.
    let written = check(unsafe {
        abi::kevent(
            queue.as_raw_fd(),
            changes.as_ptr().cast(),
            change_count,
            events.as_mut_ptr().cast(),
            room,
            limit,
        )
    })?;
    Ok((written.unsigned_abs() as usize).min(events.len()))
}

/// Fills the kernel's structure, whatever its field types are on this system.
fn record(
    ident: usize,
    filter: Filter,
    flags: Flags,
    fflags: u32,
    data: i32,
    udata: usize,
) -> abi::Kevent {
    let mut raw = abi::blank();
    raw.ident = ident;
    raw.filter = filter.0;
    raw.flags = flags.bits();
    raw.fflags = fflags;
    raw.data = convert(data).unwrap_or_default();
    raw.udata = ptr::without_provenance_mut(udata);
    raw
}

/// `T::try_into` where both types are the system's to choose, and may be one and the same.
fn convert<T, U: TryFrom<T>>(value: T) -> Option<U> {
    U::try_from(value).ok()
}

#[cfg(test)]
mod tests;
