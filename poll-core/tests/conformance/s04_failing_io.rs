//! Semantic 4: whoever looks only at `is_readable` and `is_writable`, and does the I/O, never hangs.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::time::Instant;

use poll_core::{Backend, Readiness, Token};
use poll_sys::socket_kind::{Family, Kind};

use crate::support::*;

#[test]
fn a_peer_that_is_gone_is_readable_and_reads_the_end() {
    for_each_mode(|poller, mode| {
        let (ours, theirs) = pair();
        let mut guard = poller.register(ours, Token(1), READ, mode).unwrap();
        drop(theirs);
        assert!(look(poller)[&1].contains(Readiness::READABLE));
        assert_eq!(guard.read(&mut [0; 8]).unwrap(), 0);
    });
}

#[test]
fn a_peer_that_is_gone_is_writable_and_the_write_fails() {
    for_each_mode(|poller, mode| {
        let (ours, theirs) = pair();
        let mut guard = poller.register(ours, Token(1), WRITE, mode).unwrap();
        drop(theirs);
        assert!(look(poller)[&1].contains(Readiness::WRITABLE));
        assert_eq!(guard.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_half_close_is_readable_and_reads_the_end() {
    for_each_mode(|poller, mode| {
        let (ours, theirs) = pair();
        let mut guard = poller.register(ours, Token(1), READ, mode).unwrap();
        theirs.shutdown(Shutdown::Write).unwrap();
        assert!(look(poller)[&1].contains(Readiness::READABLE));
        assert_eq!(guard.read(&mut [0; 8]).unwrap(), 0);
    });
}

#[test]
fn a_pipe_without_writers_is_readable_and_reads_the_end() {
    for_each_mode(|poller, mode| {
        let (reader, writer) = poll_sys::pipe::pipe().unwrap();
        let guard = poller.register(reader, Token(1), READ, mode).unwrap();
        assert_silent(poller);
        drop(writer);
        let said = look(poller)[&1];
        assert!(said.contains(Readiness::READABLE | Readiness::READ_CLOSED), "{said:?}");
        assert_eq!(std::fs::File::from(guard.deregister()).read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn a_pipe_without_readers_is_writable_and_the_write_fails() {
    for_each_mode(|poller, mode| {
        let (reader, writer) = poll_sys::pipe::pipe().unwrap();
        drop(reader);
        let guard = poller.register(writer, Token(1), WRITE, mode).unwrap();
        let said = look(poller)[&1];
        assert!(said.contains(Readiness::WRITABLE | Readiness::WRITE_CLOSED), "{said:?}");
        let error = std::fs::File::from(guard.deregister()).write(b"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_reset_connection_is_readable_and_writable_and_an_error() {
    for_each_mode(|poller, mode| {
        let (ours, mut theirs) = tcp();
        // Closing with unread data resets.
        (&ours).write_all(b"unread").unwrap();
        let mut unread = [0];
        assert_eq!(theirs.read(&mut unread).unwrap(), 1);
        drop(theirs);
        ours.set_nonblocking(true).unwrap();
        let guard = poller.register(ours, Token(1), both(), mode).unwrap();
        // The reset may take its time, and the room to write be told first.
        let (end, mut said) = (Instant::now() + CAP, Readiness::empty());
        while !said.contains(Readiness::ERROR) {
            assert!(Instant::now() < end, "{said:?}");
            guard.arm(both(), mode).unwrap();
            said = next(poller)[&1];
        }
        assert!(said.contains(Readiness::READABLE | Readiness::WRITABLE), "{said:?}");
        assert_eq!((&guard).read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_datagram_that_nobody_took_is_a_readable_error() {
    for_each_mode(|poller, mode| {
        let nobody = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.connect(nobody).unwrap();
        let guard = poller.register(socket, Token(1), READ, mode).unwrap();
        guard.send(b"x").unwrap();
        until(poller, 1, Readiness::READABLE);
        let error = guard.recv(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

/// The other systems differ.
#[test]
fn a_socket_that_is_not_connected_is_a_hang_up_on_epoll() {
    for_each_mode(|poller, mode| {
        if poller.backend() == Backend::Epoll {
            let socket = poll_sys::socket::create(Family::Ipv4, Kind::Stream).unwrap();
            let _guard = poller.register(socket, Token(1), READ, mode).unwrap();
            assert!(look(poller)[&1].contains(Readiness::READABLE | Readiness::WRITABLE));
        }
    });
}

#[test]
fn a_listener_with_a_connection_is_readable() {
    for_each_mode(|poller, mode| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = poller.register(listener, Token(1), READ, mode).unwrap();
        assert_silent(poller);
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(next(poller), Ready::from([(1, Readiness::READABLE)]));
        listener.accept().unwrap();
    });
}

/// A connection over the loopback, both ends blocking.
fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}
