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
/// event is only a hint. Where it has to block, because others share it (a terminal), read it once
/// for each event, in [`Mode::Level`](crate::Mode::Level), with nobody else who reads it.
///
/// # Buffers
/// An event tells what the system holds. What a buffered reader has taken beforehand and not yet
/// handed out is not reported, neither then nor later: read such a source until it has nothing, or
/// register what is beneath. `std::io::stdin()` is buffered, 8 KiB of it; a duplicate as a `File` is
/// not, provided that all reads go through that.
///
/// # Examples
/// Standard input:
/// ```no_run
/// use poll_core::{Interest, Mode, Poller, RegisterError, Token};
/// use std::{fs::File, io, os::fd::AsFd};
///
/// let poller = Poller::new()?;
/// let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
/// match poller.register(input, Token(0), Interest::READABLE, Mode::Level) {
///     Ok(_input) => {} // read it once for each event
///     Err(rejected) => match rejected.error() {
///         RegisterError::NotPollable => {} // a file, or /dev/null: read it to its end right away
///         _ => return Err(rejected.into()),
///     },
/// }
/// # io::Result::Ok(())
/// ```
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
