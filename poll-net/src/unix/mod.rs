//! Unix sockets: streams, listeners and datagrams between processes of one machine.

mod datagram;
mod listener;
mod peer;
mod stream;

use std::io;
use std::os::unix::net::SocketAddr;

pub use datagram::UnixDatagram;
pub use listener::UnixListener;
pub use poll_sys::cred::Credentials;
pub use poll_sys::rights::{MAX as MAX_FDS, Received as ReceivedFds};
pub use stream::UnixStream;

/// The address with an abstract name: no file, gone with its last socket. The bytes are taken as
/// they are, zeros included.
///
/// # Errors
/// `InvalidInput` for a name of more than 107 bytes, `Unsupported` where there is no such thing.
///
/// # Platform
/// Linux and Android; `Unsupported` elsewhere.
///
/// # Cost
/// No syscall, no allocation.
///
/// # Examples
/// ```
/// use poll_net::unix::{self, UnixListener, UnixStream};
///
/// let name = format!("poll-net-doc-{}", std::process::id());
/// let address = match unix::abstract_name(name.as_bytes()) {
///     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(()),
///     result => result?,
/// };
/// let listener = UnixListener::bind_addr(&address)?;
/// let _client = UnixStream::connect_addr(&address)?;
/// listener.accept()?;
/// # std::io::Result::Ok(())
/// ```
pub fn abstract_name(name: &[u8]) -> io::Result<SocketAddr> {
    poll_sys::abstract_name::new(name)
}
