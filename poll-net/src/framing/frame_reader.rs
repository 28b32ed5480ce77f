//! Frames out of a stream.

use std::io::{self, Read};

use bytes::Bytes;

use super::TooLong;
use super::inbox::{Inbox, READ};

/// The most that is read at once of a long frame.
const LONG_READ: usize = 64 * 1024;

pub(super) const HEADER: usize = 4;

/// Reads frames: a length of four bytes, big-endian, and as many bytes.
///
/// # Examples
/// ```
/// use poll_net::UnixStream;
/// use poll_net::framing::{Bytes, FrameReader, FrameWriter};
///
/// let (mut a, mut b) = UnixStream::pair()?;
/// let mut writer = FrameWriter::new(1 << 20);
/// writer.push(Bytes::from_static(b"hello"))?;
/// writer.push(Bytes::new())?;
/// writer.write(&mut a)?;
///
/// let mut reader = FrameReader::new(1 << 20);
/// assert_eq!(reader.read(&mut b)?.unwrap(), "hello");
/// assert_eq!(reader.read(&mut b)?.unwrap(), "");
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct FrameReader {
    inbox: Inbox,
    limit: usize,
}

impl FrameReader {
    /// A reader of frames of at most `limit` bytes, their header not counted.
    ///
    /// # Cost
    /// No allocation before the first read.
    #[must_use]
    pub fn new(limit: usize) -> FrameReader {
        FrameReader { inbox: Inbox::default(), limit }
    }

    /// The next frame; `None` at the end of the stream. To be called until it says `WouldBlock`.
    ///
    /// The stream is read only while no whole frame has arrived.
    ///
    /// # Errors
    /// What the stream says; `WouldBlock` until the frame is whole; `UnexpectedEof` if the stream
    /// ends within a frame. [`TooLong`], as `InvalidData`, as soon as a header says more than the
    /// limit, before anything is allocated for it: there is no going on from there, and every later
    /// call says the same.
    ///
    /// # Cost
    /// One read per 8 KiB, or per 64 KiB of a long frame; none while a whole frame is held. No
    /// allocation per frame: frames share the buffer they arrived in, which is allocated anew when
    /// it is used up and a frame of it is still held.
    ///
    /// # Examples
    /// See the [type](Self).
    pub fn read(&mut self, from: &mut impl Read) -> io::Result<Option<Bytes>> {
        loop {
            let held = self.inbox.bytes().len();
            let lacking = match self.inbox.bytes().first_chunk::<HEADER>() {
                Some(header) => {
                    let len = self.check(u32::from_be_bytes(*header))?;
                    if held - HEADER >= len {
                        return Ok(Some(self.inbox.take(HEADER + len).slice(HEADER..)));
                    }
                    len - (held - HEADER)
                }
                None => HEADER - held,
            };
            if self.inbox.read(from, lacking.clamp(READ, LONG_READ))? == 0 {
                return if held == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    fn check(&self, len: u32) -> io::Result<usize> {
        match usize::try_from(len) {
            Ok(len) if len <= self.limit => Ok(len),
            _ => Err(TooLong { limit: self.limit }.into()),
        }
    }
}
