//! The addresses of an IPv4 datagram where the system does not tell them.

use std::io;
use std::net::Ipv4Addr;

use libc::c_int;

use crate::control::{Message, Writer};

/// No option reports the destination.
pub(crate) const REPORT_DESTINATION: Option<c_int> = None;

/// Nothing.
pub(crate) fn read_destination(_message: &Message<'_>) -> Option<(Ipv4Addr, Option<u32>)> {
    None
}

/// Not to be had.
pub(crate) fn push_source(_control: &mut Writer<'_>, _from: Ipv4Addr) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}
