//! FreeBSD's `sendfile(2)`: the count by pointer, even when the call fails for a full socket.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use crate::result::check;
use crate::sendfile::offset_of;

pub(crate) const RAISES_SIGPIPE: bool = true;

pub(crate) fn send(
    socket: BorrowedFd<'_>,
    file: BorrowedFd<'_>,
    offset: u64,
    count: usize,
) -> io::Result<usize> {
    let offset = offset_of(offset)?;
    if count == 0 {
        // Would mean 'to the end of the file'.
        return Ok(0);
    }
    let (from, to, mut sent) = (file.as_raw_fd(), socket.as_raw_fd(), 0);
    // SAFETY: 1. Both are borrowed, so open. 2. No headers or trailers; the count is written
    // through a pointer to a live one.
    let returned =
        unsafe { libc::sendfile(from, to, offset, count, ptr::null_mut(), &raw mut sent, 0) };
    match check(returned) {
        Err(error) if sent == 0 => Err(error),
        _ => Ok(usize::try_from(sent).unwrap_or(0)),
    }
}
