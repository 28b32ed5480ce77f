//! Sockets and pipes that cannot block by accident, for programs that wait with a poller.
//!
//! # The problem
//! An event loop stands still when one call blocks, and std's sockets block until they are told
//! otherwise, one syscall and one chance to forget after each `accept`. What is worse shows under
//! load only: a `connect` that blocks for minutes, a *writable* socket that is not connected at
//! all, an accept loop that spins because the process is out of descriptors, a queue that nobody
//! emptied, a descriptor that a child process inherited, a SIGPIPE that ends a host written in C.
//!
//! # The model
//! Each type here is std's socket in a new type that is non-blocking and close-on-exec from its
//! first moment, by the creating syscall itself where the system can. What would wait fails with
//! [`WouldBlock`](std::io::ErrorKind::WouldBlock), and the program then waits with a poller: with
//! `poll-core`, or any other, because everything here is [`AsFd`](std::os::fd::AsFd). This crate
//! knows no poller and needs none.
//!
//! - [`TcpStream`], [`TcpListener`], [`UdpSocket`], [`UnixStream`], [`UnixListener`],
//!   [`UnixDatagram`], [`pipe()`]. `Read` and `Write` also for `&T`, with vectored I/O.
//! - [`TcpStream::connect`] returns at once; [`TcpStream::connect_result`] tells how it went.
//! - [`TcpListener::accept_ready`] iterates until the queue is empty, so that an edge-triggered
//!   loop cannot forget to; [`AcceptReady`] tells what to do without descriptors.
//! - [`sendfile`] and [`splice`] move data without copying it through the process.
//! - [`udp`]: datagrams in batches, with destination, congestion mark and segment size.
//! - [`unix`]: descriptors as messages, peer credentials, abstract names.
//! - `framing`, a feature: lines and length-delimited frames, resumed where the stream paused.
//! - Every other option is `options()`, a [`SockRef`].
//!
//! Conversions: `TryFrom` std's type (sets it non-blocking) and `OwnedFd` (checks what it is, too);
//! `From` back to both.
//!
//! # Example
//! An echo server and its client, without a poller: where this one tries again, a program waits.
//! ```
//! use std::io::{self, ErrorKind, Read, Write};
//! use std::net::Ipv4Addr;
//! use poll_net::{ConnectState, TcpListener, TcpStream};
//!
//! let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
//! let mut client = TcpStream::connect(listener.local_addr()?)?;
//! let mut served: Vec<TcpStream> = Vec::new();
//! let (mut asked, mut answer) = (false, Vec::new());
//!
//! while answer.len() < 5 {
//!     // The listener is readable:
//!     for accepted in listener.accept_ready() {
//!         served.push(accepted?.0);
//!     }
//!     // A connection is readable:
//!     for mut stream in &served {
//!         let mut buf = [0; 512];
//!         match stream.read(&mut buf) {
//!             Ok(len) => stream.write_all(&buf[..len])?,
//!             Err(error) if error.kind() == ErrorKind::WouldBlock => {}
//!             Err(error) => return Err(error),
//!         }
//!     }
//!     // The client is writable:
//!     if !asked && client.connect_result()? == ConnectState::Connected {
//!         client.write_all(b"hello")?;
//!         asked = true;
//!     }
//!     // The client is readable:
//!     let mut buf = [0; 512];
//!     match client.read(&mut buf) {
//!         Ok(len) => answer.extend_from_slice(&buf[..len]),
//!         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
//!         Err(error) => return Err(error),
//!     }
//! }
//! assert_eq!(answer, b"hello");
//! # io::Result::Ok(())
//! ```
//! (`write_all` gives up when the send buffer is full, and does not say how far it came: a server
//! keeps what `write` did not take, or uses `framing::FrameWriter`.)
//!
//! # What is guaranteed
//! - No call of a type of this crate waits for a peer, ever; names are not resolved.
//! - No descriptor that this crate makes is inherited by a program that is executed.
//! - No call raises SIGPIPE, whatever the process has set for it: `MSG_NOSIGNAL`, `SO_NOSIGPIPE`,
//!   `RWF_NOSIGNAL`, or the signal blocked in this thread for the call. [`PipeWriter`] and
//!   [`sendfile`] tell which, and what it costs.
//! - A failed connect is an error once and never *pending* again.
//! - Received descriptors are owned, close-on-exec, and no more than the caller's limit.
//! - No call that succeeds allocates, but for abstract names, received descriptors and `framing`.
//! - No `unsafe`: it is all in `poll-sys`.
//!
//! # What is not
//! - `options()` and a duplicate of the descriptor reach the non-blocking flag: who clears it
//!   blocks.
//! - The flag belongs to the open file, not to the descriptor: adopting a socket or terminal that
//!   another process shares makes it non-blocking there too.
//! - On Apple and Haiku the flags are set by calls of their own, and a thread that forks in between
//!   hands the descriptor on.
//! - [`set_linger`](TcpStream::set_linger) with a time makes *close* wait, on Linux.
//! - A page that is not in memory makes [`sendfile`] wait for the disk.
//!
//! # Syscalls
//! Counted with `strace` on Linux 6.18, x86-64, by a test that holds this table against the trace.
//! `accept_ready` takes one for each connection and one that finds the queue empty.
//!
//! | operation | syscalls | which |
//! |---|---|---|
//! | `TcpListener::bind` | 4 | `socket`, `setsockopt`, `bind`, `listen` |
//! | `TcpListener::accept` | 1 | `accept4` |
//! | `accept_ready, of two` | 3 | `accept4`, `accept4`, `accept4` |
//! | `TcpStream::connect` | 2 | `socket`, `connect` |
//! | `TcpStream::connect_result` | 2 | `getsockopt`, `getpeername` |
//! | `TcpStream::read` | 1 | `recvfrom` |
//! | `TcpStream::write` | 1 | `sendto` |
//! | `TcpStream::write_vectored` | 1 | `sendmsg` |
//! | `TcpStream::set_nodelay` | 1 | `setsockopt` |
//! | `TcpStream::send_urgent` | 1 | `sendto` |
//! | `TcpStream::at_urgent_mark` | 1 | `ioctl` |
//! | `TcpStream::try_from(std)` | 2 | `fcntl`, `fcntl` |
//! | `TcpStream::try_from(fd)` | 5 | `getsockname`, `getsockopt`, `getsockopt`, `fcntl`, `fcntl` |
//! | `UdpSocket::bind` | 2 | `socket`, `bind` |
//! | `UdpSocket::send_to` | 1 | `sendto` |
//! | `UdpSocket::recv_from` | 1 | `recvfrom` |
//! | `UdpSocket::send_with` | 1 | `sendmsg` |
//! | `UdpSocket::recv_with` | 1 | `recvmsg` |
//! | `UdpSocket::send_many, of 8` | 1 | `sendmmsg` |
//! | `UdpSocket::recv_many, of 8` | 1 | `recvmmsg` |
//! | `UnixListener::bind` | 3 | `socket`, `bind`, `listen` |
//! | `UnixListener::accept` | 1 | `accept4` |
//! | `UnixStream::connect` | 2 | `socket`, `connect` |
//! | `UnixStream::pair` | 1 | `socketpair` |
//! | `UnixStream::send_fds` | 1 | `sendmsg` |
//! | `UnixStream::recv_fds` | 1 | `recvmsg` |
//! | `UnixStream::peer_credentials` | 1 | `getsockopt` |
//! | `UnixDatagram::pair` | 1 | `socketpair` |
//! | `pipe` | 1 | `pipe2` |
//! | `PipeReader::read` | 1 | `read` |
//! | `PipeWriter::write` | 1 | `pwritev2` |
//! | `sendfile` | 3 | `rt_sigprocmask`, `sendfile`, `rt_sigprocmask` |
//! | `splice` | 3 | `rt_sigprocmask`, `splice`, `rt_sigprocmask` |
//! | `FrameWriter::push` | 0 | none |
//! | `FrameWriter::write, of 8` | 1 | `sendmsg` |
//! | `FrameReader::read, of 8` | 1 | `recvfrom` |
//! | `FrameReader::read, of a held one` | 0 | none |
//! | `LineReader::read, of 2` | 1 | `recvfrom` |
//! | `LineReader::read, of a held one` | 0 | none |
//!
//! Before Linux 6.18 `PipeWriter::write` is `rt_sigprocmask`, `writev`, `rt_sigprocmask`. What
//! other systems take more stands under *Platform* at each function.
//!
//! # Platforms
//! Every function exists on every Unix; what a system lacks fails with
//! [`Unsupported`](std::io::ErrorKind::Unsupported), and its *Platform* table says so.
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
