//! Writing to a pipe without SIGPIPE: a pipe has no `MSG_NOSIGNAL`.
//!
//! # Invariants
//! IOVEC: `IoSlice` is guaranteed to have the layout of `iovec` on Unix (std's documentation of
//! it), and describes borrowed, so live and initialised, memory for as long as the slice lives.

use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::c_int;

use crate::result::{check, check_size};
use crate::sigpipe;
use crate::system::{NAMES, quiet_flag};

/// The most slices that one call takes: `IOV_MAX` is this on Linux, Apple and the BSDs, and no less
/// than it elsewhere but for Solaris and illumos, which allow 1024 too since 2010.
const MAX_SLICES: usize = 1024;

/// Tells a descriptor, once, not to raise SIGPIPE, where descriptors can be told.
///
/// # Errors
/// What `fcntl(2)` says for `F_SETNOSIGPIPE`.
///
/// # Platform
/// Apple and NetBSD: one syscall. Nothing elsewhere: [`write()`] does it.
///
/// # Source
/// <https://man.netbsd.org/fcntl.2>
///
/// # Examples
/// See [`write()`].
pub fn silence(pipe: BorrowedFd<'_>) -> io::Result<()> {
    if let Some(command) = NAMES.pipe_no_sigpipe {
        // SAFETY: 1. `pipe` is borrowed, so open. 2. The command takes one int, and touches no
        // memory (fcntl(2)).
        check(unsafe { libc::fcntl(pipe.as_raw_fd(), command, 1) })?;
    }
    Ok(())
}

/// Writes to a pipe; `EPIPE` without SIGPIPE when nobody reads. What is over the system's limit of
/// 1024 slices is left for the next call.
///
/// # Errors
/// What `write(2)` says: `EWOULDBLOCK` when the pipe is full, `EPIPE`.
///
/// # Platform
/// | system | how | syscalls |
/// |---|---|---|
/// | Linux 6.18 and later | `pwritev2` with `RWF_NOSIGNAL` | 1 |
/// | Apple, NetBSD | the descriptor was told, by [`silence`] | 1 |
/// | others | SIGPIPE blocked in this thread for the call, and taken if it was raised | 3 |
///
/// # Cost
/// The table's; one more for the first write of the process on an older Linux. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/readv.2.html>
///
/// # Examples
/// ```
/// use std::io::{ErrorKind, IoSlice};
/// use std::os::fd::AsFd;
/// use poll_sys::{pipe, quiet_write};
///
/// let (reader, writer) = pipe::pipe()?;
/// quiet_write::silence(writer.as_fd())?;
/// assert_eq!(quiet_write::write(writer.as_fd(), &[IoSlice::new(b"hi")])?, 2);
/// drop(reader);
/// let error = quiet_write::write(writer.as_fd(), &[IoSlice::new(b"hi")]).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
/// # std::io::Result::Ok(())
/// ```
pub fn write(pipe: BorrowedFd<'_>, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    let bufs = &bufs[..bufs.len().min(MAX_SLICES)];
    if NAMES.pipe_no_sigpipe.is_some() {
        return writev(pipe, bufs);
    }
    match quiet_flag::write(pipe, bufs) {
        Some(result) => result,
        None => sigpipe::without(|| writev(pipe, bufs)),
    }
}

/// The form in which the kernel takes the slices.
pub(crate) fn as_iovecs(bufs: &[IoSlice<'_>]) -> (*const libc::iovec, c_int) {
    (bufs.as_ptr().cast(), c_int::try_from(bufs.len()).unwrap_or(c_int::MAX))
}

fn writev(pipe: BorrowedFd<'_>, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    let (slices, count) = as_iovecs(bufs);
    // SAFETY: 1. `pipe` is borrowed, so open. 2. `slices` points at `count` iovecs of memory that
    // is only read (IOVEC).
    check_size(unsafe { libc::writev(pipe.as_raw_fd(), slices, count) })
}

#[cfg(test)]
mod tests {
    use std::net::Shutdown;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn slices_over_the_limit_are_left() {
        let (_reader, writer) = crate::pipe::pipe().unwrap();
        assert_eq!(write(writer.as_fd(), &vec![IoSlice::new(b"x"); 3000]).unwrap(), MAX_SLICES);
    }

    #[test]
    fn the_masked_form_writes_and_fails_like_the_other() {
        let (reader, writer) = UnixStream::pair().unwrap();
        let masked = || sigpipe::without(|| writev(writer.as_fd(), &[IoSlice::new(b"hi")]));
        assert_eq!(masked().unwrap(), 2);
        // Not by its end: a child that another test forks meanwhile would keep it open.
        reader.shutdown(Shutdown::Both).unwrap();
        assert_eq!(masked().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
