//! Moving data between descriptors without passing it through the process.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

/// Sends up to `count` bytes of a file, from `offset` on, to a stream; how many the stream took: 0
/// at or after the end of the file. The file's own position is neither used nor changed, so that
/// one open file serves any number of connections.
///
/// A file never blocks a poller, but a page that is not in memory blocks this call until the disk
/// has answered.
///
/// # Errors
/// `WouldBlock` when the stream takes nothing now; `BrokenPipe` (and no SIGPIPE), `NotConnected`;
/// `InvalidInput` if the 'file' is of a kind that cannot be sent so, such as a pipe.
///
/// # Platform
/// | system | interface | syscalls |
/// |---|---|---|
/// | Linux, Android, FreeBSD, DragonFly, Apple, illumos, Solaris | `sendfile` | 3 |
/// | others | `pread` and `send`, up to 16 KiB | 2 |
///
/// # Cost
/// The table's: `sendfile` has no flag against SIGPIPE, so the signal is blocked in this thread
/// for the call. No allocation.
///
/// # Examples
/// ```
/// use std::io::Read;
/// use poll_net::{UnixStream, sendfile};
///
/// let file = std::fs::File::open("Cargo.toml")?;
/// let (a, mut b) = UnixStream::pair()?;
/// assert_eq!(sendfile(&a, &file, 1, 7)?, 7);
/// let mut text = [0; 7];
/// b.read_exact(&mut text)?;
/// assert_eq!(&text, b"package");
/// # std::io::Result::Ok(())
/// ```
pub fn sendfile(stream: &impl AsFd, file: &File, offset: u64, count: usize) -> io::Result<usize> {
    poll_sys::sendfile::send(stream.as_fd(), file.as_fd(), offset, count)
}

/// Moves up to `count` bytes from one descriptor to another, one of which must be a pipe; how many:
/// 0 at the end of `from`. A proxy moves from socket to pipe and from pipe to socket.
///
/// # Errors
/// `WouldBlock` when `from` has nothing or `to` takes nothing now (which of the two: for a pipe
/// between, the caller knows what is in it); `BrokenPipe` (and no SIGPIPE); `InvalidInput` if
/// neither is a pipe; `Unsupported` on other systems.
///
/// # Platform
/// Linux and Android; `Unsupported` elsewhere.
///
/// # Cost
/// Three syscalls, for the reason told at [`sendfile`]. No allocation.
///
/// # Examples
/// ```
/// use std::io::{ErrorKind, Read, Write};
/// use poll_net::{UnixStream, pipe, splice};
///
/// let ((mut from, here), (there, mut to)) = (UnixStream::pair()?, UnixStream::pair()?);
/// let (reader, writer) = pipe()?;
/// from.write_all(b"ping")?;
/// let moved = match splice(&here, &writer, 65536) {
///     Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
///     result => result?,
/// };
/// assert_eq!(splice(&reader, &there, moved)?, 4);
/// assert_eq!(to.read(&mut [0; 8])?, 4);
/// # std::io::Result::Ok(())
/// ```
pub fn splice(from: &impl AsFd, to: &impl AsFd, count: usize) -> io::Result<usize> {
    poll_sys::splice::splice(from.as_fd(), to.as_fd(), count)
}
