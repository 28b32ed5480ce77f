//! `signal::Signals`. Each test has a signal of its own: handlers are the process's.
#![forbid(unsafe_code)]

mod support;

use std::io;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use poll_core::signal::{Signal, SignalError, Signals};
use poll_core::{Events, Interest, Mode, Token};

use poll_sys::signal::raise;
use support::{look, on_each_backend, wait};

/// Sends a signal to this process from another one.
fn kill(signal: Signal) -> ExitStatus {
    let command = format!("kill -{} {}", signal.number(), std::process::id());
    Command::new("sh").args(["-c", &command]).status().unwrap()
}

#[test]
fn a_signal_is_an_event_in_every_mode() {
    on_each_backend(|poller| {
        for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
            if !poller.supports(mode) {
                continue;
            }
            let mut events = Events::with_capacity(8);
            let signals = Signals::new(&[Signal::USR1, Signal::CONT]).unwrap();
            let signals = poller.register(signals, Token(1), Interest::READABLE, mode).unwrap();
            for _ in 0..2 {
                assert_eq!(look(poller, &mut events), []);
                assert!(kill(Signal::USR1).success());
                assert_eq!(wait(poller, &mut events)[0].0, Token(1));
                assert_eq!(signals.pending().collect::<Vec<_>>(), [Signal::USR1]);
                signals.arm(Interest::READABLE, mode).unwrap();
            }
        }
    });
}

#[test]
fn a_real_time_signal_is_an_event_too() {
    let Some(signal) = Signal::realtime(1) else { return };
    on_each_backend(|poller| {
        let signals = Signals::new(&[signal]).unwrap();
        let signals = poller.register(signals, Token(1), Interest::READABLE, Mode::Level).unwrap();
        assert!(kill(signal).success());
        assert_eq!(wait(poller, &mut Events::with_capacity(8))[0].0, Token(1));
        assert_eq!(signals.pending().collect::<Vec<_>>(), [signal]);
        assert_eq!(format!("{signal:?}"), "SIGRTMIN+1");
    });
}

#[test]
fn signals_come_merged_and_by_number() {
    let signals = Signals::new(&[Signal::WINCH, Signal::USR2, Signal::USR2]).unwrap();
    for signal in [Signal::WINCH, Signal::USR2, Signal::WINCH] {
        // On this thread, so that its handler has run.
        raise(signal.number()).unwrap();
    }
    assert_eq!(signals.pending().collect::<Vec<_>>(), [Signal::USR2, Signal::WINCH]);
    assert_eq!(signals.pending().count(), 0);
    // The one that was named twice is watched once.
    assert!(format!("{signals:?}").contains("watched: 2"), "{signals:?}");
}

#[test]
fn signals_print_their_names() {
    for (signal, name) in [
        (Signal::ALRM, "SIGALRM"),
        (Signal::BUS, "SIGBUS"),
        (Signal::CHLD, "SIGCHLD"),
        (Signal::CONT, "SIGCONT"),
        (Signal::FPE, "SIGFPE"),
        (Signal::HUP, "SIGHUP"),
        (Signal::ILL, "SIGILL"),
        (Signal::INT, "SIGINT"),
        (Signal::KILL, "SIGKILL"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::STOP, "SIGSTOP"),
        (Signal::TERM, "SIGTERM"),
        (Signal::TSTP, "SIGTSTP"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::WINCH, "SIGWINCH"),
    ] {
        assert_eq!(format!("{signal:?}"), name);
        // The shell's own list is the judge of the number.
        let command = format!("kill -l {}", signal.number());
        let listed = Command::new("sh").args(["-c", &command]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&listed.stdout).trim(), &name[3..]);
    }
}

#[test]
fn two_sets_and_a_handler_from_elsewhere_all_hear() {
    let flag = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(Signal::HUP.number(), Arc::clone(&flag)).unwrap();
    let sets = [(); 2].map(|()| Signals::new(&[Signal::HUP]).unwrap());
    raise(Signal::HUP.number()).unwrap();
    for set in &sets {
        assert_eq!(set.pending().collect::<Vec<_>>(), [Signal::HUP]);
    }
    assert!(flag.load(Ordering::SeqCst));
}

#[test]
fn after_the_drop_a_signal_does_nothing() {
    let signals = Signals::new(&[Signal::ALRM]).unwrap();
    drop(signals);
    // Its default action would end this process.
    assert!(kill(Signal::ALRM).success());
}

#[test]
fn threads_that_compute_or_block_do_not_keep_a_signal_away() {
    on_each_backend(|poller| {
        let signals = Signals::new(&[Signal::TERM]).unwrap();
        let signals = poller.register(signals, Token(1), Interest::READABLE, Mode::Level).unwrap();
        // Gone at the end of the scope, also after a panic.
        let lives = Arc::new(());
        thread::scope(|scope| {
            let _lives = Arc::clone(&lives);
            for _ in 0..2 {
                scope.spawn(|| {
                    while Arc::strong_count(&lives) > 1 {
                        thread::yield_now();
                    }
                });
            }
            for _ in 0..3 {
                assert!(kill(Signal::TERM).success());
                assert_eq!(wait(poller, &mut Events::with_capacity(8))[0].0, Token(1));
                assert_eq!(signals.pending().collect::<Vec<_>>(), [Signal::TERM]);
            }
        });
    });
}

#[test]
fn what_cannot_be_watched_is_a_typed_error_and_nothing_is_watched() {
    let refused = |signal: Signal| Signals::new(&[Signal::PIPE, signal]).unwrap_err();
    for signal in [Signal::KILL, Signal::STOP] {
        assert!(matches!(refused(signal), SignalError::Uncatchable(which) if which == signal));
    }
    for signal in [Signal::ILL, Signal::FPE, Signal::SEGV, Signal::BUS] {
        assert!(matches!(refused(signal), SignalError::Fault(which) if which == signal));
    }
    for number in [0, -1, 127, 4000] {
        let error = refused(Signal::from_number(number));
        assert!(matches!(error, SignalError::Unknown(_)), "{error:?}");
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidInput);
    }
    assert!(Signal::realtime(u8::MAX).is_none());
}
