//! `Registration`: what it passes on to its source, and what it leaves alone.

use std::cell::RefCell;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use poll_core::{Events, Interest, Mode, Poller, Readiness, Token};

use crate::support::{look, on_each_backend};

/// A source that says what it was called with.
struct Told(UnixStream, RefCell<Vec<&'static str>>);

impl AsFd for Told {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Told {
    fn told(&self, what: &'static str) {
        self.1.borrow_mut().push(what);
    }
}

impl Read for &Told {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.told("read");
        Ok(7)
    }

    fn read_vectored(&mut self, _: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.told("read_vectored");
        Ok(8)
    }
}

impl Write for &Told {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        self.told("write");
        Ok(9)
    }

    fn write_vectored(&mut self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        self.told("write_vectored");
        Ok(10)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.told("flush");
        Err(io::ErrorKind::Other.into())
    }
}

impl Read for Told {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(buffers)
    }
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}

#[test]
fn each_call_of_read_and_write_is_the_sources_own() {
    fn all(mut io: impl Read + Write) {
        assert_eq!(io.read(&mut []).unwrap(), 7);
        assert_eq!(io.read_vectored(&mut []).unwrap(), 8);
        assert_eq!(io.write(&[]).unwrap(), 9);
        assert_eq!(io.write_vectored(&[]).unwrap(), 10);
        io.flush().unwrap_err();
    }
    let poller = Poller::new().unwrap();
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let mut guard = poller.reserve(Told(ours, RefCell::default()), Token(1));
    all(&mut guard);
    all(&guard);
    let told = guard.deregister().1.take();
    let once = ["read", "read_vectored", "write", "write_vectored", "flush"];
    assert_eq!(told, [once, once].concat());
}

#[test]
fn an_idle_guard_that_is_closed_or_abandoned_ends_nobody_elses_watch() {
    on_each_backend(|poller| {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let (other, _peer) = UnixStream::pair().unwrap();
        poller.add(&ours, Token(1), Interest::WRITABLE, Mode::Level).unwrap();
        poller.reserve(&ours, Token(2)).abandon();
        poller.reserve(other, Token(3)).close();
        let mut events = Events::with_capacity(4);
        assert_eq!(look(poller, &mut events), [(Token(1), Readiness::WRITABLE)]);
        poller.delete(&ours).unwrap();
    });
}
