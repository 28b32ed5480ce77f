//! Unix signals as events.
//!
//! | | [`Signals`] | [`Queued`] |
//! |---|---|---|
//! | how | a handler, chained with those that are there | signalfd(2) |
//! | where | every Unix | Linux |
//! | what it tells | which signals came | each signal, its sender, its value |
//! | a signal that came often | once | standard signals once, real-time signals each |
//! | price | none: nothing is blocked | the signals are blocked, see [there](Queued#the-price) |
//!
//! Both are sources: register them like a socket.
//!
//! # Errors
//! | when | error | of the system |
//! |---|---|---|
//! | SIGKILL, SIGSTOP | [`Uncatchable`](SignalError::Uncatchable) | – |
//! | SIGILL, SIGFPE, SIGSEGV, SIGBUS | [`Fault`](SignalError::Fault) | – |
//! | a number that the system does not have | [`Unknown`](SignalError::Unknown) | EINVAL |
//! | no descriptor or no memory is left | [`Os`](SignalError::Os) | EMFILE, ENFILE, ENOMEM |
//! | [`Queued`] where there is no signalfd | [`Os`](SignalError::Os), `Unsupported` | – |
//!
//! Nothing is watched then, and [`Queued`] has blocked nothing.
//!
//! # Platform
//! | system | [`Signals`] | [`Queued`] | [`Signal::realtime`] |
//! |---|---|---|---|
//! | Linux, Android | an eventfd | signalfd | yes |
//! | illumos, Solaris, Hurd | a pair of sockets | no | yes |
//! | BSDs, Apple, others | a pair of sockets | no | no |
//!
//! # Source
//! sigaction(2), signal-safety(7), signalfd(2).

mod error;
mod name;
mod queued;
mod signals;

pub use error::SignalError;
pub use name::Signal;
pub use queued::{Queued, Received};
pub use signals::{Pending, Signals};
