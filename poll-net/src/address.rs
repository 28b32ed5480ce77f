//! std's addresses as `socket2`'s.

use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net;

use poll_sys::abstract_name;
use poll_sys::socket_kind::Family;
use socket2::SockAddr;

pub(crate) fn family(address: &SocketAddr) -> Family {
    match address {
        SocketAddr::V4(_) => Family::Ipv4,
        SocketAddr::V6(_) => Family::Ipv6,
    }
}

/// A Unix address to bind or connect to.
///
/// # Errors
/// `InvalidInput` for the unnamed address: nothing can be bound or connected to it.
pub(crate) fn unix(address: &net::SocketAddr) -> io::Result<SockAddr> {
    if let Some(path) = address.as_pathname() {
        return SockAddr::unix(path);
    }
    let Some(name) = abstract_name::of(address) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the Unix address has no name"));
    };
    let mut zero_and_name = vec![0];
    zero_and_name.extend_from_slice(name);
    SockAddr::unix(OsStr::from_bytes(&zero_and_name))
}
