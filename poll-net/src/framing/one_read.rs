//! A stream that blocks, read once.

use std::io::{self, ErrorKind, Read};

/// Reads a stream once, and says `WouldBlock` from then on: for a stream that blocks.
///
/// Standard input and terminals are left blocking as a rule, because others share them. One read of what
/// a level-triggered poller has reported does not block, if nobody else reads it; a second one may. So a
/// [`LineReader`](super::LineReader) or [`FrameReader`](super::FrameReader) is given one of these for
/// each event, and what it does not read is reported again.
///
/// What must not stand between: a reader with a buffer of its own, such as `std::io::stdin()`. Register
/// and read a duplicate, `File::from(io::stdin().as_fd().try_clone_to_owned()?)`.
///
/// # Errors
/// What the stream says, once; then `WouldBlock`. A read that a signal interrupted does not count.
///
/// # Cost
/// At most one read. No allocation.
///
/// # Examples
/// ```
/// use std::io::{ErrorKind, Write};
/// use std::os::unix::net::UnixStream;
/// use poll_net::framing::{LineReader, OneRead};
///
/// let (mut peer, stream) = UnixStream::pair()?; // std's, which blocks
/// let mut lines = LineReader::new(1024);
/// peer.write_all(b"first\nsecond\nthi")?;
///
/// // A poller has reported the stream:
/// let mut once = OneRead::new(&stream);
/// assert_eq!(lines.read(&mut once)?.unwrap(), "first");
/// assert_eq!(lines.read(&mut once)?.unwrap(), "second");
/// assert_eq!(lines.read(&mut once).unwrap_err().kind(), ErrorKind::WouldBlock);
///
/// // And again:
/// peer.write_all(b"rd\n")?;
/// assert_eq!(lines.read(&mut OneRead::new(&stream))?.unwrap(), "third");
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct OneRead<R> {
    from: R,
    done: bool,
}

impl<R: Read> OneRead<R> {
    /// The next read of `from`, and no further one. A `&mut` to a stream, or a `&` to one that can be
    /// read through it, is a stream too.
    #[must_use]
    pub fn new(from: R) -> OneRead<R> {
        OneRead { from, done: false }
    }
}

impl<R: Read> Read for OneRead<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.done {
            return Err(ErrorKind::WouldBlock.into());
        }
        let result = self.from.read(buf);
        self.done = !matches!(&result, Err(error) if error.kind() == ErrorKind::Interrupted);
        result
    }
}
