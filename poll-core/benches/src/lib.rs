//! poll-core beside other pollers, on the same sources, with the same I/O calls.
//!
//! A peer is a [`Reactor`]; a workload is a generic function over it that returns its body, a
//! closure which does the operation so many times. Whoever measures calls bodies in turn.
#![forbid(unsafe_code)]

pub mod measure;
pub mod peers;
pub mod workloads;

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

/// A source that the workload and the poller share.
pub type Fd = Arc<OwnedFd>;

/// How a source is watched, always for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// For as long as the condition holds.
    Level,
    /// On changes.
    Edge,
}

/// What every peer can be asked for. Errors end the benchmark: nothing here may fail.
pub trait Reactor: Sized + 'static {
    /// What keeps a shared source watched.
    type Guard: 'static;
    /// What keeps a source watched that the guard owns alone.
    type Owned: 'static;
    /// What makes a wait return from another thread.
    type Waker: Send + 'static;

    /// Whether `mode` can be had.
    fn supports(mode: Mode) -> bool;
    /// Whether a batch is bounded by the capacity that it was given.
    fn new(capacity: usize) -> Self;
    fn add(&mut self, fd: &Fd, token: usize, mode: Mode) -> Self::Guard;
    fn remove(&mut self, guard: Self::Guard);
    /// Watches for writing as well, or not any more.
    fn change(&mut self, guard: &Self::Guard, token: usize, writable: bool);
    /// Enables again what reports once only; nothing for the others.
    #[inline]
    fn rearm(&mut self, _guard: &Self::Guard, _token: usize) {}
    fn add_owned(&mut self, fd: OwnedFd, token: usize) -> Self::Owned;
    /// Ends the watch by closing the descriptor, in the cheapest way that the peer has.
    fn close(&mut self, owned: Self::Owned);
    /// Waits and hands each token to `each`.
    fn wait(&mut self, timeout: Option<Duration>, each: impl FnMut(usize)) -> usize;
    fn waker(&mut self, token: usize) -> Self::Waker;
    fn wake(waker: &Self::Waker);
}
