//! Timers, signals, children.

use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::time::Duration;

use poll_core::child::Process;
use poll_core::signal::{Signal, Signals};
use poll_core::timer::{Clock, KernelTimer};
use poll_core::{Backend, Events, Mode, Token};
use poll_sys::signal::raise;

use crate::{READ, allocations, for_each_backend};

/// A wait that takes this long has failed.
const CAP: Option<Duration> = Some(Duration::from_secs(20));

#[test]
fn a_timer_allocates_nothing_from_its_making_to_its_end() {
    match KernelTimer::new(Clock::Monotonic) {
        Err(error) if error.kind() == ErrorKind::Unsupported => return,
        timer => drop(timer.unwrap()),
    }
    for_each_backend(|poller| {
        let mut events = Events::with_capacity(4);
        let mut life = || {
            let timer = KernelTimer::new(Clock::Monotonic).unwrap();
            timer.every(Duration::from_secs(9)).unwrap();
            timer.after(Duration::ZERO).unwrap();
            poller.add(&timer, Token(1), READ, Mode::Level).unwrap();
            assert_eq!(poller.wait(&mut events, CAP).unwrap(), 1);
            assert_eq!(timer.take().unwrap(), 1);
            timer.unset().unwrap();
            poller.delete(&timer).unwrap();
        };
        life();
        assert_eq!(allocations(life), 0);
    });
}

#[test]
fn a_signal_is_delivered_and_taken_without_an_allocation() {
    for_each_backend(|poller| {
        let signals = Signals::new(&[Signal::USR1, Signal::WINCH]).unwrap();
        let signals = poller.register(signals, Token(1), READ, Mode::Level).unwrap();
        let mut events = Events::with_capacity(4);
        let mut round = || {
            // On this thread, so that its handler is counted too.
            raise(Signal::USR1.number()).unwrap();
            assert_eq!(poller.wait(&mut events, CAP).unwrap(), 1);
            assert_eq!(signals.pending().count(), 1);
        };
        round();
        assert_eq!(allocations(round), 0);
    });
}

/// Where SIGCHLD tells of an exit, each watch registers a handler, which allocates.
fn has_handlers() -> bool {
    Backend::available()[0] != Backend::Epoll && Backend::available()[0] != Backend::Kqueue
}

#[test]
fn a_child_is_watched_and_reaped_without_an_allocation() {
    if has_handlers() {
        return println!("skipped: this system tells of an exit by SIGCHLD");
    }
    for_each_backend(|poller| {
        let mut events = Events::with_capacity(4);
        for counted in [false, true] {
            let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
            let stdin = child.stdin.take();
            let life = || {
                let process = Process::new(child).unwrap();
                assert!(process.try_wait().unwrap().is_none());
                poller.add(&process, Token(1), READ, Mode::Level).unwrap();
                drop(stdin);
                assert_eq!(poller.wait(&mut events, CAP).unwrap(), 1);
                assert!(process.try_wait().unwrap().unwrap().success());
                poller.delete(&process).unwrap();
            };
            let made = allocations(life);
            // The first time the tables grow.
            assert!(made == 0 || !counted, "{made}");
        }
    });
}
