//! `signalfd(2)`: blocked signals, read from a descriptor.
//!
//! Man page: <https://man7.org/linux/man-pages/man2/signalfd.2.html>
//!
//! # How is this safe?
//! SET: a `sigset_t` is made by sigemptyset(3), which initialises it, and changed by sigaddset(3).

use std::fmt;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

use crate::result::{check, check_size};

/// One signal that was read: the kernel's `signalfd_siginfo`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Info {
    raw: libc::signalfd_siginfo,
}

const SIZE: usize = 128;
const _: () = assert!(size_of::<Info>() == SIZE);

impl Info {
    /// Which signal.
    #[must_use]
    pub fn signal(&self) -> i32 {
        // The kernel's number is small.
        i32::try_from(self.raw.ssi_signo).unwrap_or(0)
    }

    /// How it was sent (`si_code`): by kill(2), sigqueue(3), a timer, the kernel.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.raw.ssi_code
    }

    /// The process that sent it; of SIGCHLD, the child.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.raw.ssi_pid
    }

    /// The real user of that process.
    #[must_use]
    pub fn user(&self) -> u32 {
        self.raw.ssi_uid
    }

    /// The integer that came with it from sigqueue(3).
    #[must_use]
    pub fn value(&self) -> i32 {
        self.raw.ssi_int
    }

    /// Of SIGCHLD: the exit status, or the signal that ended the child.
    #[must_use]
    pub fn status(&self) -> i32 {
        self.raw.ssi_status
    }
}

impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Info")
            .field("signal", &self.signal())
            .field("code", &self.code())
            .field("process", &self.process())
            .field("user", &self.user())
            .finish_non_exhaustive()
    }
}

/// The set of `signals`.
fn set(signals: &[i32]) -> io::Result<libc::sigset_t> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: 1. The pointer is valid for writes of a `sigset_t`: it is to a local of that size.
    check(unsafe { libc::sigemptyset(set.as_mut_ptr()) })?;
    for &signal in signals {
        // SAFETY: 1. The pointer is to an initialised set: SET. 2. Any integer is allowed: what is
        // no signal is EINVAL, sigaddset(3).
        check(unsafe { libc::sigaddset(set.as_mut_ptr(), signal) })?;
    }
    // SAFETY: 1. It is initialised: SET.
    Ok(unsafe { set.assume_init() })
}

/// Blocks `signals` in the calling thread: they stay pending until they are read or unblocked.
///
/// Threads and processes that it makes later inherit that.
///
/// # Errors
/// `EINVAL`: no such signal.
///
/// # Cost
/// 1 syscall.
pub fn block(signals: &[i32]) -> io::Result<()> {
    let set = set(signals)?;
    // SAFETY: 1. The set is a live, initialised local: SET. 2. The old mask is not asked for, which
    // a null pointer says: pthread_sigmask(3).
    match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut()) } {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// A descriptor that is readable while one of `signals` is pending, for the process or for the
/// thread that looks. Non-blocking and close-on-exec.
///
/// # Errors
/// `EINVAL` (no such signal), `EMFILE`, `ENFILE`, `ENOMEM`.
///
/// # Cost
/// 1 syscall.
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// use poll_sys::signalfd;
///
/// const SIGURG: i32 = 23;
/// signalfd::block(&[SIGURG])?;
/// let descriptor = signalfd::create(&[SIGURG])?;
/// let nothing = signalfd::read(descriptor.as_fd()).unwrap_err();
/// assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
/// # std::io::Result::Ok(())
/// ```
pub fn create(signals: &[i32]) -> io::Result<OwnedFd> {
    let set = set(signals)?;
    // SAFETY: 1. The set is a live, initialised local: SET. 2. -1 asks for a new descriptor:
    // signalfd(2).
    let fd = check(unsafe {
        libc::signalfd(-1, &raw const set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC)
    })?;
    // SAFETY: 1. `fd` is open and nobody else's: signalfd(2) has just made it, and `check` let only
    // success through. 2. close(2) is how it is released.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Takes one pending signal.
///
/// # Errors
/// `EAGAIN`: none is pending.
///
/// # Cost
/// 1 syscall.
pub fn read(descriptor: BorrowedFd<'_>) -> io::Result<Info> {
    let mut info = MaybeUninit::<libc::signalfd_siginfo>::zeroed();
    // SAFETY: 1. The descriptor is open: a `BorrowedFd` is. 2. The pointer is valid for writes of
    // SIZE bytes: it is to a local of that size.
    let read =
        check_size(unsafe { libc::read(descriptor.as_raw_fd(), info.as_mut_ptr().cast(), SIZE) })?;
    if read != SIZE {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    // SAFETY: 1. It is initialised: zeroed at first, and all of its fields are integers.
    Ok(Info { raw: unsafe { info.assume_init() } })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn what_is_no_signal_is_no_signal_read() {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        theirs.write_all(b"five!").unwrap();
        let error = read(ours.as_fd()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_number_that_is_no_signal_is_refused() {
        for result in [block(&[-1]), create(&[-1]).map(drop), create(&[1 << 20]).map(drop)] {
            assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::EINVAL));
        }
    }
}
