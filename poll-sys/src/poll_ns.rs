//! `ppoll(2)`: poll with a timeout in nanoseconds.

use std::io;
use std::ptr;
use std::time::Duration;

use crate::poll::PollFd;
use crate::result::check;
use crate::time::timespec;

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
    let limit = timeout.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: 1. The list is valid for reads and writes of its length: a mutable slice is, and its
    // entries have the layout of `pollfd` (transparent). 2. The timeout is null or points to a live
    // local. 3. A null mask means 'leave the signals alone' (ppoll(2)).
    let found = check(unsafe {
        libc::ppoll(list.as_mut_ptr().cast(), list.len() as libc::nfds_t, limit, ptr::null())
    })?;
    // Not negative: `check` let success alone through.
    Ok(found as usize)
}
