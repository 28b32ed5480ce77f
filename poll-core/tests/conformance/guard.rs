//! `Registration`: its two states, and the ways out.

use std::io::{Read, Write};
use std::sync::Arc;

use poll_core::{Backend, Mode, Token};

use crate::support::*;

#[test]
fn the_getters_follow_the_state() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        let guard = world.reserve(&ours, Token(1));
        assert_eq!((guard.token(), guard.interest(), guard.mode()), (Token(1), None, None));
        guard.arm(READ, mode).unwrap();
        assert_eq!((guard.interest(), guard.mode()), (Some(READ), Some(mode)));
        look(world);
        assert_eq!((guard.interest(), guard.mode()), (Some(READ), Some(mode)));
        guard.arm(both(), mode).unwrap();
        assert_eq!(guard.interest(), Some(both()));
        guard.disarm().unwrap();
        assert_eq!((guard.interest(), guard.mode()), (None, None));
    });
}

#[test]
fn a_new_token_names_the_next_event() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.readable_pair();
        let guard = watch(world, &ours, 1, READ, mode);
        guard.set_token(Token(2)).unwrap();
        assert_eq!((guard.token(), tokens(&look(world))), (Token(2), vec![2]));
        guard.set_token(Token(3)).unwrap();
        assert_eq!(tokens(&look(world)), [3]);
        drain(&ours);
        guard.set_token(Token(4)).unwrap();
        assert_silent(world);
        send(&theirs);
        assert_eq!(tokens(&look(world)), [4]);
    });
}

#[test]
fn a_new_token_of_an_idle_guard_leaves_it_idle() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        let guard = world.reserve(&ours, Token(1));
        guard.set_token(Token(2)).unwrap();
        assert_silent(world);
        guard.arm(READ, mode).unwrap();
        assert_eq!(tokens(&look(world)), [2]);
    });
}

#[test]
fn a_deregistered_source_is_silent_and_can_be_registered_again() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.readable_pair();
        let mut ours = Some(ours);
        for token in 1..4 {
            let guard = world.register(ours.take().unwrap(), Token(token), READ, mode).unwrap();
            assert_eq!(tokens(&look(world)), [token]);
            ours = Some(guard.deregister());
            send(&theirs);
            assert_silent(world);
        }
    });
}

#[test]
fn an_idle_guard_gives_its_source_back() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.readable_pair();
        let ours = world.reserve(ours, Token(1)).deregister();
        assert_eq!(drain(&ours), 1);
    });
}

#[test]
fn a_closed_guard_closes_its_source_and_is_silent() {
    for_each_mode(|world, mode| {
        let (ours, mut theirs) = world.readable_pair();
        world.register(ours, Token(1), READ, mode).unwrap().close();
        assert_silent(world);
        // Unread data makes it a reset; gone it is either way.
        assert!(matches!(theirs.read(&mut [0]), Ok(0) | Err(_)));
        let (ours, mut theirs) = world.pair();
        world.reserve(ours, Token(1)).close();
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn an_abandoned_source_that_is_closed_is_silent() {
    for_each_mode(|world, mode| {
        let (ours, mut theirs) = world.pair();
        let ours = world.register(ours, Token(1), READ, mode).unwrap().abandon();
        send(&theirs);
        drop(ours);
        assert_silent(world);
        assert!(matches!(theirs.read(&mut [0]), Ok(0) | Err(_)));
    });
}

#[test]
fn an_abandoned_source_that_stays_open_stays_with_the_kernel() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.readable_pair();
        let ours = world.register(ours, Token(1), READ, Mode::Level).unwrap().abandon();
        let kernels = !matches!(world.backend(), Backend::Poll | Backend::Simulated);
        assert_eq!(tokens(&look(world)), if kernels { vec![1] } else { vec![] });
        assert_eq!(world.delete(&ours).is_ok(), kernels);
        assert_silent(world);
    });
}

#[test]
fn a_guard_reads_and_writes_owned_and_shared() {
    for_each_backend(|world| {
        let (ours, mut theirs) = world.pair();
        let mut guard = world.register(ours, Token(1), READ, Mode::Level).unwrap();
        let mut buffer = [0; 8];
        guard.write_all(b"owned").unwrap();
        theirs.read_exact(&mut buffer[..5]).unwrap();
        assert_eq!(&buffer[..5], b"owned");
        (&guard).write_all(b"shared").unwrap();
        theirs.read_exact(&mut buffer[..6]).unwrap();
        assert_eq!(&buffer[..6], b"shared");
        theirs.write_all(b"abcdef").unwrap();
        guard.read_exact(&mut buffer[..2]).unwrap();
        (&guard).read_exact(&mut buffer[2..4]).unwrap();
        assert_eq!((&buffer[..4], drain(&guard)), (&b"abcd"[..], 2));
    });
}

#[test]
fn references_boxes_and_counted_sources_can_be_watched() {
    for_each_backend(|world| {
        let [(counted, _one), (boxed, _two), (lent, _three)] = world.readable_pairs();
        let counted = Arc::new(counted);
        let _counted = world.register(Arc::clone(&counted), Token(1), READ, Mode::Level).unwrap();
        let _boxed = world.register(Box::new(boxed), Token(2), READ, Mode::Level).unwrap();
        let _lent = world.register(&lent, Token(3), READ, Mode::Level).unwrap();
        assert_eq!(tokens(&look(world)), [1, 2, 3]);
    });
}

#[test]
fn a_shared_guard_can_be_armed_by_any_thread() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        let guard = Arc::new(world.reserve(ours, Token(1)));
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
        assert_silent(world);
        guard.arm(READ, mode).unwrap();
        assert_eq!(tokens(&look(world)), [1]);
    });
}

#[test]
fn one_source_can_be_watched_by_several_pollers() {
    for_each_backend(|world| {
        let other = world.another().unwrap();
        let (ours, _theirs) = world.readable_pair();
        let one = watch(world, &ours, 1, READ, Mode::Level);
        let _two = watch(&other, &ours, 2, READ, Mode::Level);
        assert_eq!((tokens(&look(world)), tokens(&look(&other))), (vec![1], vec![2]));
        drop(one);
        assert_silent(world);
        assert_eq!(tokens(&look(&other)), [2]);
    });
}

#[test]
fn a_duplicate_of_a_watched_descriptor_can_be_watched_too() {
    for_each_kernel("it has no duplicates", |world| {
        let (ours, _theirs) = world.readable_pair();
        let ours = ours.unix();
        let duplicate = ours.try_clone().unwrap();
        let one = world.register(&ours, Token(1), READ, Mode::Level).unwrap();
        let _two = world.register(&duplicate, Token(2), READ, Mode::Level).unwrap();
        assert_eq!(tokens(&look(world)), [1, 2]);
        drop(one);
        assert_eq!(tokens(&look(world)), [2]);
    });
}
