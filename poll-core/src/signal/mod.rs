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

mod error;
mod name;
mod queued;
mod signals;

pub use error::SignalError;
pub use name::Signal;
pub use queued::{Queued, Received};
pub use signals::{Pending, Signals};
