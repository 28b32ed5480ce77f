//! What a system has that has nothing better than poll(2).

#[path = "child_sigchld.rs"]
pub(crate) mod child;
#[path = "poll/native.rs"]
pub(crate) mod native;
#[path = "poll/readiness.rs"]
mod poll_readiness;
#[path = "timer_none.rs"]
pub(crate) mod timer;

pub(crate) use super::poll::Poll as Best;
