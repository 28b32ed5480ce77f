//! Hurd, with glibc.

use crate::names::Names;

pub(crate) use libc::__errno_location as errno_location;

#[path = "family_posix.rs"]
mod posix;
pub use posix::*;

#[path = "poll_ns.rs"]
pub(crate) mod poll_wait;

#[path = "atomic/mod.rs"]
mod born;
pub use born::{accept, pipe, socket};

pub(crate) const NAMES: Names = Names {
    realtime: Some(|| (libc::SIGRTMIN(), libc::SIGRTMAX())),
    cloexec_rights: libc::MSG_CMSG_CLOEXEC,
    v6_class: Some((libc::IPV6_RECVTCLASS, libc::IPV6_TCLASS)),
    ..posix::NAMES
};
