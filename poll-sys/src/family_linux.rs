//! Linux's kernel, under whatever C library: what Linux and Android answer alike.

use std::mem::offset_of;

use libc::c_int;

use crate::names::Names;

// epoll(7), the calls that a loop makes all the time without the C library where the CPU is known.
#[path = "epoll.rs"]
pub mod epoll;
#[path = "epoll_params.rs"]
pub mod epoll_params;

#[path = "bare.rs"]
pub(crate) mod bare;
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]
#[path = "call_x86_64.rs"]
pub(crate) mod call;
#[cfg(all(target_arch = "aarch64", target_pointer_width = "64"))]
#[path = "call_aarch64.rs"]
pub(crate) mod call;
#[cfg(not(all(
    any(target_arch = "x86_64", target_arch = "aarch64"),
    target_pointer_width = "64",
)))]
#[path = "call_libc.rs"]
pub(crate) mod call;

#[path = "poll_ns.rs"]
pub(crate) mod poll_wait;

// Other things that a descriptor can stand for.
#[path = "eventfd.rs"]
pub mod eventfd;
#[path = "pidfd.rs"]
pub mod pidfd;
#[path = "signalfd.rs"]
pub mod signalfd;
#[path = "timerfd.rs"]
pub mod timerfd;

#[path = "fork_wipe.rs"]
pub(crate) mod fork_watch;

// Sockets and pipes.
#[path = "atomic/mod.rs"]
mod born;
pub use born::{accept, pipe, socket};

#[path = "abstract_name.rs"]
pub mod abstract_name;

#[path = "cred_peercred.rs"]
pub(crate) mod cred_by;
pub(crate) use libc::ucred as PeerCred;

#[path = "mmsg.rs"]
pub mod mmsg;
pub(crate) type MmsgCount = c_int;

#[path = "sendfile_offset.rs"]
pub(crate) mod sendfile_by;
#[path = "splice.rs"]
pub mod splice;

#[path = "sigpipe_take.rs"]
pub(crate) mod sigpipe_take;

#[path = "udp_v4_pktinfo.rs"]
pub(crate) mod udp_v4;
pub(crate) const REPORT_PKTINFO: c_int = libc::IP_PKTINFO;
pub(crate) const PKTINFO_SOURCE_AT: usize = offset_of!(libc::in_pktinfo, ipi_spec_dst);

/// Of `asm/socket.h`. `libc` has it for Linux but not for Android.
const SO_INCOMING_NAPI_ID: c_int =
    if cfg!(any(target_arch = "sparc", target_arch = "sparc64")) { 0x3a } else { 56 };

pub(crate) const NAMES: Names = Names {
    rdhup: libc::POLLRDHUP,
    realtime: Some(|| (libc::SIGRTMIN(), libc::SIGRTMAX())),
    no_signal: libc::MSG_NOSIGNAL,
    no_sigpipe: None,
    pipe_no_sigpipe: None,
    share_port: Some(libc::SO_REUSEPORT),
    napi_id: Some(SO_INCOMING_NAPI_ID),
    cloexec_rights: libc::MSG_CMSG_CLOEXEC,
    report_tos: Some(libc::IP_RECVTOS),
    reported_tos: Some(libc::IP_TOS),
    sent_tos_size: 4,
    v6_class: Some((libc::IPV6_RECVTCLASS, libc::IPV6_TCLASS)),
    udp_segment: Some((libc::SOL_UDP, libc::UDP_SEGMENT)),
    udp_gro: Some((libc::SOL_UDP, libc::UDP_GRO)),
};
