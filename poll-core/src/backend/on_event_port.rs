//! What a system with event ports has.

#[path = "child_sigchld.rs"]
pub(crate) mod child;
#[path = "event_port/mod.rs"]
mod event_port;
#[path = "timer_none.rs"]
pub(crate) mod timer;

pub(crate) use event_port::{EventPort as Best, native};
