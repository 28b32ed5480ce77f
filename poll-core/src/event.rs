//! One event: which source, and what can be done with it.

use std::fmt;

use bitflags::bitflags;

use crate::backend::native::{self, Native};
use crate::token::Token;

bitflags! {
    /// What a source is ready for: all the predicates of an [`Event`] in one value.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Readiness: u8 {
        /// See [`Event::is_readable`].
        const READABLE = 1;
        /// See [`Event::is_writable`].
        const WRITABLE = 2;
        /// See [`Event::is_priority`].
        const PRIORITY = 4;
        /// See [`Event::is_read_closed`].
        const READ_CLOSED = 8;
        /// See [`Event::is_write_closed`].
        const WRITE_CLOSED = 16;
        /// See [`Event::is_error`].
        const ERROR = 32;
    }
}

/// One event of a batch: a [`Token`] and what its source is ready for.
///
/// An event is a hint that I/O on the source would not block *when it was made*. Do the I/O and let
/// its result decide. [`is_readable`](Self::is_readable) and [`is_writable`](Self::is_writable) are
/// enough to do so: both are true also where the I/O would fail or find the end, so that code which
/// looks at nothing else never hangs.
///
/// A token may come twice in one batch, once for each direction.
///
/// # Cost
/// An event is what the kernel wrote: nothing is converted, each predicate is a test of a few bits.
#[derive(Clone, Copy)]
pub struct Event(Native);

impl Event {
    /// An event as the poller would report it, for tests of a loop without a kernel; see
    /// [`Events::push`](crate::Events::push).
    ///
    /// What a system would report along with `readiness` comes along: a source whose read side is
    /// closed is readable, one with an error is readable and writable.
    ///
    /// # Examples
    /// ```
    /// use poll_core::{Event, Readiness, Token};
    ///
    /// let event = Event::new(Token(3), Readiness::READ_CLOSED);
    /// assert!(event.is_read_closed() && event.is_readable());
    /// assert!(!event.is_writable());
    /// ```
    #[must_use]
    pub fn new(token: Token, readiness: Readiness) -> Self {
        Self(native::new(token, readiness))
    }

    #[inline]
    pub(crate) const fn from_native(event: Native) -> Self {
        Self(event)
    }

    #[inline]
    pub(crate) const fn into_native(self) -> Native {
        self.0
    }

    /// The token that the source was registered with.
    #[inline]
    #[must_use]
    pub fn token(&self) -> Token {
        native::token(&self.0)
    }

    /// A read (accept, receive) would not block: there is something, or it would return
    /// end-of-file or an error.
    ///
    /// # Platform
    /// | backend | true for |
    /// |---|---|
    /// | epoll | `EPOLLIN`, `EPOLLRDHUP`, `EPOLLHUP`, `EPOLLERR` |
    /// | poll(2) | `POLLIN`, `POLLRDHUP`, `POLLHUP`, `POLLERR`, `POLLNVAL` |
    /// | kqueue | `EVFILT_READ`; `EV_EOF` with an error |
    /// | event ports | as poll(2) |
    #[inline]
    #[must_use]
    pub fn is_readable(&self) -> bool {
        native::is_readable(&self.0)
    }

    /// A write would not block: there is room, or it would fail. A `connect` has ended, well or not.
    ///
    /// # Platform
    /// | backend | true for |
    /// |---|---|
    /// | epoll | `EPOLLOUT`, `EPOLLHUP`, `EPOLLERR` |
    /// | poll(2) | `POLLOUT`, `POLLHUP`, `POLLERR`, `POLLNVAL` |
    /// | kqueue | `EVFILT_WRITE`; `EV_EOF` with an error |
    /// | event ports | as poll(2) |
    #[inline]
    #[must_use]
    pub fn is_writable(&self) -> bool {
        native::is_writable(&self.0)
    }

    /// The peer will send no more. Unread data may still be there: read until 0 first.
    ///
    /// Told for sources that are watched for [`READABLE`](crate::Interest::READABLE).
    ///
    /// # Platform
    /// | backend | true for |
    /// |---|---|
    /// | epoll | `EPOLLRDHUP`, `EPOLLHUP` |
    /// | poll(2) | `POLLRDHUP` (Linux, FreeBSD), `POLLHUP`; elsewhere a half-close is only readable |
    /// | kqueue | `EVFILT_READ` with `EV_EOF`; `EV_EOF` with an error |
    /// | event ports | `POLLRDHUP` (illumos), `POLLHUP`; on Solaris a half-close is only readable |
    #[inline]
    #[must_use]
    pub fn is_read_closed(&self) -> bool {
        native::is_read_closed(&self.0)
    }

    /// A write would fail, because both directions are closed or nobody is left to read.
    ///
    /// On a datagram socket a pending error looks the same; there [`is_error`](Self::is_error) is the
    /// one to ask.
    ///
    /// # Platform
    /// | backend | true for |
    /// |---|---|
    /// | epoll | `EPOLLHUP`; `EPOLLERR` with nothing to read (a pipe without readers) |
    /// | poll(2) | the same of `POLL*` |
    /// | kqueue | `EVFILT_WRITE` with `EV_EOF`; `EV_EOF` with an error |
    /// | event ports | as poll(2) |
    #[inline]
    #[must_use]
    pub fn is_write_closed(&self) -> bool {
        native::is_write_closed(&self.0)
    }

    /// The source has an error; a read, a write or `take_error` tells which.
    ///
    /// # Platform
    /// | backend | true for |
    /// |---|---|
    /// | epoll | `EPOLLERR` |
    /// | poll(2) | `POLLERR`, `POLLNVAL` |
    /// | kqueue | `EV_ERROR`; `EV_EOF` with an error in `fflags` |
    /// | event ports | as poll(2) |
    #[inline]
    #[must_use]
    pub fn is_error(&self) -> bool {
        native::is_error(&self.0)
    }

    /// Something out of the ordinary, see [`Interest::PRIORITY`](crate::Interest::PRIORITY).
    ///
    /// # Platform
    /// | backend | true for |
    /// |---|---|
    /// | epoll, poll(2), event ports | `EPOLLPRI`, `POLLPRI` |
    /// | kqueue | where the system has a filter for it |
    #[inline]
    #[must_use]
    pub fn is_priority(&self) -> bool {
        native::is_priority(&self.0)
    }

    /// All predicates in one value.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let mut all = Readiness::empty();
        all.set(Readiness::READABLE, self.is_readable());
        all.set(Readiness::WRITABLE, self.is_writable());
        all.set(Readiness::PRIORITY, self.is_priority());
        all.set(Readiness::READ_CLOSED, self.is_read_closed());
        all.set(Readiness::WRITE_CLOSED, self.is_write_closed());
        all.set(Readiness::ERROR, self.is_error());
        all
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("token", &self.token())
            .field("readiness", &self.readiness())
            .field("native", &native::flags(&self.0))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_there_and_what_it_implies_too() {
        for bits in 0..64 {
            let asked = Readiness::from_bits_truncate(bits);
            let got = Event::new(Token(1), asked).readiness();
            assert!(got.contains(asked), "{asked:?} became {got:?}");
            if got.intersects(Readiness::READ_CLOSED | Readiness::ERROR) {
                assert!(got.contains(Readiness::READABLE), "{got:?}");
            }
            if got.intersects(Readiness::WRITE_CLOSED | Readiness::ERROR) {
                assert!(got.contains(Readiness::WRITABLE), "{got:?}");
            }
        }
    }

    #[test]
    fn plain_readiness_implies_nothing() {
        for plain in [Readiness::READABLE, Readiness::WRITABLE, Readiness::PRIORITY] {
            assert_eq!(Event::new(Token(1), plain).readiness(), plain);
        }
    }

    #[test]
    fn the_token_comes_back() {
        for token in [Token(0), Token(7), Token(usize::MAX - 1)] {
            assert_eq!(Event::new(token, Readiness::READABLE).token(), token);
        }
    }
}
