//! What a system with epoll(7) has.

#[path = "child_sigchld.rs"]
mod child_sigchld;
#[path = "epoll/mod.rs"]
mod epoll;

pub(crate) use epoll::{Epoll as Best, child, native, timer};
