//! A page that the kernel fills with zeroes in a child of `fork`.

use std::io;
use std::ptr;
use std::sync::atomic::AtomicUsize;

use crate::fork_handler;
use crate::result::check;

/// A cell that reads zero until it is written, and again in every child.
///
/// # Errors
/// ENOMEM. EINVAL of a kernel before 4.14 leads to the handler instead.
pub(crate) fn cell() -> io::Result<&'static AtomicUsize> {
    // One word is asked for: the kernel rounds up to whole pages (mmap(2)).
    let length = size_of::<AtomicUsize>();
    // SAFETY: 1. No existing mapping is touched: the address is the kernel's choice, without
    // MAP_FIXED (mmap(2)). 2. No descriptor is needed: the mapping is anonymous.
    let page = unsafe {
        libc::mmap(
            ptr::null_mut(),
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if page == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: 1. The range is the mapping made above. 2. The advice changes nothing in this process:
    // it wipes private anonymous pages in children (madvise(2), MADV_WIPEONFORK).
    if check(unsafe { libc::madvise(page, length, libc::MADV_WIPEONFORK) }).is_err() {
        // SAFETY: 1. The range is the mapping made above. 2. Nobody holds a pointer into it.
        check(unsafe { libc::munmap(page, length) })?;
        return fork_handler::cell();
    }
    // SAFETY: 1. Non-null, aligned: mmap returns a page's address. 2. Valid for reads and writes
    // for ever: nothing unmaps it once it is handed out. 3. Initialised: anonymous pages are zero
    // (mmap(2)), which is a value of AtomicUsize. 4. Shared access only goes through the atomic.
    Ok(unsafe { AtomicUsize::from_ptr(page.cast()) })
}
