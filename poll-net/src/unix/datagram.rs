//! Unix datagrams.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use poll_sys::socket_kind::{Family, Kind};
use poll_sys::socket_option::NO_SIGNAL;
use socket2::{SockAddr, SockRef, Type};

use crate::address;
use crate::convert::{Domain, conversions};

/// A Unix datagram socket that never blocks: messages with boundaries, in order, and none lost.
///
/// # Examples
/// ```
/// use std::io::ErrorKind;
/// use poll_net::UnixDatagram;
///
/// let (a, b) = UnixDatagram::pair()?;
/// assert_eq!(a.recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
/// b.send(b"one")?;
/// b.send(b"two!")?;
/// assert_eq!(a.recv(&mut [0; 8])?, 3);
/// assert_eq!(a.recv(&mut [0; 8])?, 4);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct UnixDatagram(net::UnixDatagram);

impl UnixDatagram {
    /// Two sockets, connected to each other.
    ///
    /// # Errors
    /// Out of descriptors.
    ///
    /// # Cost
    /// One syscall. No allocation.
    ///
    /// # Examples
    /// See the [type](Self).
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (a, b) = poll_sys::socket::pair(Kind::Datagram)?;
        Ok((UnixDatagram(a.into()), UnixDatagram(b.into())))
    }

    /// A socket without a name: it can send, and receive only once it is connected.
    ///
    /// # Errors
    /// Out of descriptors.
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn unbound() -> io::Result<UnixDatagram> {
        Ok(UnixDatagram(poll_sys::socket::create(Family::Unix, Kind::Datagram)?.into()))
    }

    /// A socket at a path, which becomes a socket file. Closing does not remove the file.
    ///
    /// # Errors
    /// As [`UnixListener::bind`](crate::UnixListener::bind).
    ///
    /// # Cost
    /// Two syscalls: `socket`, `bind`. No allocation.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_raw(&SockAddr::unix(path)?)
    }

    /// As [`bind`](Self::bind), at any Unix address, abstract ones included.
    ///
    /// # Errors
    /// As for [`bind`](Self::bind); `InvalidInput` for the unnamed address.
    ///
    /// # Cost
    /// As for [`bind`](Self::bind); an abstract name is copied to the heap.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_raw(&address::unix(address)?)
    }

    fn bind_raw(address: &SockAddr) -> io::Result<UnixDatagram> {
        let socket = UnixDatagram::unbound()?;
        socket.options().bind(address)?;
        Ok(socket)
    }

    /// Fixes the peer: [`send`](Self::send) goes there.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`, `ConnectionRefused`; `InvalidInput` for the unnamed address.
    ///
    /// # Cost
    /// One syscall; an abstract name is copied to the heap.
    pub fn connect(&self, address: &SocketAddr) -> io::Result<()> {
        self.options().connect(&address::unix(address)?)
    }

    /// Sends one message to the peer.
    ///
    /// # Errors
    /// `WouldBlock` when the peer's queue is full; `ConnectionRefused` or `ConnectionReset` when it
    /// is gone; `NotConnected` without a peer; `EMSGSIZE` when the message is too long.
    ///
    /// # Platform
    /// macOS and the BSDs say `ENOBUFS`, not `WouldBlock`, when the peer's queue is full, and no
    /// event tells when it no longer is.
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        crate::io::send(&self.0, bytes)
    }

    /// Sends one message to an address.
    ///
    /// # Errors
    /// As for [`send`](Self::send) and [`connect`](Self::connect).
    ///
    /// # Cost
    /// One syscall; an abstract name is copied to the heap.
    pub fn send_to(&self, bytes: &[u8], to: &SocketAddr) -> io::Result<usize> {
        self.options().send_to_with_flags(bytes, &address::unix(to)?, NO_SIGNAL)
    }

    /// Receives one message. What does not fit the buffer is lost.
    ///
    /// # Errors
    /// `WouldBlock` when none has arrived.
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buf)
    }

    /// Receives one message and says from whom: unnamed if the sender is not bound.
    ///
    /// # Errors
    /// `WouldBlock` when none has arrived.
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.recv_from(buf)
    }

    /// The address of this end.
    ///
    /// # Errors
    /// What `getsockname(2)` says.
    ///
    /// # Cost
    /// One syscall.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// `NotConnected`.
    ///
    /// # Cost
    /// One syscall.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// Closes one direction or both, for every descriptor of this socket.
    ///
    /// # Errors
    /// `NotConnected`.
    ///
    /// # Cost
    /// One syscall.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
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

conversions!(UnixDatagram, net::UnixDatagram, Domain::Unix, Type::DGRAM, false);
