//! `sigtimedwait(2)` with no time: takes a pending signal, and never waits for one.

use std::ptr;

use libc::{sigset_t, timespec};

/// Takes one pending signal of the set, if there is one.
pub(crate) fn pending(set: &sigset_t) {
    let now = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: 1. Reads an initialised set and an initialised timespec, both references; a null info
    // pointer is allowed (sigtimedwait(2)).
    while unsafe { libc::sigtimedwait(set, ptr::null_mut(), &raw const now) } == -1
        && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
    {}
}
