//! What is printed for who debugs a loop: each type names itself, and what tells it from others.

use std::error::Error;
use std::os::unix::net::UnixStream;

use poll_core::channel;
use poll_core::signal::{Signal, Signals};
use poll_core::sim::Sim;
use poll_core::{Event, Events, Interest, Mode, Poller, Readiness, RegisterError, Token, Tokens};

#[track_caller]
fn assert_shown(what: &impl std::fmt::Debug, parts: &[&str]) {
    let shown = format!("{what:?}");
    for part in parts {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
}

#[test]
fn a_poller_and_what_it_makes_name_themselves() {
    let poller = Poller::new().unwrap();
    assert_shown(&poller, &["Poller", &format!("{:?}", poller.backend())]);
    assert_shown(&poller.waker(Token(41)).unwrap(), &["Waker", "41"]);
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let guard = poller.register(&ours, Token(42), Interest::READABLE, Mode::Oneshot).unwrap();
    assert_shown(&guard, &["Registration", "42", "READABLE", "Oneshot"]);
    let notifier = poller.notifier(Token(43), Mode::Edge).unwrap();
    notifier.set(Readiness::WRITABLE).unwrap();
    assert_eq!(notifier.mode(), Mode::Edge);
    assert_shown(&notifier, &["Notifier", "43", "Edge", "WRITABLE"]);
    let (sender, receiver) = channel::bounded::<u8>(&poller, Token(44), 1).unwrap();
    assert_shown(&sender.with_events(&poller, Token(45)).unwrap(), &["Sender", "45"]);
    assert_shown(&receiver, &["Receiver", "44"]);
    assert_shown(&receiver.drain(46), &["Drain", "46"]);
    assert_shown(&Signals::new(&[Signal::WINCH]).unwrap(), &["Signals", "1"]);
}

#[test]
fn batches_and_maps_list_what_they_hold() {
    let mut events = Events::with_capacity(2);
    events.push(Event::new(Token(47), Readiness::READABLE)).unwrap();
    assert_shown(&events, &["47", "READABLE"]);
    assert_shown(&events.iter(), &["47", "READABLE"]);
    let mut tokens = Tokens::new();
    tokens.insert("a value");
    assert_shown(&tokens, &["a value"]);
    assert_shown(&tokens.vacant(), &["Vacant", "token"]);
}

#[test]
fn a_source_that_was_rejected_says_why() {
    let poller = Poller::new().unwrap();
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let reserved = Token(usize::MAX);
    let rejected = poller.register(&ours, reserved, Interest::READABLE, Mode::Level).unwrap_err();
    assert_shown(&rejected, &["Rejected", "TokenReserved"]);
    assert_eq!(rejected.to_string(), rejected.error().to_string());
    assert!(rejected.source().is_none());
}

#[test]
fn a_world_and_its_streams_name_themselves() {
    let sim = Sim::new(1);
    assert_shown(&sim, &["Sim", "elapsed"]);
    assert_shown(&sim.pair(1).unwrap().0, &["Stream", "1"]);
    let (listener, connector) = sim.listener(1).unwrap();
    assert_shown(&listener, &["Listener"]);
    assert_shown(&connector, &["Connector"]);
}

#[test]
fn an_error_that_the_caller_can_mend_says_how() {
    for error in [
        RegisterError::AlreadyRegistered,
        RegisterError::NotRegistered,
        RegisterError::NotPollable,
        RegisterError::ModeUnsupported,
        RegisterError::InterestUnsupported,
        RegisterError::TokenReserved,
        RegisterError::WatchLimit,
        RegisterError::Forked,
    ] {
        assert_eq!(error.to_string().split("; ").count(), 2, "what; and what to do: {error}");
    }
}
