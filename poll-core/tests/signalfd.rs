//! `signal::Queued`, in a program without threads: a thread that does not block a signal takes it.
//! And what has to be counted where nobody else opens descriptors.
#![forbid(unsafe_code)]

mod support;

use std::process::Command;

use poll_core::signal::{Queued, Received, Signal, SignalError, Signals};
use poll_core::{Events, Interest, Mode, Token};

use support::{look, on_each_backend, open_descriptors, wait};

fn main() {
    match Queued::new(&[Signal::TERM]) {
        Err(SignalError::Os(error)) if error.kind() == std::io::ErrorKind::Unsupported => return,
        queue => drop(queue.unwrap()),
    }
    let before = open_descriptors();
    what_cannot_be_queued_is_a_typed_error();
    each_signal_comes_with_its_sender();
    real_time_signals_are_not_merged();
    a_child_s_end_comes_with_its_status();
    a_child_inherits_the_mask();
    signals_by_handler_close_what_they_open();
    assert_eq!(open_descriptors(), before, "a descriptor was leaked");
    println!("test result: ok");
}

fn queue(signals: &[Signal]) -> Queued {
    Queued::new(signals).unwrap()
}

/// Sends a signal to this process; the sender's process.
fn kill(signal: Signal) -> u32 {
    let command = format!("kill -{} {}", signal.number(), std::process::id());
    let mut shell = Command::new("sh").args(["-c", &command]).spawn().unwrap();
    assert!(shell.wait().unwrap().success());
    shell.id()
}

fn what_cannot_be_queued_is_a_typed_error() {
    let refused = |signal: Signal| Queued::new(&[Signal::USR1, signal]).unwrap_err();
    assert!(matches!(refused(Signal::KILL), SignalError::Uncatchable(Signal::KILL)));
    assert!(matches!(refused(Signal::SEGV), SignalError::Fault(Signal::SEGV)));
    let unknown = Signal::from_number(4000);
    assert!(matches!(refused(unknown), SignalError::Unknown(which) if which == unknown));
}

fn each_signal_comes_with_its_sender() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let queue = queue(&[Signal::TERM, Signal::HUP]);
        let queue = poller.register(queue, Token(1), Interest::READABLE, Mode::Level).unwrap();
        assert_eq!(look(poller, &mut events), []);
        let senders = [Signal::TERM, Signal::HUP].map(|signal| (signal, kill(signal)));
        assert_eq!(wait(poller, &mut events)[0].0, Token(1));
        let mut received = Vec::new();
        while let Some(one) = queue.next().unwrap() {
            assert_eq!(one.code(), 0, "kill(2)");
            received.push((one.signal(), one.process()));
        }
        received.sort_unstable_by_key(|(signal, _)| *signal != Signal::TERM);
        assert_eq!(received, senders);
        assert_eq!(look(poller, &mut events), []);
    });
}

fn real_time_signals_are_not_merged() {
    let signal = Signal::realtime(2).unwrap();
    let queue = queue(&[signal]);
    let senders = [kill(signal), kill(signal), kill(signal)];
    let received = std::iter::from_fn(|| queue.next().unwrap());
    assert_eq!(received.map(|one: Received| one.process()).collect::<Vec<_>>(), senders);
}

fn a_child_s_end_comes_with_its_status() {
    let queue = queue(&[Signal::CHLD]);
    let mut child = Command::new("sh").args(["-c", "exit 5"]).spawn().unwrap();
    child.wait().unwrap();
    let received = queue.next().unwrap().unwrap();
    assert_eq!((received.signal(), received.process()), (Signal::CHLD, child.id()));
    assert_eq!((received.status(), received.user()), (5, rustix::process::getuid().as_raw()));
    assert_eq!(received.value(), 0);
}

/// The price that the docs name.
fn a_child_inherits_the_mask() {
    let _queue = queue(&[Signal::USR2]);
    let status = Command::new("grep").args(["SigBlk", "/proc/self/status"]).output().unwrap();
    let line = String::from_utf8(status.stdout).unwrap();
    let mask = u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap();
    assert_ne!(mask & 1 << (Signal::USR2.number() - 1), 0, "{line}");
}

fn signals_by_handler_close_what_they_open() {
    let before = open_descriptors();
    drop(Signals::new(&[Signal::WINCH, Signal::CHLD]).unwrap());
    assert!(Signals::new(&[Signal::WINCH, Signal::from_number(100)]).is_err());
    assert_eq!(open_descriptors(), before, "a descriptor was leaked");
}
