//! `sockaddr`: socket addresses between the kernel's form and std's.
//!
//! # Invariants
//! ADDRESS-INIT: every byte of `Address::storage` is initialised: it begins as zeros, and the
//! kernel and this file only overwrite. `sockaddr_storage` is at least as large and as aligned as
//! `sockaddr_in`, `sockaddr_in6` and `sockaddr_un` (RFC 3493, 3.10; asserted below), which are
//! plain integers and arrays of them: any bytes are a valid value.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::mem::{align_of, offset_of, size_of};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net;

use libc::{sockaddr, sockaddr_in, sockaddr_in6, sockaddr_storage, sockaddr_un, socklen_t};

use crate::abstract_name;
use crate::result::check;

const _: () = {
    assert!(size_of::<sockaddr_storage>() >= size_of::<sockaddr_in6>());
    assert!(size_of::<sockaddr_storage>() >= size_of::<sockaddr_in>());
    assert!(size_of::<sockaddr_storage>() >= size_of::<sockaddr_un>());
    assert!(align_of::<sockaddr_storage>() >= align_of::<sockaddr_in6>());
    assert!(align_of::<sockaddr_storage>() >= align_of::<sockaddr_in>());
    assert!(align_of::<sockaddr_storage>() >= align_of::<sockaddr_un>());
};

/// An address of any family, in the kernel's form.
///
/// # Source
/// <https://man7.org/linux/man-pages/man3/sockaddr.3type.html>
///
/// # Examples
/// ```
/// use poll_sys::address::Address;
/// let address: std::net::SocketAddr = "[::1%7]:80".parse().unwrap();
/// assert_eq!(Address::from(address).to_inet(), Some(address));
/// ```
#[derive(Clone, Copy)]
pub struct Address {
    storage: sockaddr_storage,
    len: socklen_t,
}

impl Address {
    /// No address: what a call that reports one finds when the kernel wrote none.
    pub(crate) fn none() -> Address {
        // SAFETY: 1. `sockaddr_storage` is integers and arrays of integers: zeros are a value.
        let storage = unsafe { std::mem::zeroed() };
        Address { storage, len: 0 }
    }

    /// Room for the kernel to write an address of any family.
    pub(crate) fn receive() -> Address {
        Address { len: size_of::<sockaddr_storage>() as socklen_t, ..Address::none() }
    }

    /// The pointers for a call that writes an address: the first has room for as many bytes as the
    /// second points at.
    pub(crate) fn as_mut_ptrs(&mut self) -> (*mut sockaddr, *mut socklen_t) {
        ((&raw mut self.storage).cast(), &raw mut self.len)
    }

    /// The pointer and length for a header that describes this address.
    pub(crate) fn as_mut_raw(&mut self) -> (*mut sockaddr, socklen_t) {
        ((&raw mut self.storage).cast(), self.len)
    }

    /// Whether a socket is of the IPv6 family.
    ///
    /// # Errors
    /// What `getsockname(2)` says.
    pub(crate) fn is_v6(socket: BorrowedFd<'_>) -> io::Result<bool> {
        let mut local = Address::receive();
        let (name, len) = local.as_mut_ptrs();
        // SAFETY: 1. `socket` is borrowed, so open. 2. `name` has room for the `*len` bytes that
        // getsockname(2) may write, and both pointers are live and unshared (as_mut_ptrs).
        check(unsafe { libc::getsockname(socket.as_raw_fd(), name, len) })?;
        Ok(i32::from(local.storage.ss_family) == libc::AF_INET6)
    }

    /// The pointer and length for a call that reads an address: that many bytes are initialised.
    pub(crate) fn as_ptr(&self) -> (*const sockaddr, socklen_t) {
        ((&raw const self.storage).cast(), self.len)
    }

    /// What a call that reports the length by itself (`recvmsg`) wrote.
    pub(crate) fn set_len(&mut self, len: socklen_t) {
        self.len = len.min(size_of::<sockaddr_storage>() as socklen_t);
    }

    /// The Internet address, or `None` if it is of another family or absent.
    #[must_use]
    pub fn to_inet(&self) -> Option<SocketAddr> {
        let family = i32::from(self.storage.ss_family);
        let len = self.len as usize;
        if family == libc::AF_INET && len >= size_of::<sockaddr_in>() {
            // SAFETY: 1. ADDRESS-INIT: large enough, aligned and initialised for a `sockaddr_in`.
            let v4 = unsafe { (&raw const self.storage).cast::<sockaddr_in>().read() };
            let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
            return Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into());
        }
        if family == libc::AF_INET6 && len >= size_of::<sockaddr_in6>() {
            // SAFETY: 1. ADDRESS-INIT: large enough, aligned and initialised for a `sockaddr_in6`.
            let v6 = unsafe { (&raw const self.storage).cast::<sockaddr_in6>().read() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            let port = u16::from_be(v6.sin6_port);
            return Some(SocketAddrV6::new(ip, port, v6.sin6_flowinfo, v6.sin6_scope_id).into());
        }
        None
    }

    /// The Unix address; unnamed if there is none.
    ///
    /// # Errors
    /// `InvalidInput` for an address of another family.
    pub fn to_unix(&self) -> io::Result<net::SocketAddr> {
        let path_at = offset_of!(sockaddr_un, sun_path);
        let len = self.len as usize;
        if len > path_at && i32::from(self.storage.ss_family) != libc::AF_UNIX {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: 1. ADDRESS-INIT: large enough, aligned and initialised for a `sockaddr_un`.
        let unix = unsafe { (&raw const self.storage).cast::<sockaddr_un>().read() };
        let path = unix.sun_path.map(|byte| byte.to_ne_bytes()[0]);
        let path = &path[..len.saturating_sub(path_at).min(path.len())];
        if abstract_name::SUPPORTED && path.len() > 1 && path[0] == 0 {
            return abstract_name::new(&path[1..]);
        }
        // The length counts a final zero on some systems and the whole array on others.
        let end = path.iter().position(|&byte| byte == 0).unwrap_or(path.len());
        net::SocketAddr::from_pathname(OsStr::from_bytes(&path[..end]))
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        let mut into = Address::none();
        into.len = match address {
            SocketAddr::V4(v4) => {
                // SAFETY: 1. `sockaddr_in` is integers and arrays of integers: zeros are a value.
                let mut raw: sockaddr_in = unsafe { std::mem::zeroed() };
                raw.sin_family = libc::AF_INET as libc::sa_family_t;
                raw.sin_port = v4.port().to_be();
                raw.sin_addr.s_addr = u32::from_ne_bytes(v4.ip().octets());
                // SAFETY: 1. ADDRESS-INIT: large enough and aligned for a `sockaddr_in`; we own it.
                unsafe { (&raw mut into.storage).cast::<sockaddr_in>().write(raw) };
                size_of::<sockaddr_in>() as socklen_t
            }
            SocketAddr::V6(v6) => {
                // SAFETY: 1. `sockaddr_in6` is integers and arrays of integers: zeros are a value.
                let mut raw: sockaddr_in6 = unsafe { std::mem::zeroed() };
                raw.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                raw.sin6_port = v6.port().to_be();
                raw.sin6_addr.s6_addr = v6.ip().octets();
                raw.sin6_flowinfo = v6.flowinfo();
                raw.sin6_scope_id = v6.scope_id();
                // SAFETY: 1. ADDRESS-INIT: large enough and aligned for a `sockaddr_in6`; we own
                // it.
                unsafe { (&raw mut into.storage).cast::<sockaddr_in6>().write(raw) };
                size_of::<sockaddr_in6>() as socklen_t
            }
        };
        into
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.to_inet(), self.to_unix()) {
            (Some(inet), _) => fmt::Debug::fmt(&inet, f),
            (None, Ok(unix)) => fmt::Debug::fmt(&unix, f),
            (None, Err(_)) => {
                f.debug_struct("Address").field("family", &self.storage.ss_family).finish()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internet_addresses_survive_the_round_trip() {
        for text in ["0.0.0.0:0", "127.0.0.1:80", "255.1.2.3:65535", "[::]:0", "[2001:db8::9]:443"]
        {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(Address::from(address).to_inet(), Some(address));
        }
        let full = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 1, 0xa_bcde, 42).into();
        assert_eq!(Address::from(full).to_inet(), Some(full));
    }

    #[test]
    fn no_address_is_no_internet_address_and_an_unnamed_unix_one() {
        assert_eq!(Address::none().to_inet(), None);
        assert!(Address::none().to_unix().unwrap().is_unnamed());
    }

    #[test]
    fn an_internet_address_is_no_unix_address() {
        let address = Address::from(SocketAddr::from(([127, 0, 0, 1], 80)));
        assert_eq!(address.to_unix().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_truncated_address_is_no_internet_address() {
        let mut address = Address::from(SocketAddr::from(([127, 0, 0, 1], 80)));
        address.set_len(4);
        assert_eq!(address.to_inet(), None);
    }

    #[test]
    fn a_truncated_ipv6_address_is_none_either_and_says_its_family() {
        let mut address = Address::from(SocketAddr::from((Ipv6Addr::LOCALHOST, 80)));
        address.set_len(16);
        assert_eq!(address.to_inet(), None);
        let family = libc::AF_INET6;
        assert_eq!(format!("{address:?}"), format!("Address {{ family: {family} }}"));
    }

    #[test]
    fn a_unix_address_without_a_path_is_unnamed() {
        for (len, family) in [(2, libc::AF_INET), (2, libc::AF_UNIX), (3, libc::AF_UNIX)] {
            let mut address = Address::none();
            address.storage.ss_family = family as libc::sa_family_t;
            address.set_len(len);
            assert!(address.to_unix().unwrap().is_unnamed(), "{len} bytes");
        }
    }
}
