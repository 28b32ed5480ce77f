//! Several threads wait on one poller.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use poll_core::{Events, Mode, Token, Waker};

use crate::support::*;

const STOP: usize = 1_000;
const THREADS: usize = 4;

/// Runs `THREADS` threads that hand each source's token to `handle` until `STOP` comes, while
/// `work` runs here.
fn with_waiters(world: &World, handle: impl Fn(usize) + Sync, work: impl FnOnce()) {
    let _busy = world.busy();
    let stop: Waker = world.waker(Token(STOP)).unwrap();
    let (ready, started) = channel();
    std::thread::scope(|scope| {
        let _stop = Finally(|| stop.wake_all().unwrap());
        for _ in 0..THREADS {
            let (handle, ready) = (&handle, ready.clone());
            scope.spawn(move || {
                let mut events = Events::with_capacity(2);
                // `wake_all` reaches a batch that has waited here before.
                look_into(world, &mut events);
                ready.send(()).unwrap();
                loop {
                    for token in tokens(&next_into(world, &mut events)) {
                        if token == STOP {
                            return;
                        }
                        handle(token);
                    }
                }
            });
        }
        for _ in 0..THREADS {
            started.recv_timeout(CAP).unwrap();
        }
        work();
    });
}

#[test]
fn a_oneshot_event_goes_to_one_waiter() {
    for_each_backend(|world| {
        let (ours, theirs) = world.pair();
        let guard = watch(world, &ours, 1, READ, Mode::Oneshot);
        let (heard, hears) = channel();
        let reports = AtomicUsize::new(0);
        let handle = |_| {
            reports.fetch_add(1, Ordering::SeqCst);
            heard.send(drain(&ours)).unwrap();
        };
        with_waiters(world, handle, || {
            for round in 1..=300 {
                send(&theirs);
                assert_eq!(hears.recv_timeout(CAP).unwrap(), 1);
                assert_eq!(reports.load(Ordering::SeqCst), round);
                guard.arm(READ, Mode::Oneshot).unwrap();
            }
        });
        assert_eq!(reports.load(Ordering::SeqCst), 300);
    });
}

#[test]
fn a_source_that_is_registered_during_the_waits_is_reported() {
    for_each_mode(|world, mode| {
        let (heard, hears) = channel();
        with_waiters(
            world,
            |token| heard.send(token).unwrap(),
            || {
                for token in 0..300 {
                    let (ours, _theirs) = world.readable_pair();
                    let _guard = watch(world, &ours, token, READ, mode);
                    while hears.recv_timeout(CAP).unwrap() != token {}
                }
            },
        );
    });
}

#[test]
fn a_source_that_is_armed_during_the_waits_is_reported() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        let (heard, hears) = channel();
        let guard = world.reserve(&ours, Token(0));
        with_waiters(
            world,
            |token| heard.send(token).unwrap(),
            || {
                for token in 0..300 {
                    guard.set_token(Token(token)).unwrap();
                    guard.arm(READ, mode).unwrap();
                    while hears.recv_timeout(CAP).unwrap() != token {}
                    guard.disarm().unwrap();
                }
            },
        );
    });
}

#[test]
fn every_one_of_many_sources_is_reported_to_somebody() {
    for_each_backend(|world| {
        let pairs: Vec<_> = std::iter::repeat_with(|| world.pair()).take(20).collect();
        let _guards: Vec<_> = pairs
            .iter()
            .enumerate()
            .map(|(n, (ours, _))| watch(world, ours, n, READ, Mode::Oneshot))
            .collect();
        let (heard, hears) = channel();
        with_waiters(
            world,
            |token| heard.send(token).unwrap(),
            || {
                for (_, theirs) in &pairs {
                    send(theirs);
                }
                let mut seen: Vec<usize> =
                    pairs.iter().map(|_| hears.recv_timeout(CAP).unwrap()).collect();
                seen.sort_unstable();
                assert_eq!(seen, (0..20).collect::<Vec<_>>());
            },
        );
        assert!(hears.try_recv().is_err());
    });
}
