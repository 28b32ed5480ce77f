//! Sockets that talk: both ends in one thread.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use poll_core::{Events, Interest, Mode as Trigger, Poller, Token};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send};
use socket2::SockRef;

use super::Body;
use super::ready::{CAPACITY, usual};
use crate::{Fd, Reactor};

pub(super) const MESSAGE: [u8; 64] = [7; 64];

/// Two connected sockets, both non-blocking.
fn connected(tcp: bool) -> (OwnedFd, OwnedFd) {
    if !tcp {
        let (a, b) = UnixStream::pair().unwrap();
        a.set_nonblocking(true).unwrap();
        b.set_nonblocking(true).unwrap();
        return (a.into(), b.into());
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let a = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (b, _) = listener.accept().unwrap();
    for socket in [&a, &b] {
        socket.set_nonblocking(true).unwrap();
        socket.set_nodelay(true).unwrap();
    }
    (a.into(), b.into())
}

fn put(fd: impl AsFd) {
    assert_eq!(send(fd, &MESSAGE, SendFlags::NOSIGNAL).unwrap(), MESSAGE.len());
}

fn get(fd: impl AsFd) {
    let mut buffer = [0; 256];
    assert_eq!(recv(fd, &mut buffer[..], RecvFlags::empty()).unwrap().0, MESSAGE.len());
}

pub(super) fn ping_pong<R: Reactor>(tcp: bool) -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let (a, b) = connected(tcp);
    let ends: [Fd; 2] = [a.into(), b.into()];
    let guards = [0, 1].map(|token| reactor.add(&ends[token], token, usual::<R>()));
    Some(Box::new(move |times| {
        for _ in 0..times {
            for from in [0, 1] {
                put(&ends[from]);
                let mut got = false;
                while !got {
                    reactor.wait(None, |token| {
                        assert_eq!(token, 1 - from);
                        get(&ends[token]);
                        got = true;
                    });
                }
                reactor.rearm(&guards[1 - from], 1 - from);
            }
        }
    }))
}

pub(super) fn echo<R: Reactor>(connections: usize) -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let (mut clients, mut servers): (Vec<OwnedFd>, Vec<Fd>) = (Vec::new(), Vec::new());
    for _ in 0..connections {
        let (client, server) = connected(true);
        clients.push(client);
        servers.push(server.into());
    }
    let add = |(token, fd)| reactor.add(fd, token, usual::<R>());
    let guards: Vec<_> = servers.iter().enumerate().map(add).collect();
    Some(Box::new(move |times| {
        for _ in 0..times {
            clients.iter().for_each(put);
            let mut echoed = 0;
            while echoed < servers.len() {
                reactor.wait(None, |token| {
                    get(&servers[token]);
                    put(&servers[token]);
                    echoed += 1;
                });
            }
            clients.iter().for_each(get);
        }
        std::hint::black_box(&guards);
    }))
}

pub(super) fn listener() -> (Arc<TcpListener>, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (Arc::new(listener), address)
}

/// A client that has connected and sent its message. It leaves no TIME_WAIT behind, or the ports
/// would be used up.
pub(super) fn client(address: std::net::SocketAddr) -> OwnedFd {
    let kind = SocketType::STREAM;
    let fd = rustix::net::socket_with(AddressFamily::INET, kind, SocketFlags::CLOEXEC, None);
    let fd = fd.unwrap();
    SockRef::from(&fd).set_linger(Some(Duration::ZERO)).unwrap();
    rustix::net::connect(&fd, &address).unwrap();
    put(&fd);
    fd
}

const SERVER: usize = 1;

pub(super) fn accept<R: Reactor>() -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let (listener, address) = listener();
    let listening: Fd = Arc::new(listener.try_clone().unwrap().into());
    let guard = reactor.add(&listening, 0, usual::<R>());
    Some(Box::new(move |times| {
        for _ in 0..times {
            let client = client(address);
            reactor.wait(None, |token| assert_eq!(token, 0));
            let fd = accept_one(&listening).unwrap();
            let server = Fd::new(fd);
            let watched = reactor.add(&server, SERVER, usual::<R>());
            reactor.wait(None, |token| assert_eq!(token, SERVER));
            get(&server);
            put(&server);
            get(&client);
            drop(client);
            // Nobody else holds the connection: the close is what ends the watch.
            reactor.remove(watched);
            drop(server);
        }
        std::hint::black_box(&guard);
    }))
}

fn accept_one(listening: &Fd) -> io::Result<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    Ok(rustix::net::accept_with(listening, flags)?)
}

/// The same for poll-core, with the pattern that saves the registration: read first, watch only
/// where that would block.
pub(super) fn accept_reserved() -> Option<Body> {
    let poller = Poller::new().unwrap();
    let mut events = Events::with_capacity(CAPACITY);
    let (listener, address) = listener();
    let listening: Fd = Arc::new(listener.try_clone().unwrap().into());
    let guard = poller.register(listening, Token(0), Interest::READABLE, Trigger::Level).unwrap();
    Some(Box::new(move |times| {
        for _ in 0..times {
            let client = client(address);
            poller.wait(&mut events, None).unwrap();
            let server = poller.reserve(accept_one(&guard).unwrap(), Token(SERVER));
            let mut buffer = [0; 256];
            while let Err(error) = recv(&*server, &mut buffer[..], RecvFlags::empty()) {
                assert_eq!(error, rustix::io::Errno::WOULDBLOCK);
                server.arm(Interest::READABLE, Trigger::Level).unwrap();
                poller.wait(&mut events, None).unwrap();
            }
            put(&*server);
            get(&client);
            drop(client);
            drop(server);
        }
    }))
}

/// An edge-triggered stream: read until it would block, or stop at a read that ends short.
pub(super) fn drain(peer: crate::peers::Peer, stop_short: bool) -> Option<Body> {
    use crate::peers::Peer;
    match peer {
        Peer::Raw | Peer::RawAgain => drain_by::<crate::peers::raw::Raw>(false),
        Peer::Ours => drain_by::<crate::peers::ours::Ours<false>>(stop_short),
        Peer::Mio if !stop_short => drain_by::<crate::peers::mio::Mio>(false),
        _ => None,
    }
}

fn drain_by<R: Reactor>(stop_short: bool) -> Option<Body> {
    let mut reactor = R::new(CAPACITY);
    let (client, server) = connected(true);
    let server = Fd::new(server);
    let guard = reactor.add(&server, 0, crate::Mode::Edge);
    Some(Box::new(move |times| {
        let mut buffer = [0; 256];
        for _ in 0..times {
            put(&client);
            let mut got = 0;
            while got < MESSAGE.len() {
                reactor.wait(None, |_| {
                    while let Ok((n, _)) = recv(&server, &mut buffer[..], RecvFlags::empty()) {
                        got += n;
                        if stop_short && n < buffer.len() {
                            break;
                        }
                    }
                });
            }
        }
        std::hint::black_box(&guard);
    }))
}
