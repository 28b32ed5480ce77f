//! `channel`.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::thread;

use poll_core::channel::{self, SendError, TryRecvError};
use poll_core::{Events, Interest, Mode, Readiness, RegisterError, Token};

use crate::support::{look, on_each_backend, wait};

const READ: Readiness = Readiness::READABLE;
const CLOSED: Readiness = Readiness::READABLE.union(Readiness::READ_CLOSED);

#[test]
fn the_receiver_is_reported_until_it_has_found_the_queue_empty() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let (sender, receiver) = channel::unbounded(poller, Token(1)).unwrap();
        assert_eq!(look(poller, &mut events), []);
        sender.send('a').unwrap();
        sender.send('b').unwrap();
        for _ in 0..2 {
            assert_eq!(wait(poller, &mut events), [(Token(1), READ)]);
        }
        assert_eq!(receiver.try_recv(), Ok('a'));
        assert_eq!(receiver.try_recv(), Ok('b'));
        assert_eq!(wait(poller, &mut events), [(Token(1), READ)]);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(look(poller, &mut events), []);
        sender.send('c').unwrap();
        assert_eq!(wait(poller, &mut events), [(Token(1), READ)]);
    });
}

#[test]
fn a_drain_stops_at_its_limit_and_the_rest_is_reported_again() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let (sender, receiver) = channel::unbounded(poller, Token(1)).unwrap();
        for n in 0..10 {
            sender.send(n).unwrap();
        }
        assert_eq!(receiver.drain(4).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(wait(poller, &mut events), [(Token(1), READ)]);
        assert_eq!(receiver.into_iter().count(), 6);
        assert_eq!(look(poller, &mut events), []);
    });
}

#[test]
fn the_last_sender_going_is_reported_after_the_messages() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let (sender, receiver) = channel::unbounded(poller, Token(1)).unwrap();
        let other = sender.clone();
        sender.send(7).unwrap();
        drop(sender);
        assert_eq!(wait(poller, &mut events), [(Token(1), READ)]);
        drop(other);
        assert_eq!(wait(poller, &mut events), [(Token(1), CLOSED)]);
        assert_eq!(receiver.try_recv(), Ok(7));
        assert!(!receiver.is_closed());
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        assert!(receiver.is_closed());
        assert_eq!(wait(poller, &mut events), [(Token(1), CLOSED)]);
        drop(receiver);
        assert_eq!(look(poller, &mut events), []);
    });
}

#[test]
fn the_last_sender_going_ends_a_wait_on_an_empty_queue() {
    on_each_backend(|poller| {
        let (sender, receiver) = channel::bounded::<u8>(poller, Token(1), 4).unwrap();
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        let worker = thread::spawn(move || drop(sender));
        assert_eq!(wait(poller, &mut Events::with_capacity(8)), [(Token(1), CLOSED)]);
        worker.join().unwrap();
    });
}

#[test]
fn a_message_that_is_not_sent_comes_back() {
    on_each_backend(|poller| {
        let (sender, receiver) = channel::bounded(poller, Token(1), 1).unwrap();
        sender.try_send("kept".to_owned()).unwrap();
        let full = sender.try_send("full".to_owned()).unwrap_err();
        assert_eq!(full, SendError::Full("full".to_owned()));
        assert_eq!(full.into_inner().as_deref(), Some("full"));
        drop(receiver);
        let gone = SendError::Disconnected("gone".to_owned());
        assert_eq!(sender.try_send("gone".to_owned()), Err(gone.clone()));
        assert_eq!(sender.send("gone".to_owned()), Err(gone));
        let (sender, receiver) = channel::unbounded(poller, Token(1)).unwrap();
        drop(receiver);
        assert_eq!(sender.try_send(1), Err(SendError::Disconnected(1)));
    });
}

#[test]
fn a_capacity_of_zero_is_one() {
    on_each_backend(|poller| {
        let (sender, receiver) = channel::bounded(poller, Token(1), 0).unwrap();
        sender.try_send(1).unwrap();
        assert_eq!(receiver.try_recv(), Ok(1));
    });
}

#[test]
fn a_sender_with_events_is_told_once_when_a_full_channel_has_room() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let (sender, receiver) = channel::bounded(poller, Token(1), 1).unwrap();
        let sender = sender.with_events(poller, Token(2)).unwrap();
        sender.try_send(1).unwrap();
        assert_eq!(receiver.try_recv(), Ok(1));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(look(poller, &mut events), [], "nobody has found it full");
        sender.try_send(2).unwrap();
        assert_eq!(sender.try_send(3), Err(SendError::Full(3)));
        assert_eq!(receiver.into_iter().count(), 1);
        assert_eq!(wait(poller, &mut events), [(Token(2), Readiness::WRITABLE)]);
        assert_eq!(look(poller, &mut events), []);
    });
}

#[test]
fn a_sender_with_events_is_told_when_the_receiver_is_gone() {
    on_each_backend(|poller| {
        let gone = Readiness::WRITABLE | Readiness::WRITE_CLOSED;
        let mut events = Events::with_capacity(8);
        let (sender, receiver) = channel::unbounded::<u8>(poller, Token(1)).unwrap();
        let before = sender.with_events(poller, Token(2)).unwrap();
        drop(receiver);
        let heard = wait(poller, &mut events);
        assert!(heard[0].0 == Token(2) && heard[0].1.contains(gone), "{heard:?}");
        drop(before);
        let after = sender.with_events(poller, Token(3)).unwrap();
        let heard = wait(poller, &mut events);
        assert!(heard[0].0 == Token(3) && heard[0].1.contains(gone), "{heard:?}");
        drop(after);
    });
}

#[test]
fn nothing_is_reported_after_the_receiver_is_dropped() {
    on_each_backend(|poller| {
        let (sender, receiver) = channel::unbounded(poller, Token(1)).unwrap();
        sender.send(1).unwrap();
        drop(receiver);
        assert_eq!(look(poller, &mut Events::with_capacity(8)), []);
        drop(sender);
        assert_eq!(look(poller, &mut Events::with_capacity(8)), []);
    });
}

#[test]
fn many_senders_many_messages_and_none_is_missing() {
    const SENDERS: usize = 4;
    const EACH: usize = 2_000;
    on_each_backend(|poller| {
        for capacity in [Some(1), Some(64), None] {
            let (sender, receiver) = match capacity {
                Some(capacity) => channel::bounded(poller, Token(1), capacity).unwrap(),
                None => channel::unbounded(poller, Token(1)).unwrap(),
            };
            thread::scope(|scope| {
                for sender in (0..SENDERS).map(|_| sender.clone()) {
                    scope.spawn(move || (0..EACH).for_each(|n| sender.send(n).unwrap()));
                }
                drop(sender);
                let mut events = Events::with_capacity(4);
                let mut counts = vec![0; EACH];
                while !receiver.is_closed() {
                    wait(poller, &mut events);
                    receiver.drain(100).for_each(|n| counts[n] += 1);
                }
                assert!(counts.iter().all(|count| *count == SENDERS));
            });
        }
    });
}

#[test]
fn a_flood_of_messages_does_not_keep_the_kernels_events_out() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(2);
        let (sender, receiver) = channel::unbounded(poller, Token(1)).unwrap();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"x").unwrap();
        let _ours = poller.register(ours, Token(2), Interest::READABLE, Mode::Level).unwrap();
        for n in 0..100 {
            sender.send(n).unwrap();
            let batch = wait(poller, &mut events);
            assert_eq!(batch.iter().map(|(token, _)| token.0).sum::<usize>(), 3, "{batch:?}");
            assert_eq!(receiver.drain(0).next(), None);
        }
    });
}

#[test]
fn a_bounded_send_and_its_receipt_allocate_nothing() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let (sender, receiver) = channel::bounded(poller, Token(1), 64).unwrap();
        let counted = allocation_counter::measure(|| {
            for n in 0..64 {
                sender.try_send(n).unwrap();
            }
            wait_only(poller, &mut events);
            assert_eq!(receiver.into_iter().count(), 64);
        });
        assert_eq!(counted.count_total, 0);
    });
}

fn wait_only(poller: &poll_core::Poller, events: &mut Events) {
    assert_eq!(poller.wait(events, Some(crate::support::CAP)).unwrap(), 1);
}

#[test]
fn a_reserved_token_is_refused() {
    on_each_backend(|poller| {
        let reserved = Token(usize::MAX);
        let refused = |result: Result<(), RegisterError>| {
            assert!(matches!(result, Err(RegisterError::TokenReserved)), "{result:?}");
        };
        refused(channel::unbounded::<u8>(poller, reserved).map(drop));
        refused(channel::bounded::<u8>(poller, reserved, 1).map(drop));
        let (sender, _receiver) = channel::unbounded::<u8>(poller, Token(1)).unwrap();
        refused(sender.with_events(poller, reserved).map(drop));
    });
}

#[test]
fn every_sender_that_was_refused_is_told_of_room_and_no_other() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let (sender, receiver) = channel::bounded(poller, Token(1), 1).unwrap();
        let refused = [2, 3].map(|n| sender.with_events(poller, Token(n)).unwrap());
        let _content = sender.with_events(poller, Token(4)).unwrap();
        sender.send(0).unwrap();
        for sender in &refused {
            assert_eq!(sender.try_send(0), Err(SendError::Full(0)));
        }
        assert_eq!(receiver.into_iter().count(), 1);
        let writable = Readiness::WRITABLE;
        assert_eq!(look(poller, &mut events), [(Token(2), writable), (Token(3), writable)]);
    });
}
