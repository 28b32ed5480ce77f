//! Lines out of a stream.

use std::io::{self, Read};

use bytes::Bytes;

use super::TooLong;
use super::inbox::{Inbox, READ};

/// Reads lines: bytes up to `\n`, which, with a `\r` before it, is taken off. The last line of a
/// stream may lack it.
///
/// # Examples
/// See [the module](super).
#[derive(Debug)]
pub struct LineReader {
    inbox: Inbox,
    /// How much of the inbox is known to hold no end of line.
    searched: usize,
    limit: usize,
    too_long: bool,
}

impl LineReader {
    /// A reader of lines of at most `limit` bytes, their end (`\n` or `\r\n`) not counted.
    ///
    /// # Cost
    /// No allocation before the first read.
    #[must_use]
    pub fn new(limit: usize) -> LineReader {
        LineReader { inbox: Inbox::default(), searched: 0, limit, too_long: false }
    }

    /// The next line; `None` at the end of the stream. To be called until it says `WouldBlock`.
    ///
    /// The stream is read only while no whole line has arrived.
    ///
    /// # Errors
    /// What the stream says; `WouldBlock` until the line is whole. [`TooLong`], as `InvalidData`,
    /// if the line is longer than the limit: there is no going on from there, and every later call
    /// says the same.
    ///
    /// # Cost
    /// One read per 8 KiB; none while a whole line is held. No allocation per line: lines share the
    /// buffer they arrived in, which is allocated anew when it is used up and a line of it is still
    /// held.
    ///
    /// # Examples
    /// See [the module](super).
    pub fn read(&mut self, from: &mut impl Read) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(line) = self.held_line()? {
                return Ok(Some(line));
            }
            if self.inbox.read(from, READ)? == 0 {
                return self.last_line();
            }
        }
    }

    fn held_line(&mut self) -> io::Result<Option<Bytes>> {
        let bytes = self.inbox.bytes();
        let end = bytes[self.searched..].iter().position(|&byte| byte == b'\n');
        let Some(end) = end.map(|end| self.searched + end) else {
            self.searched = bytes.len();
            // A `\r` at the end may belong to the end of the line.
            let len = bytes.strip_suffix(b"\r").unwrap_or(bytes).len();
            self.check(len)?;
            return Ok(None);
        };
        let len = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]).len();
        self.check(len)?;
        let mut line = self.inbox.take(end + 1);
        line.truncate(len);
        self.searched = 0;
        Ok(Some(line))
    }

    fn last_line(&mut self) -> io::Result<Option<Bytes>> {
        let len = self.inbox.bytes().len();
        self.check(len)?;
        self.searched = 0;
        Ok((len > 0).then(|| self.inbox.take(len)))
    }

    fn check(&mut self, len: usize) -> io::Result<()> {
        self.too_long |= len > self.limit;
        if self.too_long { Err(TooLong { limit: self.limit }.into()) } else { Ok(()) }
    }
}
