//! `signalfd(2)` where there is none.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

/// One signal that was read: never, on this system.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Info {}

impl Info {
    /// Which signal.
    #[must_use]
    pub fn signal(&self) -> i32 {
        match *self {}
    }

    /// How it was sent.
    #[must_use]
    pub fn code(&self) -> i32 {
        match *self {}
    }

    /// The process that sent it.
    #[must_use]
    pub fn process(&self) -> u32 {
        match *self {}
    }

    /// The real user of that process.
    #[must_use]
    pub fn user(&self) -> u32 {
        match *self {}
    }

    /// The integer that came with it.
    #[must_use]
    pub fn value(&self) -> i32 {
        match *self {}
    }

    /// Of SIGCHLD: the exit status.
    #[must_use]
    pub fn status(&self) -> i32 {
        match *self {}
    }
}

fn missing() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "signalfd exists on Linux only")
}

/// Not to be had on this system.
///
/// # Errors
/// `Unsupported`.
pub fn block(_signals: &[i32]) -> io::Result<()> {
    Err(missing())
}

/// Not to be had on this system.
///
/// # Errors
/// `Unsupported`.
pub fn create(_signals: &[i32]) -> io::Result<OwnedFd> {
    Err(missing())
}

/// Not to be had on this system.
///
/// # Errors
/// `Unsupported`.
pub fn read(_descriptor: BorrowedFd<'_>) -> io::Result<Info> {
    Err(missing())
}
