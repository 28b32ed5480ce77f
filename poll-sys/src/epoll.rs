//! `epoll(7)`: Linux's readiness queue.
//!
//! Man pages: [epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html),
//! [epoll_create1(2)](https://man7.org/linux/man-pages/man2/epoll_create.2.html),
//! [epoll_ctl(2)](https://man7.org/linux/man-pages/man2/epoll_ctl.2.html),
//! [epoll_wait(2)](https://man7.org/linux/man-pages/man2/epoll_wait.2.html).
//!
//! What proofs in this file rest on:
//!
//! - FD-LIVE: a `BorrowedFd` is open for as long as it lives (std's I/O safety).
//! - ROOM: a mutable slice is valid for writes of its length, and every bit pattern is a value of
//!   its entries, which are plain integers. So whatever the kernel writes there, and however much of
//!   it, the slice stays initialised: no proof here needs to believe the count that it returns.
//! - DATA-OPAQUE: the 64-bit user datum is an integer that the kernel hands back and nobody
//!   dereferences, so that no value of it can be unsound.

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bitflags::bitflags;
use libc::{c_int, c_long};

use crate::result::check;
use crate::system::bare::{self, address, number};
use crate::system::call::{call4, call6};
use crate::time::millis_ceil;

bitflags! {
    /// What to watch for, how, and what happened: the `EPOLL*` flags of epoll_ctl(2).
    ///
    /// Bits without a name here are kept, so that what a newer kernel says is not lost.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Flags: u32 {
        /// Data can be read.
        const IN = libc::EPOLLIN as u32;
        /// Urgent data, or an exceptional condition.
        const PRI = libc::EPOLLPRI as u32;
        /// Data can be written.
        const OUT = libc::EPOLLOUT as u32;
        /// An error; reported unasked.
        const ERR = libc::EPOLLERR as u32;
        /// Hang-up; reported unasked.
        const HUP = libc::EPOLLHUP as u32;
        /// The peer shut down its writing half; only when asked for.
        const RDHUP = libc::EPOLLRDHUP as u32;
        /// One waiter is woken, not all (Linux 4.5).
        const EXCLUSIVE = libc::EPOLLEXCLUSIVE as u32;
        /// Disabled after one report, until modified.
        const ONESHOT = libc::EPOLLONESHOT as u32;
        /// Reported on changes only.
        const ET = libc::EPOLLET as u32;
        const _ = !0;
    }
}

/// The kernel's `struct epoll_event`: flags and the caller's 64-bit datum.
///
/// The kernel packs it on x86-64 (12 bytes) and aligns it elsewhere (16 bytes); `libc` knows which.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Event(libc::epoll_event);

impl Event {
    /// An event of the given flags and datum, as the kernel would fill it.
    #[inline]
    #[must_use]
    pub const fn new(flags: Flags, data: u64) -> Self {
        Self(libc::epoll_event { events: flags.bits(), u64: data })
    }

    /// What happened.
    #[inline]
    #[must_use]
    pub const fn flags(&self) -> Flags {
        Flags::from_bits_retain(self.0.events)
    }

    /// The datum given to [`add`] or [`modify`].
    #[inline]
    #[must_use]
    pub const fn data(&self) -> u64 {
        self.0.u64
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("flags", &self.flags()).field("data", &self.data()).finish()
    }
}

/// A new epoll instance, close-on-exec.
///
/// # Errors
/// EMFILE, ENFILE (no descriptor left), ENOMEM.
///
/// # Cost
/// 1 syscall, no allocation.
///
/// # Examples
/// ```
/// use poll_sys::epoll::{self, Event, Flags};
/// use std::io::Write;
/// use std::os::fd::AsFd;
/// use std::os::unix::net::UnixStream;
///
/// let queue = epoll::create()?;
/// let (mut ours, theirs) = UnixStream::pair()?;
/// epoll::add(queue.as_fd(), theirs.as_fd(), Flags::IN, 7)?;
/// ours.write_all(b"x")?;
///
/// let mut batch = [Event::new(Flags::empty(), 0); 8];
/// assert_eq!(epoll::wait(queue.as_fd(), &mut batch, None)?, 1);
/// assert_eq!((batch[0].data(), batch[0].flags()), (7, Flags::IN));
/// # std::io::Result::Ok(())
/// ```
pub fn create() -> io::Result<OwnedFd> {
    // SAFETY: 1. The argument is one integer by value: epoll_create1(2) has no memory precondition.
    let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
    // SAFETY: 1. `fd` is open: epoll_create1(2) returns a new descriptor on success, and `check`
    // let only success through. 2. Nobody else owns it: the kernel made it in the line above.
    // 3. close(2) is all that it needs.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Watches `source` for `flags`; each of its events carries `data`.
///
/// A condition that already holds is reported by the next [`wait`], under `ET` too.
///
/// # Errors
/// EEXIST (watched already), EPERM (a regular file or directory: not pollable), ENOSPC
/// (`/proc/sys/fs/epoll/max_user_watches`), ENOMEM, ELOOP and EINVAL (nested epolls).
///
/// # Cost
/// 1 syscall, no allocation.
#[inline]
pub fn add(
    epoll: BorrowedFd<'_>,
    source: BorrowedFd<'_>,
    flags: Flags,
    data: u64,
) -> io::Result<()> {
    control(epoll, libc::EPOLL_CTL_ADD, source, Some(&Event::new(flags, data)))
}

/// Replaces flags and datum of a watched `source`, and enables it again after `ONESHOT`.
///
/// A condition that already holds is reported by the next [`wait`], under `ET` too.
///
/// # Errors
/// ENOENT (not watched), ENOMEM.
///
/// # Cost
/// 1 syscall, no allocation.
#[inline]
pub fn modify(
    epoll: BorrowedFd<'_>,
    source: BorrowedFd<'_>,
    flags: Flags,
    data: u64,
) -> io::Result<()> {
    control(epoll, libc::EPOLL_CTL_MOD, source, Some(&Event::new(flags, data)))
}

/// Stops watching `source`. A [`wait`] that begins after this returns reports nothing of it.
///
/// # Errors
/// ENOENT (not watched).
///
/// # Cost
/// 1 syscall, no allocation.
#[inline]
pub fn delete(epoll: BorrowedFd<'_>, source: BorrowedFd<'_>) -> io::Result<()> {
    control(epoll, libc::EPOLL_CTL_DEL, source, None)
}

#[inline]
fn control(
    epoll: BorrowedFd<'_>,
    operation: c_int,
    source: BorrowedFd<'_>,
    event: Option<&Event>,
) -> io::Result<()> {
    let arguments = [
        number(epoll.as_raw_fd()),
        number(operation),
        number(source.as_raw_fd()),
        address(event.map_or(ptr::null(), ptr::from_ref)),
    ];
    // SAFETY: 1. The arguments are those of epoll_ctl(2) in order, and it comes back once. 2. Both
    // descriptors are open (FD-LIVE). 3. The event pointer is valid for reads for the length of the
    // call: it comes from a reference, to the kernel's layout (transparent). Or it is null, which a
    // deletion takes since Linux 2.6.9 (epoll_ctl(2), BUGS). 4. The kernel copies the event and keeps
    // no pointer (epoll_ctl(2)); its datum is DATA-OPAQUE.
    bare::check(unsafe { call4(libc::SYS_epoll_ctl, arguments) })?;
    Ok(())
}

/// Waits for events and writes them to the front of `events`.
///
/// Returns how many were written: 0 after the timeout, never more than the slice holds. As in the
/// kernel, an empty slice is EINVAL, and so is one of more than 2³¹ bytes (`EP_MAX_EVENTS`), or it counts
/// as a shorter one.
///
/// # Units
/// `None` waits for ever, zero not at all. A whole number of milliseconds goes to `epoll_wait`,
/// anything finer to `epoll_pwait2` with nanoseconds. Where that is missing (Linux before 5.11,
/// qemu-user, some seccomp filters) it is asked once per process and the timeout is rounded up to
/// milliseconds from then on. More than `i32::MAX` ms (24.8 days) waits that long and returns 0: the
/// caller that wants more waits again.
///
/// # Errors
/// EINTR (a signal handler ran), EINVAL (no room, or too much; not an epoll descriptor).
///
/// # Cost
/// 1 syscall, no allocation. The bare syscalls are made, so that this is no cancellation point of
/// pthreads: the C library's wrappers are, and pay for it once a second thread exists.
#[inline]
pub fn wait(
    epoll: BorrowedFd<'_>,
    events: &mut [Event],
    timeout: Option<Duration>,
) -> io::Result<usize> {
    match timeout {
        None => wait_ms(epoll, events, -1),
        Some(Duration::ZERO) => wait_ms(epoll, events, 0),
        Some(limit) => wait_limited(epoll, events, limit),
    }
}

/// Out of line: what a wait with a limit needs would be paid for by those without one.
#[inline(never)]
fn wait_limited(epoll: BorrowedFd<'_>, events: &mut [Event], limit: Duration) -> io::Result<usize> {
    if limit.subsec_nanos() % 1_000_000 != 0 && !NO_PWAIT2.load(Ordering::Relaxed) {
        match wait_ns(epoll, events, limit) {
            Err(e) if is_missing(&e) => NO_PWAIT2.store(true, Ordering::Relaxed),
            done => return done,
        }
    }
    wait_ms(epoll, events, millis_ceil(limit))
}

/// Set once `epoll_pwait2` has answered that it is not to be had here.
pub(crate) static NO_PWAIT2: AtomicBool = AtomicBool::new(false);

/// ENOSYS: the kernel has no such call. EPERM: a seccomp filter of a container engine that was
/// written before the call existed; `epoll_pwait2` itself never fails with it.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM))
}

/// The length of a slice as the kernel takes it: the lower 32 bits, as a signed number. So it counts as
/// that long, or shorter, or is refused.
#[inline]
fn length(events: &[Event]) -> c_long {
    events.len() as c_long
}

/// What the kernel answered, never more than there was room for: a seccomp or ptrace supervisor
/// may answer in the kernel's place.
#[inline]
fn written(events: &[Event], answer: c_long) -> io::Result<usize> {
    Ok(bare::check(answer)?.min(events.len()))
}

/// No signal mask, for the calls that take one. Its size goes with it: `_NSIG / 8` of the kernel.
const NO_MASK: [c_long; 2] = [0, 8];

/// epoll_wait(2), the call of the four arguments that are used, where the CPU has it: the mask that
/// it does not look at costs `epoll_pwait` 2 % of an empty wait.
///
/// # Safety
/// The arguments are those of epoll_wait(2), in order. The second points to room for as many
/// `epoll_event`s as the third says, valid for writes.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[inline(always)]
unsafe fn wait_call(arguments: [c_long; 4]) -> c_long {
    // SAFETY: 1. The arguments, and the room behind the second, are as the caller has proved.
    // 2. epoll_wait(2) comes back once.
    unsafe { call4(libc::SYS_epoll_wait, arguments) }
}

/// epoll_pwait(2), which exists on every CPU, and with no mask is the same.
///
/// # Safety
/// The arguments are those of epoll_wait(2), in order. The second points to room for as many
/// `epoll_event`s as the third says, valid for writes.
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
#[inline(always)]
unsafe fn wait_call([epoll, events, count, timeout_ms]: [c_long; 4]) -> c_long {
    let [mask, size] = NO_MASK;
    let arguments = [epoll, events, count, timeout_ms, mask, size];
    // SAFETY: 1. Four arguments, and the room behind the second, are as the caller has proved; a null
    // mask means 'none', and its size is then not used (epoll_pwait(2)). 2. It comes back once.
    unsafe { call6(libc::SYS_epoll_pwait, arguments) }
}

/// `epoll_wait` with a timeout in milliseconds, -1 for ever.
#[inline]
fn wait_ms(epoll: BorrowedFd<'_>, events: &mut [Event], timeout_ms: c_int) -> io::Result<usize> {
    let arguments = [
        number(epoll.as_raw_fd()),
        address(events.as_mut_ptr()),
        length(events),
        number(timeout_ms),
    ];
    // SAFETY: 1. The arguments are those of epoll_wait(2), in order, and the descriptor is open
    // (FD-LIVE). 2. The pointer is valid for writes of that many events (ROOM, `length`), whose type
    // has the layout of `epoll_event` (transparent).
    let answer = unsafe { wait_call(arguments) };
    written(events, answer)
}

/// `epoll_pwait2`: Linux 5.11, nanoseconds.
fn wait_ns(epoll: BorrowedFd<'_>, events: &mut [Event], timeout: Duration) -> io::Result<usize> {
    /// `struct __kernel_timespec` of `include/uapi/linux/time_types.h` (Linux 5.1): 64 bits a
    /// field on every CPU, which `libc::timespec` is not.
    #[repr(C)]
    struct KernelTimespec {
        tv_sec: i64,
        tv_nsec: i64,
    }
    const _: () = assert!(size_of::<KernelTimespec>() == 16);

    let limit = KernelTimespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(timeout.subsec_nanos()),
    };
    let [mask, size] = NO_MASK;
    let arguments = [
        number(epoll.as_raw_fd()),
        address(events.as_mut_ptr()),
        length(events),
        address(&raw const limit),
        mask,
        size,
    ];
    // SAFETY: 1. The arguments are those of epoll_pwait2(2) in order, and it comes back once; a null
    // mask means 'none', and its size is then not used. 2. The descriptor is open (FD-LIVE). 3. The
    // pointer is valid for writes of that many events (ROOM, `length`), whose type has the layout of
    // `epoll_event` (transparent). 4. The timeout points to a local of the kernel's layout (asserted
    // above), which the kernel only reads.
    let answer = unsafe { call6(libc::SYS_epoll_pwait2, arguments) };
    written(events, answer)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::time::Instant;

    use super::*;

    fn room(n: usize) -> Vec<Event> {
        vec![Event::new(Flags::empty(), 0); n]
    }

    #[test]
    fn the_event_has_the_kernels_size() {
        // Packed on x86-64; elsewhere the datum is aligned as the CPU's ABI aligns it.
        let packed = cfg!(target_arch = "x86_64") || align_of::<u64>() == 4;
        let expected = if packed { 12 } else { 16 };
        assert_eq!(size_of::<Event>(), expected);
    }

    #[test]
    fn an_event_carries_its_datum_and_flags() {
        let queue = create().unwrap();
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        add(queue.as_fd(), theirs.as_fd(), Flags::IN | Flags::ET, u64::MAX).unwrap();
        ours.write_all(b"x").unwrap();
        let mut events = room(4);
        assert_eq!(wait(queue.as_fd(), &mut events, None).unwrap(), 1);
        assert_eq!((events[0].flags(), events[0].data()), (Flags::IN, u64::MAX));
    }

    #[test]
    fn errors_are_the_kernels() {
        let queue = create().unwrap();
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let errno = |r: io::Result<()>| r.unwrap_err().raw_os_error().unwrap();
        let (q, fd) = (queue.as_fd(), ours.as_fd());
        assert_eq!(errno(modify(q, fd, Flags::IN, 0)), libc::ENOENT);
        assert_eq!(errno(delete(q, fd)), libc::ENOENT);
        add(q, fd, Flags::IN, 0).unwrap();
        assert_eq!(errno(add(q, fd, Flags::IN, 0)), libc::EEXIST);
        let file = std::fs::File::open("/proc/self/exe").unwrap();
        assert_eq!(errno(add(q, file.as_fd(), Flags::IN, 0)), libc::EPERM);
        assert_eq!(errno(add(q, q, Flags::IN, 0)), libc::EINVAL);
        assert_eq!(wait(q, &mut [], None).unwrap_err().raw_os_error(), Some(libc::EINVAL));
    }

    /// A seccomp or ptrace supervisor may say anything.
    #[test]
    fn whatever_is_answered_is_within_the_room_or_an_error() {
        let two = room(2);
        for (answer, n) in [(0, 0), (1, 1), (2, 2), (3, 2), (c_long::MAX, 2)] {
            assert_eq!(written(&two, answer).unwrap(), n);
        }
        for answer in [-1, -number(libc::EINTR), -5000, c_long::MIN] {
            assert!(written(&two, answer).is_err(), "{answer}");
        }
        let interrupted = written(&two, -number(libc::EINTR)).unwrap_err();
        assert_eq!(interrupted.raw_os_error(), Some(libc::EINTR));
    }

    #[test]
    fn no_wait_ends_before_its_timeout() {
        let queue = create().unwrap();
        for timeout in [Duration::from_micros(300), Duration::from_millis(2)] {
            let start = Instant::now();
            assert_eq!(wait(queue.as_fd(), &mut room(1), Some(timeout)).unwrap(), 0);
            assert!(start.elapsed() >= timeout);
        }
    }

    #[test]
    fn a_huge_timeout_is_clamped_and_not_truncated() {
        let queue = create().unwrap();
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        add(queue.as_fd(), theirs.as_fd(), Flags::IN, 0).unwrap();
        ours.write_all(b"x").unwrap();
        for timeout in [Duration::MAX, Duration::from_millis(1 << 32), Duration::from_secs(1 << 62)]
        {
            assert_eq!(wait(queue.as_fd(), &mut room(1), Some(timeout)).unwrap(), 1);
        }
    }

    #[test]
    fn debug_names_the_flags() {
        let event = Event::new(Flags::IN | Flags::HUP, 3);
        assert_eq!(format!("{event:?}"), "Event { flags: Flags(IN | HUP), data: 3 }");
    }

    #[test]
    fn a_wait_without_a_limit_lasts_until_there_is_something() {
        use crate::timerfd::{self, Clock, Start};
        let queue = create().unwrap();
        let timer = timerfd::create(Clock::Monotonic).unwrap();
        add(queue.as_fd(), timer.as_fd(), Flags::IN, 0).unwrap();
        let soon = Duration::from_millis(10);
        timerfd::set(timer.as_fd(), Start::Relative, soon, Duration::ZERO).unwrap();
        assert_eq!(wait(queue.as_fd(), &mut room(1), None).unwrap(), 1);
    }
}
