//! What only Unix sockets can: pass descriptors, and say who the peer is.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use poll_sys::{cred, rights};

use super::{Credentials, ReceivedFds, UnixDatagram, UnixStream};

impl UnixStream {
    /// Sends bytes, and descriptors with the first of them; how many bytes. The receiver gets
    /// duplicates, so that the sender may close his.
    ///
    /// If fewer bytes went than were given, the descriptors did go: send the rest without them.
    ///
    /// # Errors
    /// `InvalidInput` for descriptors without bytes, or more than [`MAX_FDS`](super::MAX_FDS);
    /// `WouldBlock`, `BrokenPipe`; `ETOOMANYREFS` when too many are on their way unread.
    ///
    /// # Cost
    /// One syscall. No allocation.
    ///
    /// # Examples
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::fd::AsFd;
    /// use poll_net::{PipeWriter, UnixStream, pipe};
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let (mut reader, writer) = pipe()?;
    /// a.send_fds(b"take this", &[writer.as_fd()])?;
    ///
    /// let (mut buf, mut fds) = ([0; 16], Vec::new());
    /// let received = b.recv_fds(&mut buf, 1, &mut fds)?;
    /// assert_eq!(&buf[..received.len], b"take this");
    /// let mut writer = PipeWriter::try_from(fds.remove(0))?;
    /// writer.write_all(b"thanks")?;
    /// assert_eq!(reader.read(&mut buf)?, 6);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn send_fds(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        rights::send(self.as_fd(), &[IoSlice::new(bytes)], fds)
    }

    /// Receives bytes, and up to `limit` descriptors, close-on-exec, which are added to `fds`.
    /// Those beyond the limit are closed and counted: no peer can fill this process with
    /// descriptors.
    ///
    /// A plain `read` loses descriptors that come with what it reads; the kernel closes them.
    ///
    /// # Errors
    /// As `read`: `WouldBlock` when nothing has arrived.
    ///
    /// # Platform
    /// Close-on-exec in the same syscall but on Apple, Solaris and Haiku, where it is one more per
    /// descriptor.
    ///
    /// # Cost
    /// One syscall. No allocation but what `fds` needs to grow.
    ///
    /// # Examples
    /// See [`send_fds`](Self::send_fds).
    pub fn recv_fds(
        &self,
        buf: &mut [u8],
        limit: usize,
        fds: &mut Vec<OwnedFd>,
    ) -> io::Result<ReceivedFds> {
        rights::receive(self.as_fd(), &mut [IoSliceMut::new(buf)], limit, fds)
    }

    /// The user, group and process at the other end, as the kernel noted them when the connection
    /// was made.
    ///
    /// # Errors
    /// `NotConnected` or `InvalidInput` without a peer; `Unsupported` where the system does not
    /// tell.
    ///
    /// # Platform
    /// | system | interface | process |
    /// |---|---|---|
    /// | Linux, Android, OpenBSD | `SO_PEERCRED` | yes |
    /// | Apple | `getpeereid`, `LOCAL_PEERPID` | yes |
    /// | FreeBSD, DragonFly, NetBSD | `getpeereid` | no |
    /// | illumos, Solaris | `getpeerucred` | yes |
    /// | others | none | `Unsupported` |
    ///
    /// # Cost
    /// One syscall (Apple two). No allocation (illumos and Solaris: one, freed again).
    ///
    /// # Examples
    /// ```
    /// let (a, _b) = poll_net::UnixStream::pair()?;
    /// match a.peer_credentials() {
    ///     Ok(peer) => println!("user {}, process {:?}", peer.user, peer.process),
    ///     Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Unsupported),
    /// }
    /// # std::io::Result::Ok(())
    /// ```
    pub fn peer_credentials(&self) -> io::Result<Credentials> {
        cred::peer(self.as_fd())
    }
}

impl UnixDatagram {
    /// Sends one message to the peer, and descriptors with it; as
    /// [`UnixStream::send_fds`].
    ///
    /// # Errors
    /// As for [`UnixStream::send_fds`] and [`send`](Self::send).
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn send_fds(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        rights::send(self.as_fd(), &[IoSlice::new(bytes)], fds)
    }

    /// Receives one message, and up to `limit` descriptors; as [`UnixStream::recv_fds`].
    ///
    /// # Errors
    /// `WouldBlock` when none has arrived.
    ///
    /// # Cost
    /// One syscall. No allocation but what `fds` needs to grow.
    pub fn recv_fds(
        &self,
        buf: &mut [u8],
        limit: usize,
        fds: &mut Vec<OwnedFd>,
    ) -> io::Result<ReceivedFds> {
        rights::receive(self.as_fd(), &mut [IoSliceMut::new(buf)], limit, fds)
    }
}
