//! A connection of a simulated world.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use super::Sim;

/// One end of a connection of a simulated world; see [`Sim::pair`]. Behaves as a non-blocking stream
/// socket; a read or a write does as much as chance has it, at least one byte.
///
/// Dropping it closes the connection: the peer reads what it was sent, then the end; its writes are
/// `BrokenPipe`.
pub struct Stream {
    sim: Sim,
    side: u64,
    /// For its number alone: what the stream is registered by.
    name: File,
}

impl Stream {
    pub(super) fn pair(sim: &Sim, capacity: usize) -> io::Result<(Self, Self)> {
        let names = [File::open("/dev/null")?, File::open("/dev/null")?];
        let numbers = [names[0].as_raw_fd(), names[1].as_raw_fd()];
        let sides = sim.world().connect(numbers, capacity);
        let [first, second] = names;
        let stream = |name, side| Self { sim: sim.clone(), side, name };
        Ok((stream(first, sides[0]), stream(second, sides[1])))
    }

    /// Sends no more: the peer reads what it was sent, then the end.
    pub fn shutdown_write(&self) {
        self.sim.world().shutdown(self.side);
    }

    /// Makes the next read or write of this end fail, and reports it as an error.
    pub fn fail(&self, error: io::ErrorKind) {
        self.sim.world().fail(self.side, error);
    }
}

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.sim.world().read(self.side, buffer)
    }
}

impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sim.world().write(self.side, bytes)
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
        self.name.as_fd()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.sim.world().disconnect(self.name.as_raw_fd(), self.side);
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("side", &self.side).finish_non_exhaustive()
    }
}
