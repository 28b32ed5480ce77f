//! `ioctl_eventpoll(2)`: how an epoll instance busy-polls the network devices of its sockets.
//!
//! Man page: <https://man7.org/linux/man-pages/man2/ioctl_eventpoll.2.html>

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use crate::result::check;

/// `struct epoll_params` of `include/uapi/linux/eventpoll.h` (Linux 6.9). `libc` has it for Linux
/// but not for Android.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(C)]
#[non_exhaustive]
pub struct Params {
    /// Microseconds for which a wait looks at the devices before it sleeps; 0 turns it off.
    pub busy_poll_usecs: u32,
    /// Packets at most for each look; more than 64 needs CAP_NET_ADMIN.
    pub busy_poll_budget: u16,
    /// 1: a device that is polled raises no interrupts meanwhile.
    pub prefer_busy_poll: u8,
    pad: u8,
}

const _: () = assert!(size_of::<Params>() == 8 && align_of::<Params>() == 4);

impl Params {
    /// Parameters for [`set`].
    #[must_use]
    pub const fn new(busy_poll_usecs: u32, busy_poll_budget: u16, prefer_busy_poll: bool) -> Self {
        Self { busy_poll_usecs, busy_poll_budget, prefer_busy_poll: prefer_busy_poll as u8, pad: 0 }
    }
}

/// `EPOLL_IOC_TYPE` and the numbers of its calls, `include/uapi/linux/eventpoll.h`.
const TYPE: u32 = 0x8a;
const SET: u32 = request(WRITE, 1);
const GET: u32 = request(READ, 2);

/// `_IOC` of `include/uapi/asm-generic/ioctl.h`, which three families of CPUs number otherwise
/// (`arch/*/include/uapi/asm/ioctl.h`).
const fn request(direction: u32, number: u32) -> u32 {
    direction << SHIFT | (size_of::<Params>() as u32) << 16 | TYPE << 8 | number
}

#[cfg(any(
    target_arch = "mips",
    target_arch = "mips64",
    target_arch = "powerpc",
    target_arch = "powerpc64",
    target_arch = "sparc",
    target_arch = "sparc64"
))]
mod direction {
    pub(super) const SHIFT: u32 = 29;
    pub(super) const READ: u32 = 2;
    pub(super) const WRITE: u32 = 4;
}
#[cfg(not(any(
    target_arch = "mips",
    target_arch = "mips64",
    target_arch = "powerpc",
    target_arch = "powerpc64",
    target_arch = "sparc",
    target_arch = "sparc64"
)))]
mod direction {
    pub(super) const SHIFT: u32 = 30;
    pub(super) const READ: u32 = 2;
    pub(super) const WRITE: u32 = 1;
}
use direction::{READ, SHIFT, WRITE};

/// Sets the parameters of `epoll`.
///
/// # Errors
/// ENOTTY or EINVAL: the kernel is older than 6.9, or has no busy polling
/// (`CONFIG_NET_RX_BUSY_POLL`); EINVAL also for more than `i32::MAX` microseconds; EPERM for more
/// than 64 packets without CAP_NET_ADMIN.
///
/// # Cost
/// 1 syscall, no allocation.
///
/// # Examples
/// ```
/// use poll_sys::epoll_params::{Params, get, set};
/// use std::os::fd::AsFd;
///
/// let queue = poll_sys::epoll::create()?;
/// // Old kernels refuse it; nothing else changes then.
/// if set(queue.as_fd(), Params::new(50, 8, true)).is_ok() {
///     assert_eq!(get(queue.as_fd())?.busy_poll_usecs, 50);
/// }
/// # std::io::Result::Ok(())
/// ```
pub fn set(epoll: BorrowedFd<'_>, params: Params) -> io::Result<()> {
    // SAFETY: 1. The descriptor is open: a `BorrowedFd` is, for as long as it lives. 2. The pointer
    // is valid for reads of what the request copies, whose size is part of its number: it comes from
    // a local of the kernel's layout (asserted above). A descriptor that is no epoll answers ENOTTY
    // to a number that it does not know (ioctl(2)).
    check(unsafe { libc::ioctl(epoll.as_raw_fd(), SET as _, ptr::from_ref(&params)) })?;
    Ok(())
}

/// The parameters of `epoll`.
///
/// # Errors
/// As [`set`], but for EPERM.
///
/// # Cost
/// 1 syscall, no allocation.
pub fn get(epoll: BorrowedFd<'_>) -> io::Result<Params> {
    let mut params = Params::default();
    // SAFETY: 1. The descriptor is open: a `BorrowedFd` is. 2. The pointer is valid for writes of
    // what the request copies, whose size is part of its number: it comes from a local of the
    // kernel's layout (asserted above), every bit pattern of which is a value.
    check(unsafe { libc::ioctl(epoll.as_raw_fd(), GET as _, ptr::from_mut(&mut params)) })?;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn what_was_set_is_got_or_the_kernel_is_too_old() {
        let queue = crate::epoll::create().unwrap();
        let params = Params::new(50, 8, true);
        match set(queue.as_fd(), params) {
            Ok(()) => assert_eq!(get(queue.as_fd()).unwrap(), params),
            Err(error) => {
                let errno = error.raw_os_error();
                assert!(matches!(errno, Some(libc::ENOTTY | libc::EINVAL)), "{error}");
            }
        }
    }

    #[test]
    fn a_descriptor_that_is_no_epoll_is_refused() {
        let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(set(socket.as_fd(), Params::new(1, 1, false)).is_err());
    }

    #[test]
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    fn the_requests_have_the_kernels_numbers() {
        assert_eq!((SET, GET), (0x4008_8a01, 0x8008_8a02));
    }
}
