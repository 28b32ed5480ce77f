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
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
use libc::POLLRDHUP;

/// The peer's half-close as poll(2) shows it: not on this system.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
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
    target_os = "illumos",
    target_os = "solaris",
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
    target_os = "illumos",
    target_os = "solaris",
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
    target_os = "illumos",
    target_os = "solaris",
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
    target_os = "illumos",
    target_os = "solaris",
    target_os = "hurd",
)))]
mod poll_ms;
