//! `Registration`: its two states, and the ways out.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use poll_core::{Backend, Mode, Poller, Token};

use crate::support::*;

#[test]
fn the_getters_follow_the_state() {
    for_each_mode(|poller, mode| {
        let (ours, _theirs) = readable_pair();
        let guard = poller.reserve(&ours, Token(1));
        assert_eq!((guard.token(), guard.interest(), guard.mode()), (Token(1), None, None));
        guard.arm(READ, mode).unwrap();
        assert_eq!((guard.interest(), guard.mode()), (Some(READ), Some(mode)));
        look(poller);
        assert_eq!((guard.interest(), guard.mode()), (Some(READ), Some(mode)));
        guard.arm(both(), mode).unwrap();
        assert_eq!(guard.interest(), Some(both()));
        guard.disarm().unwrap();
        assert_eq!((guard.interest(), guard.mode()), (None, None));
    });
}

#[test]
fn a_new_token_names_the_next_event() {
    for_each_mode(|poller, mode| {
        let (ours, theirs) = readable_pair();
        let guard = watch(poller, &ours, 1, READ, mode);
        guard.set_token(Token(2)).unwrap();
        assert_eq!((guard.token(), tokens(&look(poller))), (Token(2), vec![2]));
        guard.set_token(Token(3)).unwrap();
        assert_eq!(tokens(&look(poller)), [3]);
        drain(&ours);
        guard.set_token(Token(4)).unwrap();
        assert_silent(poller);
        send(&theirs);
        assert_eq!(tokens(&look(poller)), [4]);
    });
}

#[test]
fn a_new_token_of_an_idle_guard_leaves_it_idle() {
    for_each_mode(|poller, mode| {
        let (ours, _theirs) = readable_pair();
        let guard = poller.reserve(&ours, Token(1));
        guard.set_token(Token(2)).unwrap();
        assert_silent(poller);
        guard.arm(READ, mode).unwrap();
        assert_eq!(tokens(&look(poller)), [2]);
    });
}

#[test]
fn a_deregistered_source_is_silent_and_can_be_registered_again() {
    for_each_mode(|poller, mode| {
        let (ours, theirs) = readable_pair();
        let mut ours = Some(ours);
        for token in 1..4 {
            let guard = poller.register(ours.take().unwrap(), Token(token), READ, mode).unwrap();
            assert_eq!(tokens(&look(poller)), [token]);
            ours = Some(guard.deregister());
            send(&theirs);
            assert_silent(poller);
        }
    });
}

#[test]
fn an_idle_guard_gives_its_source_back() {
    for_each_backend(|poller| {
        let (ours, _theirs) = readable_pair();
        let ours = poller.reserve(ours, Token(1)).deregister();
        assert_eq!(drain(&ours), 1);
    });
}

#[test]
fn a_closed_guard_closes_its_source_and_is_silent() {
    for_each_mode(|poller, mode| {
        let (ours, mut theirs) = readable_pair();
        poller.register(ours, Token(1), READ, mode).unwrap().close();
        assert_silent(poller);
        // Unread data makes it a reset; gone it is either way.
        assert!(matches!(theirs.read(&mut [0]), Ok(0) | Err(_)));
        let (ours, mut theirs) = pair();
        poller.reserve(ours, Token(1)).close();
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn an_abandoned_source_that_is_closed_is_silent() {
    for_each_mode(|poller, mode| {
        let (ours, mut theirs) = pair();
        let ours = poller.register(ours, Token(1), READ, mode).unwrap().abandon();
        send(&theirs);
        drop(ours);
        assert_silent(poller);
        assert!(matches!(theirs.read(&mut [0]), Ok(0) | Err(_)));
    });
}

#[test]
fn an_abandoned_source_that_stays_open_stays_with_the_kernel() {
    for_each_backend(|poller| {
        let (ours, _theirs) = readable_pair();
        let ours = poller.register(ours, Token(1), READ, Mode::Level).unwrap().abandon();
        let kernels = poller.backend() != Backend::Poll;
        assert_eq!(tokens(&look(poller)), if kernels { vec![1] } else { vec![] });
        assert_eq!(poller.delete(&ours).is_ok(), kernels);
        assert_silent(poller);
    });
}

#[test]
fn a_guard_reads_and_writes_owned_and_shared() {
    for_each_backend(|poller| {
        let (ours, mut theirs) = pair();
        let mut guard = poller.register(ours, Token(1), READ, Mode::Level).unwrap();
        let mut buffer = [0; 8];
        guard.write_all(b"owned").unwrap();
        assert_eq!(theirs.read(&mut buffer).unwrap(), 5);
        (&guard).write_all(b"shared").unwrap();
        assert_eq!(theirs.read(&mut buffer).unwrap(), 6);
        theirs.write_all(b"abcdef").unwrap();
        assert_eq!(guard.read(&mut buffer[..2]).unwrap(), 2);
        assert_eq!((&guard).read(&mut buffer[..2]).unwrap(), 2);
        assert_eq!(drain(&guard), 2);
    });
}

#[test]
fn references_boxes_and_counted_sources_can_be_watched() {
    for_each_backend(|poller| {
        let pairs = [readable_pair(), readable_pair(), readable_pair()];
        let counted = Arc::new(pairs[0].0.try_clone().unwrap());
        let boxed = Box::new(pairs[1].0.try_clone().unwrap());
        let _counted = poller.register(Arc::clone(&counted), Token(1), READ, Mode::Level).unwrap();
        let _boxed = poller.register(boxed, Token(2), READ, Mode::Level).unwrap();
        let _lent = poller.register(&pairs[2].0, Token(3), READ, Mode::Level).unwrap();
        assert_eq!(tokens(&look(poller)), [1, 2, 3]);
    });
}

#[test]
fn a_shared_guard_can_be_armed_by_any_thread() {
    for_each_mode(|poller, mode| {
        let (ours, _theirs) = readable_pair();
        let guard: Arc<poll_core::Registration<UnixStream>> =
            Arc::new(poller.reserve(ours, Token(1)));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let guard = Arc::clone(&guard);
                std::thread::spawn(move || {
                    for _ in 0..200 {
                        guard.arm(READ, mode).unwrap();
                        guard.set_token(Token(1)).unwrap();
                        guard.disarm().unwrap();
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_silent(poller);
        guard.arm(READ, mode).unwrap();
        assert_eq!(tokens(&look(poller)), [1]);
    });
}

#[test]
fn one_source_can_be_watched_by_several_pollers() {
    for_each_backend(|poller| {
        let other = Poller::new().unwrap();
        let (ours, _theirs) = readable_pair();
        let one = watch(poller, &ours, 1, READ, Mode::Level);
        let _two = watch(&other, &ours, 2, READ, Mode::Level);
        assert_eq!((tokens(&look(poller)), tokens(&look(&other))), (vec![1], vec![2]));
        drop(one);
        assert_silent(poller);
        assert_eq!(tokens(&look(&other)), [2]);
    });
}

#[test]
fn a_duplicate_of_a_watched_descriptor_can_be_watched_too() {
    for_each_backend(|poller| {
        let (ours, _theirs) = readable_pair();
        let duplicate = ours.try_clone().unwrap();
        let one = watch(poller, &ours, 1, READ, Mode::Level);
        let _two = watch(poller, &duplicate, 2, READ, Mode::Level);
        assert_eq!(tokens(&look(poller)), [1, 2]);
        drop(one);
        assert_eq!(tokens(&look(poller)), [2]);
    });
}
