//! FreeBSD.

use libc::c_int;

use crate::names::Names;

pub(crate) use libc::__error as errno_location;

#[path = "family_bsd.rs"]
mod bsd;
pub use bsd::*;

#[path = "kqueue/create_then_mark.rs"]
pub(crate) mod kqueue_create;
pub(crate) mod kqueue_local {
    pub(crate) type FilterBits = i16;
    pub(crate) type FlagBits = u16;
    pub(crate) type Count = libc::c_int;
    pub(crate) const EVFILT_EXCEPT: Option<FilterBits> = None;
    pub(crate) const NOTE_OOB: Option<u32> = None;
    pub(crate) const NOTE_NSECONDS: Option<u32> = Some(libc::NOTE_NSECONDS);
}

#[path = "cred_peereid.rs"]
pub(crate) mod cred_by;
pub(crate) const PEER_PROCESS: Option<(c_int, c_int)> = None;

pub mod mmsg;
pub(crate) type MmsgCount = libc::ssize_t;

#[path = "sendfile_sbytes.rs"]
pub(crate) mod sendfile_by;

pub(crate) mod sigpipe_take;

#[path = "udp_v4_dstaddr.rs"]
pub(crate) mod udp_v4;

pub(crate) const NAMES: Names = Names {
    rdhup: libc::POLLRDHUP,
    share_port: Some(libc::SO_REUSEPORT_LB),
    report_tos: Some(libc::IP_RECVTOS),
    reported_tos: Some(libc::IP_RECVTOS),
    sent_tos_size: 1,
    ..bsd::NAMES
};
