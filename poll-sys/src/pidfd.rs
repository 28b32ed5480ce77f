//! `pidfd_open(2)`: a process as a descriptor, readable when it has exited.
//!
//! Man page: <https://man7.org/linux/man-pages/man2/pidfd_open.2.html>

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use libc::c_long;

use crate::result::check;

/// A descriptor of process `pid`, close-on-exec: readable from when it exits, reaped or not.
///
/// It names that process for ever; `pid` does so only until the process is reaped. So it is to be
/// called by who reaps it, before that.
///
/// # Errors
/// - `ESRCH`: no such process. `EINVAL`: not a number of a process.
/// - `ENOSYS`: before Linux 5.3, and under some emulators. `EPERM`: a seccomp filter.
/// - `EMFILE`, `ENFILE`, `ENOMEM`, `ENODEV`.
///
/// # Cost
/// 1 syscall.
///
/// # Examples
/// ```
/// match poll_sys::pidfd::open(std::process::id()) {
///     Ok(ourselves) => drop(ourselves),
///     Err(error) => println!("an old kernel: {error}"),
/// }
/// ```
pub fn open(pid: u32) -> io::Result<OwnedFd> {
    let no_flags: c_long = 0;
    // SAFETY: 1. The arguments are two integers by value: pidfd_open(2) has no memory precondition.
    let returned = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, no_flags) };
    // What is no descriptor's number is no success either.
    let fd = check(RawFd::try_from(returned).unwrap_or(-1))?;
    // SAFETY: 1. `fd` is open and nobody else's: pidfd_open(2) has just made it, and `check` let only
    // success through. 2. close(2) is how it is released.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::*;
    use crate::poll::{self, Flags, PollFd};

    #[test]
    fn it_is_readable_when_the_process_has_exited_and_not_before() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let descriptor = open(child.id()).unwrap();
        let ready = |limit| {
            let mut lines = [PollFd::new(descriptor.as_fd(), Flags::IN)];
            poll::wait(&mut lines, Some(limit)).unwrap()
        };
        assert_eq!(ready(Duration::ZERO), 0);
        drop(child.stdin.take());
        assert_eq!(ready(Duration::from_secs(20)), 1);
        child.wait().unwrap();
        assert_eq!(ready(Duration::ZERO), 1, "reaped, it is still readable");
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let error = open(child.id()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ESRCH));
        assert_eq!(open(0).unwrap_err().raw_os_error(), Some(libc::EINVAL));
    }
}
