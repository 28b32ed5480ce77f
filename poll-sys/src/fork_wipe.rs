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
    // SAFETY: mmap(2) at an address of the kernel's choice, anonymous and without MAP_FIXED: it
    // touches no existing mapping, and needs no descriptor (-1).
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
    // SAFETY: the range is the mapping made above, and wiping it in children changes nothing here
    // (madvise(2), MADV_WIPEONFORK, "on private anonymous pages").
    if check(unsafe { libc::madvise(page, length, libc::MADV_WIPEONFORK) }).is_err() {
        // SAFETY: the range is the mapping made above, and nobody holds a pointer into it.
        check(unsafe { libc::munmap(page, length) })?;
        return fork_handler::cell();
    }
    // SAFETY: 1. Non-null, aligned: mmap returns a page's address. 2. Valid for reads and writes
    // for ever: nothing unmaps it once it is handed out. 3. Initialised: anonymous pages are zero
    // (mmap(2)), which is a value of AtomicUsize. 4. Shared access only goes through the atomic.
    Ok(unsafe { AtomicUsize::from_ptr(page.cast()) })
}
