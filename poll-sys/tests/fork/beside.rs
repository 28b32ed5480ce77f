//! Signals and children across a fork: what belongs to the parent stays with it.

use std::process::{Command, Stdio};
use std::time::Duration;

use poll_core::channel::{SendError, TryRecvError};
use poll_core::child::Process;
use poll_core::signal::{Queued, Signal, SignalError, Signals};
use poll_core::{Events, Mode, Poller, Readiness, Token, WakeError, channel};
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
fn a_child_neither_sends_nor_receives_by_its_parent_s_channel() {
    let _alone = alone();
    let poller = Poller::new().unwrap();
    let (sender, receiver) = channel::unbounded(&poller, Token(1)).unwrap();
    sender.send(7).unwrap();
    assert!(in_child(|| {
        matches!(sender.send(8), Err(SendError::Forked(8)))
            && receiver.try_recv() == Err(TryRecvError::Disconnected)
            && receiver.drain(9).count() == 0
    }));
    assert!(!receiver.is_closed());
    assert_eq!(receiver.drain(9).collect::<Vec<_>>(), [7]);
}

#[test]
fn a_child_neither_sets_nor_hears_its_parent_s_notifier() {
    let _alone = alone();
    let poller = Poller::new().unwrap();
    let notifier = poller.notifier(Token(1), Mode::Level).unwrap();
    assert!(in_child(|| {
        notifier.set(Readiness::READABLE) == Err(WakeError::Forked)
            && notifier.readiness().is_empty()
            && poller.notifier(Token(2), Mode::Level).is_err()
    }));
    let mut events = Events::with_capacity(1);
    assert_eq!(poller.wait(&mut events, Some(Duration::ZERO)).unwrap(), 0);
    notifier.set(Readiness::READABLE).unwrap();
    assert_eq!(poller.wait(&mut events, Some(Duration::ZERO)).unwrap(), 1);
}

#[test]
fn a_child_neither_reaps_nor_kills_its_parent_s_children() {
    let _alone = alone();
    let mut sibling = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let stdin = sibling.stdin.take();
    let mut process = Some(Process::new(sibling).unwrap());
    assert!(in_child(|| {
        let process = process.take().unwrap();
        let refused = process.try_wait().is_err()
            && process.kill().is_err()
            && process.signal(Signal::TERM).is_err();
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
