//! `kill(2)`: a signal to a process.
//!
//! Specification: <https://pubs.opengroup.org/onlinepubs/9799919799/functions/kill.html>

use std::io;

use libc::c_int;

use crate::result::check;

/// Sends `signal` to the one process `pid`.
///
/// A number is a process's only until it is reaped: it is to be called by who reaps it, before that.
///
/// # Errors
/// - `ESRCH`: no such process; also for the numbers that mean more than one to kill(2), which are 0
///   and what is no `pid_t`.
/// - `EPERM`: it is another user's. `EINVAL`: no such signal.
///
/// # Cost
/// 1 syscall.
///
/// # Examples
/// ```
/// // No signal: asks whether the process is there.
/// poll_sys::kill::send(std::process::id(), 0)?;
/// # std::io::Result::Ok(())
/// ```
pub fn send(pid: u32, signal: i32) -> io::Result<()> {
    let one = libc::pid_t::try_from(pid).ok().filter(|&pid| pid > 0);
    let Some(one) = one else { return Err(io::Error::from_raw_os_error(libc::ESRCH)) };
    // SAFETY: 1. The arguments are two integers by value: kill(2) has no memory precondition. What a
    // handler does is for whoever installed it to prove.
    check(unsafe { libc::kill(one, signal as c_int) }).map(drop)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn the_process_gets_the_signal() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        send(child.id(), libc::SIGTERM).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGTERM));
    }

    #[test]
    fn nobody_gets_what_would_go_to_many() {
        for pid in [0, u32::MAX, u32::MAX - 1, 1 << 31] {
            assert_eq!(send(pid, 0).unwrap_err().raw_os_error(), Some(libc::ESRCH), "{pid}");
        }
    }

    #[test]
    fn a_signal_that_is_none_is_refused() {
        let refused = send(std::process::id(), 4_000).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EINVAL));
    }
}
