//! `sendmsg(2)` and `recvmsg(2)`: data, an address and control messages in one call.
//!
//! # Invariants
//! IOVEC: `IoSlice` and `IoSliceMut` are guaranteed to have the layout of `iovec` on Unix (std's
//! documentation), and describe borrowed, so live and initialised, memory.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{c_int, msghdr};

use crate::address::Address;
use crate::result::check_size;
use crate::system::NAMES;

/// The most slices that one call takes on every system.
const MAX_SLICES: usize = 1024;

/// What [`receive`] found.
pub(crate) struct Arrived {
    /// Bytes of data.
    pub(crate) len: usize,
    /// Bytes of control messages.
    pub(crate) control_len: usize,
    /// `MSG_TRUNC`: the datagram was longer.
    pub(crate) truncated: bool,
    /// `MSG_CTRUNC`: there was more control data.
    pub(crate) control_truncated: bool,
}

/// A `msghdr` without address, data or control messages.
pub(crate) fn empty() -> msghdr {
    // SAFETY: 1. `msghdr` is integers and pointers (and padding, on musl): zeros are a value.
    unsafe { std::mem::zeroed() }
}

/// Sends data with control messages; never raises SIGPIPE where `NO_SIGNAL` is a flag of the call.
///
/// # Errors
/// What `sendmsg(2)` says.
pub(crate) fn send(
    socket: BorrowedFd<'_>,
    bufs: &[IoSlice<'_>],
    to: Option<&Address>,
    control: &[u8],
) -> io::Result<usize> {
    let header = to_send(bufs, to, control);
    // SAFETY: 1. `socket` is borrowed, so open. 2. The header's pointers are to an address, to
    // iovecs and to control bytes that are borrowed here, with their lengths; sendmsg(2) only reads
    // through them, although they are `*mut` (IOVEC).
    check_size(unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header, NAMES.no_signal) })
}

/// The header for a call that sends: valid for as long as what it is made of is borrowed.
pub(crate) fn to_send(bufs: &[IoSlice<'_>], to: Option<&Address>, control: &[u8]) -> msghdr {
    let bufs = &bufs[..bufs.len().min(MAX_SLICES)];
    let mut header = empty();
    if let Some(address) = to {
        let (name, len) = address.as_ptr();
        header.msg_name = name.cast_mut().cast();
        header.msg_namelen = len;
    }
    header.msg_iov = bufs.as_ptr().cast_mut().cast();
    header.msg_iovlen = bufs.len() as _;
    if !control.is_empty() {
        header.msg_control = control.as_ptr().cast_mut().cast();
        header.msg_controllen = control.len() as _;
    }
    header
}

/// Receives data with control messages.
///
/// # Errors
/// What `recvmsg(2)` says.
pub(crate) fn receive(
    socket: BorrowedFd<'_>,
    bufs: &mut [IoSliceMut<'_>],
    from: Option<&mut Address>,
    control: &mut [u8],
    flags: c_int,
) -> io::Result<Arrived> {
    let slices = bufs.len().min(MAX_SLICES);
    let mut header = empty();
    header.msg_iov = bufs.as_mut_ptr().cast();
    header.msg_iovlen = slices as _;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = control.len() as _;
    let mut address = from;
    if let Some(address) = &mut address {
        let (name, len) = address.as_mut_raw();
        header.msg_name = name.cast();
        header.msg_namelen = len;
    }
    // SAFETY: 1. `socket` is borrowed, so open. 2. The header's pointers are to an address, to
    // iovecs (IOVEC) and to control bytes that are borrowed mutably here, with their lengths;
    // recvmsg(2) writes initialised bytes through them, and to the header.
    let len = check_size(unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, flags) })?;
    if let Some(address) = address {
        address.set_len(header.msg_namelen);
    }
    Ok(Arrived {
        len,
        control_len: control.len().min(header.msg_controllen as _),
        truncated: header.msg_flags & libc::MSG_TRUNC != 0,
        control_truncated: header.msg_flags & libc::MSG_CTRUNC != 0,
    })
}
