//! What a loop hears of that is not the kernel's: notifiers, channels, timers, a simulated world.
#![forbid(unsafe_code)]

#[path = "../support/mod.rs"]
mod support;

mod builder;
mod channel;
mod guard;
mod notifier;
mod shown;
mod sim;
