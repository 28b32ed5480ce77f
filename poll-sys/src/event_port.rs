//! Event ports: port_create(3C) and its kin, illumos and Solaris.
//!
//! An association of a descriptor with a port reports once and is gone: it is renewed by another
//! [`associate`].
//!
//! # How is this safe?
//! - TOKEN-OPAQUE: the `user` word is an integer that the kernel stores and gives back; neither it
//!   nor this crate dereferences it.
//! - FD-LIVE: a `BorrowedFd` names a descriptor that stays open for the call. The kernel drops an
//!   association when the descriptor closes.
//! - ROOM: a mutable slice is valid for writes of its length, and every bit pattern is a value of
//!   its entries, which are integers and a raw pointer: it stays initialised whatever is written.
//! - SOURCE-SET: an event that the kernel has written has a source, a number from 1 on; an entry
//!   whose source is 0 was not written.

use std::ffi::{c_int, c_short, c_uint, c_ushort};
use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use crate::poll::Flags;
use crate::result::check;
use crate::time::timespec;

/// One event of a port. `Debug` prints its source and its events by name.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Event {
    raw: libc::port_event,
}

// SAFETY: 1. `raw` can be sent: its fields are integers, but for `portev_user`, a pointer that is made
// of an integer and read as one (TOKEN-OPAQUE), with which another thread can do nothing more than
// this.
unsafe impl Send for Event {}

// SAFETY: 1. `raw` can be shared: as for `Send`, and nothing changes it through a shared reference.
unsafe impl Sync for Event {}

impl Event {
    /// An event as the kernel would write it, for what stands in for one.
    #[must_use]
    pub fn new(source: Source, object: usize, found: Flags, user: usize) -> Self {
        let mut event = Self::default();
        event.raw.portev_events = c_int::from(found.bits());
        event.raw.portev_source = source.0;
        event.raw.portev_object = object;
        event.raw.portev_user = ptr::without_provenance_mut(user);
        event
    }

    /// For [`Source::FD`]: what is so, as poll(2) says it.
    #[must_use]
    pub fn found(&self) -> Flags {
        // poll(2) has 16 bits of events; more would be another source's.
        Flags::from_bits_retain(self.raw.portev_events as c_short)
    }

    /// For [`Source::USER`]: the number given to [`send`].
    #[must_use]
    pub fn events(&self) -> c_int {
        self.raw.portev_events
    }

    /// Where the event comes from.
    #[must_use]
    pub fn source(&self) -> Source {
        Source(self.raw.portev_source)
    }

    /// The descriptor's number, for [`Source::FD`].
    #[must_use]
    pub fn object(&self) -> usize {
        self.raw.portev_object
    }

    /// The word given to [`associate`] or [`send`].
    #[must_use]
    pub fn user(&self) -> usize {
        self.raw.portev_user.addr()
    }
}

impl Default for Event {
    /// An entry that the kernel has not written yet: all zero.
    fn default() -> Self {
        Self {
            raw: libc::port_event {
                portev_events: 0,
                portev_source: 0,
                portev_pad: 0,
                portev_object: 0,
                portev_user: ptr::null_mut(),
            },
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Event");
        f.field("source", &self.source()).field("object", &self.object());
        if self.source() == Source::FD {
            f.field("found", &self.found());
        } else {
            f.field("events", &self.events());
        }
        f.field("user", &self.user()).finish()
    }
}

/// What an event comes from. `Debug` prints its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(c_ushort);

impl Source {
    /// `PORT_SOURCE_FD`: a descriptor that was associated.
    pub const FD: Self = Self(libc::PORT_SOURCE_FD as c_ushort);
    /// `PORT_SOURCE_USER`: [`send`].
    pub const USER: Self = Self(libc::PORT_SOURCE_USER as c_ushort);
    /// `PORT_SOURCE_ALERT`: the port is in alert mode.
    pub const ALERT: Self = Self(libc::PORT_SOURCE_ALERT as c_ushort);
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::FD => f.write_str("FD"),
            Self::USER => f.write_str("USER"),
            Self::ALERT => f.write_str("ALERT"),
            Self(other) => write!(f, "{other}"),
        }
    }
}

/// How a [`getn`] ended. Whatever the reason, events may have been taken: they are in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// At least the number that was asked for.
    Filled(usize),
    /// `ETIME`: the time is up, with this many events.
    TimedOut(usize),
    /// `EINTR`: a signal came, with this many events.
    Interrupted(usize),
}

/// port_create(3C), made close-on-exec by a second call.
///
/// # Errors
/// `EAGAIN` (the limit on ports), `EMFILE`, `ENOMEM`.
///
/// # Cost
/// Two syscalls. An `exec` in another thread between them leaks the port.
///
/// # Source
/// [illumos](https://illumos.org/man/3C/port_create)
pub fn create() -> io::Result<OwnedFd> {
    // SAFETY: 1. port_create(3C) takes no argument.
    let fd = check(unsafe { libc::port_create() })?;
    // SAFETY: 1. `fd` is open and nobody else's: port_create(3C) has just made it, and `check` has
    // excluded -1. 2. close(2) is how it is released.
    let port = unsafe { OwnedFd::from_raw_fd(fd) };
    // SAFETY: 1. `port` is open. 2. F_SETFD takes an `int` and reads no memory.
    check(unsafe { libc::fcntl(port.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })?;
    Ok(port)
}

/// port_associate(3C) of a descriptor: one event for `flags`, with `user`.
///
/// `ERR`, `HUP` and `NVAL` come unasked, as with poll(2). A condition that already holds reports. An
/// association that exists is replaced.
///
/// # Errors
/// `EBADF` or `EBADFD` (not a descriptor that can be watched), `EAGAIN` (the limit on
/// associations), `ENOMEM`.
///
/// # Cost
/// One syscall, no allocation.
///
/// # Source
/// [illumos](https://illumos.org/man/3C/port_associate)
pub fn associate(
    port: BorrowedFd<'_>,
    fd: BorrowedFd<'_>,
    flags: Flags,
    user: usize,
) -> io::Result<()> {
    associate_object(port, object(fd), flags, user)
}

/// [`associate`] again what `event` was of, with the same `user`.
///
/// An event holds a number, not a borrow. That is harmless: the kernel refuses one that was closed,
/// and one that was used again since is watched for its new owner until [`dissociate`]d or closed.
///
/// # Errors
/// As [`associate`]; `EINVAL` if `event` is not of [`Source::FD`].
///
/// # Cost
/// 1 syscall, no allocation.
pub fn renew(port: BorrowedFd<'_>, event: &Event, flags: Flags) -> io::Result<()> {
    if event.source() != Source::FD {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    associate_object(port, event.object(), flags, event.user())
}

fn associate_object(
    port: BorrowedFd<'_>,
    number: usize,
    flags: Flags,
    user: usize,
) -> io::Result<()> {
    // SAFETY: 1. `port` is open: FD-LIVE. 2. With PORT_SOURCE_FD the object is a number, which the
    // kernel looks up and refuses if nothing is open there (port_associate(3C), EBADFD). 3. `user` is
    // opaque: TOKEN-OPAQUE.
    check(unsafe {
        libc::port_associate(
            port.as_raw_fd(),
            libc::PORT_SOURCE_FD,
            number,
            c_int::from(flags.bits()),
            ptr::without_provenance_mut(user),
        )
    })?;
    Ok(())
}

/// port_dissociate(3C) of a descriptor: no event any more, one that is queued included.
///
/// # Errors
/// `ENOENT`: it is not associated, be it that it has reported.
///
/// # Cost
/// One syscall, no allocation.
///
/// # Source
/// [illumos](https://illumos.org/man/3C/port_dissociate)
pub fn dissociate(port: BorrowedFd<'_>, fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: 1. `port` is open: FD-LIVE. 2. With PORT_SOURCE_FD the object is a number.
    check(unsafe { libc::port_dissociate(port.as_raw_fd(), libc::PORT_SOURCE_FD, object(fd)) })?;
    Ok(())
}

/// port_send(3C): puts an event of [`Source::USER`] into the port.
///
/// # Errors
/// `EAGAIN`: the port holds as many events as its limit allows. `ENOMEM`.
///
/// # Cost
/// One syscall; the kernel allocates the event.
///
/// # Source
/// [illumos](https://illumos.org/man/3C/port_send)
pub fn send(port: BorrowedFd<'_>, events: c_int, user: usize) -> io::Result<()> {
    // SAFETY: 1. `port` is open: FD-LIVE. 2. `user` is opaque: TOKEN-OPAQUE.
    check(unsafe { libc::port_send(port.as_raw_fd(), events, ptr::without_provenance_mut(user)) })?;
    Ok(())
}

/// port_getn(3C): waits for one event and writes what there is to the front of `events`.
///
/// The call may fail with `ETIME` or `EINTR` and still have taken events out of the port; they are
/// in the slice, and [`Ended`] says how many. An empty slice takes nothing and does not wait.
///
/// # Units
/// `timeout` is exact to the nanosecond. `None` waits for ever, zero does not wait. What `time_t`
/// cannot hold counts as its largest value.
///
/// # Errors
/// `EINVAL` (a timeout that is too long), `EBADF`.
///
/// # Cost
/// 1 syscall, no allocation.
///
/// # Source
/// [illumos](https://illumos.org/man/3C/port_getn)
pub fn getn(
    port: BorrowedFd<'_>,
    events: &mut [Event],
    timeout: Option<Duration>,
) -> io::Result<Ended> {
    let max = c_uint::try_from(events.len()).unwrap_or(c_uint::MAX);
    // A call that fails may leave the number asked for in `count`, events or not; then the first
    // entry tells: SOURCE-SET.
    let Some(first) = events.first_mut() else {
        return Ok(Ended::Filled(0));
    };
    *first = Event::default();
    let mut count: c_uint = 1;
    let mut limit = timeout.map(timespec);
    let limit = limit.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
    // SAFETY: 1. `port` is open: FD-LIVE. 2. `max` entries can be written at `events`: ROOM, and
    // its element is `repr(transparent)` over `port_event`. 3. `count` is a live local. 4. The
    // timeout is null or points to a live local.
    let outcome = check(unsafe {
        libc::port_getn(
            port.as_raw_fd(),
            events.as_mut_ptr().cast(),
            max,
            ptr::from_mut(&mut count),
            limit,
        )
    });
    let taken = if events[0].source() == Source(0) { 0 } else { count.min(max) as usize };
    match outcome {
        Ok(_) => Ok(Ended::Filled(taken)),
        Err(e) if e.raw_os_error() == Some(libc::ETIME) => Ok(Ended::TimedOut(taken)),
        Err(e) if e.raw_os_error() == Some(libc::EINTR) => Ok(Ended::Interrupted(taken)),
        Err(e) => Err(e),
    }
}

/// A descriptor as the object of an association.
fn object(fd: BorrowedFd<'_>) -> usize {
    // A descriptor is never negative, so that its magnitude is its number.
    fd.as_raw_fd().unsigned_abs() as usize
}
