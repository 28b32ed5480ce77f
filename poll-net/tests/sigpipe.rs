//! No write of this crate raises SIGPIPE. A test binary of its own: it watches the signal by a
//! handler, which is the process's.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "each test binary uses a part of it")]
mod common;

use std::io::{ErrorKind, IoSlice, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{ANY_PORT, assert_kind, leak_checked, until_ready};
use poll_net::{TcpListener, TcpStream, UnixDatagram, UnixStream, pipe, sendfile, splice};
use signal_hook::consts::SIGPIPE;

/// Asserts that `test` raises no SIGPIPE.
fn without_sigpipe(test: impl FnOnce()) {
    leak_checked(|| {
        let raised = Arc::new(AtomicBool::new(false));
        let handler = signal_hook::flag::register(SIGPIPE, Arc::clone(&raised)).unwrap();
        test();
        signal_hook::low_level::unregister(handler);
        assert!(!raised.load(Ordering::SeqCst), "SIGPIPE");
    });
}

/// Writes in every way to a peer that is gone.
fn write_to_the_dead(mut writer: impl Write) {
    assert_kind(writer.write(b"x"), ErrorKind::BrokenPipe);
    assert_kind(writer.write_vectored(&[IoSlice::new(b"x"); 2]), ErrorKind::BrokenPipe);
}

#[test]
fn tcp() {
    without_sigpipe(|| {
        let listener = TcpListener::bind(ANY_PORT).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        until_ready(|| listener.accept()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        write_to_the_dead(&stream);
        write_to_the_dead(stream);
    });
}

#[test]
fn unix_stream() {
    without_sigpipe(|| {
        let (stream, _) = UnixStream::pair().unwrap();
        write_to_the_dead(&stream);
        write_to_the_dead(stream);
    });
}

#[test]
fn unix_datagram() {
    without_sigpipe(|| {
        let (socket, _) = UnixDatagram::pair().unwrap();
        assert!(socket.send(b"x").is_err());
    });
}

#[test]
fn pipes() {
    without_sigpipe(|| {
        let (_, writer) = pipe().unwrap();
        write_to_the_dead(&writer);
        write_to_the_dead(writer);
    });
}

#[test]
fn descriptors_to_the_dead() {
    without_sigpipe(|| {
        let (stream, _) = UnixStream::pair().unwrap();
        assert_kind(stream.send_fds(b"x", &[stream.as_fd()]), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_file_to_the_dead() {
    without_sigpipe(|| {
        let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
        let (stream, _) = UnixStream::pair().unwrap();
        assert_kind(sendfile(&stream, &file, 0, 100), ErrorKind::BrokenPipe);
    });
}

#[test]
fn splice_to_the_dead() {
    without_sigpipe(|| {
        let (reader, mut writer) = pipe().unwrap();
        let (stream, _) = UnixStream::pair().unwrap();
        writer.write_all(b"x").unwrap();
        match splice(&reader, &stream, 100) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            result => assert_kind(result, ErrorKind::BrokenPipe),
        }
    });
}

#[test]
fn urgent_data_to_the_dead() {
    without_sigpipe(|| {
        let listener = TcpListener::bind(ANY_PORT).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        until_ready(|| listener.accept()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_kind(stream.send_urgent(b'!'), ErrorKind::BrokenPipe);
    });
}
