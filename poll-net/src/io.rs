//! Writing without SIGPIPE, and `Read` and `Write` for the stream types.

use std::io::{self, IoSlice};
use std::os::fd::AsFd;

use poll_sys::socket_option::NO_SIGNAL;
use socket2::SockRef;

/// The most slices that one call takes on every system (`IOV_MAX` is at least this; Linux and the
/// BSDs have exactly 1024).
const MAX_SLICES: usize = 1024;

/// `send(2)` that fails with `EPIPE` and raises no signal.
pub(crate) fn send(socket: &impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    SockRef::from(socket).send_with_flags(bytes, NO_SIGNAL)
}

/// `sendmsg(2)` that fails with `EPIPE` and raises no signal; what is over the system's limit of
/// slices is left for the next call.
pub(crate) fn send_vectored(socket: &impl AsFd, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    SockRef::from(socket).send_vectored_with_flags(&bufs[..bufs.len().min(MAX_SLICES)], NO_SIGNAL)
}

/// `Read` and `Write` for a newtype over a std stream, owned and by reference.
macro_rules! stream_io {
    ($stream:ident) => {
        /// One syscall per call; `WouldBlock` when nothing has arrived, `Ok(0)` at the end.
        impl std::io::Read for &$stream {
            fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                (&self.0).read(buf)
            }

            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> std::io::Result<usize> {
                (&self.0).read_vectored(bufs)
            }
        }

        /// One syscall per call; `WouldBlock` when the send buffer is full, `BrokenPipe` when the
        /// peer is gone, never a SIGPIPE. There is nothing to flush.
        impl std::io::Write for &$stream {
            fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
                crate::io::send(&self.0, buf)
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> std::io::Result<usize> {
                crate::io::send_vectored(&self.0, bufs)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }

        crate::io::by_value!($stream);
    };
}

/// `Read` and `Write` for a type whose reference has them.
macro_rules! by_value {
    ($stream:ident) => {
        impl std::io::Read for $stream {
            fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                (&*self).read(buf)
            }

            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> std::io::Result<usize> {
                (&*self).read_vectored(bufs)
            }
        }

        impl std::io::Write for $stream {
            fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
                (&*self).write(buf)
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> std::io::Result<usize> {
                (&*self).write_vectored(bufs)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
    };
}

pub(crate) use {by_value, stream_io};
