//! A kqueue that is close-on-exec from birth.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use crate::result::check;

/// `kqueue1(O_CLOEXEC)`: NetBSD 6.0.
pub(crate) fn create() -> io::Result<OwnedFd> {
    // SAFETY: 1. kqueue1(2) takes a number and reads no memory.
    let fd = check(unsafe { libc::kqueue1(libc::O_CLOEXEC) })?;
    // SAFETY: 1. `fd` is open and nobody else's: kqueue1(2) has just made it, and `check` has
    // excluded -1. 2. close(2) is how it is released.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
