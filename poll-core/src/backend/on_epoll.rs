//! What a system with epoll(7) has.

#[path = "child_sigchld.rs"]
mod child_sigchld;
#[path = "epoll/mod.rs"]
mod epoll;

pub(crate) use epoll::{Epoll as Best, child, native, timer};

#[cfg(all(target_pointer_width = "64", not(loom)))]
const _: () = assert!(crate::poller::Inner::WRITTEN <= 64, "one cache line");
