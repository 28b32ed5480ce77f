//! Connecting without waiting: begin, and ask how far it is.

use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

use poll_sys::socket_error::is_in_progress;
use socket2::{SockAddr, SockRef};

/// How far a connect is: see [`TcpStream::connect_result`](crate::TcpStream::connect_result).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectState {
    /// The peer has not answered yet: wait until the stream is writable and ask again.
    Pending,
    /// The stream is connected (and may have been closed by the peer since).
    Connected,
}

/// Begins to connect; `Ok` if it is done or under way.
pub(crate) fn begin(socket: BorrowedFd<'_>, address: &SockAddr) -> io::Result<()> {
    match SockRef::from(&socket).connect(address) {
        // Interrupted: the kernel goes on with it (POSIX connect).
        Err(error) if is_in_progress(&error) || error.kind() == ErrorKind::Interrupted => Ok(()),
        result => result,
    }
}

/// Asks the kernel how far the connect is.
///
/// Writable alone does not mean connected: a refused connect is writable too. So the socket's error
/// is taken first. It can be taken only once, hence the last question: a socket that has no peer
/// and no error is either on its way or has failed before; only on its way does a read *block*.
pub(crate) fn result(socket: BorrowedFd<'_>) -> io::Result<ConnectState> {
    let socket = SockRef::from(&socket);
    if let Some(error) = socket.take_error()? {
        return if is_in_progress(&error) { Ok(ConnectState::Pending) } else { Err(error) };
    }
    match socket.peer_addr() {
        Ok(_) => return Ok(ConnectState::Connected),
        // InvalidInput is Darwin's, for a socket that was shut down.
        Err(error) if matches!(error.kind(), ErrorKind::NotConnected | ErrorKind::InvalidInput) => {
        }
        Err(error) => return Err(error),
    }
    match socket.peek(&mut [MaybeUninit::uninit()]) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(ConnectState::Pending),
        Err(error) => Err(error),
        Ok(_) => Err(ErrorKind::NotConnected.into()),
    }
}
