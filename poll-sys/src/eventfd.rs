//! `eventfd(2)`: a counter in the kernel that is readable while it is not zero.
//!
//! Man page: <https://man7.org/linux/man-pages/man2/eventfd.2.html>

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::c_long;

use crate::result::{check, check_size};
use crate::system::bare::{self, address, number};
use crate::system::call::call4;

/// A new counter at zero, non-blocking and close-on-exec.
///
/// # Errors
/// EMFILE, ENFILE (no descriptor left), ENODEV, ENOMEM.
///
/// # Cost
/// 1 syscall, no allocation.
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let counter = poll_sys::eventfd::create()?;
/// poll_sys::eventfd::add(counter.as_fd(), 2)?;
/// assert_eq!(poll_sys::eventfd::take(counter.as_fd())?, 2);
/// # std::io::Result::Ok(())
/// ```
pub fn create() -> io::Result<OwnedFd> {
    // SAFETY: 1. The arguments are two integers by value: eventfd(2) has no memory precondition.
    let fd = check(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) })?;
    // SAFETY: 1. `fd` is open: eventfd(2) returns a new descriptor on success, and `check` let only
    // success through. 2. Nobody else owns it: the kernel made it in the line above. 3. close(2) is
    // all that it needs.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Adds `value` to the counter, which makes it readable and wakes who waits for that.
///
/// # Errors
/// EAGAIN when the sum would exceed `u64::MAX - 1`; EINVAL for `u64::MAX`.
///
/// # Cost
/// 1 syscall, no allocation. Async-signal-safe, `errno` included: write(2) is, the bare syscall is
/// made, and nothing else is done.
#[inline]
pub fn add(counter: BorrowedFd<'_>, value: u64) -> io::Result<()> {
    let size = size_of::<u64>() as c_long;
    let arguments = [number(counter.as_raw_fd()), address(&raw const value), size, 0];
    // SAFETY: 1. The first three arguments are those of write(2) in order, and it comes back once.
    // 2. The descriptor is open: a `BorrowedFd` is, for as long as it lives. 3. The pointer is valid for
    // reads of the length given: it comes from a local of that size.
    bare::check(unsafe { call4(libc::SYS_write, arguments) })?;
    Ok(())
}

/// Takes the counter's value and sets it to zero.
///
/// # Errors
/// EAGAIN when it is zero already.
///
/// # Cost
/// 1 syscall, no allocation.
pub fn take(counter: BorrowedFd<'_>) -> io::Result<u64> {
    let mut bytes = [0; 8];
    // SAFETY: 1. The descriptor is open: a `BorrowedFd` is. 2. The pointer is valid for writes of
    // the length given: both come from the same array, borrowed mutably.
    check_size(unsafe { libc::read(counter.as_raw_fd(), bytes.as_mut_ptr().cast(), bytes.len()) })?;
    Ok(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn values_add_up_and_are_taken_at_once() {
        let counter = create().unwrap();
        add(counter.as_fd(), 3).unwrap();
        add(counter.as_fd(), 4).unwrap();
        assert_eq!(take(counter.as_fd()).unwrap(), 7);
    }

    #[test]
    fn an_empty_counter_would_block() {
        let counter = create().unwrap();
        assert_eq!(take(counter.as_fd()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_full_counter_would_block_and_keeps_its_value() {
        let counter = create().unwrap();
        add(counter.as_fd(), u64::MAX - 1).unwrap();
        assert_eq!(add(counter.as_fd(), 1).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(take(counter.as_fd()).unwrap(), u64::MAX - 1);
    }

    #[test]
    fn an_addition_that_is_refused_leaves_errno_alone() {
        let counter = create().unwrap();
        add(counter.as_fd(), u64::MAX - 1).unwrap();
        assert!(std::fs::metadata("/nonexistent").is_err());
        let refused = add(counter.as_fd(), 1);
        assert_eq!(io::Error::last_os_error().raw_os_error(), Some(libc::ENOENT));
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
