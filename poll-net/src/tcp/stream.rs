//! A TCP connection.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{self, Shutdown, SocketAddr};
use std::os::fd::AsFd;
use std::time::Duration;

use poll_sys::socket_kind::Kind;
use socket2::{SockRef, TcpKeepalive, Type};

use crate::address::family;
use crate::connect::{self, ConnectState};
use crate::convert::{Domain, conversions};
use crate::io::stream_io;

/// A TCP connection that never blocks: what would wait fails with `WouldBlock`.
///
/// `Read` and `Write` are for `TcpStream` and for `&TcpStream`, with vectored I/O, so that one can
/// be read and written through a shared reference. Writing to a connection that the peer has closed
/// fails with `BrokenPipe` and never raises SIGPIPE, whatever the process has set for it.
///
/// # Platform
/// Made non-blocking and close-on-exec by the creating syscall where the system can; see
/// [the table](crate#syscalls).
///
/// # Examples
/// ```
/// use std::io::{ErrorKind, Read, Write};
/// use std::net::Ipv4Addr;
/// use poll_net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
/// let mut client = TcpStream::connect(listener.local_addr()?)?;
/// let (server, _) = listener.accept()?;
///
/// assert_eq!(client.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
/// client.write_all(b"ping")?;
/// assert_eq!((&server).read(&mut [0; 8])?, 4);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct TcpStream(net::TcpStream);

impl TcpStream {
    /// Begins to connect and returns at once, almost always before the peer has answered.
    ///
    /// Then wait until the stream is writable and ask [`connect_result`](Self::connect_result).
    ///
    /// # Errors
    /// What the system can tell at once: no route (`NetworkUnreachable`), out of descriptors
    /// (`EMFILE`, `ENFILE`), out of local ports (`AddrNotAvailable`). On some systems a refusal by
    /// this same machine comes here too.
    ///
    /// # Cost
    /// Two syscalls: `socket`, `connect`. No allocation.
    ///
    /// # Examples
    /// See [`connect_result`](Self::connect_result).
    pub fn connect(address: impl Into<SocketAddr>) -> io::Result<TcpStream> {
        TcpStream::connect_with(address, |_| Ok(()))
    }

    /// As [`connect`](Self::connect), with a moment between the creation of the socket and the
    /// connect: to set options that must precede it, or to bind it to a local address.
    ///
    /// # Errors
    /// What `prepare` returns, and as for [`connect`](Self::connect).
    ///
    /// # Cost
    /// As [`connect`](Self::connect), and what `prepare` does.
    ///
    /// # Examples
    /// ```
    /// use std::net::{Ipv4Addr, SocketAddr};
    /// use poll_net::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// let from = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    /// let stream = TcpStream::connect_with(listener.local_addr()?, |socket| {
    ///     socket.set_recv_buffer_size(1 << 16)?;
    ///     socket.bind(&from.into())
    /// })?;
    /// assert_eq!(stream.local_addr()?.ip(), from.ip());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn connect_with(
        address: impl Into<SocketAddr>,
        prepare: impl FnOnce(&SockRef<'_>) -> io::Result<()>,
    ) -> io::Result<TcpStream> {
        let address = address.into();
        let fd = poll_sys::socket::create(family(&address), Kind::Stream)?;
        prepare(&SockRef::from(&fd))?;
        connect::begin(fd.as_fd(), &address.into())?;
        Ok(TcpStream(fd.into()))
    }

    /// How far the connect is: to be asked when the stream has become writable.
    ///
    /// Writable is not connected: a refused connect is writable too. This asks the socket for its
    /// error, and, if it has none, for its peer. It may be asked at any time and any number of
    /// times.
    ///
    /// # Errors
    /// Why the connect failed: `ConnectionRefused`, `TimedOut`, `HostUnreachable`, … The system
    /// tells this **once**; asked again it is `NotConnected`, or the same, but never [`Pending`].
    /// On a connected stream also an error that came later, such as `ConnectionReset`.
    ///
    /// [`Pending`]: ConnectState::Pending
    ///
    /// # Cost
    /// Two syscalls when connected (`getsockopt`, `getpeername`), three when pending (`recv`), one
    /// when it failed. No allocation.
    ///
    /// # Examples
    /// ```
    /// use std::net::Ipv4Addr;
    /// use poll_net::{ConnectState, TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// loop {
    ///     match stream.connect_result()? {
    ///         ConnectState::Connected => break,
    ///         _ => {} // A program waits here, until the stream is writable.
    ///     }
    /// }
    /// # std::io::Result::Ok(())
    /// ```
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

    /// The address of the other end.
    ///
    /// # Errors
    /// `NotConnected` before the connection stands and after it has fallen.
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

    /// Reads without taking: the next `read` gives the same bytes again.
    ///
    /// # Errors
    /// As `read`.
    ///
    /// # Cost
    /// One syscall.
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.peek(buf)
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

    /// Whether small writes go out at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// What `getsockopt(2)` says.
    ///
    /// # Cost
    /// One syscall.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.0.nodelay()
    }

    /// Sends small writes at once, instead of gathering them (`TCP_NODELAY`).
    ///
    /// # Errors
    /// What `setsockopt(2)` says; `InvalidInput` on some systems when the connection was reset.
    ///
    /// # Cost
    /// One syscall.
    pub fn set_nodelay(&self, on: bool) -> io::Result<()> {
        self.0.set_nodelay(on)
    }

    /// Probes an idle peer, so that one that is gone is found out.
    ///
    /// # Errors
    /// What `setsockopt(2)` says.
    ///
    /// # Cost
    /// One syscall, and one for each of the time, interval and count that is set.
    ///
    /// # Examples
    /// ```
    /// use std::{net::Ipv4Addr, time::Duration};
    /// use poll_net::{TcpKeepalive, TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_keepalive(&TcpKeepalive::new().with_time(Duration::from_secs(60)))?;
    /// assert!(stream.options().keepalive()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_keepalive(&self, keepalive: &TcpKeepalive) -> io::Result<()> {
        self.options().set_tcp_keepalive(keepalive)
    }

    /// What closing does with data that was not sent: `Some(Duration::ZERO)` throws it away and
    /// resets the connection, `None` (the default) sends it in the background.
    ///
    /// With a longer time closing **blocks**, even on a non-blocking socket on Linux: do not.
    ///
    /// # Units
    /// Whole seconds; the rest is cut off.
    ///
    /// # Errors
    /// What `setsockopt(2)` says.
    ///
    /// # Cost
    /// One syscall.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.options().set_linger(linger)
    }

    /// Sends one byte of urgent data ('out of band'), of which the peer's poller tells as priority.
    ///
    /// TCP has room for one such byte at a time; middleboxes may strip it (RFC 6093). For protocols
    /// that have it already (telnet, ftp).
    ///
    /// # Errors
    /// As `write`.
    ///
    /// # Cost
    /// One syscall.
    ///
    /// # Examples
    /// See [`recv_urgent`](Self::recv_urgent).
    pub fn send_urgent(&self, byte: u8) -> io::Result<()> {
        poll_sys::urgent::send(self.0.as_fd(), byte)
    }

    /// Takes the byte of urgent data.
    ///
    /// # Errors
    /// `WouldBlock` when one is announced but not here yet; `InvalidInput` when there is none, when
    /// it was taken, or when it comes among the others (`options().set_out_of_band_inline(true)`).
    ///
    /// # Cost
    /// One syscall.
    ///
    /// # Examples
    /// ```
    /// use std::net::Ipv4Addr;
    /// use poll_net::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// let client = TcpStream::connect(listener.local_addr()?)?;
    /// let (server, _) = listener.accept()?;
    /// client.send_urgent(b'!')?;
    /// let byte = loop {
    ///     match server.recv_urgent() {
    ///         Ok(byte) => break byte,
    ///         Err(_) => {} // A program waits here, until the stream has priority data.
    ///     }
    /// };
    /// assert_eq!(byte, b'!');
    /// # std::io::Result::Ok(())
    /// ```
    pub fn recv_urgent(&self) -> io::Result<u8> {
        poll_sys::urgent::receive(self.0.as_fd())
    }

    /// Whether the next read would begin where the byte of urgent data stood among the others.
    ///
    /// A read never crosses that mark: it ends before it. So a protocol that has urgent data mean
    /// "forget what I sent so far" (Telnet's interrupt does) reads and drops until this says yes.
    ///
    /// # Errors
    /// None is expected.
    ///
    /// # Platform
    /// That of [`at_mark`](poll_sys::urgent::at_mark).
    ///
    /// # Cost
    /// One syscall.
    ///
    /// # Examples
    /// ```
    /// use std::io::{Read, Write};
    /// use std::net::Ipv4Addr;
    /// use poll_net::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// let mut client = TcpStream::connect(listener.local_addr()?)?;
    /// let (mut server, _) = listener.accept()?;
    /// client.write_all(b"forget this")?;
    /// client.send_urgent(b'!')?;
    /// client.write_all(b"do that")?;
    ///
    /// while server.recv_urgent().is_err() {} // A program waits here, for priority data.
    /// let mut buffer = [0; 64];
    /// while !server.at_urgent_mark()? {
    ///     server.read(&mut buffer)?;
    /// }
    /// let read = loop {
    ///     match server.read(&mut buffer) {
    ///         Ok(read) => break read,
    ///         Err(_) => {} // A program waits here too.
    ///     }
    /// };
    /// assert!(b"do that".starts_with(&buffer[..read]));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn at_urgent_mark(&self) -> io::Result<bool> {
        poll_sys::urgent::at_mark(self.0.as_fd())
    }

    /// Every other socket option. (It reaches `set_nonblocking(false)` too: this crate's promise
    /// ends there.)
    ///
    /// # Cost
    /// None; each option is one syscall.
    ///
    /// # Examples
    /// ```
    /// # use std::net::Ipv4Addr;
    /// # use poll_net::{TcpListener, TcpStream};
    /// # let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// stream.options().set_send_buffer_size(1 << 16)?;
    /// assert!(stream.options().send_buffer_size()? >= 1 << 16);
    /// # std::io::Result::Ok(())
    /// ```
    #[must_use]
    pub fn options(&self) -> SockRef<'_> {
        SockRef::from(&self.0)
    }

    /// A connection that `accept` made: its flags are set already.
    pub(super) fn accepted(fd: std::os::fd::OwnedFd) -> TcpStream {
        TcpStream(fd.into())
    }
}

stream_io!(TcpStream);
conversions!(TcpStream, net::TcpStream, Domain::Inet, Type::STREAM, false);
