//! Semantic 4: whoever looks only at `is_readable` and `is_writable`, and does the I/O, never hangs.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Instant;

use poll_core::{Backend, Readiness, Token};
use poll_sys::socket_kind::{Family, Kind};

use crate::support::*;

#[test]
fn a_peer_that_is_gone_is_readable_and_reads_the_end() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.pair();
        let mut guard = world.register(ours, Token(1), READ, mode).unwrap();
        drop(theirs);
        assert!(look(world)[&1].contains(Readiness::READABLE));
        assert_eq!(guard.read(&mut [0; 8]).unwrap(), 0);
    });
}

#[test]
fn a_peer_that_is_gone_is_writable_and_the_write_fails() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.pair();
        let mut guard = world.register(ours, Token(1), WRITE, mode).unwrap();
        drop(theirs);
        assert!(look(world)[&1].contains(Readiness::WRITABLE));
        assert_eq!(guard.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_half_close_is_readable_and_reads_the_end() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.pair();
        let mut guard = world.register(ours, Token(1), READ, mode).unwrap();
        theirs.shutdown();
        assert!(look(world)[&1].contains(Readiness::READABLE));
        assert_eq!(guard.read(&mut [0; 8]).unwrap(), 0);
    });
}

#[test]
fn a_pipe_without_writers_is_readable_and_reads_the_end() {
    for_each_kernel_mode("it has no pipes", |world, mode| {
        let (reader, writer) = poll_sys::pipe::pipe().unwrap();
        let guard = world.register(reader, Token(1), READ, mode).unwrap();
        assert_silent(world);
        drop(writer);
        let said = look(world)[&1];
        assert!(said.contains(Readiness::READABLE | Readiness::READ_CLOSED), "{said:?}");
        assert_eq!(std::fs::File::from(guard.deregister()).read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn a_pipe_without_readers_is_writable_and_the_write_fails() {
    for_each_kernel_mode("it has no pipes", |world, mode| {
        let (reader, writer) = poll_sys::pipe::pipe().unwrap();
        drop(reader);
        let guard = world.register(writer, Token(1), WRITE, mode).unwrap();
        let said = look(world)[&1];
        assert!(said.contains(Readiness::WRITABLE | Readiness::WRITE_CLOSED), "{said:?}");
        let error = std::fs::File::from(guard.deregister()).write(b"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_reset_connection_is_readable_and_writable_and_an_error() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.connection();
        // Closing with unread data resets.
        (&ours).write_all(b"unread").unwrap();
        read_one(&theirs.blocking());
        let guard = world.register(ours, Token(1), both(), mode).unwrap();
        // The reset may take its time, and the room to write be told first.
        let (end, mut said) = (Instant::now() + CAP, Readiness::empty());
        while !said.contains(Readiness::ERROR) {
            assert!(Instant::now() < end, "{said:?}");
            guard.arm(both(), mode).unwrap();
            said = next(world)[&1];
        }
        assert!(said.contains(Readiness::READABLE | Readiness::WRITABLE), "{said:?}");
        assert_eq!((&guard).read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_datagram_that_nobody_took_is_a_readable_error() {
    for_each_kernel_mode("it has no datagrams", |world, mode| {
        let nobody = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.connect(nobody).unwrap();
        let guard = world.register(socket, Token(1), READ, mode).unwrap();
        guard.send(b"x").unwrap();
        until(world, 1, Readiness::READABLE);
        let error = guard.recv(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

/// The other systems differ.
#[test]
fn a_socket_that_is_not_connected_is_a_hang_up_on_epoll() {
    for_each_kernel_mode("its streams are connected when they are made", |world, mode| {
        if world.backend() == Backend::Epoll {
            let socket = poll_sys::socket::create(Family::Ipv4, Kind::Stream).unwrap();
            let _guard = world.register(socket, Token(1), READ, mode).unwrap();
            assert!(look(world)[&1].contains(Readiness::READABLE | Readiness::WRITABLE));
        }
    });
}

#[test]
fn a_listener_with_a_connection_is_readable() {
    for_each_mode(|world, mode| {
        let (door, caller) = world.listener();
        let door = world.register(door, Token(1), READ, mode).unwrap();
        assert_silent(world);
        let _client = caller.call();
        assert_eq!(next(world), Ready::from([(1, Readiness::READABLE)]));
        door.accept().unwrap();
    });
}
