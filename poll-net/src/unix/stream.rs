//! A Unix stream connection.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use poll_sys::socket_kind::{Family, Kind};
use socket2::{SockAddr, SockRef, Type};

use crate::address;
use crate::connect::{self, ConnectState};
use crate::convert::{Domain, conversions};
use crate::io::stream_io;

/// A Unix stream connection that never blocks: what would wait fails with `WouldBlock`.
///
/// `Read` and `Write` as for [`TcpStream`](crate::TcpStream); writing never raises SIGPIPE.
///
/// # Examples
/// ```
/// use std::io::{ErrorKind, Read, Write};
/// use poll_net::UnixStream;
///
/// let (mut a, mut b) = UnixStream::pair()?;
/// assert_eq!(a.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
/// b.write_all(b"ping")?;
/// assert_eq!(a.read(&mut [0; 8])?, 4);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct UnixStream(net::UnixStream);

impl UnixStream {
    /// Two streams, connected to each other.
    ///
    /// # Errors
    /// Out of descriptors.
    ///
    /// # Cost
    /// One syscall. No allocation.
    ///
    /// # Examples
    /// See the [type](Self).
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (a, b) = poll_sys::socket::pair(Kind::Stream)?;
        Ok((UnixStream(a.into()), UnixStream(b.into())))
    }

    /// Connects to the listener at a path, and returns at once.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`, `ConnectionRefused` (a path without a listener), out of
    /// descriptors; `InvalidInput` for a path that is too long (about 100 bytes). `WouldBlock` on
    /// Linux when the listener's queue is full: nothing is under way then and **no event will
    /// come**, so try again later.
    ///
    /// # Cost
    /// Two syscalls: `socket`, `connect`. No allocation.
    ///
    /// # Examples
    /// See [`UnixListener`](crate::UnixListener).
    pub fn connect(path: impl AsRef<Path>) -> io::Result<UnixStream> {
        UnixStream::connect_raw(&SockAddr::unix(path)?)
    }

    /// As [`connect`](Self::connect), to any Unix address, abstract ones included.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect); `InvalidInput` for the unnamed address.
    ///
    /// # Cost
    /// As for [`connect`](Self::connect); an abstract name is copied to the heap.
    ///
    /// # Examples
    /// See [`abstract_name`](crate::unix::abstract_name).
    pub fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        UnixStream::connect_raw(&address::unix(address)?)
    }

    fn connect_raw(address: &SockAddr) -> io::Result<UnixStream> {
        let fd = poll_sys::socket::create(Family::Unix, Kind::Stream)?;
        connect::begin(fd.as_fd(), address)?;
        Ok(UnixStream(fd.into()))
    }

    /// How far the connect is; as [`TcpStream::connect_result`](crate::TcpStream::connect_result).
    ///
    /// # Errors
    /// Why the connect failed.
    ///
    /// # Platform
    /// On Linux a Unix connect succeeds or fails at once, so that this is always `Connected`.
    ///
    /// # Cost
    /// Two syscalls when connected, three when pending.
    pub fn connect_result(&self) -> io::Result<ConnectState> {
        connect::result(self.0.as_fd())
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

    /// The address of the other end; unnamed unless it was bound.
    ///
    /// # Errors
    /// `NotConnected`.
    ///
    /// # Cost
    /// One syscall.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// Closes one direction or both, for every descriptor of this connection.
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

    /// A connection that `accept` made: its flags are set already.
    pub(super) fn accepted(fd: OwnedFd) -> UnixStream {
        UnixStream(fd.into())
    }
}

stream_io!(UnixStream);
conversions!(UnixStream, net::UnixStream, Domain::Unix, Type::STREAM, false);
