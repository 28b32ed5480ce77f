//! What travels beside a datagram: its addresses, its congestion mark, its segment size.
//!
//! The control messages of all this, for one datagram; several in one call: `mmsg.rs`.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::BorrowedFd;

use libc::c_int;

use crate::address::Address;
use crate::control::{Message, Messages, Writer};
use crate::socket_option;
use crate::system::{NAMES, udp_v4};

/// Room for every control message of one datagram, with some to spare for what a caller has told
/// the socket to report besides.
pub(crate) const ROOM: usize = 256;

/// The congestion mark of a datagram: two bits of the IP header (RFC 3168).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ecn {
    /// `00`: the transport does not heed marks.
    NotCapable,
    /// `01`, ECT(1).
    Capable1,
    /// `10`, ECT(0).
    Capable0,
    /// `11`: a router on the way is congested.
    Congested,
}

impl Ecn {
    /// The two bits.
    #[must_use]
    pub fn bits(self) -> u8 {
        match self {
            Ecn::NotCapable => 0b00,
            Ecn::Capable1 => 0b01,
            Ecn::Capable0 => 0b10,
            Ecn::Congested => 0b11,
        }
    }

    fn of_traffic_class(class: u8) -> Ecn {
        match class & 0b11 {
            0b00 => Ecn::NotCapable,
            0b01 => Ecn::Capable1,
            0b10 => Ecn::Capable0,
            _ => Ecn::Congested,
        }
    }
}

/// What was learnt of a received datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meta {
    /// Bytes in the buffer.
    pub len: usize,
    /// Whether the datagram was longer than the buffer: the rest is lost.
    pub truncated: bool,
    /// Who sent it.
    pub source: Option<SocketAddr>,
    /// To which address of this machine, if [`report_destination`] is on.
    pub destination: Option<IpAddr>,
    /// On which interface, if [`report_destination`] is on and the system tells.
    pub interface: Option<u32>,
    /// Its congestion mark, if [`report_ecn`] is on.
    pub ecn: Option<Ecn>,
    /// If the kernel joined several datagrams ([`join_segments`]): the length of each but the last,
    /// which may be shorter.
    pub segment_size: Option<usize>,
}

/// A buffer to receive a datagram into, and what was learnt of it.
///
/// # Examples
/// ```
/// let mut buf = [0; 1500];
/// let slot = poll_sys::udp::Slot::new(&mut buf);
/// assert_eq!(slot.bytes(), b"");
/// ```
#[derive(Debug)]
pub struct Slot<'a> {
    pub(crate) buf: &'a mut [u8],
    pub(crate) meta: Meta,
}

impl<'a> Slot<'a> {
    /// An empty slot.
    pub fn new(buf: &'a mut [u8]) -> Slot<'a> {
        Slot { buf, meta: Meta::default() }
    }

    /// The datagram that was received last, or nothing.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.buf[..self.meta.len]
    }

    /// What was learnt of it.
    #[must_use]
    pub fn meta(&self) -> Meta {
        self.meta
    }
}

/// A datagram to send, or several of one size, and how.
///
/// # Examples
/// ```
/// use std::net::SocketAddr;
/// use poll_sys::udp::{Ecn, Transmit};
/// let to: SocketAddr = "127.0.0.1:9".parse().unwrap();
/// let _datagram = Transmit::new(b"hello").to(to).ecn(Ecn::Capable0);
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "it is sent by `send` or `send_many`"]
pub struct Transmit<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) to: Option<SocketAddr>,
    from: Option<IpAddr>,
    ecn: Option<Ecn>,
    segment_size: Option<u16>,
}

impl<'a> Transmit<'a> {
    /// A datagram for the peer that the socket is connected to.
    pub fn new(bytes: &'a [u8]) -> Transmit<'a> {
        Transmit { bytes, to: None, from: None, ecn: None, segment_size: None }
    }

    /// Sends it there.
    pub fn to(self, to: SocketAddr) -> Self {
        Self { to: Some(to), ..self }
    }

    /// Sends it from this of the machine's addresses. Needs [`to`](Self::to).
    pub fn from(self, from: IpAddr) -> Self {
        Self { from: Some(from), ..self }
    }

    /// Marks it. Needs [`to`](Self::to).
    pub fn ecn(self, ecn: Ecn) -> Self {
        Self { ecn: Some(ecn), ..self }
    }

    /// Cuts the bytes into datagrams of this size, the last one shorter; the kernel or the network
    /// card does it (Linux: `UDP_SEGMENT`, at most 64 of them and 64 KiB in all).
    pub fn segment_size(self, bytes: u16) -> Self {
        Self { segment_size: Some(bytes), ..self }
    }

    /// Writes the control messages that say so.
    ///
    /// # Errors
    /// `InvalidInput` for a mark or source without destination; `Unsupported` for what this system
    /// cannot.
    pub(crate) fn write_control(&self, control: &mut Writer<'_>) -> io::Result<()> {
        let mut fits = true;
        if let Some(size) = self.segment_size {
            let (level, kind) = NAMES.udp_segment.ok_or(io::ErrorKind::Unsupported)?;
            fits &= control.push(level, kind, &size.to_ne_bytes());
        }
        if self.ecn.is_none() && self.from.is_none() {
            return if fits { Ok(()) } else { Err(no_room()) };
        }
        let Some(to) = self.to else {
            let why = "a mark or a source address needs a destination address";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        };
        if let Some(ecn) = self.ecn {
            fits &= push_class(control, &to, ecn.bits())?;
        }
        fits &= match self.from {
            Some(IpAddr::V4(from)) => udp_v4::push_source(control, from)?,
            Some(IpAddr::V6(from)) => {
                control.push(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &v6_source(from))
            }
            None => true,
        };
        if fits { Ok(()) } else { Err(no_room()) }
    }
}

/// Reports, with each datagram, to which address it was sent and on which interface it came.
///
/// # Errors
/// `Unsupported` where the system cannot; what `setsockopt(2)` says.
///
/// # Platform
/// | system | IPv4 | IPv6 |
/// |---|---|---|
/// | Linux, Android, Apple, NetBSD, illumos, Solaris | address, interface | address, interface |
/// | FreeBSD, OpenBSD, DragonFly | address | address, interface |
/// | others | `Unsupported` | address, interface |
///
/// # Cost
/// One syscall, two for an IPv6 socket. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/ip.7.html>, RFC 3542
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// poll_sys::udp::report_destination(socket.as_fd(), true)?;
/// # std::io::Result::Ok(())
/// ```
pub fn report_destination(socket: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    let v6 = Some(libc::IPV6_RECVPKTINFO);
    report(socket, udp_v4::REPORT_DESTINATION, v6, on)
}

/// Reports each datagram's congestion mark.
///
/// # Errors
/// `Unsupported` where the system cannot; what `setsockopt(2)` says.
///
/// # Platform
/// | system | IPv4 | IPv6 |
/// |---|---|---|
/// | Linux, Android, Apple, FreeBSD | yes | yes |
/// | other BSDs, illumos, Solaris, Hurd | `Unsupported` | yes |
/// | Haiku | `Unsupported` | `Unsupported` |
///
/// # Cost
/// One syscall, two for an IPv6 socket. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/ip.7.html>, RFC 3542
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let socket = std::net::UdpSocket::bind("[::1]:0")?;
/// match poll_sys::udp::report_ecn(socket.as_fd(), true) {
///     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {}
///     result => result?,
/// }
/// # std::io::Result::Ok(())
/// ```
pub fn report_ecn(socket: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    report(socket, NAMES.report_tos, NAMES.v6_class.map(|(report, _)| report), on)
}

/// Lets the kernel join datagrams of one flow that arrive together, to be received as one
/// (Linux: `UDP_GRO`). See [`Meta::segment_size`].
///
/// # Errors
/// `Unsupported` where the system cannot; what `setsockopt(2)` says.
///
/// # Platform
/// Linux 5.0 and Android.
///
/// # Cost
/// One syscall. No allocation.
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/udp.7.html>
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// match poll_sys::udp::join_segments(socket.as_fd(), true) {
///     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {}
///     result => result?,
/// }
/// # std::io::Result::Ok(())
/// ```
pub fn join_segments(socket: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    match NAMES.udp_gro {
        Some((level, name)) => socket_option::set_int(socket, level, name, c_int::from(on)),
        None => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Reads the control messages of a received datagram.
pub(crate) fn read_control(control: &[u8], meta: &mut Meta) {
    for message in Messages(control) {
        match message.level {
            libc::IPPROTO_IP => read_v4(&message, meta),
            libc::IPPROTO_IPV6 => read_v6(&message, meta),
            level => {
                if NAMES.udp_gro == Some((level, message.kind)) {
                    meta.segment_size = message.int().and_then(|size| usize::try_from(size).ok());
                }
            }
        }
    }
}

fn read_v4(message: &Message<'_>, meta: &mut Meta) {
    if NAMES.reported_tos == Some(message.kind) {
        meta.ecn = class(message).map(Ecn::of_traffic_class);
    } else if let Some((destination, interface)) = udp_v4::read_destination(message) {
        meta.destination = Some(destination.into());
        meta.interface = interface;
    }
}

fn read_v6(message: &Message<'_>, meta: &mut Meta) {
    if NAMES.v6_class.is_some_and(|(_, kind)| kind == message.kind) {
        meta.ecn = class(message).map(Ecn::of_traffic_class);
    } else if message.kind == libc::IPV6_PKTINFO && message.data.len() == V6_PKTINFO {
        // RFC 3542, 6.2: struct in6_pktinfo { struct in6_addr ipi6_addr; unsigned ipi6_ifindex; }
        let (address, interface) = message.data.split_at(16);
        meta.destination = address.try_into().ok().map(|a: [u8; 16]| Ipv6Addr::from(a).into());
        meta.interface = interface.try_into().ok().map(u32::from_ne_bytes);
    }
}

/// `size_of::<in6_pktinfo>()` on every system.
const V6_PKTINFO: usize = 20;

fn v6_source(from: Ipv6Addr) -> [u8; V6_PKTINFO] {
    let mut info = [0; V6_PKTINFO];
    info[..16].copy_from_slice(&from.octets());
    info
}

/// The traffic class, an int or a byte, depending on the system.
fn class(message: &Message<'_>) -> Option<u8> {
    match message.data {
        [class] => Some(*class),
        _ => message.int().map(|class| class as u8),
    }
}

fn push_class(control: &mut Writer<'_>, to: &SocketAddr, class: u8) -> io::Result<bool> {
    let is_v4 = match to.ip() {
        IpAddr::V4(_) => true,
        IpAddr::V6(ip) => ip.to_ipv4_mapped().is_some(),
    };
    if !is_v4 {
        let (_, kind) = NAMES.v6_class.ok_or(io::ErrorKind::Unsupported)?;
        return Ok(control.push(libc::IPPROTO_IPV6, kind, &c_int::from(class).to_ne_bytes()));
    }
    match NAMES.sent_tos_size {
        1 => Ok(control.push(libc::IPPROTO_IP, libc::IP_TOS, &[class])),
        4 => Ok(control.push(libc::IPPROTO_IP, libc::IP_TOS, &c_int::from(class).to_ne_bytes())),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Sets an option in the form of the socket's own family; on an IPv6 socket the IPv4 one too, for
/// mapped addresses, where the system lets that.
fn report(
    socket: BorrowedFd<'_>,
    v4: Option<c_int>,
    v6: Option<c_int>,
    on: bool,
) -> io::Result<()> {
    let on = c_int::from(on);
    let set_v4 = || match v4 {
        Some(name) => socket_option::set_int(socket, libc::IPPROTO_IP, name, on),
        None => Err(io::ErrorKind::Unsupported.into()),
    };
    if Address::is_v6(socket)? {
        let name = v6.ok_or(io::ErrorKind::Unsupported)?;
        socket_option::set_int(socket, libc::IPPROTO_IPV6, name, on)?;
        // Refused where an IPv6 socket is not dual-stack: then there is nothing to report.
        let _ = set_v4();
        return Ok(());
    }
    set_v4()
}

fn no_room() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "too many control messages for one datagram")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_the_low_two_bits_of_the_traffic_class_and_nothing_else() {
        for mark in [Ecn::NotCapable, Ecn::Capable1, Ecn::Capable0, Ecn::Congested] {
            for class in [0, 0b1011_1000, 0b1111_1100] {
                assert_eq!(Ecn::of_traffic_class(class | mark.bits()), mark);
            }
        }
    }

    #[test]
    fn control_messages_of_the_wrong_size_are_passed_over() {
        let mut space = crate::control::Space::<256>::ZERO;
        let mut control = Writer::new(&mut space.0);
        assert!(control.push(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &[1; 19]));
        assert!(control.push(libc::IPPROTO_IP, libc::IP_TOS, &[1; 3]));
        let mut meta = Meta::default();
        read_control(control.finish(), &mut meta);
        assert_eq!(meta, Meta::default());
    }

    #[test]
    fn messages_that_nobody_asked_for_are_passed_over() {
        let mut space = crate::control::Space::<256>::ZERO;
        let mut control = Writer::new(&mut space.0);
        for (level, kind, len) in [
            (libc::IPPROTO_IP, libc::IP_TTL, 4),
            // As long as a destination, and none.
            (libc::IPPROTO_IP, libc::IP_TTL, 12),
            // Of the right kind where the system has one, and too short to be one.
            (libc::IPPROTO_IP, udp_v4::REPORT_DESTINATION.unwrap_or(libc::IP_TTL), 3),
            (libc::IPPROTO_IPV6, libc::IP_TTL, 4),
            (libc::SOL_SOCKET, libc::IP_TTL, 4),
        ] {
            assert!(control.push(level, kind, &[1; 16][..len]));
        }
        let mut meta = Meta::default();
        read_control(control.finish(), &mut meta);
        assert_eq!(meta, Meta::default());
    }

    #[test]
    fn what_does_not_fit_the_room_for_control_messages_is_an_error() {
        let transmit = Transmit::new(b"x").to(SocketAddr::from(([127, 0, 0, 1], 9)));
        for transmit in [transmit.segment_size(1), transmit.ecn(Ecn::Capable0)] {
            let error = transmit.write_control(&mut Writer::new(&mut [0; 8])).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn a_source_is_the_address_and_no_interface() {
        let from: Ipv6Addr = "2001:db8::7".parse().unwrap();
        let info = v6_source(from);
        assert_eq!((&info[..16], &info[16..]), (&from.octets()[..], &[0; 4][..]));
    }
}
