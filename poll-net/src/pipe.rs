//! Pipes.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::process::{ChildStderr, ChildStdin, ChildStdout};

/// Creates a pipe.
///
/// # Errors
/// Out of descriptors.
///
/// # Cost
/// One syscall where the system has `pipe2`, seven elsewhere. No allocation.
///
/// # Examples
/// ```
/// use std::io::{ErrorKind, Read, Write};
///
/// let (mut reader, mut writer) = poll_net::pipe()?;
/// assert_eq!(reader.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
/// writer.write_all(b"ping")?;
/// assert_eq!(reader.read(&mut [0; 8])?, 4);
/// drop(writer);
/// assert_eq!(reader.read(&mut [0; 8])?, 0);
/// # std::io::Result::Ok(())
/// ```
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = poll_sys::pipe::pipe()?;
    poll_sys::quiet_write::silence(writer.as_fd())?;
    Ok((PipeReader(reader.into()), PipeWriter(writer.into())))
}

/// The end of a pipe that is read. Never blocks: an empty pipe is `WouldBlock`, one without a
/// writer `Ok(0)`.
///
/// What a child says becomes one by `try_from`.
///
/// # Examples
/// See also [`pipe`].
/// ```
/// use std::io::Write;
/// use std::process::{Command, Stdio};
/// use poll_net::{PipeReader, PipeWriter};
///
/// let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
/// let mut input = PipeWriter::try_from(cat.stdin.take().expect("it was asked for"))?;
/// let output = PipeReader::try_from(cat.stdout.take().expect("it was asked for"))?;
/// // A program waits until the output is readable, and for the exit.
/// # input.write_all(b"x")?;
/// # drop((input, output));
/// # cat.wait()?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct PipeReader(File);

/// The end of a pipe that is written. Never blocks, and never raises SIGPIPE: a full pipe is
/// `WouldBlock`, one without a reader `BrokenPipe`.
///
/// What a child is told becomes one by `try_from`.
///
/// # Platform
/// | system | how SIGPIPE is kept away | syscalls of a write |
/// |---|---|---|
/// | Linux 6.18 and later | `RWF_NOSIGNAL` | 1 |
/// | Apple, NetBSD | `F_SETNOSIGPIPE`, when the pipe is made | 1 |
/// | others | the signal is blocked in this thread for the call, and taken if it was raised | 3 |
///
/// # Examples
/// See [`pipe`].
#[derive(Debug)]
pub struct PipeWriter(File);

/// One syscall per call.
impl Read for &PipeReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&self.0).read_vectored(bufs)
    }
}

impl Read for PipeReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(bufs)
    }
}

/// As many syscalls as the table of [`PipeWriter`] says. There is nothing to flush.
impl Write for &PipeWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        poll_sys::quiet_write::write(self.as_fd(), &[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        poll_sys::quiet_write::write(self.as_fd(), bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for PipeWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self).write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Checks that it is a pipe (`InvalidInput` if not; the descriptor is closed then) and sets it
/// non-blocking and close-on-exec. Up to four syscalls.
impl TryFrom<OwnedFd> for PipeReader {
    type Error = io::Error;

    fn try_from(fd: OwnedFd) -> io::Result<PipeReader> {
        adopt(fd).map(PipeReader)
    }
}

/// Checks that it is a pipe (`InvalidInput` if not; the descriptor is closed then) and sets it
/// non-blocking and close-on-exec. Up to five syscalls.
impl TryFrom<OwnedFd> for PipeWriter {
    type Error = io::Error;

    fn try_from(fd: OwnedFd) -> io::Result<PipeWriter> {
        let pipe = adopt(fd)?;
        poll_sys::quiet_write::silence(pipe.as_fd())?;
        Ok(PipeWriter(pipe))
    }
}

/// As from its descriptor.
impl TryFrom<ChildStdout> for PipeReader {
    type Error = io::Error;

    fn try_from(output: ChildStdout) -> io::Result<PipeReader> {
        OwnedFd::from(output).try_into()
    }
}

/// As from its descriptor.
impl TryFrom<ChildStderr> for PipeReader {
    type Error = io::Error;

    fn try_from(output: ChildStderr) -> io::Result<PipeReader> {
        OwnedFd::from(output).try_into()
    }
}

/// As from its descriptor.
impl TryFrom<ChildStdin> for PipeWriter {
    type Error = io::Error;

    fn try_from(input: ChildStdin) -> io::Result<PipeWriter> {
        OwnedFd::from(input).try_into()
    }
}

fn adopt(fd: OwnedFd) -> io::Result<File> {
    let pipe = File::from(fd);
    if !pipe.metadata()?.file_type().is_fifo() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the descriptor is no pipe"));
    }
    poll_sys::flags::set_cloexec(pipe.as_fd())?;
    poll_sys::flags::set_nonblocking(pipe.as_fd())?;
    Ok(pipe)
}

/// The descriptor, still non-blocking. No syscall.
impl From<PipeReader> for OwnedFd {
    fn from(pipe: PipeReader) -> OwnedFd {
        pipe.0.into()
    }
}

/// The descriptor, still non-blocking. No syscall.
impl From<PipeWriter> for OwnedFd {
    fn from(pipe: PipeWriter) -> OwnedFd {
        pipe.0.into()
    }
}

impl AsFd for PipeReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for PipeWriter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
