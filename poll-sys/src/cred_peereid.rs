//! `getpeereid(3)`: user and group, and on Apple the process by an option.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::cred::Credentials;
use crate::result::check;
use crate::{socket_option, system};

pub(crate) fn peer(stream: BorrowedFd<'_>) -> io::Result<Credentials> {
    let (mut user, mut group) = (0, 0);
    // SAFETY: 1. `stream` is borrowed, so open. 2. getpeereid(3) writes an id through each pointer,
    // which are to a live `uid_t` and `gid_t`.
    check(unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut user, &raw mut group) })?;
    let process = match system::PEER_PROCESS {
        Some((level, name)) => Some(socket_option::get_int(stream, level, name)?),
        None => None,
    };
    Ok(Credentials { user, group, process })
}
