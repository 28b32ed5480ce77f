//! NetBSD.

use std::mem::offset_of;

use libc::c_int;

use crate::names::Names;

pub(crate) use libc::__errno as errno_location;

#[path = "family_bsd.rs"]
mod bsd;
pub use bsd::*;

#[path = "kqueue/create_atomic.rs"]
pub(crate) mod kqueue_create;
pub(crate) mod kqueue_local {
    pub(crate) type FilterBits = u32;
    pub(crate) type FlagBits = u32;
    pub(crate) type Count = libc::size_t;
    pub(crate) const EVFILT_EXCEPT: Option<FilterBits> = None;
    pub(crate) const NOTE_OOB: Option<u32> = None;
    pub(crate) const NOTE_NSECONDS: Option<u32> = Some(libc::NOTE_NSECONDS);
}

#[path = "cred_peereid.rs"]
pub(crate) mod cred_by;
pub(crate) const PEER_PROCESS: Option<(c_int, c_int)> = None;

pub mod mmsg;
pub(crate) type MmsgCount = c_int;

#[path = "sendfile_copy.rs"]
pub(crate) mod sendfile_by;

pub(crate) mod sigpipe_take;

#[path = "udp_v4_pktinfo.rs"]
pub(crate) mod udp_v4;
pub(crate) const REPORT_PKTINFO: c_int = libc::IP_RECVPKTINFO;
pub(crate) const PKTINFO_SOURCE_AT: usize = offset_of!(libc::in_pktinfo, ipi_addr);

pub(crate) const NAMES: Names = Names { pipe_no_sigpipe: Some(libc::F_SETNOSIGPIPE), ..bsd::NAMES };
