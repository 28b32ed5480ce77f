//! Messages out of a stream and into one: lines, and frames that begin with their length.
//!
//! A non-blocking stream gives and takes what it can at the moment: half a line, three frames and a
//! bit. These types keep the bits. A reader gives whole messages until the stream says
//! `WouldBlock`, and goes on from there the next time; a writer keeps what the stream did not take.
//! They work on whatever is `Read` or `Write`, and know neither sockets nor pollers. A stream that blocks
//! never says `WouldBlock`: read it through a [`OneRead`].
//!
//! All lengths have limits, set by the caller: a peer can make a reader hold one message of the
//! limit and one read more (8 KiB, or what is left of a long frame, up to 64 KiB), and no more.
//!
//! # Errors
//! | what | when | error |
//! |---|---|---|
//! | reading | the message is not whole | `WouldBlock`; go on when the stream is readable |
//! | | the message is longer than the limit | [`TooLong`], as `InvalidData`; there is no going on |
//! | | the stream ends within a frame | `UnexpectedEof` |
//! | [`FrameWriter::push`] | the frame is longer than the limit | [`TooLong`] |
//! | [`FrameWriter::write`] | the stream takes no more | `WouldBlock`; go on when the stream is writable |
//! | | the stream takes nothing and says nothing | `WriteZero` |
//! | [`OneRead`] | it has read once | `WouldBlock` |
//! | each | the stream says something else | that |
//!
//! # Platform
//! The same everywhere. They are behind the feature `framing`.
//!
//! # Cost
//! | | syscalls | allocations |
//! |---|---|---|
//! | [`LineReader::read`] | 1 for each 8 KiB; 0 while a whole line is held | 0, but for a buffer that is used up while a line of it is held |
//! | [`FrameReader::read`] | 1 for each 8 KiB, of a long frame for each 64 KiB; 0 while a whole frame is held | as above |
//! | [`FrameWriter::push`] | 0 | 0, but for the growth of the queue |
//! | [`FrameWriter::write`] | 1 for each 32 frames, or for each part that the stream takes | 0 |
//! | [`OneRead`] | 1 at most | 0 |
//!
//! No message is copied.
//!
//! # Examples
//! ```
//! use std::io::{ErrorKind, Write};
//! use poll_net::UnixStream;
//! use poll_net::framing::LineReader;
//!
//! let (mut peer, mut stream) = UnixStream::pair()?;
//! let mut lines = LineReader::new(1024);
//! peer.write_all(b"first\r\nsecond\nthi")?;
//! assert_eq!(lines.read(&mut stream)?.unwrap(), "first");
//! assert_eq!(lines.read(&mut stream)?.unwrap(), "second");
//! // The third is not whole: wait until the stream is readable, and go on.
//! assert_eq!(lines.read(&mut stream).unwrap_err().kind(), ErrorKind::WouldBlock);
//! peer.write_all(b"rd\n")?;
//! assert_eq!(lines.read(&mut stream)?.unwrap(), "third");
//! drop(peer);
//! assert_eq!(lines.read(&mut stream)?, None);
//! # std::io::Result::Ok(())
//! ```

mod frame_reader;
mod frame_writer;
mod inbox;
mod line_reader;
mod one_read;

use std::{error, fmt, io};

/// What messages are made of: that of the crate `bytes`. Whatever it can be made of, such as a
/// `Vec<u8>` or a `&'static [u8]`, becomes one by `into`.
pub use bytes::Bytes;
pub use frame_reader::FrameReader;
pub use frame_writer::FrameWriter;
pub use line_reader::LineReader;
pub use one_read::OneRead;

/// A message is longer than the limit. It comes inside an `io::Error` of the kind `InvalidData`.
///
/// # Examples
/// ```
/// use poll_net::framing::{LineReader, TooLong};
///
/// let error = LineReader::new(4).read(&mut &b"too long\n"[..]).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
/// let too_long = error.get_ref().unwrap().downcast_ref::<TooLong>().unwrap();
/// assert_eq!(too_long.limit, 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooLong {
    /// The limit, in bytes.
    pub limit: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a message is longer than the limit of {} bytes", self.limit)
    }
}

impl error::Error for TooLong {}

impl From<TooLong> for io::Error {
    fn from(too_long: TooLong) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, too_long)
    }
}
