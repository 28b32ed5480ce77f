//! poll-timer and those it is measured against, each in its own words.

mod nexus;
mod nothing;
mod ours;
mod quad;
mod real_clock;
mod std_maps;
mod tokio_timers;

pub use nexus::Nexus;
pub use nothing::Nothing;
pub use ours::{Dense, Keyed};
pub use quad::Quad;
pub use real_clock::{Calloop, MioExtras};
pub use std_maps::{BTree, Heap, IndexedHeap, KeyedHeap};
pub use tokio_timers::{Delay, Sleeps, runtime};
