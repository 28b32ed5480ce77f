//! `errno` of the calling thread, saved and put back; and the error numbers that layers above tell
//! apart.

/// EEXIST.
pub const EXIST: i32 = libc::EEXIST;
/// ENOENT.
pub const NOENT: i32 = libc::ENOENT;
/// EPERM.
pub const PERM: i32 = libc::EPERM;
/// EBADF.
pub const BADF: i32 = libc::EBADF;
/// EINVAL.
pub const INVAL: i32 = libc::EINVAL;
/// ENOMEM.
pub const NOMEM: i32 = libc::ENOMEM;
/// ENOSPC.
pub const NOSPC: i32 = libc::ENOSPC;
/// ECANCELED.
pub const CANCELED: i32 = libc::ECANCELED;
/// ENOSYS.
pub const NOSYS: i32 = libc::ENOSYS;
/// ENOTTY.
pub const NOTTY: i32 = libc::ENOTTY;
/// EPIPE.
pub const PIPE: i32 = libc::EPIPE;
/// ESRCH.
pub const SRCH: i32 = libc::ESRCH;

/// Runs `body` and puts `errno` back to what it was.
///
/// For code that runs inside a signal handler: the interrupted code may be about to read `errno`.
///
/// # Cost
/// No syscall, no allocation.
///
/// # Source
/// signal-safety(7): "Fetching and setting the value of errno is async-signal-safe provided that
/// the signal handler saves errno on entry and restores its value before returning."
///
/// # Examples
/// ```
/// let kept = poll_sys::errno::preserve(|| 7);
/// assert_eq!(kept, 7);
/// ```
pub fn preserve<T>(body: impl FnOnce() -> T) -> T {
    // SAFETY: 1. The C library's errno function takes nothing, demands nothing and never fails:
    // errno(3), "errno is thread-local".
    let place = unsafe { crate::system::errno_location() };
    // SAFETY: 1. `place` is valid, aligned and initialised for as long as the thread lives: errno(3)
    // says that it is a modifiable lvalue of type int. 2. No other thread can write it: it is
    // thread-local, and a signal handler that runs here restores it.
    let saved = unsafe { place.read() };
    let result = body();
    // SAFETY: as for the read: 1. `place` is this thread's errno and `body` ran on this thread, so
    // it is still valid. 2. Nobody else writes it.
    unsafe { place.write(saved) };
    result
}

#[cfg(test)]
mod tests {
    use std::io;

    #[test]
    fn a_failing_call_inside_leaves_errno_alone() {
        assert!(crate::result::check(-1).is_err());
        let before = io::Error::last_os_error().raw_os_error();
        super::preserve(|| {
            // A failing syscall through std: it sets errno to ENOENT.
            assert!(std::fs::metadata("/nonexistent").is_err());
            assert_eq!(io::Error::last_os_error().raw_os_error(), Some(libc::ENOENT));
        });
        assert_eq!(io::Error::last_os_error().raw_os_error(), before);
    }
}
