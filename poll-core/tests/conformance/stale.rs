//! An event for a connection that is gone never reaches its successor.

use poll_core::{Events, Mode, Registration, Tokens};

use crate::support::*;

type Connections = Tokens<Registration<End>>;

/// Closes a connection inside a batch that still holds its event, and opens another one that gets
/// its descriptor number and its slot.
#[test]
fn an_event_of_a_connection_that_the_batch_has_outlived_finds_nothing() {
    for_each_mode(|world, mode| {
        let mut connections = Connections::new();
        let mut events = Events::with_capacity(4);
        for _ in 0..200 {
            let (pairs, mut peers): (Vec<_>, Vec<_>) =
                [world.readable_pair(), world.readable_pair()].into_iter().unzip();
            for ours in pairs {
                connections
                    .try_insert_with(|token| world.register(ours, token, READ, mode))
                    .unwrap();
            }
            assert_eq!(world.wait(&mut events, Some(CAP)).unwrap(), 2);
            let [first, second] = [0, 1].map(|n| events.get(n).unwrap().token());

            // The handler of the first event closes the second connection …
            let closed = connections.remove(second).unwrap();
            let number = closed.as_raw_fd();
            drop(closed);
            // … and accepts a new one.
            let (ours, peer) = world.pair();
            assert_eq!(ours.as_raw_fd(), number);
            peers.push(peer);
            let successor = connections
                .try_insert_with(|token| world.register(ours, token, READ, mode))
                .unwrap();
            assert_eq!(successor.slot(), second.slot());

            assert!(connections.get(second).is_none());
            drop(connections.remove(first).unwrap());
            assert_silent(world);
            send(&peers[2]);
            assert_eq!(tokens(&look_into(world, &mut events)), [successor.0]);
            drop(connections.remove(successor).unwrap());
        }
        assert!(connections.is_empty());
    });
}

#[test]
fn a_number_that_is_used_again_is_not_reported_under_the_old_token() {
    for_each_mode(|world, mode| {
        let mut number = None;
        for token in 0..200 {
            let (ours, theirs) = world.pair();
            assert_eq!(*number.get_or_insert(ours.as_raw_fd()), ours.as_raw_fd());
            let guard = watch(world, &ours, token, READ, mode);
            assert_silent(world);
            send(&theirs);
            assert_eq!(tokens(&look(world)), [token]);
            guard.arm(READ, mode).unwrap();
        }
    });
}

#[test]
fn a_level_event_of_a_disarmed_source_does_not_come_from_the_list_of_an_earlier_wait() {
    for_each_backend(|world| {
        let pairs = [world.readable_pair(), world.readable_pair(), world.readable_pair()];
        let guards: Vec<_> =
            (0..3).map(|n| watch(world, &pairs[n].0, n, READ, Mode::Level)).collect();
        let mut events = Events::with_capacity(1);
        for (n, guard) in guards.iter().enumerate() {
            look_into(world, &mut events);
            guard.disarm().unwrap();
            assert!(!tokens(&look_into(world, &mut events)).contains(&n));
            assert_eq!(tokens(&look(world)), (n + 1..3).collect::<Vec<_>>());
        }
    });
}
