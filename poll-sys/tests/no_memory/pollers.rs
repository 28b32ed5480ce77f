//! Pollers, wakers, notifiers and batches.

use std::io;
use std::time::Duration;

use poll_core::{
    Backend, Events, Mode, Notifier, Poller, Readiness, RegisterError, Token, WakeError, Waker,
};
use poll_sys::arc::Arc;
use poll_sys::errno;

use crate::allocator::{Failure, with_failure};
use crate::sweep;

/// As many as fill a word of bits, and some.
const MANY: usize = usize::BITS as usize + 2;

pub(crate) fn is_no_memory(error: &io::Error) -> bool {
    error.raw_os_error() == Some(errno::NOMEM)
}

pub(crate) fn is_refused(error: &RegisterError) -> bool {
    error.raw_os_error() == Some(errno::NOMEM) && error.kind() == io::ErrorKind::OutOfMemory
}

/// The tokens that a wait reports without sleeping.
pub(crate) fn reported(poller: &Poller) -> Vec<usize> {
    let mut events = Events::with_capacity(4 * MANY);
    poller.wait(&mut events, Some(Duration::ZERO)).expect("a wait");
    let mut tokens: Vec<usize> = events.iter().map(|event| event.token().0).collect();
    tokens.sort_unstable();
    tokens
}

#[test]
fn a_shared_pointer() {
    let failed = sweep(
        || (),
        |()| Arc::try_new(7),
        is_no_memory,
        |()| {},
        |(), n| {
            assert_eq!(*n, 7);
        },
    );
    assert_eq!(failed, 2);
}

#[test]
fn a_poller() {
    for backend in Backend::available() {
        // What the process makes once is made.
        drop(Poller::with_backend(*backend).unwrap());
        let failed = sweep(
            || (),
            |()| Poller::with_backend(*backend),
            is_no_memory,
            |()| {},
            |(), poller| {
                let waker = poller.waker(Token(1)).unwrap();
                waker.wake().unwrap();
                assert_eq!(reported(&poller), [1]);
            },
        );
        assert!(failed >= 2, "{backend:?}: {failed}");
    }
}

/// A poller and what was made of it before.
struct World<T> {
    poller: Poller,
    old: Vec<T>,
    new: Option<T>,
}

fn world<T>(count: usize, make: impl Fn(&Poller, Token) -> T) -> World<T> {
    let poller = Poller::new().unwrap();
    let mut old = Vec::with_capacity(count);
    old.extend((0..count).map(|n| make(&poller, Token(n))));
    World { poller, old, new: None }
}

#[test]
fn a_waker() {
    let wake_all = |world: &mut World<Waker>| {
        world.old.iter().chain(&world.new).for_each(|waker| waker.wake().unwrap());
        reported(&world.poller)
    };
    let mut failed = 0;
    for count in 0..MANY {
        failed += sweep(
            || world(count, |poller, token| poller.waker(token).unwrap()),
            |world| world.poller.waker(Token(count)),
            is_refused,
            |world| assert_eq!(wake_all(world), Vec::from_iter(0..count)),
            |world, waker| {
                world.new = Some(waker);
                assert_eq!(wake_all(world), Vec::from_iter(0..=count));
            },
        );
    }
    assert!(failed >= 2 * MANY as u32, "{failed}");
}

#[test]
fn a_notifier() {
    let set_all = |world: &mut World<Notifier>| {
        let all = world.old.iter().chain(&world.new);
        all.for_each(|notifier| notifier.set(Readiness::READABLE).unwrap());
        let tokens = reported(&world.poller);
        assert_eq!(reported(&world.poller), tokens, "each of them is level-triggered");
        tokens
    };
    let mut failed = 0;
    for count in 0..MANY {
        failed += sweep(
            || world(count, |poller, token| poller.notifier(token, Mode::Level).unwrap()),
            |world| world.poller.notifier(Token(count), Mode::Level),
            is_refused,
            |world| assert_eq!(set_all(world), Vec::from_iter(0..count)),
            |world, notifier| {
                world.new = Some(notifier);
                assert_eq!(set_all(world), Vec::from_iter(0..=count));
            },
        );
    }
    assert!(failed >= 4 * MANY as u32, "{failed}");
}

/// The second token needs no memory, the fifth does again.
#[test]
fn the_first_wake_all_of_a_token() {
    let mut failed = 0;
    for count in 0..10 {
        failed += sweep(
            || {
                let world = world(count + 1, |poller, token| poller.waker(token).unwrap());
                world.old[..count].iter().for_each(|waker| waker.wake_all().unwrap());
                world
            },
            |world| world.old[count].wake_all(),
            |error| *error == WakeError::Os(errno::NOMEM),
            |world| assert_eq!(reported(&world.poller), Vec::from_iter(0..count)),
            |world, ()| assert_eq!(reported(&world.poller), Vec::from_iter(0..=count)),
        );
    }
    assert!(failed >= 4, "{failed}");
}

#[test]
fn a_batch() {
    let failed = sweep(
        || (),
        |()| Events::try_with_capacity(64),
        |_| true,
        |()| {},
        |(), events| assert_eq!((events.capacity(), events.len()), (64, 0)),
    );
    assert_eq!(failed, 2);
}

#[test]
fn the_end_of_wakers_and_notifiers_needs_none() {
    let poller = Poller::new().unwrap();
    let wakers: Vec<Waker> = (0..MANY).map(|n| poller.waker(Token(n)).unwrap()).collect();
    let notifier = |n| poller.notifier(Token(n), Mode::Level).unwrap();
    let notifiers: Vec<Notifier> = (MANY..2 * MANY).map(notifier).collect();
    wakers.iter().step_by(2).for_each(|waker| waker.wake().unwrap());
    notifiers.iter().step_by(3).for_each(|n| n.set(Readiness::READABLE).unwrap());
    let mut events = Events::with_capacity(4 * MANY);
    let ((), failed) = with_failure(1, Failure::AllFromThere, || {
        drop((wakers, notifiers));
        // Those that were woken before their end are free only now.
        poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
    });
    assert!(!failed);
    assert_eq!(events.len(), MANY.div_ceil(2));
}
