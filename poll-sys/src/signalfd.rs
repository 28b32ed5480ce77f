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

    /// Sends itself `signal` with a value, and reads what came.
    fn queued(signal: i32, value: usize) -> io::Result<Info> {
        let descriptor = create(&[signal])?;
        let value = libc::sigval { sival_ptr: value as *mut libc::c_void };
        // SAFETY: 1. The arguments are numbers: the value is handed back and never dereferenced.
        check(unsafe { libc::sigqueue(std::process::id() as libc::pid_t, signal, value) })?;
        read(descriptor.as_fd())
    }

    /// In a child, because its one thread has the signal blocked, and because it becomes somebody.
    #[test]
    fn what_is_read_says_who_sent_what() {
        let good = crate::fork::tests::in_child(|| {
            // SAFETY: 1. No precondition (getuid(2)).
            if unsafe { libc::getuid() } == 0 {
                // SAFETY: 1. The argument is an integer, and the process has one thread (setuid(2)).
                unsafe { libc::setuid(54_321) };
            }
            // SAFETY: 1. No precondition (getuid(2)).
            let user = unsafe { libc::getuid() };
            block(&[libc::SIGUSR1]).unwrap();
            let Ok(info) = queued(libc::SIGUSR1, 77) else { return false };
            let told = (info.signal(), info.code(), info.user(), info.value());
            told == (libc::SIGUSR1, libc::SI_QUEUE, user, 77)
                && info.process() == std::process::id()
                && format!("{info:?}").starts_with("Info { signal: 10, code: -1")
        });
        assert!(good);
    }

    #[test]
    fn what_is_read_of_a_child_says_how_it_ended() {
        let good = crate::fork::tests::in_child(|| {
            block(&[libc::SIGCHLD]).unwrap();
            let Ok(descriptor) = create(&[libc::SIGCHLD]) else { return false };
            // SAFETY: 1. fork(2) has no memory precondition; the child leaves at once.
            let child = unsafe { libc::fork() };
            if child == 0 {
                // SAFETY: 1. _exit(2) takes an integer and does not return.
                unsafe { libc::_exit(7) };
            }
            let mut lines = [crate::poll::PollFd::new(descriptor.as_fd(), crate::poll::Flags::IN)];
            crate::poll::wait(&mut lines, Some(std::time::Duration::from_secs(20))).unwrap();
            read(descriptor.as_fd()).is_ok_and(|info| {
                (info.code(), info.status()) == (libc::CLD_EXITED, 7)
                    && i64::from(info.process()) == i64::from(child)
            })
        });
        assert!(good);
    }
}
