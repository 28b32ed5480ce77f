//! What glibc says of the number of threads.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU8;

/// `__libc_single_threaded`: non-zero while the process definitely has one thread. `None` before
/// glibc 2.32.
///
/// Source: the glibc manual, "Detecting Single-Threaded Execution".
pub(crate) fn flag() -> Option<&'static AtomicU8> {
    static FLAG: OnceLock<Option<&'static AtomicU8>> = OnceLock::new();
    *FLAG.get_or_init(|| {
        // SAFETY: 1. RTLD_DEFAULT asks for no handle (dlsym(3)). 2. The name is a C string.
        let address =
            unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__libc_single_threaded".as_ptr()) };
        if address.is_null() {
            return None;
        }
        // SAFETY: 1. Non-null (asked above), and aligned: every address is for one byte. 2. Valid
        // for ever: the C library is never unloaded. 3. Initialised: glibc declares it as a `char`
        // with a value, and each value of a byte is one of AtomicU8. 4. Nobody writes it while
        // another thread reads it: glibc changes it only while the caller is the one thread that
        // exists, and this crate never writes it.
        Some(unsafe { AtomicU8::from_ptr(address.cast()) })
    })
}
