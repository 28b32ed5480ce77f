//! `cargo xtask`: the workspace's own tasks.
#![forbid(unsafe_code)]

fn main() {}
