//! Frames into a stream.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Write};

use bytes::Bytes;

use super::TooLong;
use super::frame_reader::HEADER;

/// The most frames that one write hands to the stream: two slices each.
const FRAMES: usize = 32;

/// Writes frames: a length of four bytes, big-endian, and as many bytes. What the stream does not
/// take is kept.
///
/// # Examples
/// See [`FrameReader`](super::FrameReader).
#[derive(Debug)]
pub struct FrameWriter {
    queue: VecDeque<([u8; HEADER], Bytes)>,
    /// How many bytes of the first frame, its header included, are written already.
    written: usize,
    /// Of the whole queue, headers included.
    unwritten: usize,
    limit: u32,
}

impl FrameWriter {
    /// A writer of frames of at most `limit` bytes, their header not counted. A limit of more than
    /// `u32::MAX` is that: the header holds no more.
    ///
    /// # Cost
    /// No allocation before the first push.
    #[must_use]
    pub fn new(limit: usize) -> FrameWriter {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        FrameWriter { queue: VecDeque::new(), written: 0, unwritten: 0, limit }
    }

    /// Adds a frame to the queue. Nothing is written before [`write`](Self::write).
    ///
    /// The queue has no limit of its own: a caller stops to push when
    /// [`unwritten`](Self::unwritten) says that the peer does not keep up.
    ///
    /// # Errors
    /// [`TooLong`]: the frame is longer than the limit; the queue is as before.
    ///
    /// # Cost
    /// No copy; no allocation but the growth of the queue.
    ///
    /// # Examples
    /// See [`FrameReader`](super::FrameReader).
    pub fn push(&mut self, frame: Bytes) -> Result<(), TooLong> {
        match u32::try_from(frame.len()) {
            Ok(len) if len <= self.limit => {
                self.unwritten += HEADER + frame.len();
                self.queue.push_back((len.to_be_bytes(), frame));
                Ok(())
            }
            _ => Err(TooLong { limit: self.limit as usize }),
        }
    }

    /// Writes until the queue is empty. To be called again, when the stream is writable, after
    /// `WouldBlock`.
    ///
    /// # Errors
    /// What the stream says; `WouldBlock` while some is left; `WriteZero` if it takes nothing and
    /// says nothing. What was written is written: the next call goes on from there.
    ///
    /// # Cost
    /// One vectored write per 32 frames, or as often as the stream takes a part. No allocation.
    ///
    /// # Examples
    /// See [`FrameReader`](super::FrameReader).
    pub fn write(&mut self, to: &mut impl Write) -> io::Result<()> {
        while !self.queue.is_empty() {
            match self.write_once(to) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.forget(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// How many bytes wait to be written, headers included.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.unwritten
    }

    fn write_once(&self, to: &mut impl Write) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); FRAMES * 2];
        let frames = self.queue.len().min(FRAMES);
        for (pair, (header, frame)) in slices.chunks_exact_mut(2).zip(&self.queue) {
            pair[0] = IoSlice::new(header);
            pair[1] = IoSlice::new(frame);
        }
        let mut slices = &mut slices[..frames * 2];
        IoSlice::advance_slices(&mut slices, self.written);
        to.write_vectored(slices)
    }

    /// Takes what was written off the queue.
    fn forget(&mut self, count: usize) {
        self.unwritten -= count;
        self.written += count;
        while let Some((_, frame)) = self.queue.front() {
            let len = HEADER + frame.len();
            if self.written < len {
                break;
            }
            self.written -= len;
            self.queue.pop_front();
        }
    }
}
