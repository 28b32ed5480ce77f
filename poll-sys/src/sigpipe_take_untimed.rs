//! `sigwait(3)`, where there is no `sigtimedwait`: only called when a signal is pending.

use libc::sigset_t;

/// Takes the pending SIGPIPE of the set, if there is one.
///
/// A signal that is pending for this thread stays so until this thread takes it, so that the wait
/// ends at once.
pub(crate) fn pending(set: &sigset_t) {
    if crate::sigpipe::is_pending() {
        let mut signal = 0;
        // SAFETY: 1. Reads an initialised set, writes one int through a pointer to one
        // (sigwait(3)).
        unsafe { libc::sigwait(set, &raw mut signal) };
    }
}
