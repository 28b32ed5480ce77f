//! `fstat(2)`: what a descriptor is.
//!
//! Man page: [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/fstat.html).
//!
//! The proof rests on ROOM of the crate's documentation: the kernel fills what is initialised already.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::result::check;

/// Whether a descriptor is of a regular file, a directory or a block device: always ready for
/// poll(2), refused by epoll, and told by kqueue of its end alone.
///
/// # Errors
/// `EIO`, `EOVERFLOW` (a size that does not fit).
///
/// # Cost
/// 1 syscall, no allocation.
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
///
/// let directory = std::fs::File::open("/")?;
/// assert!(poll_sys::stat::is_always_ready(directory.as_fd())?);
/// let (socket, _peer) = std::os::unix::net::UnixStream::pair()?;
/// assert!(!poll_sys::stat::is_always_ready(socket.as_fd())?);
/// # std::io::Result::Ok(())
/// ```
pub fn is_always_ready(fd: BorrowedFd<'_>) -> io::Result<bool> {
    // SAFETY: 1. Zero is a value of a `stat`: it is made of integers (stat(3type)). It is filled with
    // them so that the proof of what is read below need not believe the kernel (ROOM).
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: 1. The descriptor is open: a `BorrowedFd` is, for as long as it lives. 2. The pointer
    // is valid for writes of a `stat`: it is to a local of that type.
    check(unsafe { libc::fstat(fd.as_raw_fd(), std::ptr::from_mut(&mut status)) })?;
    Ok(matches!(status.st_mode & libc::S_IFMT, libc::S_IFREG | libc::S_IFDIR | libc::S_IFBLK))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn files_and_directories_are_always_ready_and_nothing_else_is() {
        let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
        for (file, expected) in [("/", true), ("/bin/sh", true), ("/dev/null", false)] {
            let file = File::open(file).unwrap();
            assert_eq!(is_always_ready(file.as_fd()).unwrap(), expected, "{file:?}");
        }
        assert!(!is_always_ready(socket.as_fd()).unwrap());
    }
}
