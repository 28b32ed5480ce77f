//! A system of which POSIX is known and little more: what Haiku and Hurd answer alike.

use crate::names::Names;

#[path = "family_not_linux.rs"]
mod not_linux;
pub use not_linux::*;

#[path = "cred_none.rs"]
pub(crate) mod cred_by;

#[path = "mmsg_loop.rs"]
pub mod mmsg;

#[path = "sendfile_copy.rs"]
pub(crate) mod sendfile_by;

pub(crate) mod sigpipe_take;

#[path = "udp_v4_none.rs"]
pub(crate) mod udp_v4;

pub(crate) const NAMES: Names = Names {
    rdhup: 0,
    realtime: None,
    no_signal: libc::MSG_NOSIGNAL,
    no_sigpipe: None,
    pipe_no_sigpipe: None,
    share_port: Some(libc::SO_REUSEPORT),
    napi_id: None,
    cloexec_rights: 0,
    report_tos: None,
    reported_tos: None,
    sent_tos_size: 0,
    v6_class: None,
    udp_segment: None,
    udp_gro: None,
};
