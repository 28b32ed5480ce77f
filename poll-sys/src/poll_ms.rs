//! `poll(2)` with a timeout in milliseconds.

use std::io;
use std::time::Duration;

use crate::poll::PollFd;
use crate::result::check;
use crate::time::millis_ceil;

/// Asks about every line of `list`, and waits until something is found or the timeout is over.
///
/// Returns how many lines have found something.
///
/// # Units
/// `None` waits for ever, zero not at all. Nanoseconds where the system has `ppoll`, whole
/// milliseconds rounded up elsewhere (macOS, Haiku). A longer time than the call can take is cut to
/// its longest, and 0 comes early.
///
/// # Errors
/// EINTR (a signal handler ran), EINVAL (a list longer than the limit of open descriptors), ENOMEM.
///
/// # Cost
/// 1 syscall, no allocation; the kernel's work grows with the list.
pub fn wait(list: &mut [PollFd], timeout: Option<Duration>) -> io::Result<usize> {
    let limit = timeout.map_or(-1, millis_ceil);
    // SAFETY: 1. The list is valid for reads and writes of its length: a mutable slice is, and its
    // entries have the layout of `pollfd` (transparent).
    let found =
        check(unsafe { libc::poll(list.as_mut_ptr().cast(), list.len() as libc::nfds_t, limit) })?;
    // Not negative: `check` let success alone through.
    Ok(found as usize)
}
