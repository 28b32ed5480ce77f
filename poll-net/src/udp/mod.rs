//! UDP: the socket, and what travels beside a datagram.

mod beside;
mod socket;

pub use poll_sys::mmsg::BATCH;
pub use poll_sys::udp::{Ecn, Meta, Slot, Transmit};
pub use socket::UdpSocket;
