//! What is kqueue's own: two filters for one registration, and its bells.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Instant;

use super::*;
use crate::event::{Event, Readiness};
use crate::poller::Poller;
use crate::token::Token;
use crate::{Backend, Registration};

/// Long enough for any wait of these tests; a wait that takes as long has failed.
const CAP: Option<Duration> = Some(Duration::from_secs(10));
const NOW: Option<Duration> = Some(Duration::ZERO);

const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;

fn both() -> Interest {
    READ | WRITE
}

/// A registration that can be written to, and its peer.
fn armed(
    poller: &Poller,
    interest: Interest,
    mode: Mode,
) -> (Registration<UnixStream>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (poller.register(ours, Token(7), interest, mode).unwrap(), theirs)
}

fn poller() -> Poller {
    Poller::with_backend(Backend::Kqueue).unwrap()
}

/// What one wait with room for `capacity` events reports.
fn wait_with(poller: &Poller, capacity: usize, timeout: Option<Duration>) -> Vec<Event> {
    let mut events = Events::with_capacity(capacity);
    poller.wait(&mut events, timeout).unwrap();
    events.iter().collect()
}

fn wait(poller: &Poller, timeout: Option<Duration>) -> Vec<Event> {
    wait_with(poller, 8, timeout)
}

#[test]
fn both_halves_of_a_oneshot_in_one_batch_are_one_event() {
    let poller = poller();
    let (ours, mut theirs) = armed(&poller, READ, Mode::Level);
    theirs.write_all(b"x").unwrap();
    ours.arm(both(), Mode::Oneshot).unwrap();
    let events = wait(&poller, CAP);
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].readiness(), Readiness::READABLE | Readiness::WRITABLE);
    assert_eq!(events[0].token(), Token(7));
    assert!(wait(&poller, NOW).is_empty());
}

#[test]
fn a_late_half_of_a_oneshot_is_swallowed_until_it_is_armed_again() {
    let poller = poller();
    let (ours, mut theirs) = armed(&poller, both(), Mode::Oneshot);
    let events = wait(&poller, CAP);
    assert_eq!((events.len(), events[0].readiness()), (1, Readiness::WRITABLE), "{events:?}");

    theirs.write_all(b"x").unwrap();
    assert!(wait(&poller, NOW).is_empty());
    theirs.shutdown(std::net::Shutdown::Both).unwrap();
    assert!(wait(&poller, NOW).is_empty());

    ours.arm(both(), Mode::Oneshot).unwrap();
    let events = wait(&poller, CAP);
    assert!(events.len() == 1 && events[0].is_readable() && events[0].is_writable(), "{events:?}");
}

#[test]
fn a_half_that_did_not_fit_the_batch_is_swallowed() {
    let poller = poller();
    let (ours, mut theirs) = armed(&poller, READ, Mode::Level);
    theirs.write_all(b"x").unwrap();
    ours.arm(both(), Mode::Oneshot).unwrap();
    assert_eq!(wait_with(&poller, 1, CAP).len(), 1);
    assert!(wait_with(&poller, 1, NOW).is_empty());
}

#[test]
fn a_swallowed_half_leaves_its_slot_to_another_source() {
    let poller = poller();
    let (_one, mut theirs) = armed(&poller, both(), Mode::Oneshot);
    assert_eq!(wait(&poller, CAP).len(), 1);
    theirs.write_all(b"x").unwrap();
    let (other, _peer) = UnixStream::pair().unwrap();
    let _other = poller.register(other, Token(8), WRITE, Mode::Level).unwrap();
    let events = wait_with(&poller, 1, CAP);
    assert_eq!((events.len(), events[0].token()), (1, Token(8)), "{events:?}");
}

#[test]
fn several_swallowed_halves_leave_their_slots_to_another_source() {
    let poller = poller();
    let armed: Vec<_> = (0..3).map(|_| armed(&poller, both(), Mode::Oneshot)).collect();
    assert_eq!(wait(&poller, CAP).len(), armed.len());
    for (_, theirs) in &armed {
        let mut theirs = theirs;
        theirs.write_all(b"x").unwrap();
    }
    let (other, _peer) = UnixStream::pair().unwrap();
    let _other = poller.register(other, Token(8), WRITE, Mode::Level).unwrap();
    let events = wait_with(&poller, 1, NOW);
    assert_eq!((events.len(), events[0].token()), (1, Token(8)), "{events:?}");
}

#[test]
fn a_change_of_mode_takes_effect() {
    let poller = poller();
    let (ours, mut theirs) = armed(&poller, READ, Mode::Level);
    theirs.write_all(b"x").unwrap();
    let modes = [Mode::Edge, Mode::Oneshot, Mode::Level, Mode::Oneshot, Mode::Edge, Mode::Level];
    for mode in modes {
        ours.arm(READ, mode).unwrap();
        assert_eq!(wait(&poller, CAP).len(), 1, "{mode:?}");
        assert_eq!(wait(&poller, NOW).len(), usize::from(mode == Mode::Level), "{mode:?}");
    }
}

#[test]
fn a_change_of_interest_adds_and_removes_filters() {
    for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
        let poller = poller();
        let (ours, mut theirs) = armed(&poller, READ, mode);
        theirs.write_all(b"x").unwrap();
        let expected = [
            (WRITE, Readiness::WRITABLE),
            (both(), Readiness::READABLE | Readiness::WRITABLE),
            (READ, Readiness::READABLE),
        ];
        for (interest, readiness) in expected {
            ours.arm(interest, mode).unwrap();
            let all = wait(&poller, CAP).iter().fold(Readiness::empty(), |a, e| a | e.readiness());
            assert_eq!(all, readiness, "{interest:?} {mode:?}");
        }
    }
}

#[test]
fn both_filters_carry_a_new_token() {
    for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
        let poller = poller();
        let (ours, mut theirs) = armed(&poller, both(), mode);
        theirs.write_all(b"x").unwrap();
        ours.set_token(Token(9)).unwrap();
        let events = wait(&poller, CAP);
        assert!(!events.is_empty() && events.iter().all(|e| e.token() == Token(9)), "{events:?}");
    }
}

#[test]
fn a_second_registration_is_refused_and_leaves_the_first_as_it_was() {
    for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
        let poller = poller();
        let (ours, mut theirs) = armed(&poller, READ, mode);
        let again = poller.add(&*ours, Token(8), both(), Mode::Level);
        assert!(matches!(again, Err(RegisterError::AlreadyRegistered)), "{mode:?}");
        theirs.write_all(b"x").unwrap();
        let events = wait(&poller, CAP);
        assert_eq!((events.len(), events[0].token()), (1, Token(7)), "{events:?}");
        assert_eq!(events[0].readiness(), Readiness::READABLE);
        assert_eq!(wait(&poller, NOW).len(), usize::from(mode == Mode::Level), "{mode:?}");
    }
}

#[test]
fn a_second_registration_does_not_arm_a_oneshot_that_was_delivered() {
    let poller = poller();
    let (ours, _theirs) = armed(&poller, WRITE, Mode::Oneshot);
    assert_eq!(wait(&poller, CAP).len(), 1);
    let again = poller.add(&*ours, Token(8), WRITE, Mode::Level);
    assert!(matches!(again, Err(RegisterError::AlreadyRegistered)));
    assert!(wait(&poller, NOW).is_empty());
}

#[test]
fn the_stand_in_for_a_write_filter_says_that_a_write_fails() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    for (mode, again) in [(Mode::Level, 1), (Mode::Edge, 0), (Mode::Oneshot, 0)] {
        let kqueue = Kqueue::new().unwrap();
        let watch = Watch::new(Token(7), WRITE, mode);
        changes::add_stand_in(kqueue.queue.as_fd(), ours.as_fd(), watch).unwrap();
        let mut events = Events::with_capacity(8);
        kqueue.wait(&mut events, CAP).unwrap();
        let expected = Readiness::WRITABLE | Readiness::WRITE_CLOSED;
        assert_eq!(events.len(), 1, "{mode:?}");
        assert_eq!(events.get(0).map(|e| (e.token(), e.readiness())), Some((Token(7), expected)));

        events.clear();
        kqueue.wait(&mut events, NOW).unwrap();
        assert_eq!(events.len(), again, "{mode:?}");
        changes::remove(kqueue.queue.as_fd(), ours.as_fd(), watch, true).unwrap();
        events.clear();
        kqueue.wait(&mut events, NOW).unwrap();
        assert!(events.is_empty(), "{mode:?}");
    }
}

/// A poller's kernel with each kind of bell.
fn with_each_bell(test: impl Fn(Kqueue)) {
    test(Kqueue::new().unwrap());
    test(Kqueue::with(kqueue::create().unwrap(), Bell::readable().unwrap()).unwrap());
}

#[test]
fn each_ring_ends_one_wait_and_leaves_no_event() {
    with_each_bell(|kqueue| {
        let mut events = Events::with_capacity(1);
        for _ in 0..3 {
            thread::scope(|scope| {
                let sleeper = scope.spawn(|| {
                    let mut events = Events::with_capacity(1);
                    kqueue.wait(&mut events, CAP).unwrap();
                    events.len()
                });
                kqueue.ring().unwrap();
                assert_eq!(sleeper.join().unwrap(), 0, "{:?}", kqueue.bell);
            });
            // Nothing of it is left for the next wait: it sleeps.
            let (start, timeout) = (Instant::now(), Duration::from_millis(2));
            events.clear();
            kqueue.wait(&mut events, Some(timeout)).unwrap();
            assert!(start.elapsed() >= timeout, "{:?}", kqueue.bell);
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let watch = Watch::new(Token(7), WRITE, Mode::Level);
            let key = kqueue.add(ours.as_fd(), watch).unwrap();
            kqueue.wait(&mut events, CAP).unwrap();
            assert_eq!(events.len(), 1, "{:?}", kqueue.bell);
            kqueue.delete(ours.as_fd(), key).unwrap();
        }
    });
}

#[test]
fn a_ring_takes_no_slot_of_a_full_batch() {
    with_each_bell(|kqueue| {
        let sockets: Vec<_> = (0..2).map(|_| UnixStream::pair().unwrap()).collect();
        kqueue.ring().unwrap();
        for (number, (ours, _)) in sockets.iter().enumerate() {
            let watch = Watch::new(Token(number), WRITE, Mode::Level);
            kqueue.add(ours.as_fd(), watch).unwrap();
        }
        let mut events = Events::with_capacity(2);
        kqueue.wait(&mut events, CAP).unwrap();
        let mut tokens: Vec<_> = events.iter().map(|event| event.token()).collect();
        tokens.sort();
        assert_eq!(tokens, [Token(0), Token(1)], "{:?}", kqueue.bell);
    });
}

#[test]
fn a_longer_time_than_the_system_takes_is_no_error() {
    let poller = poller();
    let (_ours, _theirs) = armed(&poller, WRITE, Mode::Level);
    for timeout in [Duration::MAX, LONGEST + Duration::from_nanos(1)] {
        assert_eq!(wait(&poller, Some(timeout)).len(), 1);
    }
}
