//! Signals by handler: what a handler may do that somebody else can wait for.
//!
//! The handler of a [`watch`] marks the signal in a [`Pending`] set and writes to a descriptor. It
//! is chained with the other handlers of the process by `signal-hook-registry`: those that were
//! there before go on to run.
//!
//! # How is this safe?
//! HANDLER-SAFE: what runs in the handler is fixed here and takes nothing from a caller but data. It
//! loads and changes atomics and calls write(2), and puts `errno` back; it takes no lock, allocates
//! and frees nothing, and cannot panic. signal-safety(7) allows each of these. The memory that it
//! uses is counted by the closure itself.

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use libc::c_int;
use signal_hook_registry::SigId;

use crate::errno;
use crate::fork::Mark;
use crate::system::NAMES;

/// SIGALRM.
pub const ALRM: i32 = libc::SIGALRM;
/// SIGBUS.
pub const BUS: i32 = libc::SIGBUS;
/// SIGCHLD.
pub const CHLD: i32 = libc::SIGCHLD;
/// SIGCONT.
pub const CONT: i32 = libc::SIGCONT;
/// SIGFPE.
pub const FPE: i32 = libc::SIGFPE;
/// SIGHUP.
pub const HUP: i32 = libc::SIGHUP;
/// SIGILL.
pub const ILL: i32 = libc::SIGILL;
/// SIGINT.
pub const INT: i32 = libc::SIGINT;
/// SIGKILL.
pub const KILL: i32 = libc::SIGKILL;
/// SIGPIPE.
pub const PIPE: i32 = libc::SIGPIPE;
/// SIGQUIT.
pub const QUIT: i32 = libc::SIGQUIT;
/// SIGSEGV.
pub const SEGV: i32 = libc::SIGSEGV;
/// SIGSTOP.
pub const STOP: i32 = libc::SIGSTOP;
/// SIGTERM.
pub const TERM: i32 = libc::SIGTERM;
/// SIGTSTP.
pub const TSTP: i32 = libc::SIGTSTP;
/// SIGUSR1.
pub const USR1: i32 = libc::SIGUSR1;
/// SIGUSR2.
pub const USR2: i32 = libc::SIGUSR2;
/// SIGWINCH.
pub const WINCH: i32 = libc::SIGWINCH;

/// The numbers of the real-time signals, first and last, less those that the C library keeps for
/// itself; `None` where the system does not tell.
///
/// # Source
/// [signal(7)](https://man7.org/linux/man-pages/man7/signal.7.html), "Real-time signals".
#[must_use]
pub fn realtime() -> Option<(i32, i32)> {
    NAMES.realtime.map(|ends| ends())
}

/// Numbers above this one are never watched: no system has more.
const LAST: usize = 127;

/// A set of signals that have come.
#[derive(Debug, Default)]
pub struct Pending([AtomicU64; 2]);

impl Pending {
    /// An empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self([AtomicU64::new(0), AtomicU64::new(0)])
    }

    /// Takes everything out: bit *n* is signal *n*.
    #[must_use]
    pub fn take(&self) -> u128 {
        let [low, high] = &self.0;
        u128::from(low.swap(0, Ordering::SeqCst)) | u128::from(high.swap(0, Ordering::SeqCst)) << 64
    }

    /// `signal` is at most `LAST`.
    fn add(&self, signal: usize) {
        self.0[signal / 64 % 2].fetch_or(1 << (signal % 64), Ordering::SeqCst);
    }
}

/// What [`watch`] has begun. Dropping it ends that.
///
/// The handler stays, and does nothing: the default action does not come back.
pub struct Watch {
    id: SigId,
    mark: Mark,
}

/// From now on, each delivery of `signal` marks it in `pending` and writes eight bytes to `bell`: an
/// eventfd counts one up, a socket or pipe becomes readable. Other handlers go on to run.
///
/// `bell` should not block. In a child of fork the handler does nothing.
///
/// # Errors
/// - `InvalidInput`: SIGKILL and SIGSTOP, which cannot be caught; SIGILL, SIGFPE, SIGSEGV, SIGBUS,
///   which have to be dealt with before the handler returns; no such signal.
/// - `ENOMEM`.
///
/// # Cost
/// 2 syscalls for the first watch of a signal, else none. Each delivery: 1 syscall.
///
/// # Examples
/// ```
/// use std::io::Read;
/// use std::os::unix::net::UnixStream;
/// use std::sync::Arc;
/// use poll_sys::signal::{self, Pending};
///
/// let (bell, mut inside) = UnixStream::pair()?;
/// let pending = Arc::new(Pending::new());
/// let watch = signal::watch(signal::USR2, &pending, bell.into())?;
/// signal::raise(signal::USR2)?;
/// inside.read_exact(&mut [0; 8])?;
/// assert_eq!(pending.take(), 1 << signal::USR2);
/// # drop(watch);
/// # std::io::Result::Ok(())
/// ```
pub fn watch(signal: i32, pending: &Arc<Pending>, bell: OwnedFd) -> io::Result<Watch> {
    let number = usize::try_from(signal).unwrap_or(0);
    let refused = [KILL, STOP, ILL, FPE, SEGV, BUS].contains(&signal);
    if refused || !(1..=LAST).contains(&number) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mark = Mark::new()?;
    let pending = Arc::clone(pending);
    let handler = move || {
        // A child inherits the handler, and the descriptor is its parent's.
        if mark.is_current() {
            errno::preserve(|| {
                pending.add(number);
                ring(&bell);
            });
        }
    };
    // SAFETY: 1. The action is async-signal-safe, as it has to be: HANDLER-SAFE.
    let id = unsafe { signal_hook_registry::register(signal, handler) }?;
    Ok(Watch { id, mark })
}

/// Writes 1 to an eventfd, or 8 bytes to whatever else it is. A failure cannot be reported from
/// here: EAGAIN says that it is readable already.
fn ring(bell: &OwnedFd) {
    let one = 1_u64.to_ne_bytes();
    // SAFETY: 1. The descriptor is open: it is owned. 2. The pointer is valid for reads of the
    // length given: both come from the same array.
    let _written = unsafe { libc::write(bell.as_raw_fd(), one.as_ptr().cast(), one.len()) };
}

/// Sends `signal` to the calling thread, and returns when its handler has.
///
/// # Errors
/// `EINVAL`: no such signal.
pub fn raise(signal: i32) -> io::Result<()> {
    // SAFETY: 1. The argument is an integer: raise(3) has no memory precondition. What a handler does
    // is for whoever installed it to prove.
    match unsafe { libc::raise(signal as c_int) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // In a child the registry's lock may be held by a thread that does not exist there.
        if self.mark.is_current() {
            signal_hook_registry::unregister(self.id);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_delivery_marks_and_rings_until_the_watch_is_dropped() {
        let (bell, mut inside) = UnixStream::pair().unwrap();
        inside.set_nonblocking(true).unwrap();
        let pending = Arc::new(Pending::new());
        let watch = watch(WINCH, &pending, bell.into()).unwrap();
        for _ in 0..2 {
            raise(WINCH).unwrap();
            assert_eq!(inside.read(&mut [0; 9]).unwrap(), 8);
            assert_eq!(pending.take(), 1 << WINCH);
        }
        drop(watch);
        raise(WINCH).unwrap();
        assert_eq!(pending.take(), 0);
        // The end comes when the children that other tests have forked meanwhile are gone, too.
        inside.set_nonblocking(false).unwrap();
        inside.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        assert_eq!(inside.read(&mut [0; 9]).unwrap(), 0, "the bell was not closed");
    }

    #[test]
    fn a_delivery_keeps_errno() {
        let (bell, inside) = UnixStream::pair().unwrap();
        drop(inside);
        let pending = Arc::new(Pending::new());
        // The write fails, and would raise SIGPIPE, which Rust's runtime ignores.
        let _watch = watch(CONT, &pending, bell.into()).unwrap();
        assert!(crate::result::check(-1).is_err());
        let before = io::Error::last_os_error().raw_os_error();
        raise(CONT).unwrap();
        assert_eq!(io::Error::last_os_error().raw_os_error(), before);
        assert_eq!(pending.take(), 1 << CONT);
    }

    #[test]
    fn what_cannot_be_watched_is_refused() {
        let pending = Arc::new(Pending::new());
        for signal in [KILL, STOP, ILL, FPE, SEGV, BUS, 0, -1, 128] {
            let (bell, _inside) = UnixStream::pair().unwrap();
            let error = watch(signal, &pending, bell.into()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{signal}");
        }
    }

    #[test]
    fn a_child_marks_and_rings_nothing_and_ends_no_watch_of_its_parents() {
        let (bell, mut inside) = UnixStream::pair().unwrap();
        inside.set_nonblocking(true).unwrap();
        let pending = Arc::new(Pending::new());
        let mut watch = Some(watch(USR1, &pending, bell.into()).unwrap());
        assert!(crate::fork::tests::in_child(|| {
            let raised = raise(USR1).is_ok() && pending.take() == 0;
            drop(watch.take());
            raised
        }));
        assert_eq!(inside.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        raise(USR1).unwrap();
        assert_eq!(pending.take(), 1 << USR1);
    }

    #[test]
    fn a_set_keeps_each_signal_apart_up_to_the_last() {
        let pending = Pending::new();
        for signal in [1, 63, 64, LAST] {
            pending.add(signal);
        }
        assert_eq!(pending.take(), 1 << 1 | 1 << 63 | 1 << 64 | 1 << LAST);
        assert_eq!(pending.take(), 0);
    }

    #[test]
    fn a_number_that_is_no_signal_cannot_be_raised() {
        assert_eq!(raise(-1).unwrap_err().raw_os_error(), Some(libc::EINVAL));
    }
}
