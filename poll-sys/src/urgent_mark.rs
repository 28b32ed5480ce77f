//! `sockatmark(3)`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::c_int;

use crate::result::check;

// `libc` has it for no system. glibc has it from 2.2.4 (sockatmark(3)); on illumos and Solaris it is of
// libsocket, which `libc` links.
// SAFETY: 1. The signature is the C library's: `int sockatmark(int)`, `<sys/socket.h>` of POSIX.1-2001.
unsafe extern "C" {
    fn sockatmark(socket: c_int) -> c_int;
}

pub(crate) fn at_mark(stream: BorrowedFd<'_>) -> io::Result<bool> {
    // SAFETY: 1. The argument is an integer, of a descriptor that is borrowed, so open; no memory is
    // read or written: sockatmark(3).
    Ok(check(unsafe { sockatmark(stream.as_raw_fd()) })? == 1)
}
