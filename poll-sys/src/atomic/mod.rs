//! Descriptors that are born non-blocking and close-on-exec. The other half: `plain`.

pub mod accept;
pub mod pipe;
pub mod socket;

// Compiled here as well, for its tests.
#[cfg(test)]
#[allow(unreachable_pub, reason = "public where this half is the one that is chosen")]
#[path = "../plain/mod.rs"]
mod plain;
