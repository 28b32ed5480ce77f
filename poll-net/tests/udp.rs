//! What `UdpSocket` promises.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "each test binary uses a part of it")]
mod common;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;

use common::{ANY_PORT, assert_kind, leak_checked, until_ready};
use poll_net::UdpSocket;
use poll_net::udp::{BATCH, Ecn, Slot, Transmit};
use poll_sys::flags::{is_cloexec, is_nonblocking};

/// Whether this system can do it at all; every other failure is one of the test.
#[track_caller]
fn supported(result: io::Result<()>) -> bool {
    match result {
        Err(error) if error.kind() == ErrorKind::Unsupported => false,
        result => {
            result.unwrap();
            true
        }
    }
}

fn pair() -> (UdpSocket, UdpSocket, SocketAddr) {
    let (a, b) = (UdpSocket::bind(ANY_PORT).unwrap(), UdpSocket::bind(ANY_PORT).unwrap());
    let to = b.local_addr().unwrap();
    (a, b, to)
}

#[test]
fn it_is_nonblocking_and_cloexec() {
    leak_checked(|| {
        let socket = UdpSocket::bind(ANY_PORT).unwrap();
        assert!(is_nonblocking(socket.as_fd()).unwrap());
        assert!(is_cloexec(socket.as_fd()).unwrap());
    });
}

#[test]
fn nothing_arrived_is_would_block_in_every_receive() {
    leak_checked(|| {
        let socket = UdpSocket::bind(ANY_PORT).unwrap();
        let mut buf = [0; 8];
        assert_kind(socket.recv(&mut buf), ErrorKind::WouldBlock);
        assert_kind(socket.recv_from(&mut buf), ErrorKind::WouldBlock);
        assert_kind(socket.peek_from(&mut buf), ErrorKind::WouldBlock);
        assert_kind(socket.recv_with(&mut Slot::new(&mut buf)), ErrorKind::WouldBlock);
        let mut bufs = [[0; 8]; 3];
        let mut slots = bufs.each_mut().map(|buf| Slot::new(buf));
        assert_kind(socket.recv_many(&mut slots), ErrorKind::WouldBlock);
    });
}

#[test]
fn connected_sockets_talk_without_addresses() {
    leak_checked(|| {
        let (a, b, to) = pair();
        assert!(a.send(b"x").is_err());
        a.connect(to).unwrap();
        assert_eq!(a.peer_addr().unwrap(), to);
        a.send(b"one").unwrap();
        a.send_with(&Transmit::new(b"two")).unwrap();
        let mut buf = [0; 8];
        assert_eq!(until_ready(|| b.recv(&mut buf)).unwrap(), 3);
        assert_eq!(until_ready(|| b.recv(&mut buf)).unwrap(), 3);
        assert_eq!(&buf[..3], b"two");
    });
}

#[test]
fn a_dead_peer_is_connection_refused() {
    leak_checked(|| {
        let (a, b, to) = pair();
        a.connect(to).unwrap();
        drop(b);
        a.send(b"x").unwrap();
        let refused = until_ready(|| a.recv(&mut [0; 8]));
        assert_kind(refused, ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_batch_keeps_order_lengths_and_sources() {
    leak_checked(|| {
        let (a, b, to) = pair();
        let words: Vec<Vec<u8>> = (0..10).map(|n| vec![n; usize::from(n)]).collect();
        let datagrams: Vec<_> = words.iter().map(|word| Transmit::new(word).to(to)).collect();
        assert_eq!(a.send_many(&datagrams).unwrap(), 10);
        let mut bufs = [[0xff; 16]; 12];
        let mut slots = bufs.each_mut().map(|buf| Slot::new(buf));
        assert_eq!(b.recv_many(&mut slots).unwrap(), 10);
        for (slot, word) in slots.iter().zip(&words) {
            assert_eq!(slot.bytes(), &word[..]);
            assert_eq!(slot.meta().source, Some(a.local_addr().unwrap()));
            assert!(!slot.meta().truncated);
        }
        assert_eq!(slots[10].bytes(), b"");
    });
}

#[test]
fn a_batch_is_served_up_to_its_limit_and_an_empty_one_moves_nothing() {
    leak_checked(|| {
        let (a, b, to) = pair();
        let datagrams = vec![Transmit::new(b"x").to(to); BATCH + 5];
        assert_eq!(a.send_many(&datagrams).unwrap(), BATCH);
        assert_eq!(a.send_many(&datagrams[BATCH..]).unwrap(), 5);
        assert_eq!(a.send_many(&[]).unwrap(), 0);
        let mut bufs = [[0; 4]; BATCH + 5];
        let mut slots = bufs.each_mut().map(|buf| Slot::new(buf));
        assert_eq!(b.recv_many(&mut slots).unwrap(), BATCH);
        assert_eq!(b.recv_many(&mut slots).unwrap(), 5);
    });
}

#[test]
fn what_does_not_fit_the_buffer_is_told_as_truncated() {
    leak_checked(|| {
        let (a, b, to) = pair();
        a.send_many(&[Transmit::new(b"long one").to(to), Transmit::new(b"shrt").to(to)]).unwrap();
        let mut bufs = [[0; 4]; 2];
        let mut slots = bufs.each_mut().map(|buf| Slot::new(buf));
        assert_eq!(b.recv_many(&mut slots).unwrap(), 2);
        assert_eq!((slots[0].bytes(), slots[0].meta().truncated), (&b"long"[..], true));
        assert_eq!((slots[1].bytes(), slots[1].meta().truncated), (&b"shrt"[..], false));
        a.send_to(b"long one", to).unwrap();
        b.recv_with(&mut slots[1]).unwrap();
        assert!(slots[1].meta().truncated);
    });
}

#[test]
fn an_error_of_a_later_datagram_is_told_by_the_next_call() {
    leak_checked(|| {
        let (a, _b, to) = pair();
        let too_long = vec![0; 70_000];
        let batch = [Transmit::new(b"x").to(to), Transmit::new(&too_long).to(to)];
        assert_eq!(a.send_many(&batch).unwrap(), 1);
        assert!(a.send_many(&batch[1..]).is_err());
    });
}

#[test]
fn the_destination_is_reported_and_can_be_the_source_of_the_answer() {
    leak_checked(|| {
        // All of 127.0.0.0/8 is this machine, on Linux.
        let other: IpAddr = [127, 0, 0, 42].into();
        let server = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        if !supported(server.report_destination(true)) {
            return;
        }
        let client = UdpSocket::bind(ANY_PORT).unwrap();
        let port = server.local_addr().unwrap().port();
        client.send_to(b"x", (other, port)).unwrap();
        let mut buf = [0; 8];
        let mut slot = Slot::new(&mut buf);
        until_ready(|| server.recv_with(&mut slot)).unwrap();
        let meta = slot.meta();
        assert_eq!(meta.destination, Some(other));
        assert!(meta.interface.is_none_or(|index| index > 0));
        let answer = Transmit::new(b"y").to(meta.source.unwrap()).from(other);
        server.send_with(&answer).unwrap();
        let (_, from) = until_ready(|| client.recv_from(&mut buf)).unwrap();
        assert_eq!(from, (other, port).into());
    });
}

#[test]
fn the_destination_is_reported_on_ipv6_and_for_mapped_addresses() {
    leak_checked(|| {
        let server = UdpSocket::bind_with((Ipv6Addr::UNSPECIFIED, 0), |s| s.set_only_v6(false));
        let server = server.unwrap();
        server.report_destination(true).unwrap();
        let port = server.local_addr().unwrap().port();
        let mut buf = [0; 8];
        for from in [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)] {
            let client = UdpSocket::bind((from, 0)).unwrap();
            client.send_to(b"x", (from, port)).unwrap();
            let mut slot = Slot::new(&mut buf);
            until_ready(|| server.recv_with(&mut slot)).unwrap();
            let destination = slot.meta().destination.unwrap();
            assert_eq!(destination.to_canonical(), from);
            let to = slot.meta().source.unwrap();
            server.send_with(&Transmit::new(b"y").to(to).from(destination)).unwrap();
            assert_eq!(until_ready(|| client.recv_from(&mut buf)).unwrap().1.ip(), from);
        }
    });
}

#[test]
fn nothing_is_reported_unasked() {
    leak_checked(|| {
        let (a, b, to) = pair();
        a.send_to(b"x", to).unwrap();
        let mut buf = [0; 8];
        let mut slot = Slot::new(&mut buf);
        until_ready(|| b.recv_with(&mut slot)).unwrap();
        let meta = slot.meta();
        assert_eq!((meta.destination, meta.interface), (None, None));
        assert_eq!((meta.ecn, meta.segment_size), (None, None));
    });
}

#[test]
fn marks_arrive_as_they_were_sent() {
    leak_checked(|| {
        for ip in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            let (a, b) = (UdpSocket::bind((ip, 0)).unwrap(), UdpSocket::bind((ip, 0)).unwrap());
            if !supported(b.report_ecn(true)) {
                continue;
            }
            let to = b.local_addr().unwrap();
            let marks = [Ecn::NotCapable, Ecn::Capable0, Ecn::Capable1, Ecn::Congested];
            let batch = marks.map(|mark| Transmit::new(b"x").to(to).ecn(mark));
            assert_eq!(a.send_many(&batch).unwrap(), 4);
            let mut bufs = [[0; 8]; 4];
            let mut slots = bufs.each_mut().map(|buf| Slot::new(buf));
            assert_eq!(b.recv_many(&mut slots).unwrap(), 4);
            assert_eq!(slots.map(|slot| slot.meta().ecn), marks.map(Some));
        }
    });
}

#[test]
fn marks_of_ipv4_cross_a_dual_stack_socket_both_ways() {
    leak_checked(|| {
        let dual = UdpSocket::bind_with((Ipv6Addr::UNSPECIFIED, 0), |s| s.set_only_v6(false));
        let (dual, v4) = (dual.unwrap(), UdpSocket::bind(ANY_PORT).unwrap());
        if !supported(v4.report_ecn(true)) || !supported(dual.report_ecn(true)) {
            return;
        }
        let port = dual.local_addr().unwrap().port();
        let mut buf = [0; 8];
        let mut slot = Slot::new(&mut buf);
        let marked = Transmit::new(b"x").ecn(Ecn::Capable1);
        v4.send_with(&marked.to((Ipv4Addr::LOCALHOST, port).into())).unwrap();
        until_ready(|| dual.recv_with(&mut slot)).unwrap();
        assert_eq!(slot.meta().ecn, Some(Ecn::Capable1));
        let mapped = slot.meta().source.unwrap();
        assert!(mapped.is_ipv6());
        dual.send_with(&marked.to(mapped)).unwrap();
        until_ready(|| v4.recv_with(&mut slot)).unwrap();
        assert_eq!(slot.meta().ecn, Some(Ecn::Capable1));
    });
}

#[test]
fn a_mark_or_source_without_destination_is_invalid() {
    leak_checked(|| {
        let (a, _b, to) = pair();
        a.connect(to).unwrap();
        let marked = Transmit::new(b"x").ecn(Ecn::Congested);
        assert_kind(a.send_with(&marked), ErrorKind::InvalidInput);
        let from = Transmit::new(b"x").from(Ipv4Addr::LOCALHOST.into());
        assert_kind(a.send_with(&from), ErrorKind::InvalidInput);
        assert_kind(a.send_many(&[Transmit::new(b"x"), from]), ErrorKind::InvalidInput);
    });
}

/// Whether datagrams that were cut on this machine can arrive on it joined, where that is known.
///
/// Up to Linux 5.10 the loopback interface cuts them itself, so that there is nothing to join.
fn joined_on_loopback() -> Option<bool> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut numbers = release.split('.').map_while(|number| number.parse::<u32>().ok());
    match (numbers.next()?, numbers.next()?) {
        version if version <= (5, 10) => Some(false),
        version if version >= (6, 1) => Some(true),
        _ => None,
    }
}

#[test]
fn segments_arrive_one_by_one() {
    leak_checked(|| {
        let (a, b, to) = pair();
        let bytes: Vec<u8> = (0..250).collect();
        if !supported(a.send_with(&Transmit::new(&bytes).to(to).segment_size(100))) {
            return;
        }
        let mut buf = [0; 4096];
        for expected in bytes.chunks(100) {
            let len = until_ready(|| b.recv(&mut buf)).unwrap();
            assert_eq!(&buf[..len], expected);
        }
    });
}

#[test]
fn joined_segments_can_be_taken_apart_again() {
    leak_checked(|| {
        let (a, b, to) = pair();
        if !supported(b.join_segments(true)) {
            return;
        }
        let bytes: Vec<u8> = (0..250).collect();
        a.send_with(&Transmit::new(&bytes).to(to).segment_size(100)).unwrap();
        let mut buf = [0; 4096];
        let mut arrivals: Vec<Vec<Vec<u8>>> = Vec::new();
        while arrivals.concat().concat().len() < bytes.len() {
            let mut slot = Slot::new(&mut buf);
            until_ready(|| b.recv_with(&mut slot)).unwrap();
            let size = slot.meta().segment_size.unwrap_or(usize::MAX);
            arrivals.push(slot.bytes().chunks(size).map(<[u8]>::to_vec).collect());
        }
        let segments: Vec<&[u8]> = bytes.chunks(100).collect();
        assert_eq!(arrivals.concat(), segments);
        if let Some(joined) = joined_on_loopback() {
            assert_eq!(arrivals.len(), if joined { 1 } else { segments.len() });
        }
    });
}

#[test]
fn every_beside_fits_one_datagram() {
    leak_checked(|| {
        let (a, b, to) = pair();
        let all = Transmit::new(b"abcd").to(to).from(to.ip()).ecn(Ecn::Capable0).segment_size(2);
        if !supported(b.report_ecn(true)) || !supported(b.join_segments(true)) {
            return;
        }
        b.report_destination(true).unwrap();
        assert_eq!(a.send_many(&[all, all]).unwrap(), 2);
        let mut buf = [0; 4096];
        let mut slot = Slot::new(&mut buf);
        until_ready(|| b.recv_with(&mut slot)).unwrap();
        assert_eq!(slot.meta().ecn, Some(Ecn::Capable0));
        assert_eq!(slot.meta().destination, Some(to.ip()));
        if let Some(joined) = joined_on_loopback() {
            assert_eq!(slot.meta().segment_size, joined.then_some(2));
        }
    });
}

#[test]
fn shared_sockets_have_one_address_and_others_are_refused() {
    leak_checked(|| {
        let first = UdpSocket::bind_shared(ANY_PORT).unwrap();
        let address = first.local_addr().unwrap();
        let second = UdpSocket::bind_shared(address).unwrap();
        assert_eq!(second.local_addr().unwrap(), address);
        assert_kind(UdpSocket::bind(address), ErrorKind::AddrInUse);
    });
}

#[test]
fn std_sockets_go_in_and_out() {
    leak_checked(|| {
        let socket = std::net::UdpSocket::bind(ANY_PORT).unwrap();
        let address = socket.local_addr().unwrap();
        let socket = UdpSocket::try_from(socket).unwrap();
        assert_kind(socket.recv(&mut [0; 8]), ErrorKind::WouldBlock);
        let socket = std::net::UdpSocket::from(socket);
        assert_eq!(socket.local_addr().unwrap(), address);
    });
}
