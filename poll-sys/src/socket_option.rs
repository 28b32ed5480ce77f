//! `getsockopt(2)` and `setsockopt(2)`: the options that differ between systems by more than a
//! name. The common ones are `socket2`'s.

use std::io;
use std::mem::size_of;
use std::num::NonZeroU32;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{c_int, socklen_t};

use crate::result::check;
use crate::system::NAMES;

/// The flag for `send` and its kin that keeps a write to a closed peer from raising `SIGPIPE`: it
/// then fails with `EPIPE` only.
///
/// # Platform
/// `MSG_NOSIGNAL`; 0 on Apple, where [`silence_sigpipe`] does it once per socket.
pub const NO_SIGNAL: c_int = NAMES.no_signal;

/// Keeps a socket from ever raising `SIGPIPE`, where that is a property of the socket.
///
/// # Errors
/// What `setsockopt(2)` says for `SO_NOSIGPIPE`.
///
/// # Platform
/// | system | done |
/// |---|---|
/// | Apple | `SO_NOSIGPIPE`, one syscall |
/// | others | nothing, no syscall: [`NO_SIGNAL`] in each `send` does it |
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
/// poll_sys::socket_option::silence_sigpipe(a.as_fd())?;
/// # std::io::Result::Ok(())
/// ```
pub fn silence_sigpipe(fd: BorrowedFd<'_>) -> io::Result<()> {
    match NAMES.no_sigpipe {
        Some(name) => set_int(fd, libc::SOL_SOCKET, name, 1),
        None => Ok(()),
    }
}

/// Lets several sockets bind to the same address and port, with new connections and datagrams
/// shared out among them. To be set on each of them, before `bind`.
///
/// # Errors
/// `Unsupported` where the system has no such option, else what `setsockopt(2)` says.
///
/// # Platform
/// | system | option | shares out |
/// |---|---|---|
/// | Linux, Android | `SO_REUSEPORT` | by a hash of the addresses |
/// | FreeBSD | `SO_REUSEPORT_LB` (12.0) | by a hash of the addresses |
/// | DragonFly | `SO_REUSEPORT` | by a hash of the addresses |
/// | NetBSD, OpenBSD, Apple, Haiku, Hurd | `SO_REUSEPORT` | not promised: one socket may get all |
/// | illumos, Solaris | – | `Unsupported` |
///
/// # Cost
/// One syscall. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/socket.7.html>,
/// <https://man.freebsd.org/cgi/man.cgi?query=setsockopt>
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// use poll_sys::{socket, socket_kind::{Family, Kind}, socket_option};
/// let fd = socket::create(Family::Ipv4, Kind::Datagram)?;
/// match socket_option::set_share_port(fd.as_fd(), true) {
///     Err(e) if e.kind() == std::io::ErrorKind::Unsupported => {}
///     result => result?,
/// }
/// # std::io::Result::Ok(())
/// ```
pub fn set_share_port(fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    match NAMES.share_port {
        Some(name) => set_int(fd, libc::SOL_SOCKET, name, c_int::from(on)),
        None if on => Err(io::ErrorKind::Unsupported.into()),
        None => Ok(()),
    }
}

/// Whether a socket listens for connections (`SO_ACCEPTCONN`).
///
/// # Errors
/// What `getsockopt(2)` says: `ENOTSOCK`; `ENOPROTOOPT` where the option cannot be read.
///
/// # Cost
/// One syscall. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/socket.7.html>
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// assert!(poll_sys::socket_option::is_listening(listener.as_fd())?);
/// # std::io::Result::Ok(())
/// ```
pub fn is_listening(fd: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(get_int(fd, libc::SOL_SOCKET, libc::SO_ACCEPTCONN)? != 0)
}

/// Which receive queue of a network device feeds a socket, as the kernel numbers those that can be
/// polled; `None` if nothing has come to it from such a one, as on loopback.
///
/// For busy polling, which helps only while all sockets of a poller have the same number.
///
/// # Errors
/// What `getsockopt(2)` says: `ENOTSOCK`; `ENOPROTOOPT` of Linux before 4.12.
///
/// # Platform
/// | system | |
/// |---|---|
/// | Linux, Android | `SO_INCOMING_NAPI_ID` |
/// | others | `None`, without asking |
///
/// # Cost
/// One syscall. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/socket.7.html>, `Documentation/networking/napi.rst` of Linux.
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// assert_eq!(poll_sys::socket_option::napi_id(socket.as_fd())?, None);
/// # std::io::Result::Ok(())
/// ```
pub fn napi_id(fd: BorrowedFd<'_>) -> io::Result<Option<NonZeroU32>> {
    match NAMES.napi_id {
        Some(name) => Ok(NonZeroU32::new(get_int(fd, libc::SOL_SOCKET, name)? as u32)),
        None => Ok(None),
    }
}

/// Sets an option whose value is an int.
///
/// # Errors
/// What `setsockopt(2)` says.
pub(crate) fn set_int(fd: BorrowedFd<'_>, level: c_int, name: c_int, to: c_int) -> io::Result<()> {
    let value: *const c_int = &raw const to;
    let len = size_of::<c_int>() as socklen_t;
    // SAFETY: 1. `fd` is borrowed, so open. 2. setsockopt(2) reads `len` bytes at the pointer,
    // which is to a live int of that size.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, value.cast(), len) })?;
    Ok(())
}

/// Reads an option whose value is an int.
///
/// # Errors
/// What `getsockopt(2)` says.
pub(crate) fn get_int(fd: BorrowedFd<'_>, level: c_int, name: c_int) -> io::Result<c_int> {
    let mut value: c_int = 0;
    let mut len = size_of::<c_int>() as socklen_t;
    let into = &raw mut value;
    // SAFETY: 1. `fd` is borrowed, so open. 2. getsockopt(2) writes at most `len` bytes at the
    // first pointer, which is to a live int of that size, and the length at the second.
    check(unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, into.cast(), &raw mut len) })?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn who_is_fed_by_loopback_has_no_queue() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(b"x", socket.local_addr().unwrap()).unwrap();
        socket.recv(&mut [0]).unwrap();
        assert_eq!(napi_id(socket.as_fd()).unwrap(), None);
    }

    #[test]
    fn what_is_no_socket_is_an_error_where_sockets_have_queues() {
        let file = std::fs::File::open("/dev/null").unwrap();
        match napi_id(file.as_fd()) {
            Err(error) => assert_eq!(error.raw_os_error(), Some(libc::ENOTSOCK)),
            Ok(queue) => assert!(queue.is_none() && NAMES.napi_id.is_none()),
        }
    }
}
