//! Signals and children across a fork: what belongs to the parent stays with it.

use std::process::{Command, Stdio};
use std::time::Duration;

use poll_core::child::Process;
use poll_core::signal::{Queued, Signal, SignalError, Signals};
use poll_core::{Events, Mode, Poller, Token};
use poll_sys::signal::raise;

use super::{READ, alone, in_child};

fn is_readable(source: &impl poll_core::Source) -> bool {
    let poller = Poller::new().unwrap();
    poller.add(source, Token(1), READ, Mode::Level).unwrap();
    let found = poller.wait(&mut Events::with_capacity(1), Some(Duration::ZERO)).unwrap();
    poller.delete(source).unwrap();
    found == 1
}

#[test]
fn a_signal_to_a_child_is_not_told_to_its_parent() {
    let _alone = alone();
    let signals = Signals::new(&[Signal::USR1]).unwrap();
    // The handler is there, so that the default action does not end it.
    assert!(in_child(|| raise(Signal::USR1.number()).is_ok()));
    assert!(!is_readable(&signals));
    assert_eq!(signals.pending().count(), 0);
}

#[test]
fn a_child_takes_none_of_its_parent_s_signals() {
    let _alone = alone();
    let signals = Signals::new(&[Signal::USR2]).unwrap();
    raise(Signal::USR2.number()).unwrap();
    assert!(in_child(|| signals.pending().count() == 0));
    assert!(is_readable(&signals));
    assert_eq!(signals.pending().collect::<Vec<_>>(), [Signal::USR2]);
}

#[test]
fn a_child_that_drops_its_parent_s_signals_leaves_them_to_it() {
    let _alone = alone();
    let mut signals = Some(Signals::new(&[Signal::WINCH]).unwrap());
    assert!(in_child(|| {
        drop(signals.take());
        raise(Signal::WINCH.number()).is_ok()
    }));
    let signals = signals.unwrap();
    raise(Signal::WINCH.number()).unwrap();
    assert!(is_readable(&signals));
    assert_eq!(signals.pending().collect::<Vec<_>>(), [Signal::WINCH]);
}

#[test]
fn a_child_can_watch_signals_of_its_own() {
    let _alone = alone();
    let signals = Signals::new(&[Signal::HUP]).unwrap();
    assert!(in_child(|| {
        let own = Signals::new(&[Signal::HUP]).unwrap();
        raise(Signal::HUP.number()).unwrap();
        is_readable(&own) && own.pending().eq([Signal::HUP]) && signals.pending().count() == 0
    }));
    assert!(!is_readable(&signals));
}

#[test]
fn a_queue_that_a_child_reads_is_of_the_child_s_own_signals() {
    let _alone = alone();
    let queue = match Queued::new(&[Signal::CONT]) {
        Err(SignalError::Os(error)) if error.kind() == std::io::ErrorKind::Unsupported => return,
        queue => queue.unwrap(),
    };
    raise(Signal::CONT.number()).unwrap();
    assert!(in_child(|| {
        // What is pending is not inherited: fork(2).
        let before = queue.next().unwrap().is_none();
        raise(Signal::CONT.number()).unwrap();
        let own = queue.next().unwrap().is_some_and(|one| one.process() == std::process::id());
        before && own
    }));
    let ours = queue.next().unwrap().unwrap();
    assert_eq!(ours.process(), std::process::id());
    assert!(queue.next().unwrap().is_none());
}

#[test]
fn a_child_neither_reaps_nor_kills_its_parent_s_children() {
    let _alone = alone();
    let mut sibling = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let stdin = sibling.stdin.take();
    let mut process = Some(Process::new(sibling).unwrap());
    assert!(in_child(|| {
        let process = process.take().unwrap();
        let refused = process.try_wait().is_err() && process.kill().is_err();
        drop(process);
        refused
    }));
    let process = process.unwrap();
    assert!(process.try_wait().unwrap().is_none());
    drop(stdin);
    let poller = Poller::new().unwrap();
    let process = poller.register(process, Token(1), READ, Mode::Level).unwrap();
    let cap = Some(Duration::from_secs(20));
    assert_eq!(poller.wait(&mut Events::with_capacity(1), cap).unwrap(), 1);
    assert!(process.try_wait().unwrap().unwrap().success());
}
