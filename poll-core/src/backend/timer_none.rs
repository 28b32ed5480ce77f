//! A timer of the kernel's, where it has none that is a descriptor.

use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::timer::Clock;

#[derive(Debug)]
pub(crate) struct Timer(Infallible);

impl Timer {
    pub(crate) fn new(_: Clock) -> io::Result<Self> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this system has no timer that can be polled; use the deadline of the wait",
        ))
    }

    pub(crate) fn set(&self, _: Duration, _: Option<Duration>) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn set_at(&self, _: Duration) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn unset(&self) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn take(&self) -> io::Result<u64> {
        match self.0 {}
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self.0 {}
    }
}
