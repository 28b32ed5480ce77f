//! Apple's `sendfile(2)`: the length by pointer in, the count out, even when the call fails for a
//! full socket.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use crate::result::check;
use crate::sendfile::offset_of;

/// The socket was told not to (`SO_NOSIGPIPE`); one from elsewhere was not.
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
    let (from, to) = (file.as_raw_fd(), socket.as_raw_fd());
    let mut len = libc::off_t::try_from(count).unwrap_or(libc::off_t::MAX);
    // SAFETY: 1. Both are borrowed, so open. 2. The length is read and written through a pointer to
    // a live one; no headers or trailers.
    let returned = unsafe { libc::sendfile(from, to, offset, &raw mut len, ptr::null_mut(), 0) };
    match check(returned) {
        // An error that came before anything was sent leaves the length or zeroes it.
        Err(error) if len == 0 || error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(usize::try_from(len).unwrap_or(0)),
    }
}
