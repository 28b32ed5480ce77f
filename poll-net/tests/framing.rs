//! What the readers and writers of messages promise, against streams that give and take any
//! number of bytes at a time.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use bytes::Bytes;
use poll_net::framing::{FrameReader, FrameWriter, LineReader, OneRead, TooLong};
use proptest::prelude::*;

/// A stream that gives or takes as many bytes at a time as it is told; 0 is `WouldBlock`, and
/// when it is told no more, everything at once.
#[derive(Default)]
struct Fitful {
    bytes: VecDeque<u8>,
    steps: VecDeque<usize>,
    largest_read: usize,
}

impl Fitful {
    fn new(bytes: &[u8], steps: &[usize]) -> Fitful {
        let (bytes, steps) = (bytes.iter().copied().collect(), steps.iter().copied().collect());
        Fitful { bytes, steps, largest_read: 0 }
    }

    fn step(&mut self) -> io::Result<usize> {
        match self.steps.pop_front() {
            Some(0) => Err(ErrorKind::WouldBlock.into()),
            Some(999) => Err(ErrorKind::Interrupted.into()),
            Some(step) => Ok(step),
            None => Ok(usize::MAX),
        }
    }
}

impl Read for Fitful {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.largest_read = self.largest_read.max(buf.len());
        let len = self.step()?.min(buf.len());
        self.bytes.read(&mut buf[..len])
    }
}

impl Write for Fitful {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[io::IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let step = self.step()?;
        let taken: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).take(step).collect();
        self.bytes.extend(&taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every message up to the end of the stream, with as many interruptions as there are.
fn read_all(mut read: impl FnMut() -> io::Result<Option<Bytes>>) -> io::Result<Vec<Vec<u8>>> {
    let mut messages = Vec::new();
    loop {
        match read() {
            Ok(Some(message)) => messages.push(message.to_vec()),
            Ok(None) => return Ok(messages),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

fn encode(frames: &[Vec<u8>]) -> Vec<u8> {
    frames
        .iter()
        .flat_map(|frame| [&u32::try_from(frame.len()).unwrap().to_be_bytes(), &frame[..]].concat())
        .collect()
}

fn is_too_long(error: &io::Error) -> bool {
    error.kind() == ErrorKind::InvalidData
        && error.get_ref().is_some_and(|inner| inner.is::<TooLong>())
}

fn steps() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![Just(0), Just(999), 1_usize..20, Just(5000)], 0..200)
}

fn frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let frame = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..30),
        1 => (any::<u8>(), 9000_usize..9100).prop_map(|(byte, len)| vec![byte; len]),
    ];
    prop::collection::vec(frame, 0..40)
}

proptest! {
    #[test]
    fn frames_are_read_as_they_were_sent_however_they_are_cut(
        frames in frames(), steps in steps(),
    ) {
        let mut stream = Fitful::new(&encode(&frames), &steps);
        let mut reader = FrameReader::new(10_000);
        prop_assert_eq!(read_all(|| reader.read(&mut stream)).unwrap(), frames);
    }

    #[test]
    fn frames_are_written_as_they_were_pushed_however_little_is_taken(
        frames in frames(), steps in steps(),
    ) {
        let mut stream = Fitful::new(&[], &steps);
        let mut writer = FrameWriter::new(10_000);
        let whole = encode(&frames);
        for frame in frames {
            writer.push(frame.into()).unwrap();
        }
        prop_assert_eq!(writer.unwritten(), whole.len());
        while let Err(error) = writer.write(&mut stream) {
            prop_assert_eq!(error.kind(), ErrorKind::WouldBlock);
            prop_assert_eq!(writer.unwritten() + stream.bytes.len(), whole.len());
        }
        prop_assert_eq!(writer.unwritten(), 0);
        prop_assert_eq!(Vec::from(stream.bytes), whole);
    }

    #[test]
    fn lines_are_those_of_the_text_however_it_is_cut(
        text in "[ab\r\n]{0,200}", steps in steps(),
    ) {
        let mut stream = Fitful::new(text.as_bytes(), &steps);
        let mut reader = LineReader::new(200);
        let mut expected: Vec<_> = text
            .split_inclusive('\n')
            .map(|line| match line.strip_suffix('\n') {
                Some(line) => line.strip_suffix('\r').unwrap_or(line),
                None => line,
            })
            .map(|line| line.as_bytes().to_vec())
            .collect();
        prop_assert_eq!(&read_all(|| reader.read(&mut stream)).unwrap(), &expected);
        expected.clear();
        prop_assert_eq!(read_all(|| reader.read(&mut stream)).unwrap(), expected);
    }

    #[test]
    fn a_line_is_too_long_exactly_beyond_the_limit_however_it_is_cut(
        len in 0_usize..40, limit in 0_usize..40, steps in steps(), end in "\n|\r\n|",
    ) {
        let text = ["a".repeat(len), end].concat();
        let mut stream = Fitful::new(text.as_bytes(), &steps);
        let mut reader = LineReader::new(limit);
        match read_all(|| reader.read(&mut stream)) {
            Ok(_) => prop_assert!(len <= limit),
            Err(error) => {
                prop_assert!(is_too_long(&error) && len > limit);
                prop_assert!(is_too_long(&reader.read(&mut stream).unwrap_err()));
            }
        }
    }

    #[test]
    fn any_bytes_end_in_frames_or_an_error(
        bytes in prop::collection::vec(prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 0..300),
        steps in steps(),
    ) {
        let mut stream = Fitful::new(&bytes, &steps);
        let mut reader = FrameReader::new(100);
        match read_all(|| reader.read(&mut stream)) {
            Ok(frames) => prop_assert_eq!(encode(&frames), bytes),
            Err(error) => prop_assert!(
                is_too_long(&error) || error.kind() == ErrorKind::UnexpectedEof
            ),
        }
    }
}

#[test]
fn a_header_beyond_the_limit_is_refused_before_anything_is_read_for_it() {
    let mut stream = Fitful::new(&u32::MAX.to_be_bytes(), &[]);
    let mut reader = FrameReader::new(1 << 20);
    for _ in 0..2 {
        assert!(is_too_long(&reader.read(&mut stream).unwrap_err()));
    }
    assert_eq!(stream.largest_read, 8 * 1024);
}

#[test]
fn a_long_frame_is_read_in_large_pieces_of_a_bounded_size() {
    let frame = vec![7; 1 << 20];
    let mut stream = Fitful::new(&encode(std::slice::from_ref(&frame)), &[]);
    let mut reader = FrameReader::new(1 << 20);
    assert!(reader.read(&mut stream).unwrap().unwrap() == frame);
    assert_eq!(stream.largest_read, 64 * 1024);
}

#[test]
fn a_stream_that_ends_within_a_frame_is_an_error() {
    for cut in 1..9 {
        let whole = encode(&[b"hello".to_vec()]);
        let mut reader = FrameReader::new(100);
        let error = reader.read(&mut &whole[..cut]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }
}

#[test]
fn a_frame_beyond_the_limit_is_not_pushed() {
    let mut writer = FrameWriter::new(4);
    assert_eq!(writer.push(Bytes::from_static(b"12345")).unwrap_err().limit, 4);
    assert_eq!(writer.unwritten(), 0);
    writer.push(Bytes::from_static(b"1234")).unwrap();
    assert_eq!(writer.unwritten(), 8);
}

#[test]
fn a_stream_that_takes_nothing_and_says_nothing_is_write_zero() {
    let mut writer = FrameWriter::new(4);
    writer.push(Bytes::from_static(b"1234")).unwrap();
    let error = writer.write(&mut &mut [][..]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
}

#[test]
fn a_line_of_the_limit_whose_end_is_cut_in_two_is_not_too_long() {
    let mut stream = Fitful::new(b"1234\r\n12345\r\n", &[5, 0]);
    let mut reader = LineReader::new(4);
    assert_eq!(reader.read(&mut stream).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(reader.read(&mut stream).unwrap().unwrap(), "1234");
    assert!(is_too_long(&reader.read(&mut stream).unwrap_err()));
}

#[test]
fn held_messages_cost_no_read() {
    let mut stream = Fitful::new(b"a\nb\nc\n", &[6, 0]);
    let mut reader = LineReader::new(10);
    for line in ["a", "b", "c"] {
        assert_eq!(reader.read(&mut stream).unwrap().unwrap(), line);
    }
    assert_eq!(reader.read(&mut stream).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_stream_that_would_block_is_not_asked_again_in_one_call() {
    let mut stream = Fitful::new(b"", &[0, 0]);
    let mut writer = FrameWriter::new(4);
    writer.push(Bytes::from_static(b"1234")).unwrap();
    for left in [1, 0] {
        assert_eq!(writer.write(&mut stream).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!((stream.steps.len(), writer.unwritten()), (left, 8));
    }
    writer.write(&mut stream).unwrap();
    assert_eq!(writer.unwritten(), 0);
}

/// How many bytes each call was asked to write.
#[derive(Default)]
struct Asked(Vec<usize>);

impl Write for Asked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[io::IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.push(slices.iter().map(|slice| slice.len()).sum());
        Ok(self.0[self.0.len() - 1])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn thirty_two_frames_are_one_write() {
    let mut writer = FrameWriter::new(6);
    for _ in 0..40 {
        writer.push(Bytes::from_static(b"abcdef")).unwrap();
    }
    let mut asked = Asked::default();
    writer.write(&mut asked).unwrap();
    assert_eq!(asked.0, [320, 80]);
}

#[test]
fn the_rest_of_a_long_frame_is_asked_for_and_no_more() {
    const LEN: usize = 60_000;
    let mut stream = Fitful::new(&encode(&[vec![7; LEN]]), &[1004]);
    let frame = FrameReader::new(LEN).read(&mut stream).unwrap().unwrap();
    assert_eq!((frame.len(), stream.largest_read), (LEN, LEN - 1000));
}

#[test]
fn too_long_says_the_limit() {
    assert!(
        FrameWriter::new(7).push(Bytes::from(vec![0; 8])).unwrap_err().to_string().contains('7')
    );
}

#[test]
fn one_read_asks_the_stream_once() {
    let mut stream = Fitful::new(b"a\nb\nc\n", &[3, 3]);
    let mut lines = LineReader::new(8);
    let mut once = OneRead::new(&mut stream);
    assert_eq!(lines.read(&mut once).unwrap().unwrap(), "a");
    assert_eq!(lines.read(&mut once).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(once.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(stream.bytes, b"\nc\n");
    let mut once = OneRead::new(&mut stream);
    assert_eq!(lines.read(&mut once).unwrap().unwrap(), "b");
    assert_eq!(lines.read(&mut once).unwrap().unwrap(), "c");
    assert_eq!(lines.read(&mut OneRead::new(&mut stream)).unwrap(), None);
}

#[test]
fn a_read_that_a_signal_interrupted_is_none() {
    let mut stream = Fitful::new(b"ab", &[999, 1]);
    let mut once = OneRead::new(&mut stream);
    assert_eq!(once.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(once.read(&mut [0; 8]).unwrap(), 1);
    assert_eq!(once.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn one_read_of_a_stream_at_its_end_is_the_end_and_not_twice() {
    let mut stream = Fitful::new(b"", &[]);
    let mut once = OneRead::new(&mut stream);
    assert_eq!(once.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(once.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
}
