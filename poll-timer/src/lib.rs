//! A hierarchical timing wheel: exact, ordered, O(1).
//!
//! | for | there is |
//! |---|---|
//! | timers with a key and a payload | [`Wheel`] |
//! | one deadline per connection, in a loop that numbers its connections already | [`Deadlines`] |
//! | deadlines that are `Instant`s | [`Timers`], or [`Clock`] beside one of the others |
//!
//! # What is promised
//!
//! - **Never early**: what is handed out at a time has a deadline at or before it.
//! - **Never late**: what has a deadline at or before a time is handed out by the first call that
//!   tells that time and goes to its end.
//! - **In order**: by deadline, and equal deadlines by when they were set, a change of deadline being
//!   a new setting.
//! - **Any deadline**: all of `u64` is legal, the past too, which is due at once. Time may jump as
//!   far as it likes; it costs what expires or moves, not what passes. It never goes back: a time
//!   before one that was told counts as that one.
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod cells;
mod deadlines;
mod due;
mod free;
mod levels;
mod queue;
mod ring;
mod wheel;

#[cfg(feature = "std")]
mod clock;
#[cfg(feature = "std")]
mod timers;

#[cfg(feature = "std")]
pub use clock::Clock;
pub use deadlines::Deadlines;
#[cfg(feature = "std")]
pub use timers::Timers;
pub use wheel::{Advance, Expired, Key, Wheel};
