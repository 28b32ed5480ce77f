//! Linux: its kernel, and what of it glibc and musl show.
//!
//! Every path is spelled out here and in `family_linux.rs`, though most are what the compiler would
//! look for: cargo-mutants would look elsewhere.

pub(crate) use std::os::linux::net::SocketAddrExt;

pub(crate) use libc::__errno_location as errno_location;
pub(crate) use libc::sendfile64;

#[path = "family_linux.rs"]
mod kernel;
pub use kernel::*;

#[path = "quiet_flag.rs"]
pub(crate) mod quiet_flag;
#[path = "urgent_mark.rs"]
pub(crate) mod urgent_mark;

// glibc says how many threads there are, but a static one has no tables to look it up in.
#[cfg(all(target_env = "gnu", not(target_feature = "crt-static")))]
#[path = "threads_glibc.rs"]
pub(crate) mod threads_told;
#[cfg(not(all(target_env = "gnu", not(target_feature = "crt-static"))))]
#[path = "threads_unknown.rs"]
pub(crate) mod threads_told;

// kqueue(2) over a library, for tests.
#[cfg(poll_kqueue_foreign)]
pub mod kqueue;
#[cfg(poll_kqueue_foreign)]
#[path = "kqueue/foreign.rs"]
pub(crate) mod kqueue_abi;
#[cfg(poll_kqueue_foreign)]
#[path = "kqueue/create_then_mark.rs"]
pub(crate) mod kqueue_create;
#[cfg(poll_kqueue_foreign)]
pub(crate) mod kqueue_local {
    pub(crate) type FilterBits = i16;
    pub(crate) type FlagBits = u16;
    pub(crate) type Count = libc::c_int;
    pub(crate) const EVFILT_EXCEPT: Option<FilterBits> = None;
    pub(crate) const NOTE_OOB: Option<u32> = None;
    pub(crate) const NOTE_NSECONDS: Option<u32> = Some(4);
}

// What other systems answer, for its tests.
#[cfg(test)]
#[path = "mmsg_loop.rs"]
#[allow(unreachable_pub, dead_code, reason = "public and whole where it is the one chosen")]
mod mmsg_loop;
#[cfg(test)]
#[path = "sendfile_copy.rs"]
#[allow(dead_code, reason = "whole where it is the one chosen")]
mod sendfile_copy;
#[cfg(test)]
#[path = "urgent_mark_ioctl.rs"]
mod urgent_mark_ioctl;

// What this kernel refuses when it is told to.
#[cfg(test)]
mod refusals;
