//! A program on `poll-core` whose descriptors belong to a C library: it opens them, closes them when
//! it likes, and only then says so. It stands here because a foreign descriptor takes unsafe code.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use poll_core::{Backend, Events, Interest, Mode, Poller, Token};

/// What the library hands out: a number.
struct Foreign(RawFd);

impl AsFd for Foreign {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: 1. The number is open for as long as the guard is armed or disarmed through it: the
        // library says when it has closed it, and the program then abandons the guard, which does
        // not look at the descriptor again.
        unsafe { BorrowedFd::borrow_raw(self.0) }
    }
}

/// The library: a socket that it closes by itself.
fn library_opens() -> (Foreign, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (Foreign(ours.into_raw_fd()), theirs)
}

fn library_closes(number: RawFd) {
    // SAFETY: 1. The number is open and the library's to close: `into_raw_fd` gave it away above.
    let closed = unsafe { libc::close(number) };
    assert_eq!(closed, 0);
}

#[test]
fn an_abandoned_guard_does_not_touch_the_next_descriptor_of_that_number() {
    for backend in Backend::available() {
        let poller = Poller::with_backend(*backend).unwrap();
        let mut events = Events::with_capacity(8);
        let (foreign, peer) = library_opens();
        let number = foreign.0;
        let guard = poller.register(foreign, Token(1), Interest::WRITABLE, Mode::Level).unwrap();
        assert_eq!(poller.wait(&mut events, None).unwrap(), 1, "{backend:?}");

        library_closes(number);
        drop(peer);
        // The number is used again, and registered, before the program hears of the close.
        let (next, _peer) = UnixStream::pair().unwrap();
        assert_eq!(next.as_raw_fd(), number, "{backend:?}");
        let next = poller.register(next, Token(2), Interest::WRITABLE, Mode::Level).unwrap();
        let _gone: Foreign = guard.abandon();

        assert_eq!(poller.wait(&mut events, None).unwrap(), 1, "{backend:?}");
        assert_eq!(events.get(0).unwrap().token(), Token(2), "{backend:?}");
        drop(next);
        assert_eq!(poller.wait(&mut events, Some(Duration::ZERO)).unwrap(), 0, "{backend:?}");
    }
}
