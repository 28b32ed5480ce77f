//! One datagram with all that travels beside it: `recvmsg(2)` and `sendmsg(2)`.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::BorrowedFd;

use crate::address::Address;
use crate::control::{Space, Writer};
use crate::msg;
use crate::udp::{Meta, ROOM, Slot, Transmit, read_control};

/// Receives one datagram.
///
/// # Errors
/// What `recvmsg(2)` says: `EWOULDBLOCK` when none has arrived.
pub(crate) fn receive(socket: BorrowedFd<'_>, slot: &mut Slot<'_>) -> io::Result<()> {
    let mut from = Address::receive();
    let mut space = Space::<ROOM>::ZERO;
    let bufs = &mut [IoSliceMut::new(slot.buf)];
    let arrived = msg::receive(socket, bufs, Some(&mut from), &mut space.0, 0)?;
    slot.meta = Meta {
        len: arrived.len.min(slot.buf.len()),
        truncated: arrived.truncated,
        source: from.to_inet(),
        ..Meta::default()
    };
    read_control(&space.0[..arrived.control_len], &mut slot.meta);
    Ok(())
}

/// Sends one datagram.
///
/// # Errors
/// What `sendmsg(2)` says, and what [`Transmit::write_control`] does.
pub(crate) fn send(socket: BorrowedFd<'_>, datagram: &Transmit<'_>) -> io::Result<usize> {
    let to = datagram.to.map(Address::from);
    let mut space = Space::<ROOM>::ZERO;
    let mut control = Writer::new(&mut space.0);
    datagram.write_control(&mut control)?;
    msg::send(socket, &[IoSlice::new(datagram.bytes)], to.as_ref(), control.finish())
}
