//! `splice(2)` where there is none.

use std::io;
use std::os::fd::BorrowedFd;

/// Not to be had on this system.
///
/// # Errors
/// `Unsupported`.
pub fn splice(_from: BorrowedFd<'_>, _to: BorrowedFd<'_>, _count: usize) -> io::Result<usize> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "splice exists on Linux only"))
}
