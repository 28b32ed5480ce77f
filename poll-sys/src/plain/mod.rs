//! Descriptors whose flags follow in calls of their own, for systems without `SOCK_NONBLOCK`,
//! `accept4` and `pipe2`. The other half: `atomic`.

pub mod accept;
pub mod pipe;
pub mod socket;
