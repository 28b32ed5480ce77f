//! What the BSDs answer alike.

use crate::names::Names;

#[path = "family_not_linux.rs"]
mod not_linux;
pub use not_linux::*;

pub mod kqueue;
#[path = "kqueue/native.rs"]
pub(crate) mod kqueue_abi;

#[path = "poll_ns.rs"]
pub(crate) mod poll_wait;

#[path = "atomic/mod.rs"]
mod born;
pub use born::{accept, pipe, socket};

pub(crate) const NAMES: Names = Names {
    rdhup: 0,
    realtime: None,
    no_signal: libc::MSG_NOSIGNAL,
    no_sigpipe: None,
    pipe_no_sigpipe: None,
    share_port: Some(libc::SO_REUSEPORT),
    napi_id: None,
    cloexec_rights: libc::MSG_CMSG_CLOEXEC,
    report_tos: None,
    reported_tos: None,
    sent_tos_size: 0,
    v6_class: Some((libc::IPV6_RECVTCLASS, libc::IPV6_TCLASS)),
    udp_segment: None,
    udp_gro: None,
};
