//! Solaris, and what illumos answers alike.

use std::mem::offset_of;

use libc::c_int;

use crate::names::Names;

pub(crate) use libc::___errno as errno_location;

#[path = "family_not_linux.rs"]
mod not_linux;
pub use not_linux::*;

pub mod event_port;

#[path = "poll_ms.rs"]
pub(crate) mod poll_wait;

#[path = "atomic/mod.rs"]
mod born;
pub use born::{accept, pipe, socket};

#[path = "cred_ucred.rs"]
pub(crate) mod cred_by;

#[path = "mmsg_loop.rs"]
pub mod mmsg;

#[path = "sendfile_offset.rs"]
pub(crate) mod sendfile_by;
pub(crate) use libc::sendfile as sendfile64;

#[path = "sigpipe_take_untimed.rs"]
pub(crate) mod sigpipe_take;

#[path = "udp_v4_pktinfo.rs"]
pub(crate) mod udp_v4;
// <netinet/in.h>: IP_RECVPKTINFO is IP_PKTINFO.
pub(crate) const REPORT_PKTINFO: c_int = libc::IP_PKTINFO;
pub(crate) const PKTINFO_SOURCE_AT: usize = offset_of!(libc::in_pktinfo, ipi_spec_dst);

pub(crate) const NAMES: Names = Names {
    rdhup: 0,
    realtime: Some(|| (libc::SIGRTMIN(), libc::SIGRTMAX())),
    no_signal: libc::MSG_NOSIGNAL,
    no_sigpipe: None,
    pipe_no_sigpipe: None,
    share_port: None,
    napi_id: None,
    cloexec_rights: 0,
    report_tos: None,
    reported_tos: None,
    sent_tos_size: 0,
    v6_class: Some((libc::IPV6_RECVTCLASS, libc::IPV6_TCLASS)),
    udp_segment: None,
    udp_gro: None,
};
