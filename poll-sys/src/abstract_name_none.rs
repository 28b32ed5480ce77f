//! Abstract Unix socket names on systems that have none.

use std::io;
use std::os::unix::net::SocketAddr;

/// Whether this system has abstract names.
pub const SUPPORTED: bool = false;

/// The address with that abstract name: not to be had on this system.
///
/// # Errors
/// `Unsupported`.
pub fn new(_name: &[u8]) -> io::Result<SocketAddr> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "abstract names exist on Linux only"))
}

/// The abstract name of an address: none on this system.
#[must_use]
pub fn of(_address: &SocketAddr) -> Option<&[u8]> {
    None
}
