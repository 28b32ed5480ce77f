//! Raw FFI and thin syscall wrappers for I/O readiness: the kernel's verbs, safely typed.
//!
//! # The problem
//!
//! A library on top of the operating system needs `unsafe`: foreign functions, descriptors that are
//! plain integers, structures that the kernel fills. Spread over a code base it cannot be audited.
//! Here it is in one crate, one file per kernel interface, each operation in a block of its own with
//! a proof beside it, so that an auditor reads this crate and nothing else. Every other crate of the
//! workspace begins with `#![forbid(unsafe_code)]`; the ledger `UNSAFE.md` lists what is here.
//!
//! # The model
//!
//! A wrapper takes a [`BorrowedFd`](std::os::fd::BorrowedFd), which is open for as long as it lives,
//! returns an [`OwnedFd`](std::os::fd::OwnedFd), and turns -1 into the `errno` that goes with it. It is
//! a safe function wherever types can make it one. It has no opinion: what the kernel says is
//! returned, flags that it does not know included. What to make of it is decided in the layers above.
//!
//! ```
//! # #[cfg(target_os = "linux")] {
//! use poll_sys::epoll::{self, Event, Flags};
//! use std::io::Write;
//! use std::os::fd::AsFd;
//! use std::os::unix::net::UnixStream;
//!
//! let queue = epoll::create()?;
//! let (mut ours, theirs) = UnixStream::pair()?;
//! epoll::add(queue.as_fd(), theirs.as_fd(), Flags::IN, 7)?;
//! ours.write_all(b"x")?;
//!
//! let mut events = [Event::new(Flags::empty(), 0); 16];
//! let n = epoll::wait(queue.as_fd(), &mut events, None)?;
//! assert_eq!((n, events[0].data()), (1, 7));
//! # }
//! # std::io::Result::Ok(())
//! ```
//!
//! # How is this safe?
//!
//! The invariants that proofs cite by name stand at the top of their files. Two hold everywhere:
//!
//! - FD-LIVE: a `BorrowedFd` is open for as long as it lives. That is std's I/O safety.
//! - ROOM: whatever the kernel fills is an initialised slice or array, of a type for which every bit
//!   pattern is a value. So no proof has to believe a count that the kernel returns.
//!
//! epoll's calls are made without the C library on x86-64 and 64-bit ARM: one instruction of assembly,
//! whose registers and memory are proved in the file of the CPU (`call_x86_64.rs`, `call_aarch64.rs`).
//!
//! # What is not guaranteed
//!
//! Nothing about what the systems do: their differences are those of their manual pages, which each
//! file links. `poll-core` and `poll-net` are where they get one meaning.
//!
//! # Which file
//!
//! | interface | module | systems |
//! |---|---|---|
//! | `epoll(7)`, busy polling | `epoll`, `epoll_params` | Linux, Android |
//! | `kqueue(2)` | `kqueue` | the BSDs, Apple's |
//! | `port_create(3C)` | `event_port` | illumos, Solaris |
//! | `poll(2)`, `ppoll(2)` | [`poll`] | all |
//! | `eventfd(2)`, `timerfd_create(2)`, `pidfd_open(2)`, `signalfd(2)` | `eventfd`, `timerfd`, `pidfd`, `signalfd` | Linux, Android |
//! | `kill(2)` | [`kill`] | all |
//! | sockets, pipes, `accept` | [`socket`], [`pipe`], [`accept`], [`flags`], [`socket_option`] | all |
//! | control messages, descriptors in flight, credentials | [`rights`], [`cred`], [`udp`], [`mmsg`] | all |
//! | `sendfile`, `splice` | [`sendfile`], [`splice`] | all; a loop or an error where there is none |
//! | "did this process fork?" | [`fork`] | all |
//! | "is this the only thread?" | [`threads`] | all; certain with glibc alone |
//! | a shared pointer whose making can fail | [`arc`] | all |
//!
//! This file is the map from systems to those files: the only one of the crate that names a system.

#[cfg(not(unix))]
compile_error!("poll-sys knows no interface of this system: add one in poll-sys/src/lib.rs");

pub mod arc;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod bare;
// The way into the kernel for the calls that a loop makes all the time.
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    target_arch = "x86_64",
    target_pointer_width = "64",
))]
#[path = "call_x86_64.rs"]
mod call;
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    target_arch = "aarch64",
    target_pointer_width = "64",
))]
#[path = "call_aarch64.rs"]
mod call;
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    not(all(any(target_arch = "x86_64", target_arch = "aarch64"), target_pointer_width = "64")),
))]
#[path = "call_libc.rs"]
mod call;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub mod epoll;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub mod epoll_params;
pub mod errno;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub mod eventfd;
pub mod fork;
pub mod poll;
#[cfg(all(test, target_os = "linux"))]
mod refusals;
mod result;
pub mod threads;
mod time;

/// Where the C library of this system keeps the calling thread's `errno`.
#[cfg(any(
    target_os = "linux",
    target_os = "hurd",
    target_os = "redox",
    target_os = "dragonfly"
))]
use libc::__errno_location as errno_location;

/// Where the C library of this system keeps the calling thread's `errno`.
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
use libc::__error as errno_location;

/// Where the C library of this system keeps the calling thread's `errno`.
#[cfg(any(
    target_os = "android",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "cygwin"
))]
use libc::__errno as errno_location;

/// Where the C library of this system keeps the calling thread's `errno`.
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
use libc::___errno as errno_location;

/// Where the C library of this system keeps the calling thread's `errno`.
#[cfg(target_os = "haiku")]
use libc::_errnop as errno_location;

/// The peer's half-close as poll(2) shows it, where it does.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "illumos"
))]
use libc::POLLRDHUP;

/// The peer's half-close as poll(2) shows it: not on this system.
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "illumos"
)))]
const POLLRDHUP: libc::c_short = 0;

/// How this system tells a child of `fork` that it is one.
#[cfg(any(target_os = "linux", target_os = "android"))]
use fork_wipe as fork_watch;

/// How this system tells a child of `fork` that it is one.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use fork_handler as fork_watch;

mod fork_handler;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod fork_wipe;

/// Who says how many threads there are: glibc, but a static one has no tables to look it up in.
#[cfg(all(target_os = "linux", target_env = "gnu", not(target_feature = "crt-static")))]
#[path = "threads_glibc.rs"]
mod threads_told;
#[cfg(not(all(target_os = "linux", target_env = "gnu", not(target_feature = "crt-static"))))]
#[path = "threads_unknown.rs"]
mod threads_told;

// The call that waits with nanoseconds where the system has it.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
    target_os = "hurd",
))]
#[path = "poll_ns.rs"]
mod poll_wait;

// The call that waits with milliseconds, where there is no finer one.
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
    target_os = "hurd",
)))]
#[path = "poll_ms.rs"]
mod poll_wait;

#[cfg(any(
    target_vendor = "apple",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    all(target_os = "linux", poll_kqueue_foreign),
))]
pub mod kqueue;

#[cfg(any(
    target_vendor = "apple",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
))]
#[path = "kqueue/native.rs"]
mod kqueue_abi;

#[cfg(all(target_os = "linux", poll_kqueue_foreign))]
#[path = "kqueue/foreign.rs"]
mod kqueue_abi;

#[cfg(target_os = "netbsd")]
#[path = "kqueue/create_atomic.rs"]
mod kqueue_create;

#[cfg(any(
    target_vendor = "apple",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "openbsd",
    all(target_os = "linux", poll_kqueue_foreign),
))]
#[path = "kqueue/create_then_mark.rs"]
mod kqueue_create;

/// The types that `struct kevent` has here, and the words that only some systems have.
#[cfg(any(
    target_vendor = "apple",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    all(target_os = "linux", poll_kqueue_foreign),
))]
mod kqueue_local {
    #[cfg(target_os = "netbsd")]
    pub(crate) type FilterBits = u32;
    #[cfg(not(target_os = "netbsd"))]
    pub(crate) type FilterBits = i16;

    #[cfg(target_os = "netbsd")]
    pub(crate) type FlagBits = u32;
    #[cfg(not(target_os = "netbsd"))]
    pub(crate) type FlagBits = u16;

    #[cfg(target_os = "netbsd")]
    pub(crate) type Count = libc::size_t;
    #[cfg(not(target_os = "netbsd"))]
    pub(crate) type Count = libc::c_int;

    #[cfg(any(target_vendor = "apple", target_os = "dragonfly", target_os = "openbsd"))]
    pub(crate) use with_except::{EVFILT_EXCEPT, NOTE_OOB};
    #[cfg(any(target_vendor = "apple", target_os = "dragonfly", target_os = "openbsd"))]
    mod with_except {
        pub(crate) const EVFILT_EXCEPT: Option<super::FilterBits> = Some(libc::EVFILT_EXCEPT);
        pub(crate) const NOTE_OOB: Option<u32> = Some(libc::NOTE_OOB);
    }

    #[cfg(not(any(target_vendor = "apple", target_os = "dragonfly", target_os = "openbsd")))]
    pub(crate) use without_except::{EVFILT_EXCEPT, NOTE_OOB};
    #[cfg(not(any(target_vendor = "apple", target_os = "dragonfly", target_os = "openbsd")))]
    mod without_except {
        pub(crate) const EVFILT_EXCEPT: Option<super::FilterBits> = None;
        pub(crate) const NOTE_OOB: Option<u32> = None;
    }

    #[cfg(any(target_vendor = "apple", target_os = "freebsd", target_os = "netbsd"))]
    pub(crate) const NOTE_NSECONDS: Option<u32> = Some(libc::NOTE_NSECONDS);
    #[cfg(any(target_os = "dragonfly", target_os = "openbsd"))]
    pub(crate) const NOTE_NSECONDS: Option<u32> = None;
    #[cfg(target_os = "linux")]
    pub(crate) const NOTE_NSECONDS: Option<u32> = Some(4);
}

#[cfg(any(target_os = "illumos", target_os = "solaris"))]
pub mod event_port;

pub mod stat;

// ---- signals, processes, timers ----

pub mod kill;
#[cfg(any(target_os = "android", target_os = "linux"))]
pub mod pidfd;
#[cfg(feature = "signal")]
pub mod signal;
#[cfg(any(target_os = "android", target_os = "linux"))]
pub mod signalfd;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
#[path = "signalfd_none.rs"]
pub mod signalfd;
#[cfg(any(target_os = "android", target_os = "linux"))]
pub mod timerfd;

/// The first and the last of the real-time signals, where the system tells them.
#[cfg(feature = "signal")]
fn realtime_signals() -> Option<(libc::c_int, libc::c_int)> {
    #[cfg(any(
        target_os = "android",
        target_os = "hurd",
        target_os = "illumos",
        target_os = "linux",
        target_os = "solaris",
    ))]
    return Some((libc::SIGRTMIN(), libc::SIGRTMAX()));
    #[cfg(not(any(
        target_os = "android",
        target_os = "hurd",
        target_os = "illumos",
        target_os = "linux",
        target_os = "solaris",
    )))]
    None
}

// ---- sockets and pipes ----

#[cfg(any(target_os = "android", target_os = "linux"))]
pub mod abstract_name;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
#[path = "abstract_name_none.rs"]
pub mod abstract_name;
pub mod address;
mod control;
pub mod cred;
#[cfg(any(target_os = "android", target_os = "linux", target_os = "openbsd"))]
#[path = "cred_peercred.rs"]
mod cred_by;
#[cfg(any(
    target_vendor = "apple",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd"
))]
#[path = "cred_peereid.rs"]
mod cred_by;
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
#[path = "cred_ucred.rs"]
mod cred_by;
#[cfg(not(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "solaris"
)))]
#[path = "cred_none.rs"]
mod cred_by;
pub mod flags;
#[cfg(any(
    target_os = "android",
    target_os = "freebsd",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd"
))]
pub mod mmsg;
#[cfg(not(any(
    target_os = "android",
    target_os = "freebsd",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd"
)))]
#[path = "mmsg_loop.rs"]
pub mod mmsg;
// Compiled here as well, for its tests.
#[cfg(all(test, target_os = "linux"))]
#[allow(unreachable_pub, dead_code, reason = "public and whole where it is the one chosen")]
mod mmsg_loop;
mod msg;
#[cfg(target_os = "linux")]
mod quiet_flag;
#[cfg(not(target_os = "linux"))]
#[path = "quiet_flag_none.rs"]
mod quiet_flag;
pub mod quiet_write;
pub mod rights;
pub mod sendfile;
#[cfg(any(
    target_os = "android",
    target_os = "illumos",
    target_os = "linux",
    target_os = "solaris"
))]
#[path = "sendfile_offset.rs"]
mod sendfile_by;
#[cfg(any(target_os = "dragonfly", target_os = "freebsd"))]
#[path = "sendfile_sbytes.rs"]
mod sendfile_by;
#[cfg(target_vendor = "apple")]
#[path = "sendfile_len.rs"]
mod sendfile_by;
#[cfg(not(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "solaris"
)))]
#[path = "sendfile_copy.rs"]
mod sendfile_by;
// Compiled here as well, for its tests.
#[cfg(all(test, target_os = "linux"))]
#[allow(dead_code, reason = "whole where it is the one chosen")]
mod sendfile_copy;
mod sigpipe;
#[cfg(not(any(
    target_vendor = "apple",
    target_os = "illumos",
    target_os = "openbsd",
    target_os = "solaris"
)))]
mod sigpipe_take;
#[cfg(any(
    target_vendor = "apple",
    target_os = "illumos",
    target_os = "openbsd",
    target_os = "solaris"
))]
#[path = "sigpipe_take_untimed.rs"]
mod sigpipe_take;
pub mod socket_error;
pub mod socket_kind;
pub mod socket_option;
#[cfg(any(target_os = "android", target_os = "linux"))]
pub mod splice;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
#[path = "splice_none.rs"]
pub mod splice;
pub mod udp;
mod udp_one;
#[cfg(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "solaris"
))]
#[path = "udp_v4_pktinfo.rs"]
mod udp_v4;
#[cfg(any(target_os = "dragonfly", target_os = "freebsd", target_os = "openbsd"))]
#[path = "udp_v4_dstaddr.rs"]
mod udp_v4;
#[cfg(not(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "solaris",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "openbsd"
)))]
#[path = "udp_v4_none.rs"]
mod udp_v4;
pub mod urgent;
#[cfg(not(target_os = "android"))]
mod urgent_mark;
#[cfg(target_os = "android")]
#[path = "urgent_mark_ioctl.rs"]
mod urgent_mark;
// Compiled here as well, for its tests.
#[cfg(all(test, target_os = "linux"))]
mod urgent_mark_ioctl;

// Where descriptors are born with their flags …
#[cfg(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "hurd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "solaris",
))]
#[path = "atomic/mod.rs"]
mod born;
// … and where the flags must follow.
#[cfg(not(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "hurd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "solaris",
)))]
#[path = "plain/mod.rs"]
mod born;
pub use born::{accept, pipe, socket};

/// What the systems call the same thing by different names, for the socket files.
mod names {
    use libc::c_int;

    #[cfg(target_os = "android")]
    pub(crate) use std::os::android::net::SocketAddrExt;
    #[cfg(target_os = "linux")]
    pub(crate) use std::os::linux::net::SocketAddrExt;

    /// The flag of `send` against SIGPIPE; Apple's kernel is told per socket.
    #[cfg(not(target_vendor = "apple"))]
    pub(crate) const NO_SIGNAL: c_int = libc::MSG_NOSIGNAL;
    #[cfg(target_vendor = "apple")]
    pub(crate) const NO_SIGNAL: c_int = 0;

    /// The socket option against SIGPIPE, where `NO_SIGNAL` is not to be had.
    #[cfg(not(target_vendor = "apple"))]
    pub(crate) const NO_SIGPIPE: Option<c_int> = None;
    #[cfg(target_vendor = "apple")]
    pub(crate) const NO_SIGPIPE: Option<c_int> = Some(libc::SO_NOSIGPIPE);

    /// The option that lets several sockets share a port and its load.
    #[cfg(target_os = "freebsd")]
    pub(crate) const SHARE_PORT: Option<c_int> = Some(libc::SO_REUSEPORT_LB);
    #[cfg(any(target_os = "illumos", target_os = "solaris"))]
    pub(crate) const SHARE_PORT: Option<c_int> = None;
    #[cfg(not(any(target_os = "freebsd", target_os = "illumos", target_os = "solaris")))]
    pub(crate) const SHARE_PORT: Option<c_int> = Some(libc::SO_REUSEPORT);

    /// The `fcntl` that tells a pipe not to raise SIGPIPE.
    #[cfg(any(target_vendor = "apple", target_os = "netbsd"))]
    pub(crate) const PIPE_NO_SIGPIPE: Option<c_int> = Some(libc::F_SETNOSIGPIPE);
    #[cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]
    pub(crate) const PIPE_NO_SIGPIPE: Option<c_int> = None;

    #[cfg(target_os = "openbsd")]
    pub(crate) use libc::sockpeercred as PeerCred;
    /// What `SO_PEERCRED` gives.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    pub(crate) use libc::ucred as PeerCred;

    /// The level and name of the option that tells the peer's process, beside `getpeereid`.
    #[cfg(target_vendor = "apple")]
    pub(crate) const PEER_PROCESS: Option<(c_int, c_int)> =
        Some((libc::SOL_LOCAL, libc::LOCAL_PEERPID));
    #[cfg(any(target_os = "dragonfly", target_os = "freebsd", target_os = "netbsd"))]
    pub(crate) const PEER_PROCESS: Option<(c_int, c_int)> = None;

    /// The flag of `recvmsg` that makes received descriptors close-on-exec; 0 where there is none.
    #[cfg(not(any(target_vendor = "apple", target_os = "haiku", target_os = "solaris")))]
    pub(crate) const CLOEXEC_RIGHTS: c_int = libc::MSG_CMSG_CLOEXEC;
    #[cfg(any(target_vendor = "apple", target_os = "haiku", target_os = "solaris"))]
    pub(crate) const CLOEXEC_RIGHTS: c_int = 0;

    /// What `recvmmsg` and `sendmmsg` return, whose type differs.
    ///
    /// # Errors
    /// The `errno` of the call that just failed.
    #[cfg(target_os = "freebsd")]
    pub(crate) fn mmsg_result(returned: libc::ssize_t) -> std::io::Result<usize> {
        crate::result::check_size(returned)
    }
    #[cfg(any(
        target_os = "android",
        target_os = "linux",
        target_os = "netbsd",
        target_os = "openbsd"
    ))]
    pub(crate) fn mmsg_result(returned: c_int) -> std::io::Result<usize> {
        crate::result::check_size(returned as libc::ssize_t)
    }

    /// The option that makes the kernel report `IP_PKTINFO`.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    pub(crate) const REPORT_PKTINFO: c_int = libc::IP_PKTINFO;
    #[cfg(target_os = "netbsd")]
    pub(crate) const REPORT_PKTINFO: c_int = libc::IP_RECVPKTINFO;
    // <netinet/in.h> of both: IP_RECVPKTINFO is IP_PKTINFO.
    #[cfg(any(target_vendor = "apple", target_os = "illumos", target_os = "solaris"))]
    pub(crate) const REPORT_PKTINFO: c_int = libc::IP_PKTINFO;

    /// Where in an `in_pktinfo` that is sent the source address stands.
    #[cfg(target_os = "netbsd")]
    pub(crate) const PKTINFO_SOURCE_AT: usize = std::mem::offset_of!(libc::in_pktinfo, ipi_addr);
    #[cfg(any(
        target_vendor = "apple",
        target_os = "android",
        target_os = "illumos",
        target_os = "linux",
        target_os = "solaris"
    ))]
    pub(crate) const PKTINFO_SOURCE_AT: usize =
        std::mem::offset_of!(libc::in_pktinfo, ipi_spec_dst);

    /// The option that reports the IPv4 type of service, and the message that it makes.
    #[cfg(any(
        target_vendor = "apple",
        target_os = "android",
        target_os = "freebsd",
        target_os = "linux"
    ))]
    pub(crate) const REPORT_TOS: Option<c_int> = Some(libc::IP_RECVTOS);
    #[cfg(not(any(
        target_vendor = "apple",
        target_os = "android",
        target_os = "freebsd",
        target_os = "linux"
    )))]
    pub(crate) const REPORT_TOS: Option<c_int> = None;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    pub(crate) const REPORTED_TOS: Option<c_int> = Some(libc::IP_TOS);
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    pub(crate) const REPORTED_TOS: Option<c_int> = REPORT_TOS;

    /// How long the type of service in a sent message is; 0 where it cannot be sent.
    #[cfg(any(target_vendor = "apple", target_os = "android", target_os = "linux"))]
    pub(crate) const SENT_TOS_SIZE: usize = 4;
    #[cfg(target_os = "freebsd")]
    pub(crate) const SENT_TOS_SIZE: usize = 1;
    #[cfg(not(any(
        target_vendor = "apple",
        target_os = "android",
        target_os = "freebsd",
        target_os = "linux"
    )))]
    pub(crate) const SENT_TOS_SIZE: usize = 0;

    /// The option that reports the IPv6 traffic class, and the message that it makes.
    #[cfg(not(target_os = "haiku"))]
    pub(crate) const V6_CLASS: Option<(c_int, c_int)> =
        Some((libc::IPV6_RECVTCLASS, libc::IPV6_TCLASS));
    #[cfg(target_os = "haiku")]
    pub(crate) const V6_CLASS: Option<(c_int, c_int)> = None;

    /// Level and type of the message that cuts a datagram into segments.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    pub(crate) const UDP_SEGMENT: Option<(c_int, c_int)> = Some((libc::SOL_UDP, libc::UDP_SEGMENT));
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    pub(crate) const UDP_SEGMENT: Option<(c_int, c_int)> = None;

    /// Level and name of the option that joins segments, and of the message that it makes.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    pub(crate) const UDP_GRO: Option<(c_int, c_int)> = Some((libc::SOL_UDP, libc::UDP_GRO));
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    pub(crate) const UDP_GRO: Option<(c_int, c_int)> = None;

    /// The `sendfile` whose offsets are of 64 bits.
    #[cfg(any(target_os = "android", target_os = "illumos", target_os = "solaris"))]
    pub(crate) use libc::sendfile;
    #[cfg(target_os = "linux")]
    pub(crate) use libc::sendfile64 as sendfile;
}
