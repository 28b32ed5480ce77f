//! Non-blocking sockets and pipes.
#![forbid(unsafe_code)]

mod accept;
mod address;
mod connect;
mod convert;
#[cfg(feature = "framing")]
pub mod framing;
mod io;
mod pipe;
mod tcp;
mod transfer;
pub mod udp;
pub mod unix;

pub use accept::{Accept, AcceptReady};
pub use connect::ConnectState;
pub use pipe::{PipeReader, PipeWriter, pipe};
pub use socket2::{SockRef, TcpKeepalive};
pub use tcp::{TcpListener, TcpListenerBuilder, TcpStream};
pub use transfer::{sendfile, splice};
pub use udp::UdpSocket;
pub use unix::{UnixDatagram, UnixListener, UnixStream};
