//! `recvmmsg(2)` and `sendmmsg(2)`: several datagrams in one syscall.
//!
//! The same functions for systems without them: `mmsg_loop.rs`.
//!
//! # Invariants
//! ROW: row i of the kernel's array points into row i of the arrays of addresses, iovecs and
//! control bytes, which live on the stack of the same function, are not moved, and are not touched
//! between the making of the pointers and the end of the call. The iovec is a caller's buffer,
//! borrowed for longer than that.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libc::{iovec, mmsghdr};

use crate::address::Address;
use crate::control::{Space, Writer};
use crate::result::check_size;
use crate::system::{MmsgCount, NAMES};
use crate::udp::{self, Meta, ROOM, Slot, Transmit};
use crate::{msg, udp_one};

/// The most datagrams that one call moves; longer slices are served up to here.
pub const BATCH: usize = 32;

/// Receives as many datagrams as there are, up to the number of slots or [`BATCH`].
///
/// # Errors
/// What `recvmmsg(2)` says of the first one: `EWOULDBLOCK` when none has arrived. An error after
/// the first is told by the next call.
///
/// # Platform
/// | system | syscalls |
/// |---|---|
/// | Linux, Android, NetBSD, OpenBSD | 1 |
/// | FreeBSD | 1 per datagram, inside its C library |
/// | others | 1 per datagram, and 1 that finds none |
///
/// # Cost
/// The table's. No allocation; about 20 KiB of stack.
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/recvmmsg.2.html>
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// use poll_sys::{mmsg, udp::{Slot, Transmit}};
///
/// let a = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// let b = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// let to = b.local_addr()?;
/// b.set_nonblocking(true)?;
/// let words = [Transmit::new(b"one").to(to), Transmit::new(b"two").to(to)];
/// assert_eq!(mmsg::send(a.as_fd(), &words)?, 2);
///
/// let mut bufs = [[0; 16]; 4];
/// let mut slots = bufs.each_mut().map(|buf| Slot::new(buf));
/// assert_eq!(mmsg::receive(b.as_fd(), &mut slots)?, 2);
/// assert_eq!(slots[1].bytes(), b"two");
/// # std::io::Result::Ok(())
/// ```
pub fn receive(socket: BorrowedFd<'_>, slots: &mut [Slot<'_>]) -> io::Result<usize> {
    if let [slot] = slots {
        return udp_one::receive(socket, slot).map(|()| 1);
    }
    let rows = slots.len().min(BATCH);
    let mut addresses = [Address::receive(); BATCH];
    let mut controls = [Space::<ROOM>::ZERO; BATCH];
    let mut iovecs = [iovec { iov_base: ptr::null_mut(), iov_len: 0 }; BATCH];
    let mut headers = [mmsghdr { msg_hdr: msg::empty(), msg_len: 0 }; BATCH];
    for (row, slot) in slots[..rows].iter_mut().enumerate() {
        iovecs[row] = iovec { iov_base: slot.buf.as_mut_ptr().cast(), iov_len: slot.buf.len() };
        let header = &mut headers[row].msg_hdr;
        let (name, name_len) = addresses[row].as_mut_raw();
        header.msg_name = name.cast();
        header.msg_namelen = name_len;
        header.msg_iov = &raw mut iovecs[row];
        header.msg_iovlen = 1;
        header.msg_control = (&raw mut controls[row].0).cast();
        header.msg_controllen = ROOM as _;
    }
    let (fd, first, no_timeout) = (socket.as_raw_fd(), headers.as_mut_ptr(), ptr::null_mut());
    // SAFETY: 1. `socket` is borrowed, so open. 2. `first` is to `rows` headers whose pointers are
    // to memory of the given lengths that may be written (ROW). 3. A null timeout is allowed.
    let received = unsafe { libc::recvmmsg(fd, first, rows as _, 0, no_timeout) };
    let received = mmsg_result(received)?.min(rows);
    for (row, slot) in slots[..received].iter_mut().enumerate() {
        let mmsghdr { msg_hdr: header, msg_len: len, .. } = &headers[row];
        addresses[row].set_len(header.msg_namelen);
        let control_len = ROOM.min(header.msg_controllen as _);
        slot.meta = Meta {
            len: slot.buf.len().min(*len as _),
            truncated: header.msg_flags & libc::MSG_TRUNC != 0,
            source: addresses[row].to_inet(),
            ..Meta::default()
        };
        udp::read_control(&controls[row].0[..control_len], &mut slot.meta);
    }
    Ok(received)
}

/// Sends datagrams, in order, up to [`BATCH`]; how many the kernel took.
///
/// # Errors
/// What `sendmmsg(2)` says of the first one: `EWOULDBLOCK` when the send buffer is full. An error
/// after the first ends the call; the next call, which begins with that datagram, tells it.
/// `InvalidInput` and `Unsupported` for what a [`Transmit`] asks and cannot be done, before any is
/// sent.
///
/// # Platform
/// As for [`receive`].
///
/// # Cost
/// As for [`receive`]. musl on 64-bit CPUs has a loop of `sendmsg(2)` for it: a syscall each.
///
/// # Source
/// <https://man7.org/linux/man-pages/man2/sendmmsg.2.html>
///
/// # Examples
/// See [`receive`].
pub fn send(socket: BorrowedFd<'_>, datagrams: &[Transmit<'_>]) -> io::Result<usize> {
    if let [datagram] = datagrams {
        return udp_one::send(socket, datagram).map(|_| 1);
    }
    let rows = datagrams.len().min(BATCH);
    let mut addresses = [Address::none(); BATCH];
    let mut controls = [Space::<ROOM>::ZERO; BATCH];
    let mut iovecs = [iovec { iov_base: ptr::null_mut(), iov_len: 0 }; BATCH];
    let mut headers = [mmsghdr { msg_hdr: msg::empty(), msg_len: 0 }; BATCH];
    for (row, datagram) in datagrams[..rows].iter().enumerate() {
        let bytes = datagram.bytes;
        iovecs[row] = iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let header = &mut headers[row].msg_hdr;
        if let Some(to) = datagram.to {
            addresses[row] = Address::from(to);
            let (name, name_len) = addresses[row].as_mut_raw();
            header.msg_name = name.cast();
            header.msg_namelen = name_len;
        }
        header.msg_iov = &raw mut iovecs[row];
        header.msg_iovlen = 1;
        let mut control = Writer::new(&mut controls[row].0);
        datagram.write_control(&mut control)?;
        header.msg_controllen = control.finish().len() as _;
        header.msg_control = (&raw mut controls[row].0).cast();
    }
    let (fd, first) = (socket.as_raw_fd(), headers.as_mut_ptr());
    // SAFETY: 1. `socket` is borrowed, so open. 2. `first` is to `rows` headers whose pointers are
    // to initialised memory of the given lengths (ROW), which the kernel only reads.
    let sent = unsafe { libc::sendmmsg(fd, first, rows as _, NAMES.no_signal as _) };
    mmsg_result(sent)
}

/// What a call returned, in the type that the system declares it with.
fn mmsg_result(returned: MmsgCount) -> io::Result<usize> {
    check_size(returned as libc::ssize_t)
}
