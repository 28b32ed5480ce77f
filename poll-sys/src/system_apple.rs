//! macOS and Apple's other systems, of one kernel and one C library.

use std::mem::offset_of;

use libc::c_int;

use crate::names::Names;

pub(crate) use libc::__error as errno_location;

#[path = "family_not_linux.rs"]
mod not_linux;
pub use not_linux::*;

pub mod kqueue;
#[path = "kqueue/native.rs"]
pub(crate) mod kqueue_abi;
#[path = "kqueue/create_then_mark.rs"]
pub(crate) mod kqueue_create;
pub(crate) mod kqueue_local {
    pub(crate) type FilterBits = i16;
    pub(crate) type FlagBits = u16;
    pub(crate) type Count = libc::c_int;
    pub(crate) const EVFILT_EXCEPT: Option<FilterBits> = Some(libc::EVFILT_EXCEPT);
    pub(crate) const NOTE_OOB: Option<u32> = Some(libc::NOTE_OOB);
    pub(crate) const NOTE_NSECONDS: Option<u32> = Some(libc::NOTE_NSECONDS);
}

#[path = "poll_ms.rs"]
pub(crate) mod poll_wait;

#[path = "plain/mod.rs"]
mod born;
pub use born::{accept, pipe, socket};

#[path = "cred_peereid.rs"]
pub(crate) mod cred_by;
pub(crate) const PEER_PROCESS: Option<(c_int, c_int)> =
    Some((libc::SOL_LOCAL, libc::LOCAL_PEERPID));

#[path = "mmsg_loop.rs"]
pub mod mmsg;

#[path = "sendfile_len.rs"]
pub(crate) mod sendfile_by;

#[path = "sigpipe_take_untimed.rs"]
pub(crate) mod sigpipe_take;

#[path = "udp_v4_pktinfo.rs"]
pub(crate) mod udp_v4;
// <netinet/in.h>: IP_RECVPKTINFO is IP_PKTINFO.
pub(crate) const REPORT_PKTINFO: c_int = libc::IP_PKTINFO;
pub(crate) const PKTINFO_SOURCE_AT: usize = offset_of!(libc::in_pktinfo, ipi_spec_dst);

pub(crate) const NAMES: Names = Names {
    rdhup: 0,
    realtime: None,
    no_signal: 0,
    no_sigpipe: Some(libc::SO_NOSIGPIPE),
    pipe_no_sigpipe: Some(libc::F_SETNOSIGPIPE),
    share_port: Some(libc::SO_REUSEPORT),
    napi_id: None,
    cloexec_rights: 0,
    report_tos: Some(libc::IP_RECVTOS),
    reported_tos: Some(libc::IP_RECVTOS),
    sent_tos_size: 4,
    v6_class: Some((libc::IPV6_RECVTCLASS, libc::IPV6_TCLASS)),
    udp_segment: None,
    udp_gro: None,
};
