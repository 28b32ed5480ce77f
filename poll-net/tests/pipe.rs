//! What `pipe` promises.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "each test binary uses a part of it")]
mod common;

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};

use common::{assert_kind, leak_checked, until_ready};
use poll_net::{PipeReader, PipeWriter, UnixStream, pipe};
use poll_sys::flags::{is_cloexec, is_nonblocking};

#[test]
fn both_ends_are_nonblocking_and_cloexec() {
    leak_checked(|| {
        let (reader, writer) = pipe().unwrap();
        for fd in [reader.as_fd(), writer.as_fd()] {
            assert!(is_nonblocking(fd).unwrap());
            assert!(is_cloexec(fd).unwrap());
        }
    });
}

#[test]
fn empty_and_full_are_would_block() {
    leak_checked(|| {
        let (mut reader, mut writer) = pipe().unwrap();
        assert_kind(reader.read(&mut [0; 1]), ErrorKind::WouldBlock);
        assert_kind(writer.write_all(&vec![0; 4 << 20]), ErrorKind::WouldBlock);
    });
}

#[test]
fn a_dead_reader_is_broken_pipe_and_a_dead_writer_the_end() {
    leak_checked(|| {
        let (reader, mut writer) = pipe().unwrap();
        drop(reader);
        assert_kind(writer.write(b"x"), ErrorKind::BrokenPipe);
        let (mut reader, writer) = pipe().unwrap();
        drop(writer);
        assert_eq!(reader.read(&mut [0; 1]).unwrap(), 0);
    });
}

#[test]
fn vectored_io_fills_and_empties_every_slice() {
    leak_checked(|| {
        let (reader, writer) = pipe().unwrap();
        let sent = (&writer).write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"cde")]).unwrap();
        assert_eq!(sent, 5);
        let (mut first, mut second) = ([0; 3], [0; 4]);
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!((&reader).read_vectored(&mut bufs).unwrap(), 5);
        assert_eq!((&first, &second[..2]), (b"abc", &b"de"[..]));
    });
}

#[test]
fn a_childs_pipes_become_ours() {
    leak_checked(|| {
        let mut child = Command::new("sh")
            .args(["-c", "cat; echo done >&2"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = PipeWriter::try_from(child.stdin.take().unwrap()).unwrap();
        let mut output = PipeReader::try_from(child.stdout.take().unwrap()).unwrap();
        let mut complaints = PipeReader::try_from(child.stderr.take().unwrap()).unwrap();
        for quiet in [&mut output, &mut complaints] {
            assert_kind(quiet.read(&mut [0; 8]), ErrorKind::WouldBlock);
        }
        input.write_all(b"ping").unwrap();
        drop(input);
        for (pipe, said) in [(&mut output, "ping"), (&mut complaints, "done\n")] {
            let mut text = String::new();
            until_ready(|| pipe.read_to_string(&mut text)).unwrap();
            assert_eq!(text, said);
        }
        child.wait().unwrap();
    });
}

#[test]
fn what_is_no_pipe_is_refused() {
    leak_checked(|| {
        let socket = || OwnedFd::from(UnixStream::pair().unwrap().0);
        assert_kind(PipeReader::try_from(socket()), ErrorKind::InvalidInput);
        assert_kind(PipeWriter::try_from(socket()), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_reader_that_is_owned_or_borrowed_fills_every_slice() {
    fn read(mut reader: impl Read) {
        let (mut a, mut b) = ([0; 1], [0; 2]);
        let bufs = &mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
        assert_eq!(reader.read_vectored(bufs).unwrap(), 3);
        assert_eq!((&a, &b), (b"a", b"bc"));
    }
    leak_checked(|| {
        let (reader, mut writer) = pipe().unwrap();
        writer.write_all(b"abcabc").unwrap();
        read(&reader);
        read(reader);
    });
}
