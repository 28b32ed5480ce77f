//! No flag of `write` against SIGPIPE on this system.

use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;

/// `None`: this system cannot.
pub(crate) fn write(_pipe: BorrowedFd<'_>, _bufs: &[IoSlice<'_>]) -> Option<io::Result<usize>> {
    None
}
