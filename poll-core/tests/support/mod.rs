//! What the tests share.
#![allow(dead_code, reason = "not every test program uses everything")]

use std::time::Duration;

use poll_core::{Backend, Event, Events, Poller, Readiness, Token};

/// A wait that takes this long has failed.
pub(crate) const CAP: Duration = Duration::from_secs(20);

/// Runs `body` with a poller of each backend; the backend is printed for who reads the failure.
pub(crate) fn on_each_backend(body: impl Fn(&Poller)) {
    for backend in Backend::available() {
        println!("on {backend:?}");
        body(&Poller::with_backend(*backend).unwrap());
    }
}

/// The events of one wait, which has to have some.
pub(crate) fn wait(poller: &Poller, events: &mut Events) -> Vec<(Token, Readiness)> {
    assert_ne!(poller.wait(events, Some(CAP)).unwrap(), 0, "nothing came");
    listed(events)
}

/// The events of a wait that does not sleep.
pub(crate) fn look(poller: &Poller, events: &mut Events) -> Vec<(Token, Readiness)> {
    poller.wait(events, Some(Duration::ZERO)).unwrap();
    listed(events)
}

fn listed(events: &Events) -> Vec<(Token, Readiness)> {
    events.iter().map(|event: Event| (event.token(), event.readiness())).collect()
}

/// The open descriptors of this process.
pub(crate) fn open_descriptors() -> usize {
    ["/proc/self/fd", "/dev/fd"]
        .into_iter()
        .find_map(|list| std::fs::read_dir(list).ok())
        .map_or(0, |list| list.count())
}
