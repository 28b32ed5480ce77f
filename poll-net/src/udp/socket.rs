//! UDP.

use std::io;
use std::net::{self, SocketAddr};
use std::os::fd::AsFd;

use poll_sys::socket_kind::Kind;
use socket2::{SockRef, Type};

use crate::address::family;
use crate::convert::{Domain, conversions};

/// A UDP socket that never blocks.
///
/// # Examples
/// ```
/// use std::{io::ErrorKind, net::Ipv4Addr};
/// use poll_net::UdpSocket;
///
/// let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
/// let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
/// assert_eq!(server.recv_from(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
///
/// client.send_to(b"ping", server.local_addr()?)?;
/// let mut buf = [0; 8];
/// let (len, from) = server.recv_from(&mut buf)?;
/// assert_eq!((&buf[..len], from), (&b"ping"[..], client.local_addr()?));
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct UdpSocket(pub(super) net::UdpSocket);

impl UdpSocket {
    /// Binds a socket to an address. Port 0 lets the system choose.
    ///
    /// # Errors
    /// `AddrInUse`, `AddrNotAvailable`, `PermissionDenied` (ports below 1024), out of descriptors.
    ///
    /// # Cost
    /// Two syscalls: `socket`, `bind`. No allocation.
    ///
    /// # Examples
    /// See the [type](Self).
    pub fn bind(address: impl Into<SocketAddr>) -> io::Result<UdpSocket> {
        UdpSocket::bind_with(address, |_| Ok(()))
    }

    /// As [`bind`](Self::bind), with a moment between the creation of the socket and the bind, to
    /// set options that must precede it.
    ///
    /// # Errors
    /// What `prepare` returns, and as for [`bind`](Self::bind).
    ///
    /// # Cost
    /// As [`bind`](Self::bind), and what `prepare` does.
    ///
    /// # Examples
    /// ```
    /// use std::net::Ipv6Addr;
    /// use poll_net::UdpSocket;
    ///
    /// let socket = UdpSocket::bind_with((Ipv6Addr::LOCALHOST, 0), |socket| {
    ///     socket.set_recv_buffer_size(1 << 18)?;
    ///     socket.set_only_v6(true)
    /// })?;
    /// assert!(socket.options().only_v6()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn bind_with(
        address: impl Into<SocketAddr>,
        prepare: impl FnOnce(&SockRef<'_>) -> io::Result<()>,
    ) -> io::Result<UdpSocket> {
        let address = address.into();
        let fd = poll_sys::socket::create(family(&address), Kind::Datagram)?;
        let socket = SockRef::from(&fd);
        prepare(&socket)?;
        socket.bind(&address.into())?;
        Ok(UdpSocket(fd.into()))
    }

    /// As [`bind`](Self::bind), for several sockets that share an address and its datagrams. Each
    /// must be bound by this.
    ///
    /// # Errors
    /// `Unsupported` on illumos and Solaris, else as for [`bind`](Self::bind).
    ///
    /// # Platform
    /// As for [`TcpListenerBuilder::reuse_port`](crate::TcpListenerBuilder::reuse_port).
    ///
    /// # Cost
    /// Three syscalls. No allocation.
    ///
    /// # Examples
    /// ```
    /// use std::net::Ipv4Addr;
    /// use poll_net::UdpSocket;
    ///
    /// let first = match UdpSocket::bind_shared((Ipv4Addr::LOCALHOST, 0)) {
    ///     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(()),
    ///     result => result?,
    /// };
    /// let _second = UdpSocket::bind_shared(first.local_addr()?)?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn bind_shared(address: impl Into<SocketAddr>) -> io::Result<UdpSocket> {
        UdpSocket::bind_with(address, |socket| {
            poll_sys::socket_option::set_share_port(socket.as_fd(), true)
        })
    }

    /// Fixes the peer: [`send`](Self::send) goes there, and only its datagrams are received.
    ///
    /// # Errors
    /// `NetworkUnreachable`, `AddrNotAvailable`.
    ///
    /// # Cost
    /// One syscall.
    pub fn connect(&self, peer: impl Into<SocketAddr>) -> io::Result<()> {
        SockRef::from(&self.0).connect(&peer.into().into())
    }

    /// Sends one datagram.
    ///
    /// # Errors
    /// `WouldBlock` when the send buffer is full, `EMSGSIZE` when the datagram is too long for the
    /// protocol, `NetworkUnreachable`.
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn send_to(&self, bytes: &[u8], to: impl Into<SocketAddr>) -> io::Result<usize> {
        self.0.send_to(bytes, to.into())
    }

    /// Receives one datagram and says from whom. What does not fit the buffer is lost.
    ///
    /// # Errors
    /// `WouldBlock` when none has arrived.
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.recv_from(buf)
    }

    /// Sends one datagram to the peer that [`connect`](Self::connect) fixed.
    ///
    /// # Errors
    /// `NotConnected` or `EDESTADDRREQ` without a peer, `ConnectionRefused` when the peer's machine
    /// has said so of an earlier datagram, and as for [`send_to`](Self::send_to).
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        crate::io::send(&self.0, bytes)
    }

    /// Receives one datagram. What does not fit the buffer is lost.
    ///
    /// # Errors
    /// `WouldBlock` when none has arrived; `ConnectionRefused` as for [`send`](Self::send).
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buf)
    }

    /// Receives one datagram without taking it.
    ///
    /// # Errors
    /// `WouldBlock` when none has arrived.
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.peek_from(buf)
    }

    /// The address it is bound to.
    ///
    /// # Errors
    /// What `getsockname(2)` says.
    ///
    /// # Cost
    /// One syscall.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The peer that [`connect`](Self::connect) fixed.
    ///
    /// # Errors
    /// `NotConnected`.
    ///
    /// # Cost
    /// One syscall.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
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

    /// Every socket option: broadcast, multicast, buffer sizes, time to live. (It reaches
    /// `set_nonblocking(false)` too: this crate's promise ends there.)
    ///
    /// # Cost
    /// None; each option is one syscall.
    ///
    /// # Examples
    /// ```
    /// let socket = poll_net::UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    /// socket.options().set_broadcast(true)?;
    /// # std::io::Result::Ok(())
    /// ```
    #[must_use]
    pub fn options(&self) -> SockRef<'_> {
        SockRef::from(&self.0)
    }
}

conversions!(UdpSocket, net::UdpSocket, Domain::Inet, Type::DGRAM, false);
