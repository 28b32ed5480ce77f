//! `sendfile(2)`: from a file to a socket, without passing through the process.

use std::io;
use std::os::fd::BorrowedFd;

use crate::sigpipe;
use crate::system::sendfile_by;

/// Sends up to `count` bytes of a file, from `offset` on, to a socket; how many the socket took: 0
/// at or after the end of the file. The file's own position is neither used nor changed.
///
/// # Errors
/// `EWOULDBLOCK` when the socket takes nothing now, `EPIPE` (and no SIGPIPE), `ENOTCONN`; `EINVAL`
/// if the file is of a kind that cannot be sent so (a pipe, a terminal).
///
/// # Platform
/// | system | interface | syscalls |
/// |---|---|---|
/// | Linux, Android | `sendfile` | 3 |
/// | FreeBSD, DragonFly, Apple | `sendfile` | 3 |
/// | illumos, Solaris | `sendfile` of libsendfile | 3 |
/// | others | `pread` and `send` of up to 16 KiB | 2 |
///
/// # Cost
/// The table's: `sendfile` has no flag against SIGPIPE, so the signal is blocked in this thread
/// for the call. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/sendfile.2.html>,
/// <https://man.freebsd.org/cgi/man.cgi?query=sendfile>,
/// <https://illumos.org/man/3EXT/sendfile>
///
/// # Examples
/// ```
/// use std::io::Read;
/// use std::os::fd::AsFd;
/// use poll_sys::{sendfile, socket, socket_kind::Kind};
///
/// let file = std::fs::File::open("Cargo.toml")?;
/// let (a, b) = socket::pair(Kind::Stream)?;
/// assert_eq!(sendfile::send(a.as_fd(), file.as_fd(), 1, 7)?, 7);
/// let mut text = [0; 7];
/// std::fs::File::from(b).read_exact(&mut text)?;
/// assert_eq!(&text, b"package");
/// # std::io::Result::Ok(())
/// ```
pub fn send(
    socket: BorrowedFd<'_>,
    file: BorrowedFd<'_>,
    offset: u64,
    count: usize,
) -> io::Result<usize> {
    if sendfile_by::RAISES_SIGPIPE {
        sigpipe::without(|| sendfile_by::send(socket, file, offset, count))
    } else {
        sendfile_by::send(socket, file, offset, count)
    }
}

/// An offset as the kernel's type.
///
/// # Errors
/// `InvalidInput` beyond that type's range.
pub(crate) fn offset_of<T: TryFrom<u64>>(offset: u64) -> io::Result<T> {
    let why = "the offset is beyond what the system's files reach";
    T::try_from(offset).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, why))
}
