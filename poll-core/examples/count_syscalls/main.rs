//! Does each operation once between two marks, for a tracer that counts the syscalls between them.
//!
//! `cargo xtask syscalls` runs it under strace and compares; run alone, it only shows that every
//! operation works. A mark is a look for a file that does not exist.
#![forbid(unsafe_code)]

mod kernel;
mod user;

use std::io;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use poll_core::{Backend, Events, Interest, Mode, Poller, Token};

const SOURCE: Token = Token(1);
const WAKER: Token = Token(2);

fn main() -> io::Result<()> {
    // The first look of a process also asks whether the kernel has statx(2).
    let _ = Path::new("/xtask/end").exists();
    for backend in Backend::available() {
        let name = format!("{backend:?}").to_lowercase();
        operations(&name, &Poller::with_backend(*backend)?)?;
        user::operations(&name, &Poller::with_backend(*backend)?)?;
    }
    user::nested()?;
    kernel::operations()
}

fn operations(backend: &str, poller: &Poller) -> io::Result<()> {
    // The first of a kind may grow a table or probe for a syscall, once per poller or process.
    let (mut peer, source) = UnixStream::pair()?;
    let mut events = Events::with_capacity(8);
    poller.wait(&mut events, Some(Duration::from_nanos(100)))?;
    drop(poller.register(&source, SOURCE, Interest::READABLE, Mode::Level)?);

    counted(backend, "reserve-and-drop", || drop(poller.reserve(&source, SOURCE)));
    let guard = counted(backend, "register", || {
        poller.register(&source, SOURCE, Interest::READABLE, Mode::Level)
    })?;
    let both = Interest::READABLE | Interest::WRITABLE;
    counted(backend, "arm-other-interest", || guard.arm(both, Mode::Level))?;
    counted(backend, "arm-same-level", || guard.arm(both, Mode::Level))?;
    counted(backend, "disarm", || guard.disarm())?;
    guard.arm(Interest::READABLE, Mode::Oneshot)?;
    peer.write_all(b"x")?;
    let ready = counted(backend, "wait-ready", || poller.wait(&mut events, None))?;
    assert_eq!(ready, 1);
    counted(backend, "arm-oneshot-again", || guard.arm(Interest::READABLE, Mode::Oneshot))?;
    counted(backend, "deregister", || guard.deregister());

    for (name, timeout) in [
        ("wait-nothing", Duration::ZERO),
        ("wait-whole-milliseconds", Duration::from_millis(2)),
        ("wait-nanoseconds", Duration::from_nanos(1_500_001)),
    ] {
        let none = counted(backend, name, || poller.wait(&mut events, Some(timeout)))?;
        assert_eq!(none, 0);
    }
    wakes(backend, poller, &mut events)
}

fn wakes(backend: &str, poller: &Poller, events: &mut Events) -> io::Result<()> {
    let waker = poller.waker(WAKER)?;
    counted(backend, "thousand-wakes-while-awake", || (0..1000).try_for_each(|_| waker.wake()))?;
    let woken = counted(backend, "wait-after-wakes", || poller.wait(events, None))?;
    assert_eq!(woken, 1);
    counted(backend, "wake-after-wait", || waker.wake())?;
    Ok(())
}

/// Puts the marks around `operation`. They fail, and cost one syscall each, outside the count.
fn counted<T>(backend: &str, name: &str, operation: impl FnOnce() -> T) -> T {
    let begin = format!("/xtask/begin/{backend}/{name}");
    let _ = Path::new(&begin).exists();
    let value = operation();
    let _ = Path::new("/xtask/end").exists();
    value
}
