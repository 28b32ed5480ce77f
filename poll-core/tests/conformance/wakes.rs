//! Wakers: every wake is heard, once, by whom it is for.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use poll_core::{Events, Mode, Readiness, Token};

use crate::support::*;

#[test]
fn a_wake_before_the_wait_is_kept() {
    for_each_backend(|world| {
        let waker = world.waker(Token(1)).unwrap();
        assert_silent(world);
        waker.wake().unwrap();
        assert_eq!(next(world), Ready::from([(1, Readiness::READABLE)]));
        assert_silent(world);
    });
}

#[test]
fn a_wake_from_another_thread_ends_a_wait() {
    for_each_backend(|world| {
        let _busy = world.busy();
        let waker = world.waker(Token(1)).unwrap();
        for _ in 0..200 {
            std::thread::scope(|scope| {
                scope.spawn(|| waker.wake().unwrap());
                assert_eq!(tokens(&next(world)), [1]);
            });
            assert_silent(world);
        }
    });
}

#[test]
fn a_thousand_wakes_before_a_wait_are_one_event() {
    for_each_backend(|world| {
        let waker = world.waker(Token(1)).unwrap();
        for _ in 0..1_000 {
            waker.wake().unwrap();
        }
        let mut events = Events::with_capacity(64);
        assert_eq!(tokens(&look_into(world, &mut events)), [1]);
        assert_eq!(events.len(), 1);
        assert_silent(world);
    });
}

#[test]
fn a_waker_that_never_rests_has_one_event_in_a_batch() {
    for_each_backend(|world| {
        let _busy = world.busy();
        let waker = world.waker(Token(1)).unwrap();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let _over = Finally(|| over.store(true, Ordering::SeqCst));
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    waker.wake().unwrap();
                }
            });
            let mut events = Events::with_capacity(64);
            for _ in 0..2_000 {
                assert_eq!(tokens(&next_into(world, &mut events)), [1]);
                assert_eq!(events.len(), 1);
            }
        });
    });
}

#[test]
fn each_waker_has_its_own_event() {
    for_each_backend(|world| {
        let wakers: Vec<_> = (0..3).map(|n| world.waker(Token(n)).unwrap()).collect();
        wakers[2].wake().unwrap();
        wakers[0].wake().unwrap();
        assert_eq!(tokens(&look(world)), [0, 2]);
        wakers[1].wake().unwrap();
        assert_eq!(tokens(&look(world)), [1]);
    });
}

#[test]
fn clones_of_a_waker_share_its_event() {
    for_each_backend(|world| {
        let waker = world.waker(Token(1)).unwrap();
        let clone = waker.clone();
        assert_eq!(clone.token(), Token(1));
        waker.wake().unwrap();
        clone.wake().unwrap();
        drop(waker);
        let mut events = Events::with_capacity(8);
        assert_eq!(tokens(&look_into(world, &mut events)), [1]);
        assert_eq!(events.len(), 1);
        clone.wake().unwrap();
        assert_eq!(tokens(&look(world)), [1]);
    });
}

#[test]
fn a_wake_is_heard_although_its_waker_is_gone() {
    for_each_backend(|world| {
        for token in 0..100 {
            let waker = world.waker(Token(token)).unwrap();
            waker.wake().unwrap();
            drop(waker);
            assert_eq!(tokens(&look(world)), [token]);
            assert_silent(world);
        }
    });
}

#[test]
fn a_waker_that_is_gone_does_not_wake_its_successor() {
    for_each_backend(|world| {
        for token in 0..100 {
            let waker = world.waker(Token(token)).unwrap();
            assert_silent(world);
            waker.wake().unwrap();
            drop(waker);
            let successor = world.waker(Token(1_000 + token)).unwrap();
            assert_eq!(tokens(&look(world)), [token]);
            drop(successor);
            assert_silent(world);
        }
    });
}

#[test]
fn a_wake_is_heard_in_a_batch_of_one_beside_a_ready_source() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.readable_pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Level);
        let waker = world.waker(Token(2)).unwrap();
        let mut events = Events::with_capacity(1);
        for _ in 0..20 {
            waker.wake().unwrap();
            let mut seen = tokens(&next_into(world, &mut events));
            seen.extend(tokens(&next_into(world, &mut events)));
            seen.sort_unstable();
            assert_eq!(seen, [1, 2]);
        }
    });
}

#[test]
fn a_wake_reaches_one_of_several_waiters() {
    for_each_backend(|world| {
        let _busy = world.busy();
        const ROUNDS: usize = 300;
        let waker = world.waker(Token(1)).unwrap();
        let stop = world.waker(Token(2)).unwrap();
        let heard = AtomicUsize::new(0);
        let (tell, told) = channel();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let (heard, tell) = (&heard, tell.clone());
                scope.spawn(move || {
                    let mut events = Events::with_capacity(1);
                    look_into(world, &mut events);
                    tell.send(()).unwrap();
                    while tokens(&next_into(world, &mut events)) == [1] {
                        heard.fetch_add(1, Ordering::SeqCst);
                        tell.send(()).unwrap();
                    }
                });
            }
            for _ in 0..3 {
                told.recv_timeout(CAP).unwrap();
            }
            for _ in 0..ROUNDS {
                waker.wake().unwrap();
                told.recv_timeout(CAP).unwrap();
            }
            stop.wake_all().unwrap();
        });
        assert_eq!(heard.load(Ordering::SeqCst), ROUNDS);
    });
}

/// The second wake finds the first one pending and asks nothing of the system: who takes the first
/// must see to it that the second is heard.
#[test]
fn two_wakes_at_once_reach_two_waiters() {
    for_each_backend(|world| {
        let _busy = world.busy();
        const ROUNDS: usize = 1_000;
        let wakers = [1, 2].map(|n| world.waker(Token(n)).unwrap());
        let (tell, told) = channel();
        std::thread::scope(|scope| {
            let go = [(); 2].map(|()| {
                let (go, gone) = channel::<()>();
                let tell = tell.clone();
                scope.spawn(move || {
                    let mut events = Events::with_capacity(1);
                    while gone.recv().is_ok() {
                        tell.send(tokens(&next_into(world, &mut events))).unwrap();
                    }
                });
                go
            });
            for n in 0..ROUNDS {
                for go in &go {
                    go.send(()).unwrap();
                }
                // Now they sleep already, now they do not.
                (0..n % 32).for_each(|_| std::thread::yield_now());
                for waker in &wakers {
                    waker.wake().unwrap();
                }
                let mut heard = [(); 2].map(|()| told.recv_timeout(CAP).unwrap());
                heard.sort_unstable();
                assert_eq!(heard, [[1], [2]]);
            }
        });
    });
}

#[test]
fn wakes_that_race_for_the_waiters_are_all_heard() {
    for_each_backend(|world| {
        let _busy = world.busy();
        const ROUNDS: usize = 2_000;
        // Each waker wakes again when its last wake was heard, so that none merges.
        let (sender, acknowledged): (Vec<_>, Vec<_>) = (0..3).map(|_| channel::<()>()).unzip();
        let wakers: Vec<_> = (0..3).map(|n| world.waker(Token(n)).unwrap()).collect();
        let stop = world.waker(Token(9)).unwrap();
        std::thread::scope(|scope| {
            let waking: Vec<_> = wakers
                .iter()
                .zip(acknowledged)
                .map(|(waker, heard)| {
                    scope.spawn(move || {
                        for _ in 0..ROUNDS {
                            waker.wake().unwrap();
                            heard.recv_timeout(CAP).unwrap();
                        }
                    })
                })
                .collect();
            for capacity in [1, 2] {
                let sender = sender.clone();
                scope.spawn(move || {
                    let mut events = Events::with_capacity(capacity);
                    loop {
                        for token in tokens(&next_into(world, &mut events)) {
                            match sender.get(token) {
                                Some(sender) => sender.send(()).unwrap(),
                                None => return,
                            }
                        }
                    }
                });
            }
            for thread in waking {
                thread.join().unwrap();
            }
            // Also for a thread that has not waited yet: a new batch is told of every one there was.
            stop.wake_all().unwrap();
        });
    });
}

#[test]
fn a_wake_all_reaches_every_waiter() {
    for_each_backend(|world| {
        let _busy = world.busy();
        const THREADS: usize = 5;
        const ROUNDS: usize = 100;
        let all = world.waker(Token(1)).unwrap();
        let (tell, told) = channel();
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                let tell = tell.clone();
                scope.spawn(move || {
                    let mut events = Events::with_capacity(2);
                    look_into(world, &mut events);
                    tell.send(()).unwrap();
                    for _ in 0..ROUNDS {
                        assert_eq!(
                            next_into(world, &mut events),
                            Ready::from([(1, Readiness::READABLE)])
                        );
                        tell.send(()).unwrap();
                    }
                });
            }
            for _ in 0..=ROUNDS {
                for _ in 0..THREADS {
                    told.recv_timeout(CAP).unwrap();
                }
                all.wake_all().unwrap();
            }
        });
    });
}

#[test]
fn a_wake_all_reaches_who_was_busy() {
    for_each_backend(|world| {
        let all = world.waker(Token(1)).unwrap();
        let mut batches = [1, 2, 64].map(Events::with_capacity);
        for events in &mut batches {
            assert!(look_into(world, events).is_empty());
        }
        for _ in 0..3 {
            all.wake_all().unwrap();
            all.wake_all().unwrap();
            for events in &mut batches {
                assert_eq!(tokens(&next_into(world, events)), [1]);
                assert!(look_into(world, events).is_empty());
            }
        }
    });
}

#[test]
fn wake_alls_of_several_wakers_all_arrive() {
    for_each_backend(|world| {
        let wakers: Vec<_> = (0..5).map(|n| world.waker(Token(n)).unwrap()).collect();
        let mut batches = [1, 3, 64].map(Events::with_capacity);
        for events in &mut batches {
            look_into(world, events);
        }
        for waker in &wakers {
            waker.wake_all().unwrap();
        }
        for events in &mut batches {
            let mut seen = Vec::new();
            while seen.len() < wakers.len() {
                seen.extend(tokens(&next_into(world, events)));
            }
            seen.sort_unstable();
            assert_eq!(seen, [0, 1, 2, 3, 4]);
            assert!(look_into(world, events).is_empty());
        }
    });
}

#[test]
fn a_wake_all_is_heard_although_its_waker_is_gone() {
    for_each_backend(|world| {
        let mut events = Events::with_capacity(4);
        look_into(world, &mut events);
        let waker = world.waker(Token(1)).unwrap();
        waker.wake_all().unwrap();
        drop(waker);
        assert_eq!(tokens(&next_into(world, &mut events)), [1]);
    });
}

#[test]
fn more_wakers_than_a_word_has_bits_are_all_heard() {
    for_each_backend(|world| {
        let wakers: Vec<_> = (0..200).map(|n| world.waker(Token(n)).unwrap()).collect();
        for step in [1, 3, 63, 64, 65] {
            let woken: Vec<usize> = (0..200).step_by(step).collect();
            for n in &woken {
                wakers[*n].wake().unwrap();
            }
            let mut events = Events::with_capacity(400);
            assert_eq!(tokens(&look_into(world, &mut events)), woken);
            assert_silent(world);
        }
    });
}

#[test]
fn a_waker_keeps_its_poller() {
    for_each_backend(|world| {
        let other = world.another().unwrap();
        let waker = other.waker(Token(1)).unwrap();
        drop(other);
        waker.wake().unwrap();
        waker.wake_all().unwrap();
    });
}
