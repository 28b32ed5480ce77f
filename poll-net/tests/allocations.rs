//! What succeeds allocates nothing, but for what the documentation names.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "each test binary uses a part of it")]
mod common;

use std::fs::File;
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::os::fd::AsFd;

use allocation_counter::measure;
use bytes::Bytes;
use common::{ANY_PORT, assert_kind, leak_checked, until_ready};
use poll_net::framing::{FrameReader, FrameWriter, LineReader};
use poll_net::udp::{Ecn, Slot, Transmit};
use poll_net::{TcpListener, TcpStream, UdpSocket, UnixStream, pipe, sendfile};

/// Asserts that `run` allocates so often, and gives its result.
#[track_caller]
fn allocates<T>(count: u64, run: impl FnOnce() -> T) -> T {
    let mut result = None;
    let info = measure(|| result = Some(run()));
    assert_eq!(info.count_total, count, "allocations");
    result.unwrap()
}

#[test]
fn tcp_from_bind_to_read() {
    leak_checked(|| {
        let listener = allocates(0, || TcpListener::bind(ANY_PORT)).unwrap();
        let address = listener.local_addr().unwrap();
        let client = allocates(0, || TcpStream::connect(address)).unwrap();
        let (mut server, _) = allocates(0, || until_ready(|| listener.accept())).unwrap();
        allocates(0, || client.connect_result()).unwrap();
        allocates(0, || (&client).write(b"one")).unwrap();
        let bufs = [IoSlice::new(b"tw"), IoSlice::new(b"o")];
        allocates(0, || (&client).write_vectored(&bufs)).unwrap();
        let file = File::open(std::env::current_exe().unwrap()).unwrap();
        allocates(0, || sendfile(&client, &file, 0, 10)).unwrap();
        allocates(0, || until_ready(|| server.read(&mut [0; 64]))).unwrap();
    });
}

#[test]
fn would_block_and_the_empty_queue() {
    leak_checked(|| {
        let listener = TcpListener::bind(ANY_PORT).unwrap();
        assert_kind(allocates(0, || listener.accept()), ErrorKind::WouldBlock);
        assert_eq!(allocates(0, || listener.accept_ready().count()), 0);
        let (mut a, _b) = UnixStream::pair().unwrap();
        assert_kind(allocates(0, || a.read(&mut [0; 8])), ErrorKind::WouldBlock);
    });
}

#[test]
fn batches_with_everything_beside() {
    leak_checked(|| {
        let socket = allocates(0, || UdpSocket::bind(ANY_PORT)).unwrap();
        socket.report_destination(true).unwrap();
        let to = socket.local_addr().unwrap();
        let mut datagram = Transmit::new(b"x").to(to).from(to.ip());
        if socket.report_ecn(true).is_ok() {
            datagram = datagram.ecn(Ecn::Capable0);
        }
        let batch = [datagram; 8];
        assert_eq!(allocates(0, || socket.send_many(&batch)).unwrap(), 8);
        let mut bufs = [[0; 8]; 8];
        let mut slots = bufs.each_mut().map(|buf| Slot::new(buf));
        assert_eq!(allocates(0, || socket.recv_many(&mut slots)).unwrap(), 8);
    });
}

#[test]
fn pipes_and_passed_descriptors() {
    leak_checked(|| {
        let (mut reader, mut writer) = allocates(0, pipe).unwrap();
        allocates(0, || writer.write(b"x")).unwrap();
        allocates(0, || reader.read(&mut [0; 8])).unwrap();
        let (a, b) = allocates(0, UnixStream::pair).unwrap();
        allocates(0, || a.send_fds(b"x", &[a.as_fd()])).unwrap();
        let mut fds = Vec::with_capacity(1);
        allocates(0, || b.recv_fds(&mut [0; 8], 1, &mut fds)).unwrap();
        allocates(0, || a.peer_credentials()).unwrap();
    });
}

#[test]
fn frames_that_are_queued_and_written() {
    leak_checked(|| {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        let mut writer = FrameWriter::new(100);
        let mut round = |writer: &mut FrameWriter| {
            for _ in 0..40 {
                writer.push(Bytes::from_static(b"frame")).unwrap();
            }
            writer.write(&mut a).unwrap();
        };
        round(&mut writer); // the queue grows
        allocates(0, || round(&mut writer));
        assert_eq!(b.read(&mut [0; 4096]).unwrap(), 2 * 40 * 9);
    });
}

#[test]
fn messages_that_are_dropped_before_the_next_read_share_one_buffer() {
    leak_checked(|| {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        let mut lines = LineReader::new(100);
        a.write_all(b"first\n").unwrap();
        lines.read(&mut b).unwrap();
        let mut frames = FrameReader::new(100);
        a.write_all(b"\0\0\0\x01x").unwrap();
        frames.read(&mut b).unwrap();
        for _ in 0..100 {
            a.write_all(b"a line\nanother\n").unwrap();
            for _ in 0..2 {
                allocates(0, || assert!(lines.read(&mut b).unwrap().is_some()));
            }
            a.write_all(b"\0\0\0\x01x\0\0\0\x01y").unwrap();
            for _ in 0..2 {
                allocates(0, || assert!(frames.read(&mut b).unwrap().is_some()));
            }
        }
    });
}
