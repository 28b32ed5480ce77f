//! Waiting for Unix stream connections.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use poll_sys::socket_kind::{Family, Kind};
use socket2::{SockAddr, SockRef, Type};

use super::UnixStream;
use crate::accept::{Accept, AcceptReady, sealed, skip_the_gone};
use crate::address;
use crate::convert::{Domain, conversions};

/// A listening Unix stream socket that never blocks.
///
/// # Examples
/// ```
/// use poll_net::{UnixListener, UnixStream};
///
/// # let dir = std::env::temp_dir().join(format!("poll-net-doc-listener-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// let path = dir.join("socket");
/// let listener = UnixListener::bind(&path)?;
/// let _client = UnixStream::connect(&path)?;
/// assert_eq!(listener.accept_ready().count(), 1);
/// # std::fs::remove_dir_all(&dir)?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct UnixListener(net::UnixListener);

impl UnixListener {
    /// Listens at a path, which becomes a socket file. Closing does not remove the file.
    ///
    /// # Errors
    /// `AddrInUse` if the path exists, even as the left-over of a listener that is gone;
    /// `PermissionDenied`, `NotFound`, out of descriptors; `InvalidInput` for a path that is too
    /// long (about 100 bytes).
    ///
    /// # Cost
    /// Three syscalls: `socket`, `bind`, `listen`. No allocation.
    ///
    /// # Examples
    /// See the [type](Self).
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixListener> {
        UnixListener::bind_raw(&SockAddr::unix(path)?)
    }

    /// As [`bind`](Self::bind), at any Unix address, abstract ones included.
    ///
    /// # Errors
    /// As for [`bind`](Self::bind); `InvalidInput` for the unnamed address.
    ///
    /// # Cost
    /// As for [`bind`](Self::bind); an abstract name is copied to the heap.
    ///
    /// # Examples
    /// See [`abstract_name`](crate::unix::abstract_name).
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        UnixListener::bind_raw(&address::unix(address)?)
    }

    fn bind_raw(address: &SockAddr) -> io::Result<UnixListener> {
        let fd = poll_sys::socket::create(Family::Unix, Kind::Stream)?;
        let socket = SockRef::from(&fd);
        socket.bind(address)?;
        socket.listen(1024)?;
        Ok(UnixListener(fd.into()))
    }

    /// Takes one connection from the queue; the address is mostly unnamed.
    ///
    /// # Errors
    /// As [`TcpListener::accept`](crate::TcpListener::accept).
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (fd, peer) = skip_the_gone(|| poll_sys::accept::accept(self.0.as_fd()))?;
        Ok((UnixStream::accepted(fd), peer.to_unix()?))
    }

    /// Every connection that waits in the queue, until it is empty.
    ///
    /// # Cost
    /// See [`AcceptReady`].
    ///
    /// # Examples
    /// See the [type](Self).
    pub fn accept_ready(&self) -> AcceptReady<'_, UnixListener> {
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

impl sealed::Sealed for UnixListener {}

impl Accept for UnixListener {
    type Stream = UnixStream;
    type Address = SocketAddr;

    fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        UnixListener::accept(self)
    }
}

conversions!(UnixListener, net::UnixListener, Domain::Unix, Type::STREAM, true);
