//! What `sendfile`, `splice` and urgent data promise.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "each test binary uses a part of it")]
mod common;

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, Write};

use common::{ANY_PORT, assert_kind, leak_checked, until_ready};
use poll_net::{TcpListener, TcpStream, UnixStream, pipe, sendfile, splice};

/// A file without a name that holds bytes to recognise.
fn file(len: usize) -> (File, Vec<u8>) {
    let bytes: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    (file, bytes)
}

#[test]
fn a_file_larger_than_the_buffers_arrives_whole_by_resuming() {
    leak_checked(|| {
        let (mut file, bytes) = file(3 << 20);
        let position = file.stream_position().unwrap();
        let (a, mut b) = UnixStream::pair().unwrap();
        let (mut sent, mut full, mut received) = (0, 0, Vec::new());
        let mut buf = [0; 65536];
        while received.len() < bytes.len() {
            match sendfile(&a, &file, sent as u64, bytes.len() - sent) {
                Ok(count @ 1..) => {
                    sent += count;
                    continue;
                }
                Ok(_) => assert_eq!(sent, bytes.len()),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    full += 1;
                }
            }
            let len = b.read(&mut buf).unwrap();
            received.extend_from_slice(&buf[..len]);
        }
        assert!(received == bytes, "the bytes differ");
        assert!(full > 0, "the socket was never full");
        assert_eq!(file.stream_position().unwrap(), position);
    });
}

#[test]
fn at_and_after_the_end_of_the_file_it_is_zero() {
    leak_checked(|| {
        let (file, _) = file(10);
        let (a, _b) = UnixStream::pair().unwrap();
        assert_eq!(sendfile(&a, &file, 4, 100).unwrap(), 6);
        assert_eq!(sendfile(&a, &file, 10, 100).unwrap(), 0);
        assert_eq!(sendfile(&a, &file, 999, 100).unwrap(), 0);
        assert_eq!(sendfile(&a, &file, 0, 0).unwrap(), 0);
        assert_kind(sendfile(&a, &file, u64::MAX, 1), ErrorKind::InvalidInput);
    });
}

#[test]
fn splice_moves_from_socket_to_pipe_to_socket() {
    leak_checked(|| {
        let (mut from, here) = UnixStream::pair().unwrap();
        let (there, mut to) = UnixStream::pair().unwrap();
        let (reader, writer) = pipe().unwrap();
        let nothing = splice(&here, &writer, 100).unwrap_err();
        if nothing.kind() == ErrorKind::Unsupported {
            return;
        }
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
        from.write_all(b"ping").unwrap();
        assert_eq!(splice(&here, &writer, 100).unwrap(), 4);
        assert_eq!(splice(&reader, &there, 100).unwrap(), 4);
        let mut buf = [0; 8];
        assert_eq!(to.read(&mut buf).unwrap(), 4);
        assert_eq!(&buf[..4], b"ping");
        drop(from);
        assert_eq!(splice(&here, &writer, 100).unwrap(), 0);
        assert_kind(splice(&here, &there, 100), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_read_ends_at_the_mark_of_the_urgent_byte() {
    leak_checked(|| {
        let listener = TcpListener::bind(ANY_PORT).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = until_ready(|| listener.accept()).unwrap();
        assert!(!server.at_urgent_mark().unwrap());
        (&client).write_all(b"before").unwrap();
        client.send_urgent(b'!').unwrap();
        (&client).write_all(b"after").unwrap();
        let byte = until_ready(|| server.recv_urgent().map_err(|_| ErrorKind::WouldBlock.into()));
        assert_eq!(byte.unwrap(), b'!');
        let (mut read, mut buf) = (Vec::new(), [0; 64]);
        while !server.at_urgent_mark().unwrap() {
            let len = until_ready(|| server.read(&mut buf)).unwrap();
            read.extend_from_slice(&buf[..len]);
        }
        assert_eq!(read, b"before");
        while read.len() < 11 {
            let len = until_ready(|| server.read(&mut buf)).unwrap();
            read.extend_from_slice(&buf[..len]);
            assert!(!server.at_urgent_mark().unwrap());
        }
        assert_eq!(read, b"beforeafter");
    });
}

#[test]
fn an_urgent_byte_overtakes_and_is_there_once() {
    leak_checked(|| {
        let listener = TcpListener::bind(ANY_PORT).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = until_ready(|| listener.accept()).unwrap();
        assert_kind(server.recv_urgent(), ErrorKind::InvalidInput);
        (&client).write_all(b"late").unwrap();
        client.send_urgent(b'!').unwrap();
        let byte = until_ready(|| match server.recv_urgent() {
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                Err(ErrorKind::WouldBlock.into())
            }
            result => result,
        });
        assert_eq!(byte.unwrap(), b'!');
        assert_kind(server.recv_urgent(), ErrorKind::InvalidInput);
        let mut buf = [0; 8];
        let len = until_ready(|| server.read(&mut buf)).unwrap();
        assert_eq!(&buf[..len], b"late");
    });
}
