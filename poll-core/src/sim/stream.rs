//! A connection of a simulated world.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::Sim;
use super::open::Open;

/// One end of a connection of a simulated world; see [`Sim::pair`]. Behaves as a non-blocking stream
/// socket; a read or a write does as much as chance has it, at least one byte.
///
/// Dropping it closes the connection: the peer reads what it was sent, then the end; its writes are
/// `BrokenPipe`. If something was left unread, the connection is reset: instead of the end, the peer
/// finds `ConnectionReset`.
///
/// # Errors
/// | what | when | error |
/// |---|---|---|
/// | a read | nothing is there | `WouldBlock` |
/// | a write | there is no room | `WouldBlock` |
/// | a write | the peer is gone, or this end is [shut down](Self::shutdown_write) | `BrokenPipe` |
/// | either, once | the peer has left something unread | `ConnectionReset` |
/// | either, once | [`fail`](Self::fail) | what it was given |
pub struct Stream(Open);

impl Stream {
    pub(super) fn new(sim: &Sim, name: File, side: u64) -> Self {
        Self(Open::new(sim, name, side))
    }

    /// Sends no more: the peer reads what it was sent, then the end.
    pub fn shutdown_write(&self) {
        self.0.handle.sim.change(|world| world.shutdown(self.0.handle.id));
    }

    /// Makes the next write of this end fail, or the next read once what has arrived is read, and
    /// reports an error until then.
    pub fn fail(&self, error: impl Into<io::Error>) {
        self.0.handle.sim.change(|world| world.fail(self.0.handle.id, error.into()));
    }
}

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.handle.sim.change(|world| world.read(self.0.handle.id, buffer))
    }
}

impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.handle.sim.change(|world| world.write(self.0.handle.id, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Closes the stream. What comes out is the number that it was registered by, and good for nothing: it
/// is there for [`Registration::close`](crate::Registration::close).
impl From<Stream> for OwnedFd {
    fn from(stream: Stream) -> Self {
        stream.0.close()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("id", &self.0.handle.id).finish_non_exhaustive()
    }
}
