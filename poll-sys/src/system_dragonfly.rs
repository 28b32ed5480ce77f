//! DragonFly BSD.

use libc::c_int;

pub(crate) use libc::__errno_location as errno_location;

#[path = "family_bsd.rs"]
mod bsd;
pub use bsd::*;

#[path = "kqueue/create_then_mark.rs"]
pub(crate) mod kqueue_create;
pub(crate) mod kqueue_local {
    pub(crate) type FilterBits = i16;
    pub(crate) type FlagBits = u16;
    pub(crate) type Count = libc::c_int;
    pub(crate) const EVFILT_EXCEPT: Option<FilterBits> = Some(libc::EVFILT_EXCEPT);
    pub(crate) const NOTE_OOB: Option<u32> = Some(libc::NOTE_OOB);
    pub(crate) const NOTE_NSECONDS: Option<u32> = None;
}

#[path = "cred_peereid.rs"]
pub(crate) mod cred_by;
pub(crate) const PEER_PROCESS: Option<(c_int, c_int)> = None;

#[path = "mmsg_loop.rs"]
pub mod mmsg;

#[path = "sendfile_sbytes.rs"]
pub(crate) mod sendfile_by;

pub(crate) mod sigpipe_take;

#[path = "udp_v4_dstaddr.rs"]
pub(crate) mod udp_v4;
