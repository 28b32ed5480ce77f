//! Android: Linux's kernel, and what of it Bionic shows.

pub(crate) use std::os::android::net::SocketAddrExt;

pub(crate) use libc::__errno as errno_location;
pub(crate) use libc::sendfile as sendfile64;

#[path = "family_linux.rs"]
mod kernel;
pub use kernel::*;

#[path = "quiet_flag_none.rs"]
pub(crate) mod quiet_flag;
#[path = "threads_unknown.rs"]
pub(crate) mod threads_told;
#[path = "urgent_mark_ioctl.rs"]
pub(crate) mod urgent_mark;
