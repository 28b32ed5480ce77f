//! `SO_PEERCRED`: user, group and process in one option.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::socklen_t;

use crate::cred::Credentials;
use crate::result::check;
use crate::system::PeerCred;

pub(crate) fn peer(stream: BorrowedFd<'_>) -> io::Result<Credentials> {
    // SAFETY: 1. The struct is three integers: zeros are a value.
    let mut peer: PeerCred = unsafe { std::mem::zeroed() };
    let mut len = size_of::<PeerCred>() as socklen_t;
    let (level, name, into) = (libc::SOL_SOCKET, libc::SO_PEERCRED, &raw mut peer);
    // SAFETY: 1. `stream` is borrowed, so open. 2. getsockopt(2) writes at most `len` bytes at the
    // first pointer, which is to a live struct of that size, and the length at the second.
    check(unsafe { libc::getsockopt(stream.as_raw_fd(), level, name, into.cast(), &raw mut len) })?;
    // Linux has no credentials for a socket without a peer, and says so by impossible ones.
    if peer.uid == u32::MAX {
        return Err(io::ErrorKind::NotConnected.into());
    }
    Ok(Credentials { user: peer.uid, group: peer.gid, process: Some(peer.pid) })
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::socket;
    use crate::socket_kind::{Family, Kind};

    #[test]
    fn a_socket_without_a_peer_has_no_credentials() {
        let socket = socket::create(Family::Unix, Kind::Stream).unwrap();
        assert_eq!(peer(socket.as_fd()).unwrap_err().kind(), io::ErrorKind::NotConnected);
    }
}
