//! Haiku.

pub(crate) use libc::_errnop as errno_location;

#[path = "family_posix.rs"]
mod posix;
pub use posix::*;

#[path = "poll_ms.rs"]
pub(crate) mod poll_wait;

#[path = "plain/mod.rs"]
mod born;
pub use born::{accept, pipe, socket};
