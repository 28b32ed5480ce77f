//! What a system with kqueue(2) has.

#[path = "kqueue/mod.rs"]
mod kqueue;
#[path = "poll/readiness.rs"]
mod poll_readiness;

pub(crate) use kqueue::{Kqueue as Best, child, native, timer};
