//! What can be watched.

use std::os::fd::{AsFd, BorrowedFd};

/// What a poller can watch: everything that is [`AsFd`].
///
/// A std socket, a `socket2::Socket`, a `poll-net` socket, a child's pipe, standard input, an
/// `OwnedFd`, and references, boxes and `Arc`s of these. The trait is implemented for all of them
/// and for nothing else; it exists so that the handles of a system without descriptors can join.
///
/// # Contract
/// `as_fd` returns the same open descriptor for as long as the source is registered. A type that
/// breaks this gets missing or foreign events and errors: a mistake, but never unsound.
///
/// A source should be non-blocking: the poller never reads or writes, but the caller does, and an
/// event is only a hint.
pub trait Source: sealed::Sealed {
    /// The descriptor to watch.
    fn descriptor(&self) -> BorrowedFd<'_>;
}

impl<T: AsFd> Source for T {
    #[inline]
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T: std::os::fd::AsFd> Sealed for T {}
}
