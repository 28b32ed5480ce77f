//! In a process of one thread a wait and a change of a watch use plain stores. The test harness has
//! threads, so this is a program of its own. Wakes from a signal handler are tested in `poll-sys`, for a
//! handler takes unsafe code.
#![forbid(unsafe_code)]

mod support;

use std::os::unix::net::UnixStream;

use poll_core::{Events, Interest, Mode, Poller, Readiness, Token};

use support::{look, on_each_backend, wait};

fn main() {
    let single = poll_sys::threads::Single::new();
    let told = single.is_certain();
    // Not every C library tells, see `poll_sys::threads`.
    println!("one thread, and certain of it: {told}");
    on_each_backend(|poller| {
        wakes_are_heard(poller);
        a_wake_is_heard_beside_those_that_are_pending(poller);
        a_changed_watch_is_the_last_one_asked_for(poller);
    });
    assert_eq!(single.is_certain(), told, "a second thread was made");
    on_each_backend(wakes_are_heard_when_there_are_threads_again);
    println!("test result: ok");
}

fn wakes_are_heard(poller: &Poller) {
    let waker = poller.waker(Token(1)).unwrap();
    let mut events = Events::with_capacity(4);
    for _ in 0..2 {
        waker.wake().unwrap();
        waker.wake().unwrap();
        assert_eq!(wait(poller, &mut events), [(Token(1), Readiness::READABLE)]);
        assert_eq!(look(poller, &mut events), []);
    }
}

fn a_wake_is_heard_beside_those_that_are_pending(poller: &Poller) {
    let wakers = [1, 2, 3].map(|n| poller.waker(Token(n)).unwrap());
    let mut events = Events::with_capacity(16);
    for _ in 0..2 {
        for waker in &wakers {
            waker.wake().unwrap();
            waker.wake().unwrap();
        }
        let mut heard: Vec<_> = wait(poller, &mut events).iter().map(|event| event.0.0).collect();
        heard.sort_unstable();
        assert_eq!(heard, [1, 2, 3]);
        assert_eq!(look(poller, &mut events), []);
    }
}

fn a_changed_watch_is_the_last_one_asked_for(poller: &Poller) {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let guard = poller.register(ours, Token(1), Interest::READABLE, Mode::Level).unwrap();
    let mut events = Events::with_capacity(4);
    assert_eq!(look(poller, &mut events), []);
    guard.arm(Interest::WRITABLE, Mode::Level).unwrap();
    assert_eq!(wait(poller, &mut events)[0].0, Token(1));
    guard.set_token(Token(2)).unwrap();
    assert_eq!(wait(poller, &mut events)[0].0, Token(2));
    assert_eq!((guard.interest(), guard.mode()), (Some(Interest::WRITABLE), Some(Mode::Level)));
    guard.disarm().unwrap();
    assert_eq!((look(poller, &mut events), guard.interest()), (vec![], None));
}

fn wakes_are_heard_when_there_are_threads_again(poller: &Poller) {
    let waker = poller.waker(Token(1)).unwrap();
    let mut events = Events::with_capacity(4);
    for _ in 0..100 {
        std::thread::scope(|scope| {
            scope.spawn(|| waker.wake().unwrap());
            assert_eq!(wait(poller, &mut events)[0].0, Token(1));
        });
    }
}
