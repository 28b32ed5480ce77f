//! Waiting for TCP connections.

use std::io;
use std::net::{self, SocketAddr};
use std::os::fd::AsFd;

use poll_sys::socket_kind::Kind;
use socket2::{SockRef, Type};

use super::TcpStream;
use crate::accept::{Accept, AcceptReady, sealed, skip_the_gone};
use crate::address::family;
use crate::convert::{Domain, conversions};

/// A listening TCP socket that never blocks.
///
/// # Examples
/// See [`accept_ready`](Self::accept_ready).
#[derive(Debug)]
pub struct TcpListener(net::TcpListener);

impl TcpListener {
    /// Listens on an address, with the [builder](Self::builder)'s defaults. Port 0 lets the system
    /// choose: ask [`local_addr`](Self::local_addr).
    ///
    /// # Errors
    /// `AddrInUse`, `AddrNotAvailable`, `PermissionDenied` (ports below 1024), out of descriptors.
    ///
    /// # Cost
    /// Four syscalls: `socket`, `setsockopt`, `bind`, `listen`. No allocation.
    ///
    /// # Examples
    /// ```
    /// use std::net::Ipv4Addr;
    /// let listener = poll_net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn bind(address: impl Into<SocketAddr>) -> io::Result<TcpListener> {
        TcpListener::builder().bind(address)
    }

    /// Options that must be set before the socket is bound.
    pub fn builder() -> TcpListenerBuilder {
        TcpListenerBuilder::new()
    }

    /// Takes one connection from the queue.
    ///
    /// Connections that died in the queue (`ECONNABORTED`) are skipped.
    ///
    /// # Errors
    /// `WouldBlock` when the queue is empty. `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM` when the
    /// process or the system is out of something: the connection stays in the queue; see
    /// [`AcceptReady`] for how to go on.
    ///
    /// # Cost
    /// One syscall. No allocation.
    ///
    /// # Examples
    /// ```
    /// use std::{io::ErrorKind, net::Ipv4Addr};
    /// let listener = poll_net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        skip_the_gone(|| {
            let (fd, peer) = poll_sys::accept::accept(self.0.as_fd())?;
            // Some systems give no address for a connection that was reset in the queue.
            let peer = peer.to_inet().ok_or(io::ErrorKind::ConnectionAborted)?;
            Ok((TcpStream::accepted(fd), peer))
        })
    }

    /// Every connection that waits in the queue, until it is empty.
    ///
    /// # Cost
    /// See [`AcceptReady`].
    ///
    /// # Examples
    /// ```
    /// use std::net::Ipv4Addr;
    /// use poll_net::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// let client = TcpStream::connect(listener.local_addr()?)?;
    /// for accepted in listener.accept_ready() {
    ///     let (_stream, peer) = accepted?;
    ///     assert_eq!(peer, client.local_addr()?);
    /// }
    /// # std::io::Result::Ok(())
    /// ```
    pub fn accept_ready(&self) -> AcceptReady<'_, TcpListener> {
        AcceptReady::new(self)
    }

    /// The address it listens on.
    ///
    /// # Errors
    /// What `getsockname(2)` says.
    ///
    /// # Cost
    /// One syscall.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Takes the socket's error, if one is pending.
    ///
    /// # Errors
    /// What `getsockopt(2)` says; the socket's own error is in the `Ok`.
    ///
    /// # Cost
    /// One syscall.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }

    /// Every socket option. (It reaches `set_nonblocking(false)` too: this crate's promise ends
    /// there.)
    ///
    /// # Cost
    /// None; each option is one syscall.
    #[must_use]
    pub fn options(&self) -> SockRef<'_> {
        SockRef::from(&self.0)
    }
}

impl sealed::Sealed for TcpListener {}

impl Accept for TcpListener {
    type Stream = TcpStream;
    type Address = SocketAddr;

    fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self)
    }
}

conversions!(TcpListener, net::TcpListener, Domain::Inet, Type::STREAM, true);

/// Options of a listener that must be set before it is bound.
///
/// # Examples
/// Two listeners on one port, as for one event loop per thread:
/// ```
/// use std::net::Ipv4Addr;
/// use poll_net::TcpListener;
///
/// let builder = TcpListener::builder().reuse_port(true).backlog(4096);
/// let first = match builder.bind((Ipv4Addr::LOCALHOST, 0)) {
///     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(()),
///     result => result?,
/// };
/// let second = builder.bind(first.local_addr()?)?;
/// assert_eq!(first.local_addr()?, second.local_addr()?);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder makes no listener before `bind`"]
pub struct TcpListenerBuilder {
    backlog: u32,
    reuse_address: bool,
    reuse_port: bool,
    only_v6: Option<bool>,
}

impl TcpListenerBuilder {
    fn new() -> Self {
        Self { backlog: 1024, reuse_address: true, reuse_port: false, only_v6: None }
    }

    /// How many connections may wait in the queue. Default 1024.
    ///
    /// # Platform
    /// The system has a limit of its own that it applies silently (Linux: `net.core.somaxconn`).
    pub fn backlog(self, backlog: u32) -> Self {
        Self { backlog, ..self }
    }

    /// Whether the address may be taken while old connections of it linger in TIME_WAIT
    /// (`SO_REUSEADDR`). Default true.
    pub fn reuse_address(self, on: bool) -> Self {
        Self { reuse_address: on, ..self }
    }

    /// Whether several listeners may share the address and its connections. Each must say so.
    /// Default false.
    ///
    /// # Platform
    /// | system | connections are shared out |
    /// |---|---|
    /// | Linux, Android, FreeBSD (`SO_REUSEPORT_LB`), DragonFly | yes |
    /// | other BSDs, Apple, Haiku | not promised: one may get all |
    /// | illumos, Solaris | `bind` fails with `Unsupported` |
    pub fn reuse_port(self, on: bool) -> Self {
        Self { reuse_port: on, ..self }
    }

    /// Whether an IPv6 listener takes IPv6 connections only (true) or IPv4 ones as well (false:
    /// 'dual-stack', where the peer's address is `::ffff:a.b.c.d`). Ignored on IPv4. Default: what
    /// the system does, which differs.
    ///
    /// # Platform
    /// OpenBSD has no dual-stack: `bind` fails there for `false`.
    pub fn only_v6(self, on: bool) -> Self {
        Self { only_v6: Some(on), ..self }
    }

    /// Creates the socket, binds it and listens. The builder may be used again.
    ///
    /// # Errors
    /// `AddrInUse`, `AddrNotAvailable`, `PermissionDenied` (ports below 1024), `Unsupported` (see
    /// [`reuse_port`](Self::reuse_port)), out of descriptors.
    ///
    /// # Cost
    /// Three syscalls (`socket`, `bind`, `listen`), and one for each option that is set. No
    /// allocation.
    ///
    /// # Examples
    /// See the [type](Self).
    pub fn bind(&self, address: impl Into<SocketAddr>) -> io::Result<TcpListener> {
        let address = address.into();
        let fd = poll_sys::socket::create(family(&address), Kind::Stream)?;
        let socket = SockRef::from(&fd);
        if self.reuse_address {
            socket.set_reuse_address(true)?;
        }
        if self.reuse_port {
            poll_sys::socket_option::set_share_port(fd.as_fd(), true)?;
        }
        if let (Some(only_v6), SocketAddr::V6(_)) = (self.only_v6, address) {
            socket.set_only_v6(only_v6)?;
        }
        socket.bind(&address.into())?;
        socket.listen(i32::try_from(self.backlog).unwrap_or(i32::MAX))?;
        Ok(TcpListener(fd.into()))
    }
}
