//! `pwritev2(2)` with `RWF_NOSIGNAL`, Linux 6.18 and later. An older kernel says so once and is
//! not asked again.
//!
//! For systems without such a flag: `quiet_flag_none.rs`.

use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use libc::c_int;

use crate::quiet_write::as_iovecs;
use crate::result::check_size;

/// Do not raise SIGPIPE. Linux 6.18, `include/uapi/linux/fs.h`; not in `libc` yet.
const RWF_NOSIGNAL: c_int = 0x100;

/// Whether this kernel is known to lack the flag. Once true, it stays true.
pub(crate) static LACKING: AtomicBool = AtomicBool::new(false);

/// Writes without SIGPIPE; `None`, and nothing written, if this kernel cannot.
pub(crate) fn write(pipe: BorrowedFd<'_>, bufs: &[IoSlice<'_>]) -> Option<io::Result<usize>> {
    if LACKING.load(Ordering::Relaxed) {
        return None;
    }
    let (slices, count) = as_iovecs(bufs);
    // SAFETY: 1. `pipe` is borrowed, so open. 2. `slices` points at `count` iovecs of memory that
    // is only read (IOVEC in quiet_write). An offset of -1 is the file's own position (readv(2)).
    let written = unsafe { libc::pwritev2(pipe.as_raw_fd(), slices, count, -1, RWF_NOSIGNAL) };
    match check_size(written) {
        // EOPNOTSUPP: an unknown flag. ENOSYS: no such call (before 4.6, or an emulator).
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            LACKING.store(true, Ordering::Relaxed);
            None
        }
        result => Some(result),
    }
}
