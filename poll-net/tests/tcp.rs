//! What `TcpStream` and `TcpListener` promise.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "each test binary uses a part of it")]
mod common;

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::{self, Ipv6Addr, Shutdown, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use common::{ANY_PORT, assert_kind, leak_checked, nobody_listens, until_ready};
use poll_net::{ConnectState, TcpKeepalive, TcpListener, TcpStream, UdpSocket, UnixStream};
use poll_sys::flags::{is_cloexec, is_nonblocking};

fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(ANY_PORT).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = until_ready(|| listener.accept()).unwrap();
    wait_connected(&client);
    (client, server)
}

fn wait_connected(stream: &TcpStream) {
    until_ready(|| match stream.connect_result()? {
        ConnectState::Connected => Ok(()),
        _ => Err(ErrorKind::WouldBlock.into()),
    })
    .unwrap();
}

#[test]
fn every_socket_is_nonblocking_and_cloexec() {
    leak_checked(|| {
        let listener = TcpListener::bind(ANY_PORT).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = until_ready(|| listener.accept()).unwrap();
        for fd in [listener.as_fd(), client.as_fd(), server.as_fd()] {
            assert!(is_nonblocking(fd).unwrap());
            assert!(is_cloexec(fd).unwrap());
        }
    });
}

#[test]
fn what_would_wait_is_would_block() {
    leak_checked(|| {
        let listener = TcpListener::bind(ANY_PORT).unwrap();
        assert_kind(listener.accept(), ErrorKind::WouldBlock);
        let (mut client, server) = connected();
        assert_kind(client.read(&mut [0; 1]), ErrorKind::WouldBlock);
        assert_kind(client.peek(&mut [0; 1]), ErrorKind::WouldBlock);
        assert_kind(client.write_all(&vec![0; 64 << 20]), ErrorKind::WouldBlock);
        drop(server);
    });
}

#[test]
fn connect_is_pending_until_the_peer_answers() {
    leak_checked(|| {
        // A queue of one that is full does not answer (Linux drops the SYN).
        let listener = TcpListener::builder().backlog(0).bind(ANY_PORT).unwrap();
        let address = listener.local_addr().unwrap();
        let streams: Vec<_> = (0..8).map(|_| TcpStream::connect(address).unwrap()).collect();
        let last = streams.last().unwrap();
        assert_eq!(last.connect_result().unwrap(), ConnectState::Pending);
        assert_eq!(last.connect_result().unwrap(), ConnectState::Pending);
        assert_kind(last.peer_addr(), ErrorKind::NotConnected);
    });
}

#[test]
fn connect_result_says_connected_and_goes_on_saying_it() {
    leak_checked(|| {
        let (client, server) = connected();
        assert_eq!(client.connect_result().unwrap(), ConnectState::Connected);
        drop(server);
        until_ready(|| (&client).read(&mut [0; 1])).unwrap();
        assert_eq!(client.connect_result().unwrap(), ConnectState::Connected);
    });
}

#[test]
fn a_refused_connect_is_never_pending_again() {
    leak_checked(|| {
        let (_holder, address) = nobody_listens();
        let stream = TcpStream::connect(address).unwrap();
        let first = until_ready(|| match stream.connect_result() {
            Ok(ConnectState::Pending) => Err(ErrorKind::WouldBlock.into()),
            other => other,
        });
        assert_kind(first, ErrorKind::ConnectionRefused);
        assert_kind(stream.connect_result(), ErrorKind::NotConnected);
        assert_kind(stream.connect_result(), ErrorKind::NotConnected);
    });
}

#[test]
fn connect_with_can_bind_first_and_gives_its_error_on() {
    leak_checked(|| {
        let listener = TcpListener::bind(ANY_PORT).unwrap();
        let address = listener.local_addr().unwrap();
        let (_holder, local) = nobody_listens();
        let failed = TcpStream::connect_with(address, |socket| socket.bind(&local.into()));
        assert_kind(failed, ErrorKind::AddrInUse);
    });
}

#[test]
fn accept_ready_takes_every_connection_and_is_drained() {
    leak_checked(|| {
        let listener = TcpListener::bind(ANY_PORT).unwrap();
        let address = listener.local_addr().unwrap();
        let clients: Vec<_> = (0..20).map(|_| net::TcpStream::connect(address).unwrap()).collect();
        let mut ready = listener.accept_ready();
        let peers: Vec<_> = ready.by_ref().map(|accepted| accepted.unwrap().1).collect();
        let locals: Vec<_> = clients.iter().map(|client| client.local_addr().unwrap()).collect();
        assert_eq!(peers, locals);
        assert!(ready.is_drained());
        assert!(ready.next().is_none());
    });
}

#[test]
fn a_connection_reset_in_the_queue_does_not_stop_the_others() {
    leak_checked(|| {
        let listener = TcpListener::bind(ANY_PORT).unwrap();
        let address = listener.local_addr().unwrap();
        let dead = net::TcpStream::connect(address).unwrap();
        socket2::SockRef::from(&dead).set_linger(Some(Duration::ZERO)).unwrap();
        let alive = net::TcpStream::connect(address).unwrap();
        drop(dead);
        // Linux hands the dead one out, other systems do not.
        let peers: Vec<_> = listener.accept_ready().map(|accepted| accepted.unwrap().1).collect();
        assert!(peers.contains(&alive.local_addr().unwrap()));
    });
}

#[test]
fn vectored_io_fills_and_empties_every_slice() {
    leak_checked(|| {
        let (client, server) = connected();
        let sent = (&client).write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"cde")]).unwrap();
        assert_eq!(sent, 5);
        let (mut first, mut second) = ([0; 3], [0; 4]);
        let got = until_ready(|| {
            let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
            (&server).read_vectored(&mut bufs)
        });
        assert_eq!(got.unwrap(), 5);
        assert_eq!((&first, &second[..2]), (b"abc", &b"de"[..]));
    });
}

#[test]
fn more_slices_than_the_system_takes_are_cut_and_not_an_error() {
    leak_checked(|| {
        let (client, _server) = connected();
        let slices = vec![IoSlice::new(b"x"); 5000];
        assert_eq!((&client).write_vectored(&slices).unwrap(), 1024);
    });
}

#[test]
fn end_of_file_comes_after_the_data() {
    leak_checked(|| {
        let (client, mut server) = connected();
        (&client).write_all(b"bye").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut text = Vec::new();
        until_ready(|| server.read_to_end(&mut text)).unwrap();
        assert_eq!(text, b"bye");
    });
}

#[test]
fn options_read_back_as_set() {
    leak_checked(|| {
        let (client, _server) = connected();
        for on in [true, false] {
            client.set_nodelay(on).unwrap();
            assert_eq!(client.nodelay().unwrap(), on);
        }
        let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(77));
        client.set_keepalive(&keepalive).unwrap();
        assert!(client.options().keepalive().unwrap());
        for linger in [Some(Duration::ZERO), Some(Duration::from_secs(1)), None] {
            client.set_linger(linger).unwrap();
            assert_eq!(client.options().linger().unwrap(), linger);
        }
    });
}

#[test]
fn reuse_port_shares_an_address_and_without_it_the_address_is_taken() {
    leak_checked(|| {
        let sharing = TcpListener::builder().reuse_port(true);
        let first = sharing.bind(ANY_PORT).unwrap();
        let address = first.local_addr().unwrap();
        assert_eq!(sharing.bind(address).unwrap().local_addr().unwrap(), address);
        assert_kind(TcpListener::bind(address), ErrorKind::AddrInUse);
    });
}

#[test]
fn a_dual_stack_listener_takes_ipv4_and_only_v6_does_not() {
    leak_checked(|| {
        for only_v6 in [false, true] {
            let listener =
                TcpListener::builder().only_v6(only_v6).bind((Ipv6Addr::UNSPECIFIED, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            let client = net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port));
            assert_eq!(client.is_err(), only_v6);
            assert_eq!(listener.accept_ready().count(), usize::from(!only_v6));
        }
    });
}

#[test]
fn std_sockets_become_nonblocking_on_the_way_in_and_stay_so_on_the_way_out() {
    leak_checked(|| {
        let listener = net::TcpListener::bind(ANY_PORT).unwrap();
        let client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let client = TcpStream::try_from(client).unwrap();
        assert_kind((&client).read(&mut [0; 1]), ErrorKind::WouldBlock);
        let client = net::TcpStream::from(client);
        assert!(is_nonblocking(client.as_fd()).unwrap());
        let listener = TcpListener::try_from(listener).unwrap();
        listener.accept().unwrap();
        assert_kind(listener.accept(), ErrorKind::WouldBlock);
    });
}

#[test]
fn owned_descriptors_must_be_of_the_right_kind() {
    type Make = fn() -> OwnedFd;
    type Convert = fn(OwnedFd) -> std::io::Result<()>;
    leak_checked(|| {
        let make: [(&str, Make); 4] = [
            ("listener", || TcpListener::bind(ANY_PORT).unwrap().into()),
            ("stream", || connected().0.into()),
            ("udp", || UdpSocket::bind(ANY_PORT).unwrap().into()),
            ("unix", || UnixStream::pair().unwrap().0.into()),
        ];
        let into: [(&str, Convert); 4] = [
            ("listener", |fd| TcpListener::try_from(fd).map(drop)),
            ("stream", |fd| TcpStream::try_from(fd).map(drop)),
            ("udp", |fd| UdpSocket::try_from(fd).map(drop)),
            ("unix", |fd| UnixStream::try_from(fd).map(drop)),
        ];
        for (made, make) in make {
            for (wanted, into) in into {
                match into(make()) {
                    Ok(()) => assert_eq!(made, wanted),
                    Err(error) => {
                        assert_ne!(made, wanted, "{error}");
                        assert_eq!(error.kind(), ErrorKind::InvalidInput);
                    }
                }
            }
        }
        let file = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        assert!(TcpStream::try_from(file).is_err());
    });
}

#[test]
fn errors_have_their_kinds() {
    leak_checked(|| {
        let taken = TcpListener::bind(ANY_PORT).unwrap();
        let taken_address = taken.local_addr().unwrap();
        assert_kind(TcpListener::bind(taken_address), ErrorKind::AddrInUse);
        // TEST-NET-1 is nobody's.
        let foreign: SocketAddr = "192.0.2.1:0".parse().unwrap();
        assert_kind(TcpListener::bind(foreign), ErrorKind::AddrNotAvailable);
        let (idle, _) = nobody_listens();
        let idle = TcpStream::try_from(OwnedFd::from(idle)).unwrap();
        assert_kind(idle.peer_addr(), ErrorKind::NotConnected);
        assert_kind(idle.connect_result(), ErrorKind::NotConnected);
        assert_kind(idle.shutdown(Shutdown::Both), ErrorKind::NotConnected);
    });
}

#[test]
fn the_error_of_a_refused_connect_is_taken_once() {
    leak_checked(|| {
        let (_holder, address) = nobody_listens();
        let stream = TcpStream::connect(address).unwrap();
        let error = until_ready(|| stream.take_error()?.ok_or(ErrorKind::WouldBlock.into()));
        assert_eq!(error.unwrap().kind(), ErrorKind::ConnectionRefused);
        assert!(stream.take_error().unwrap().is_none());
    });
}
