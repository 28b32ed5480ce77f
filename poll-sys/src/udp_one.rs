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

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_datagram_is_truncated_only_if_it_does_not_fit() {
        let a = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = a.local_addr().unwrap();
        for (room, truncated) in [(3, true), (4, false), (5, false)] {
            assert_eq!(send(a.as_fd(), &Transmit::new(b"four").to(to)).unwrap(), 4);
            let mut bytes = [0; 5];
            let mut slot = Slot::new(&mut bytes[..room]);
            receive(a.as_fd(), &mut slot).unwrap();
            let meta = slot.meta();
            assert_eq!((meta.len, meta.truncated, meta.source), (room.min(4), truncated, Some(to)));
        }
    }
}
