//! The addresses of an IPv4 datagram by `IP_RECVDSTADDR` and `IP_SENDSRCADDR`.

use std::io;
use std::net::Ipv4Addr;

use libc::c_int;

use crate::control::{Message, Writer};

/// The option that reports the destination.
pub(crate) const REPORT_DESTINATION: Option<c_int> = Some(libc::IP_RECVDSTADDR);

/// The destination, if the message tells it; this interface does not tell the interface.
pub(crate) fn read_destination(message: &Message<'_>) -> Option<(Ipv4Addr, Option<u32>)> {
    if message.kind != libc::IP_RECVDSTADDR {
        return None;
    }
    let destination: [u8; 4] = message.data.try_into().ok()?;
    Some((Ipv4Addr::from(destination), None))
}

/// Adds the message that sets the source address; false if it does not fit.
pub(crate) fn push_source(control: &mut Writer<'_>, from: Ipv4Addr) -> io::Result<bool> {
    Ok(control.push(libc::IPPROTO_IP, libc::IP_SENDSRCADDR, &from.octets()))
}
