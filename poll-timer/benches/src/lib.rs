//! The workloads, and what a timer must offer to run them.
#![forbid(unsafe_code)]

pub mod peers;
pub mod table;
pub mod workloads;

/// A timer under measurement. A tick is a millisecond.
pub trait Peer {
    /// How it is called in the table.
    const NAME: &'static str;
    /// What it wants back to find a timer again.
    type Key;

    fn new() -> Self;
    /// Adds a timer whose payload is `id`.
    fn insert(&mut self, id: u32, deadline: u64) -> Self::Key;
    fn cancel(&mut self, id: u32, key: Self::Key);
    /// Moves a timer, later or earlier.
    fn reset(&mut self, id: u32, key: Self::Key, deadline: u64) -> Self::Key;
    /// Tells the time. Pushes the ids that expired where the timer can tell them, and returns how
    /// many they were.
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize;
    /// The earliest deadline, or `None` if there is none or it cannot be asked.
    fn next(&mut self) -> Option<u64>;
}
