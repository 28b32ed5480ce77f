//! illumos: Solaris, and two flags more.

use crate::names::Names;

#[path = "system_solaris.rs"]
mod solaris;
pub use solaris::*;

pub(crate) const NAMES: Names =
    Names { rdhup: libc::POLLRDHUP, cloexec_rights: libc::MSG_CMSG_CLOEXEC, ..solaris::NAMES };
