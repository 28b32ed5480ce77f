//! What every backend promises, one property a test, run for each of `Backend::available()` and for
//! `Backend::Simulated`, which keeps the simulation honest. A test that means nothing without a kernel
//! says why ([`support::for_each_kernel`]); `simulated.rs` counts those.
//!
//! The files follow the numbered semantics of the design; the names of the tests say the property.
#![forbid(unsafe_code)]

mod support;
mod world;

mod s01_modes;
mod s02_existing;
mod s03_capacity;
mod s04_failing_io;
mod s05_half_close;
mod s06_idle;
mod s07_time;
mod s09_errors;
mod s12_drop;

mod accept_limit;
mod crowd;
mod edge_loss;
mod equivalence;
mod events;
mod exclusive;
mod guard;
mod panics;
mod priority;
mod simulated;
mod stale;
mod unowned;
mod waiters;
mod wakes;
