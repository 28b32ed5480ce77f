//! Several datagrams by one syscall each, for systems without `recvmmsg`.

use std::io;
use std::os::fd::BorrowedFd;

use crate::udp::{Slot, Transmit};
use crate::udp_one;

/// The most datagrams that one call moves; longer slices are served up to here.
pub const BATCH: usize = 32;

/// Receives as many datagrams as there are, up to the number of slots or [`BATCH`].
///
/// # Errors
/// What `recvmsg(2)` says of the first one: `EWOULDBLOCK` when none has arrived.
///
/// # Cost
/// One syscall per datagram, and one that finds none. No allocation.
pub fn receive(socket: BorrowedFd<'_>, slots: &mut [Slot<'_>]) -> io::Result<usize> {
    count(slots.iter_mut().take(BATCH).map(|slot| udp_one::receive(socket, slot)))
}

/// Sends datagrams, in order, up to [`BATCH`]; how many the kernel took.
///
/// # Errors
/// What `sendmsg(2)` says of the first one: `EWOULDBLOCK` when the send buffer is full. An error
/// after the first ends the call; the next call, which begins with that datagram, tells it.
///
/// # Cost
/// One syscall per datagram. No allocation.
pub fn send(socket: BorrowedFd<'_>, datagrams: &[Transmit<'_>]) -> io::Result<usize> {
    count(datagrams.iter().take(BATCH).map(|datagram| udp_one::send(socket, datagram).map(drop)))
}

/// How many went well before the first that did not; its error if it was the first of all.
fn count(results: impl Iterator<Item = io::Result<()>>) -> io::Result<usize> {
    let mut done = 0;
    for result in results {
        match result {
            Ok(()) => done += 1,
            Err(error) if done == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn moves_what_there_is_and_tells_an_error_only_of_the_first() {
        let a = UdpSocket::bind("127.0.0.1:0").unwrap();
        let b = UdpSocket::bind("127.0.0.1:0").unwrap();
        b.set_nonblocking(true).unwrap();
        let datagram = |bytes| Transmit::new(bytes).to(b.local_addr().unwrap());
        let mut bufs = [[0; 16]; 3];
        let mut slots = bufs.each_mut().map(|buf| Slot::new(buf));
        let nothing = receive(b.as_fd(), &mut slots).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        assert_eq!(send(a.as_fd(), &[datagram(b"one"), datagram(b"two")]).unwrap(), 2);
        assert_eq!(receive(b.as_fd(), &mut slots).unwrap(), 2);
        assert_eq!((slots[0].bytes(), slots[1].bytes()), (&b"one"[..], &b"two"[..]));
        let unsendable = [datagram(b"x"), Transmit::new(b"nowhere")];
        assert_eq!(send(a.as_fd(), &unsendable).unwrap(), 1);
        assert!(send(a.as_fd(), &unsendable[1..]).is_err());
    }
}
