//! The batch: cleared by each wait, and good for several pollers.

use std::time::Duration;

use poll_core::{Event, Events, Mode, Poller, Readiness, Token};

use crate::support::*;

#[test]
fn a_wait_clears_the_batch() {
    for_each_backend(|world| {
        let mut events = Events::with_capacity(2);
        events.push(Event::new(Token(9), Readiness::READABLE)).unwrap();
        assert_eq!(world.wait(&mut events, Some(Duration::ZERO)).unwrap(), 0);
        assert!(events.is_empty() && events.get(0).is_none());
    });
}

#[test]
fn one_batch_serves_several_pollers_in_turn() {
    for_each_backend(|world| {
        let pollers = [Poller::clone(world), world.another().unwrap()];
        let pairs = [world.readable_pair(), world.readable_pair()];
        let wakers = [1, 2].map(|n| pollers[n - 1].waker(Token(10 * n)).unwrap());
        let mut events = Events::with_capacity(4);
        let mut guards = Vec::new();
        for n in 0..2 {
            guards.push(watch(&pollers[n], &pairs[n].0, n + 1, READ, Mode::Level));
        }
        for _ in 0..5 {
            for (n, world) in pollers.iter().enumerate() {
                wakers[n].wake().unwrap();
                assert_eq!(tokens(&look_into(world, &mut events)), [n + 1, 10 * (n + 1)]);
            }
        }
    });
}

#[test]
fn a_batch_that_has_served_another_poller_since_is_new_to_a_wake_all() {
    for_each_backend(|world| {
        let other = world.another().unwrap();
        let all = world.waker(Token(1)).unwrap();
        let (mut kept, mut moved) = (Events::with_capacity(2), Events::with_capacity(2));
        look_into(world, &mut kept);
        look_into(world, &mut moved);
        look_into(&other, &mut moved);
        all.wake_all().unwrap();
        assert!(look_into(world, &mut moved).is_empty());
        assert_eq!(tokens(&look_into(world, &mut kept)), [1]);
        all.wake_all().unwrap();
        assert_eq!(tokens(&look_into(world, &mut moved)), [1]);
    });
}

/// The bell of the poller may ring while the batch serves another one.
#[test]
fn the_poller_s_own_token_never_shows() {
    for_each_backend(|world| {
        let _busy = world.busy();
        let other = world.another().unwrap();
        let waker = world.waker(Token(1)).unwrap();
        let (mut kept, mut moved) = (Events::with_capacity(1), Events::with_capacity(2));
        for _ in 0..100 {
            std::thread::scope(|scope| {
                scope.spawn(|| waker.wake().unwrap());
                assert_eq!(tokens(&next_into(world, &mut kept)), [1]);
            });
            assert!(look_into(&other, &mut moved).is_empty());
            assert!(look_into(world, &mut moved).is_empty());
            assert!(look_into(world, &mut kept).is_empty());
        }
    });
}

#[test]
fn an_event_prints_its_token_and_readiness_by_name() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.readable_pair();
        let _guard = watch(world, &ours, 7, READ, Mode::Level);
        let mut events = Events::with_capacity(2);
        assert_eq!(world.wait(&mut events, Some(CAP)).unwrap(), 1);
        let shown = format!("{events:?}");
        assert!(shown.contains("Token(7)") && shown.contains("READABLE"), "{shown}");
    });
}
