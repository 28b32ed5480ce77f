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
//! epoll's calls, and the one that adds to an eventfd, are made without the C library on x86-64 and
//! 64-bit ARM: one instruction of assembly, whose registers and memory are proved in the file of the
//! CPU (`call_x86_64.rs`, `call_aarch64.rs`).
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
//! Where an interface differs by system, the file `system_*.rs` of a system says which variant it has,
//! and what it calls things; the choice of that file ends this one, the only one of the crate that
//! names a system. `system.rs` says how to add one.

pub mod arc;
pub mod errno;
pub mod fork;
mod fork_handler;
mod names;
pub mod poll;
mod result;
pub mod stat;
pub mod threads;
mod time;

// ---- signals and processes ----

pub mod kill;
#[cfg(feature = "signal")]
pub mod signal;

// ---- sockets and pipes ----

pub mod address;
mod control;
pub mod cred;
pub mod flags;
mod msg;
pub mod quiet_write;
pub mod rights;
pub mod sendfile;
mod sigpipe;
pub mod socket_error;
pub mod socket_kind;
pub mod socket_option;
pub mod udp;
mod udp_one;
pub mod urgent;

// ---- what differs by system ----

// On every system the modules that are named, and whatever else is public in its file.
#[allow(unused_imports, unreachable_pub, reason = "a system may have nothing else")]
pub use system::*;
pub use system::{abstract_name, accept, mmsg, pipe, signalfd, socket, splice};

// The choice. What has no line gets `system.rs`, which says how to write one. Linux stands apart for
// cargo-mutants, which sees through `cfg` and not through `cfg_attr`.
#[cfg(target_os = "linux")]
#[path = "system_linux.rs"]
mod system;

#[cfg(not(target_os = "linux"))]
#[cfg_attr(target_os = "android", path = "system_android.rs")]
#[cfg_attr(target_vendor = "apple", path = "system_apple.rs")]
#[cfg_attr(target_os = "dragonfly", path = "system_dragonfly.rs")]
#[cfg_attr(target_os = "freebsd", path = "system_freebsd.rs")]
#[cfg_attr(target_os = "haiku", path = "system_haiku.rs")]
#[cfg_attr(target_os = "hurd", path = "system_hurd.rs")]
#[cfg_attr(target_os = "illumos", path = "system_illumos.rs")]
#[cfg_attr(target_os = "netbsd", path = "system_netbsd.rs")]
#[cfg_attr(target_os = "openbsd", path = "system_openbsd.rs")]
#[cfg_attr(target_os = "solaris", path = "system_solaris.rs")]
mod system;
