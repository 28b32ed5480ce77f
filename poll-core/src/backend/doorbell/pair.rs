//! A doorbell on a pair of sockets: a ring is a byte, an answer reads them all.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use poll_sys::errno;

#[derive(Debug)]
pub(crate) struct Doorbell {
    inside: UnixStream,
    outside: UnixStream,
}

impl Doorbell {
    pub(crate) fn new() -> io::Result<Self> {
        let (inside, outside) = UnixStream::pair()?;
        inside.set_nonblocking(true)?;
        outside.set_nonblocking(true)?;
        Ok(Self { inside, outside })
    }

    /// Makes it readable. Async-signal-safe, and keeps `errno`.
    pub(crate) fn ring(&self) -> io::Result<()> {
        match errno::preserve(|| (&self.outside).write(&[1])) {
            // Full of rings: readable all the same.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    /// What to write eight bytes to, to ring it from elsewhere.
    pub(crate) fn outside(&self) -> BorrowedFd<'_> {
        self.outside.as_fd()
    }

    /// Makes it unreadable.
    pub(crate) fn answer(&self) -> io::Result<()> {
        let mut rings = [0; 128];
        loop {
            match (&self.inside).read(&mut rings) {
                Ok(n) if n < rings.len() => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

impl AsFd for Doorbell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inside.as_fd()
    }
}
