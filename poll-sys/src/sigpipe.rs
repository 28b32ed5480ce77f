//! SIGPIPE: making a call that raises it for a dead reader (`write`, `sendfile`, `splice`) fail
//! with `EPIPE` only, whatever the process has set for the signal.
//!
//! The signal is blocked in this thread during the call, and if the call raised it, it is taken
//! from the pending ones before it is unblocked. No other thread, no handler and no disposition is
//! touched. SIGPIPE from these calls is directed to the calling thread (POSIX write).
//!
//! # Invariants
//! SET-INIT: a `sigset_t` that `sigemptyset`, `sigpending` or `pthread_sigmask` has filled is
//! initialised (sigsetops(3)). They fail for bad arguments only, and there are none here.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use libc::sigset_t;

use crate::system::sigpipe_take as take;

/// Runs `call`; if it raises SIGPIPE in this thread, the signal is swallowed.
///
/// # Errors
/// Those of `call`.
///
/// # Cost
/// Two syscalls, three after `EPIPE`; one if the thread had the signal blocked already. No
/// allocation.
pub(crate) fn without<T>(call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let sigpipe = sigpipe_set();
    let mut before = MaybeUninit::<sigset_t>::uninit();
    // SAFETY: 1. Reads the first set, which is initialised (SET-INIT), writes the old mask to the
    // second pointer, which has room for it (pthread_sigmask(3)).
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const sigpipe, before.as_mut_ptr()) };
    // SAFETY: 1. Every byte of it was written, by the line above (SET-INIT).
    let before = unsafe { before.assume_init() };
    let was_blocked = has_sigpipe(&before);
    // One that was pending is the caller's: it must stay, and hides whether `call` raised another.
    let was_pending = was_blocked && is_pending();
    let result = call();
    let raised = matches!(&result, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
    if raised && !was_pending {
        take::pending(&sigpipe);
    }
    if !was_blocked {
        let mask = &raw const before;
        // SAFETY: 1. Reads a set that is initialised (SET-INIT); no old mask is asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, ptr::null_mut()) };
    }
    result
}

fn sigpipe_set() -> sigset_t {
    let mut set = MaybeUninit::<sigset_t>::uninit();
    // SAFETY: 1. Writes the whole set through a pointer that has room for it (sigsetops(3)).
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: 1. The set is initialised (SET-INIT) and SIGPIPE is a signal's number.
    unsafe { libc::sigaddset(set.as_mut_ptr(), libc::SIGPIPE) };
    // SAFETY: 1. Every byte of it was written (SET-INIT).
    unsafe { set.assume_init() }
}

fn has_sigpipe(set: &sigset_t) -> bool {
    // SAFETY: 1. Reads an initialised set (it is a reference), and SIGPIPE is a signal's number.
    unsafe { libc::sigismember(set, libc::SIGPIPE) == 1 }
}

/// Whether SIGPIPE is pending for this thread or the process.
pub(crate) fn is_pending() -> bool {
    let mut pending = MaybeUninit::<sigset_t>::uninit();
    // SAFETY: 1. Writes the whole set through a pointer that has room for it (sigpending(2)).
    unsafe { libc::sigpending(pending.as_mut_ptr()) };
    // SAFETY: 1. Every byte of it was written (SET-INIT).
    has_sigpipe(&unsafe { pending.assume_init() })
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    /// Raises SIGPIPE in this thread and fails as a write to a dead pipe does.
    fn dead_write() -> io::Result<()> {
        // SAFETY: 1. Takes a signal's number and touches no memory (raise(3)).
        unsafe { libc::raise(libc::SIGPIPE) };
        Err(ErrorKind::BrokenPipe.into())
    }

    fn change_mask(how: libc::c_int) {
        let set = sigpipe_set();
        // SAFETY: 1. Reads a set that is initialised (SET-INIT); no old mask is asked for.
        unsafe { libc::pthread_sigmask(how, &raw const set, ptr::null_mut()) };
    }

    #[test]
    fn a_raised_signal_is_swallowed_and_the_error_given_on() {
        assert_eq!(without(dead_write).unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert!(!is_pending());
    }

    #[test]
    fn the_result_of_a_call_that_raises_nothing_is_given_on() {
        assert_eq!(without(|| Ok(7)).unwrap(), 7);
        let failed = without(|| io::Result::<()>::Err(ErrorKind::WouldBlock.into()));
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::WouldBlock);
    }

    #[test]
    fn a_thread_that_had_it_blocked_keeps_it_blocked_and_gets_none_of_ours() {
        change_mask(libc::SIG_BLOCK);
        without(dead_write).unwrap_err();
        assert!(!is_pending());
        // Still blocked: this one would be fatal or ignored else, and is pending instead.
        without(|| Ok(())).unwrap();
        dead_write().unwrap_err();
        assert!(is_pending());
        take::pending(&sigpipe_set());
        change_mask(libc::SIG_UNBLOCK);
    }

    #[test]
    fn one_that_was_pending_before_stays_pending() {
        change_mask(libc::SIG_BLOCK);
        dead_write().unwrap_err();
        without(dead_write).unwrap_err();
        assert!(is_pending());
        take::pending(&sigpipe_set());
        change_mask(libc::SIG_UNBLOCK);
    }

    #[test]
    fn taking_what_is_not_pending_ends() {
        take::pending(&sigpipe_set());
        assert!(!is_pending());
    }

    #[test]
    fn the_thread_takes_the_signal_again_afterwards() {
        let is_blocked = || {
            let mut mask = MaybeUninit::<sigset_t>::uninit();
            // SAFETY: 1. A null set changes nothing, and the old mask is written to a pointer that has
            // room for it (pthread_sigmask(3)).
            unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), mask.as_mut_ptr()) };
            // SAFETY: 1. Every byte of it was written (SET-INIT).
            has_sigpipe(&unsafe { mask.assume_init() })
        };
        without(|| {
            assert!(is_blocked());
            Ok(())
        })
        .unwrap();
        assert!(!is_blocked());
    }
}
