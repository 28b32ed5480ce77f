//! A doorbell on an eventfd: rings add up, one read answers them all.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use poll_sys::eventfd;

#[derive(Debug)]
pub(crate) struct Doorbell(OwnedFd);

impl Doorbell {
    pub(crate) fn new() -> io::Result<Self> {
        eventfd::create().map(Self)
    }

    /// Makes it readable. Async-signal-safe, and keeps `errno`.
    #[inline]
    pub(crate) fn ring(&self) -> io::Result<()> {
        match eventfd::add(self.0.as_fd(), 1) {
            // Full after 2⁶⁴ - 2 rings: readable all the same.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            done => done,
        }
    }

    /// What to write eight bytes to, to ring it from elsewhere.
    pub(crate) fn outside(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Makes it unreadable.
    pub(crate) fn answer(&self) -> io::Result<()> {
        match eventfd::take(self.0.as_fd()) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }
}

impl AsFd for Doorbell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_bell_that_is_full_of_rings_rings() {
        let bell = Doorbell::new().unwrap();
        eventfd::add(bell.as_fd(), u64::MAX - 1).unwrap();
        bell.ring().unwrap();
        bell.answer().unwrap();
        assert_eq!(eventfd::take(bell.as_fd()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn an_answer_to_nobody_is_none() {
        Doorbell::new().unwrap().answer().unwrap();
    }

    #[test]
    fn what_the_system_refuses_is_told() {
        let deaf = Doorbell(File::open("/dev/null").unwrap().into());
        assert_eq!(deaf.ring().unwrap_err().raw_os_error(), Some(poll_sys::errno::BADF));
        let mute = Doorbell(File::options().write(true).open("/dev/null").unwrap().into());
        assert_eq!(mute.answer().unwrap_err().raw_os_error(), Some(poll_sys::errno::BADF));
    }
}
