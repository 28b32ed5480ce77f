//! The bytes that have arrived and are not yet a message.

use std::io::{self, ErrorKind, Read};

use bytes::{Bytes, BytesMut};

/// What is read at once where nothing is known of the message.
pub(super) const READ: usize = 8 * 1024;

#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: BytesMut,
}

impl Inbox {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads once, at most so many bytes; 0 at the end of the stream.
    pub(super) fn read(&mut self, from: &mut impl Read, at_most: usize) -> io::Result<usize> {
        let held = self.bytes.len();
        self.bytes.resize(held + at_most, 0);
        let result = loop {
            match from.read(&mut self.bytes[held..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        self.bytes.truncate(held + result.as_ref().map_or(0, |&read| read.min(at_most)));
        result
    }

    /// Takes the first `len` bytes, without copying them.
    pub(super) fn take(&mut self, len: usize) -> Bytes {
        self.bytes.split_to(len).freeze()
    }
}
