//! What the Unix sockets promise.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "each test binary uses a part of it")]
mod common;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use common::{assert_kind, leak_checked, until_ready};
use poll_net::unix::{MAX_FDS, abstract_name};
use poll_net::{ConnectState, UnixDatagram, UnixListener, UnixStream, pipe};
use poll_sys::flags::{is_cloexec, is_nonblocking};
use socket2::{Domain, Type};

#[test]
fn every_socket_is_nonblocking_and_cloexec() {
    leak_checked(|| {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("l")).unwrap();
        let client = UnixStream::connect(directory.path().join("l")).unwrap();
        let (server, _) = listener.accept().unwrap();
        let (a, b) = UnixStream::pair().unwrap();
        let (c, d) = UnixDatagram::pair().unwrap();
        let e = UnixDatagram::bind(directory.path().join("d")).unwrap();
        let sockets: [&dyn AsFd; 8] = [&listener, &client, &server, &a, &b, &c, &d, &e];
        for socket in sockets {
            assert!(is_nonblocking(socket.as_fd()).unwrap());
            assert!(is_cloexec(socket.as_fd()).unwrap());
        }
    });
}

#[test]
fn what_would_wait_is_would_block() {
    leak_checked(|| {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("l")).unwrap();
        assert_kind(listener.accept(), ErrorKind::WouldBlock);
        let (mut a, _b) = UnixStream::pair().unwrap();
        assert_kind(a.read(&mut [0; 1]), ErrorKind::WouldBlock);
        assert_kind(a.write_all(&vec![0; 16 << 20]), ErrorKind::WouldBlock);
        let (c, _d) = UnixDatagram::pair().unwrap();
        assert_kind(c.recv(&mut [0; 1]), ErrorKind::WouldBlock);
        let full = (0..1_000_000).find_map(|_| c.send(&[0; 512]).err()).unwrap();
        // macOS and the BSDs have no WouldBlock here, but ENOBUFS, which std has no kind for.
        assert_ne!(full.kind(), ErrorKind::BrokenPipe, "{full}");
    });
}

#[test]
fn accept_ready_takes_every_connection() {
    leak_checked(|| {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("l")).unwrap();
        let clients: Vec<_> =
            (0..5).map(|_| UnixStream::connect(directory.path().join("l")).unwrap()).collect();
        let mut ready = listener.accept_ready();
        assert_eq!(ready.by_ref().map(Result::unwrap).count(), clients.len());
        assert!(ready.is_drained());
        assert!(matches!(clients[0].connect_result().unwrap(), ConnectState::Connected));
    });
}

#[test]
fn addresses_are_what_was_bound() {
    leak_checked(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("l");
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(path.as_path()));
        let client = UnixStream::connect(&path).unwrap();
        assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(path.as_path()));
        let (_server, peer) = listener.accept().unwrap();
        assert!(peer.is_unnamed());
        // A client with a name: bound before it connects, as a datagram socket can be.
        let (a, b) = (
            UnixDatagram::bind(directory.path().join("a")),
            UnixDatagram::bind(directory.path().join("b")),
        );
        let (a, b) = (a.unwrap(), b.unwrap());
        a.send_to(b"x", &b.local_addr().unwrap()).unwrap();
        let (_, from) = b.recv_from(&mut [0; 8]).unwrap();
        assert_eq!(from.as_pathname(), Some(directory.path().join("a").as_path()));
        b.connect(&from).unwrap();
        assert_eq!(b.send(b"yy").unwrap(), 2);
        assert_eq!(a.recv(&mut [0; 8]).unwrap(), 2);
    });
}

#[test]
fn accept_tells_the_name_of_a_peer_that_has_one() {
    leak_checked(|| {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("l")).unwrap();
        let to = socket2::SockAddr::unix(directory.path().join("l")).unwrap();
        let connect_from = |name: &socket2::SockAddr| {
            let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
            socket.bind(name).unwrap();
            socket.connect(&to).unwrap();
            socket
        };
        let path = directory.path().join("client");
        let _client = connect_from(&socket2::SockAddr::unix(&path).unwrap());
        let (_, peer) = listener.accept().unwrap();
        assert_eq!(peer.as_pathname(), Some(path.as_path()));

        let name = format!("poll-net-peer-{}", std::process::id());
        if abstract_name(name.as_bytes()).is_err() {
            return;
        }
        let _client = connect_from(&socket2::SockAddr::unix(format!("\0{name}")).unwrap());
        let (_, peer) = listener.accept().unwrap();
        assert_eq!(poll_sys::abstract_name::of(&peer), Some(name.as_bytes()));
    });
}

#[test]
fn connecting_to_nobody_has_its_kind() {
    leak_checked(|| {
        let directory = tempfile::tempdir().unwrap();
        assert_kind(UnixStream::connect(directory.path().join("x")), ErrorKind::NotFound);
        drop(UnixListener::bind(directory.path().join("l")).unwrap());
        assert_kind(UnixStream::connect(directory.path().join("l")), ErrorKind::ConnectionRefused);
        assert_kind(UnixListener::bind(directory.path().join("l")), ErrorKind::AddrInUse);
        assert_kind(UnixListener::bind("x".repeat(200)), ErrorKind::InvalidInput);
        let unnamed = UnixDatagram::unbound().unwrap().local_addr().unwrap();
        assert_kind(UnixStream::connect_addr(&unnamed), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_full_queue_of_unix_connections_is_would_block_and_nothing_is_under_way() {
    leak_checked(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("l");
        let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        socket.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
        socket.listen(1).unwrap();
        let listener = UnixListener::try_from(OwnedFd::from(socket)).unwrap();
        let mut clients = Vec::new();
        let full = loop {
            match UnixStream::connect(&path) {
                Ok(client) => clients.push(client),
                Err(error) => break error,
            }
            assert!(clients.len() < 64, "a queue of one is never full");
        };
        // The BSDs refuse.
        assert!(matches!(full.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionRefused));
        assert_eq!(listener.accept_ready().count(), clients.len());
        UnixStream::connect(&path).unwrap();
    });
}

#[test]
fn abstract_names_need_no_file_and_may_hold_zeros() {
    leak_checked(|| {
        let name = format!("poll-net\0test-{}", std::process::id());
        let address = match abstract_name(name.as_bytes()) {
            Err(error) if error.kind() == ErrorKind::Unsupported => return,
            address => address.unwrap(),
        };
        let listener = UnixListener::bind_addr(&address).unwrap();
        assert_kind(UnixListener::bind_addr(&address), ErrorKind::AddrInUse);
        let client = UnixStream::connect_addr(&address).unwrap();
        listener.accept().unwrap();
        let peer = client.peer_addr().unwrap();
        assert_eq!(poll_sys::abstract_name::of(&peer), Some(name.as_bytes()));
        let other = abstract_name(format!("{name}2").as_bytes()).unwrap();
        let named = UnixDatagram::bind_addr(&other).unwrap();
        UnixDatagram::unbound().unwrap().send_to(b"x", &other).unwrap();
        assert_eq!(named.recv(&mut [0; 8]).unwrap(), 1);
        assert_kind(abstract_name(&[b'x'; 200]), ErrorKind::InvalidInput);
    });
}

#[test]
fn the_peers_credentials_are_this_process_own() {
    leak_checked(|| {
        let (a, _b) = UnixStream::pair().unwrap();
        let peer = match a.peer_credentials() {
            Err(error) if error.kind() == ErrorKind::Unsupported => return,
            peer => peer.unwrap(),
        };
        let own = fs::metadata("/proc/self").or_else(|_| File::open(".")?.metadata()).unwrap();
        assert_eq!(peer.user, own.uid());
        if let Some(process) = peer.process {
            assert_eq!(u32::try_from(process).unwrap(), std::process::id());
        }
    });
}

/// Whether two descriptors are of one file.
fn same_file(a: BorrowedFd<'_>, b: BorrowedFd<'_>) -> io::Result<bool> {
    let inode = |fd: BorrowedFd<'_>| File::from(fd.try_clone_to_owned()?).metadata();
    let (a, b) = (inode(a)?, inode(b)?);
    Ok((a.dev(), a.ino()) == (b.dev(), b.ino()))
}

#[test]
fn passed_descriptors_arrive_in_order_and_cloexec() {
    leak_checked(|| {
        let (a, b) = UnixStream::pair().unwrap();
        let (reader, writer) = pipe().unwrap();
        let (other, _keep) = pipe().unwrap();
        let sent = [reader.as_fd(), other.as_fd(), writer.as_fd()];
        assert_eq!(a.send_fds(b"hello", &sent).unwrap(), 5);
        let (mut buf, mut fds) = ([0; 16], Vec::new());
        let received = b.recv_fds(&mut buf, 8, &mut fds).unwrap();
        assert_eq!((received.len, received.accepted, received.closed), (5, 3, 0));
        assert!(!received.truncated);
        for (sent, received) in sent.iter().zip(&fds) {
            assert!(same_file(*sent, received.as_fd()).unwrap());
            assert!(is_cloexec(received.as_fd()).unwrap());
        }
    });
}

#[test]
fn descriptors_beyond_the_limit_are_closed() {
    leak_checked(|| {
        let (a, b) = UnixDatagram::pair().unwrap();
        let (reader, writer) = pipe().unwrap();
        a.send_fds(b"x", &[writer.as_fd(), writer.as_fd(), writer.as_fd()]).unwrap();
        drop(writer);
        let mut fds = Vec::new();
        let received = b.recv_fds(&mut [0; 8], 1, &mut fds).unwrap();
        assert_eq!((received.accepted, received.closed, fds.len()), (1, 2, 1));
        assert_kind((&reader).read(&mut [0; 1]), ErrorKind::WouldBlock);
        fds.clear();
        // Every duplicate is closed: the pipe has no writer left.
        assert_eq!((&reader).read(&mut [0; 1]).unwrap(), 0);
    });
}

#[test]
fn the_most_descriptors_of_one_message_arrive_and_one_more_is_refused() {
    leak_checked(|| {
        let (a, b) = UnixStream::pair().unwrap();
        let mut sent = vec![a.as_fd(); MAX_FDS];
        a.send_fds(b"x", &sent).unwrap();
        let mut fds = Vec::new();
        let received = b.recv_fds(&mut [0; 8], usize::MAX, &mut fds).unwrap();
        assert_eq!((received.accepted, received.truncated), (MAX_FDS, false));
        sent.push(a.as_fd());
        assert_kind(a.send_fds(b"x", &sent), ErrorKind::InvalidInput);
        assert_kind(a.send_fds(b"", &sent[..1]), ErrorKind::InvalidInput);
    });
}

#[test]
fn messages_of_descriptors_do_not_run_together() {
    leak_checked(|| {
        let (a, b) = UnixStream::pair().unwrap();
        for count in 1..=3 {
            a.send_fds(b"x", &vec![a.as_fd(); count]).unwrap();
        }
        let mut counts = Vec::new();
        loop {
            let mut fds = Vec::new();
            match b.recv_fds(&mut [0; 16], 8, &mut fds) {
                Ok(received) => counts.push((received.len, fds.len())),
                Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert_eq!(counts, [(1, 1), (1, 2), (1, 3)]);
    });
}

#[test]
fn descriptors_that_a_plain_read_passes_by_are_closed() {
    leak_checked(|| {
        let (a, mut b) = UnixStream::pair().unwrap();
        let (reader, writer) = pipe().unwrap();
        a.send_fds(b"x", &[writer.as_fd()]).unwrap();
        drop(writer);
        assert_eq!(b.read(&mut [0; 8]).unwrap(), 1);
        until_ready(|| (&reader).read(&mut [0; 1])).unwrap();
    });
}

#[test]
fn bytes_without_descriptors_are_just_bytes() {
    leak_checked(|| {
        let (a, b) = UnixStream::pair().unwrap();
        a.send_fds(b"plain", &[]).unwrap();
        let mut fds = Vec::new();
        let received = b.recv_fds(&mut [0; 8], 8, &mut fds).unwrap();
        assert_eq!((received.len, received.accepted), (5, 0));
        drop(a);
        assert_eq!(b.recv_fds(&mut [0; 8], 8, &mut fds).unwrap().len, 0);
    });
}

#[test]
fn std_sockets_go_in_and_out() {
    leak_checked(|| {
        let (a, _b) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut a = UnixStream::try_from(a).unwrap();
        assert_kind(a.read(&mut [0; 1]), ErrorKind::WouldBlock);
        let a = OwnedFd::from(std::os::unix::net::UnixStream::from(a));
        assert!(is_nonblocking(a.as_fd()).unwrap());
        assert_kind(UnixListener::try_from(a), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_shutdown_ends_the_reading_of_the_other() {
    leak_checked(|| {
        let (ours, theirs) = UnixStream::pair().unwrap();
        assert_kind((&theirs).read(&mut [0; 1]), ErrorKind::WouldBlock);
        ours.shutdown(Shutdown::Write).unwrap();
        assert_eq!((&theirs).read(&mut [0; 1]).unwrap(), 0);
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        ours.shutdown(Shutdown::Read).unwrap();
        assert_kind(theirs.send(b"x"), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_stream_whose_peer_left_something_unread_has_an_error_once() {
    leak_checked(|| {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (&ours).write_all(b"x").unwrap();
        drop(theirs);
        assert_eq!(ours.take_error().unwrap().unwrap().kind(), ErrorKind::ConnectionReset);
        assert!(ours.take_error().unwrap().is_none());
    });
}
