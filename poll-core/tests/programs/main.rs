//! Six programs of the kinds that people write on a poller, each on every backend that can run it.
//! They broke an earlier sketch of the interface; they are here so that it stays unbroken. The sixth,
//! a descriptor that belongs to a C library, needs unsafe code and stands in `poll-sys/tests`.
#![forbid(unsafe_code)]

mod adapter;
mod edge_echo;
mod loop_without_kernel;
mod reactor;
mod thread_pool;

use poll_core::{Backend, Mode, Poller};

/// A poller of each backend that can do `mode`.
fn pollers(mode: Mode) -> impl Iterator<Item = Poller> {
    Backend::available()
        .iter()
        .map(|backend| Poller::with_backend(*backend).expect("the backend is available"))
        .filter(move |poller| poller.supports(mode))
}
