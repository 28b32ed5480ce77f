//! The addresses of an IPv4 datagram by `IP_PKTINFO`.

use std::io;
use std::mem::{offset_of, size_of};
use std::net::Ipv4Addr;

use libc::{c_int, in_pktinfo};

use crate::control::{Message, Writer};
use crate::system;

/// The option that reports the destination.
pub(crate) const REPORT_DESTINATION: Option<c_int> = Some(system::REPORT_PKTINFO);

/// Destination and interface, if the message tells them.
pub(crate) fn read_destination(message: &Message<'_>) -> Option<(Ipv4Addr, Option<u32>)> {
    if message.kind != libc::IP_PKTINFO || message.data.len() != size_of::<in_pktinfo>() {
        return None;
    }
    let destination = field(message.data, offset_of!(in_pktinfo, ipi_addr))?;
    let interface = field(message.data, offset_of!(in_pktinfo, ipi_ifindex))?;
    Some((Ipv4Addr::from(destination), Some(u32::from_ne_bytes(interface))))
}

/// Adds the message that sets the source address; false if it does not fit.
pub(crate) fn push_source(control: &mut Writer<'_>, from: Ipv4Addr) -> io::Result<bool> {
    let mut info = [0; size_of::<in_pktinfo>()];
    info[system::PKTINFO_SOURCE_AT..][..4].copy_from_slice(&from.octets());
    Ok(control.push(libc::IPPROTO_IP, libc::IP_PKTINFO, &info))
}

fn field(data: &[u8], at: usize) -> Option<[u8; 4]> {
    data.get(at..at + 4)?.try_into().ok()
}
