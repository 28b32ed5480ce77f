//! Unix socket names that are no files: Linux's abstract namespace, through std's own extension.
//!
//! The same functions for systems without it: `abstract_name_none.rs`.

use std::io;
use std::os::unix::net::SocketAddr;

use crate::system::SocketAddrExt;

/// Whether this system has abstract names.
pub const SUPPORTED: bool = true;

/// The address with that abstract name. The bytes are taken as they are, zeros included.
///
/// # Errors
/// `InvalidInput` if the name is longer than the system allows (107 bytes on Linux), `Unsupported`
/// on systems without abstract names.
///
/// # Platform
/// Linux and Android; `Unsupported` elsewhere.
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/unix.7.html>
///
/// # Examples
/// ```
/// use poll_sys::abstract_name;
/// match abstract_name::new(b"hello") {
///     Ok(address) => assert_eq!(abstract_name::of(&address), Some(&b"hello"[..])),
///     Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Unsupported),
/// }
/// ```
pub fn new(name: &[u8]) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(name)
}

/// The abstract name of an address, if it has one.
///
/// # Examples
/// See [`new`].
#[must_use]
pub fn of(address: &SocketAddr) -> Option<&[u8]> {
    address.as_abstract_name()
}
