//! A kqueue that is made close-on-exec by a second call.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::result::check;
use crate::system::kqueue_abi as abi;

/// kqueue(2), then `FD_CLOEXEC`.
pub(crate) fn create() -> io::Result<OwnedFd> {
    // SAFETY: 1. kqueue(2) takes no argument.
    let fd = check(unsafe { abi::kqueue() })?;
    // SAFETY: 1. `fd` is open and nobody else's: kqueue(2) has just made it, and `check` has
    // excluded -1. 2. close(2) is how it is released.
    let kq = unsafe { OwnedFd::from_raw_fd(fd) };
    // SAFETY: 1. `kq` is open. 2. F_SETFD takes an `int` and reads no memory.
    check(unsafe { libc::fcntl(kq.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })?;
    Ok(kq)
}
