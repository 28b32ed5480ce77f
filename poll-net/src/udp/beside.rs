//! Datagrams in batches, with what travels beside them.

use std::io;
use std::os::fd::AsFd;
use std::slice;

use poll_sys::{mmsg, udp};

use super::{Slot, Transmit, UdpSocket};

impl UdpSocket {
    /// Sends one datagram, or several of one size, with what the [`Transmit`] says beside it.
    ///
    /// # Errors
    /// `WouldBlock` when the send buffer is full; `InvalidInput` for a mark or a source address
    /// without destination; `Unsupported` for what this system cannot; `EIO` or `EINVAL` for a
    /// segment size that the interface cannot do.
    ///
    /// # Platform
    /// | | Linux, Android | Apple | FreeBSD | NetBSD, illumos, Solaris | OpenBSD, DragonFly |
    /// |---|---|---|---|---|---|
    /// | source address | yes | yes | yes | yes | yes |
    /// | mark, IPv4 | yes | yes | yes | – | – |
    /// | mark, IPv6 | yes | yes | yes | yes | yes |
    /// | segment size | yes | – | – | – | – |
    ///
    /// # Cost
    /// One syscall. No allocation.
    ///
    /// # Examples
    /// ```
    /// use std::net::Ipv4Addr;
    /// use poll_net::UdpSocket;
    /// use poll_net::udp::{Ecn, Transmit};
    ///
    /// let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// let datagram = Transmit::new(b"hello").to(socket.local_addr()?).ecn(Ecn::Capable0);
    /// match socket.send_with(&datagram) {
    ///     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {}
    ///     result => result?,
    /// }
    /// # std::io::Result::Ok(())
    /// ```
    pub fn send_with(&self, datagram: &Transmit<'_>) -> io::Result<()> {
        mmsg::send(self.0.as_fd(), slice::from_ref(datagram)).map(drop)
    }

    /// Receives one datagram, with what the `report_` methods have asked for.
    ///
    /// # Errors
    /// `WouldBlock` when none has arrived.
    ///
    /// # Cost
    /// One syscall. No allocation.
    ///
    /// # Examples
    /// See [`report_destination`](Self::report_destination).
    pub fn recv_with(&self, slot: &mut Slot<'_>) -> io::Result<()> {
        mmsg::receive(self.0.as_fd(), slice::from_mut(slot)).map(drop)
    }

    /// Sends datagrams in order; how many went out: at most [`BATCH`](super::BATCH) in one call.
    ///
    /// # Errors
    /// Of the first datagram, as for [`send_with`](Self::send_with). An error of a later one ends
    /// the call, and the next call, which begins with that datagram, tells it.
    ///
    /// # Platform
    /// | system | syscalls |
    /// |---|---|
    /// | Linux, Android, NetBSD, OpenBSD | 1 |
    /// | others | 1 per datagram |
    ///
    /// # Cost
    /// The table's. No allocation; about 20 KiB of stack.
    ///
    /// # Examples
    /// See [`recv_many`](Self::recv_many).
    pub fn send_many(&self, datagrams: &[Transmit<'_>]) -> io::Result<usize> {
        mmsg::send(self.0.as_fd(), datagrams)
    }

    /// Receives the datagrams that have arrived; how many: at most one per slot, and at most
    /// [`BATCH`](super::BATCH). The other slots are unchanged.
    ///
    /// Fewer than that does not mean that the queue is empty: an edge-triggered loop calls until
    /// `WouldBlock`.
    ///
    /// # Errors
    /// `WouldBlock` when none has arrived.
    ///
    /// # Platform
    /// As for [`send_many`](Self::send_many).
    ///
    /// # Cost
    /// As for [`send_many`](Self::send_many).
    ///
    /// # Examples
    /// ```
    /// use std::net::Ipv4Addr;
    /// use poll_net::UdpSocket;
    /// use poll_net::udp::{Slot, Transmit};
    ///
    /// let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// let to = socket.local_addr()?;
    /// let words = ["one", "two", "three"];
    /// let sent = socket.send_many(&words.map(|word| Transmit::new(word.as_bytes()).to(to)))?;
    /// assert_eq!(sent, 3);
    ///
    /// let mut bufs = [[0; 1500]; 8];
    /// let mut slots = bufs.each_mut().map(|buf| Slot::new(buf));
    /// let received = socket.recv_many(&mut slots)?;
    /// for (slot, word) in slots[..received].iter().zip(words) {
    ///     assert_eq!(slot.bytes(), word.as_bytes());
    ///     assert_eq!(slot.meta().source, Some(to));
    /// }
    /// # std::io::Result::Ok(())
    /// ```
    pub fn recv_many(&self, slots: &mut [Slot<'_>]) -> io::Result<usize> {
        mmsg::receive(self.0.as_fd(), slots)
    }

    /// Tells of each datagram to which address it was sent, and on which interface it came
    /// ([`Meta::destination`](super::Meta::destination)): what a server on several addresses needs
    /// in order to answer from the right one.
    ///
    /// # Errors
    /// `Unsupported` where the system cannot.
    ///
    /// # Platform
    /// | system | IPv4 | IPv6 |
    /// |---|---|---|
    /// | Linux, Android, Apple, NetBSD, illumos, Solaris | both | both |
    /// | FreeBSD, OpenBSD, DragonFly | the address | both |
    /// | others | `Unsupported` | both |
    ///
    /// # Cost
    /// Two syscalls, three for an IPv6 socket. No allocation.
    ///
    /// # Examples
    /// ```
    /// use std::net::Ipv4Addr;
    /// use poll_net::UdpSocket;
    /// use poll_net::udp::Slot;
    ///
    /// let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    /// socket.report_destination(true)?;
    /// socket.send_to(b"x", (Ipv4Addr::LOCALHOST, socket.local_addr()?.port()))?;
    /// let mut buf = [0; 8];
    /// let mut slot = Slot::new(&mut buf);
    /// socket.recv_with(&mut slot)?;
    /// assert_eq!(slot.meta().destination, Some(Ipv4Addr::LOCALHOST.into()));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn report_destination(&self, on: bool) -> io::Result<()> {
        udp::report_destination(self.0.as_fd(), on)
    }

    /// Tells each datagram's congestion mark ([`Meta::ecn`](super::Meta::ecn)).
    ///
    /// # Errors
    /// `Unsupported` where the system cannot.
    ///
    /// # Platform
    /// | system | IPv4 | IPv6 |
    /// |---|---|---|
    /// | Linux, Android, Apple, FreeBSD | yes | yes |
    /// | other BSDs, illumos, Solaris, Hurd | `Unsupported` | yes |
    /// | Haiku | `Unsupported` | `Unsupported` |
    ///
    /// # Cost
    /// Two syscalls, three for an IPv6 socket. No allocation.
    pub fn report_ecn(&self, on: bool) -> io::Result<()> {
        udp::report_ecn(self.0.as_fd(), on)
    }

    /// Lets the kernel join datagrams of one flow that arrive together, to be received as one
    /// ([`Meta::segment_size`](super::Meta::segment_size)); the buffers must then be of 64 KiB.
    ///
    /// # Errors
    /// `Unsupported` where the system cannot.
    ///
    /// # Platform
    /// Linux 5.0 and Android; `Unsupported` elsewhere.
    ///
    /// # Cost
    /// One syscall. No allocation.
    pub fn join_segments(&self, on: bool) -> io::Result<()> {
        udp::join_segments(self.0.as_fd(), on)
    }
}
