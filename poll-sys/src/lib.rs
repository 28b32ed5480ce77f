//! Raw FFI and thin syscall wrappers for I/O readiness.

#[cfg(not(unix))]
compile_error!("poll-sys knows no interface of this system: add one in poll-sys/src/lib.rs");

#[cfg(any(target_os = "linux", target_os = "android"))]
pub mod epoll;
pub mod errno;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub mod eventfd;
pub mod fork;
pub mod poll;
mod result;
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

/// The call that waits with nanoseconds where the system has it.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
    target_os = "hurd",
))]
use poll_ns as poll_wait;

#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
    target_os = "hurd",
))]
mod poll_ns;

/// The call that waits with milliseconds, where there is no finer one.
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
    target_os = "hurd",
)))]
use poll_ms as poll_wait;

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
    target_os = "hurd",
)))]
mod poll_ms;

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

    #[cfg(any(
        target_vendor = "apple",
        target_os = "dragonfly",
        target_os = "openbsd"
    ))]
    pub(crate) use with_except::{EVFILT_EXCEPT, NOTE_OOB};
    #[cfg(any(
        target_vendor = "apple",
        target_os = "dragonfly",
        target_os = "openbsd"
    ))]
    mod with_except {
        pub(crate) const EVFILT_EXCEPT: Option<super::FilterBits> = Some(libc::EVFILT_EXCEPT);
        pub(crate) const NOTE_OOB: Option<u32> = Some(libc::NOTE_OOB);
    }

    #[cfg(not(any(
        target_vendor = "apple",
        target_os = "dragonfly",
        target_os = "openbsd"
    )))]
    pub(crate) use without_except::{EVFILT_EXCEPT, NOTE_OOB};
    #[cfg(not(any(
        target_vendor = "apple",
        target_os = "dragonfly",
        target_os = "openbsd"
    )))]
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
