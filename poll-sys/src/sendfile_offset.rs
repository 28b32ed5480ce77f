//! Linux's `sendfile(2)` and `sendfile(3EXT)` of illumos and Solaris: the offset by pointer, the count as
//! the result.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::result::check_size;
use crate::sendfile::offset_of;
use crate::system::sendfile64 as sendfile;

pub(crate) const RAISES_SIGPIPE: bool = true;

pub(crate) fn send(
    socket: BorrowedFd<'_>,
    file: BorrowedFd<'_>,
    offset: u64,
    count: usize,
) -> io::Result<usize> {
    let begin = offset_of(offset)?;
    let mut offset = begin;
    let (to, from) = (socket.as_raw_fd(), file.as_raw_fd());
    // SAFETY: 1. Both are borrowed, so open. 2. The pointer is to a live offset, which sendfile(2)
    // reads and advances.
    let sent = check_size(unsafe { sendfile(to, from, &raw mut offset, count) });
    match usize::try_from(offset - begin) {
        // illumos and Solaris: the socket took a part, and then was full, which is an error there.
        Ok(part) if part > 0 && sent.is_err() => Ok(part),
        _ => sent,
    }
}
