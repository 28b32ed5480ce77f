//! How often each operation asks for memory: never, once everything has been made. Counted for the
//! calling thread, by a counting allocator.
#![forbid(unsafe_code)]

mod kernel;
mod user;

use std::os::unix::net::UnixStream;
use std::time::Duration;

use poll_core::{Backend, Events, Interest, Mode, Poller, Token, Waker};

const SOURCES: usize = 200;
const READ: Interest = Interest::READABLE;

/// How many allocations `body` makes.
fn allocations(body: impl FnOnce()) -> u64 {
    allocation_counter::measure(body).count_total
}

fn for_each_backend(test: impl Fn(&Poller)) {
    for backend in Backend::available() {
        eprintln!("on {backend:?}");
        test(&Poller::with_backend(*backend).unwrap());
    }
}

fn pair() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (ours, theirs)
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn the_whole_life_of_a_registration_allocates_nothing_once_the_tables_have_grown() {
    for_each_backend(|poller| {
        let (ours, theirs) = pair();
        std::io::Write::write_all(&mut &theirs, b"x").unwrap();
        let mut events = Events::with_capacity(8);
        let mut life = || {
            let guard = poller.register(&ours, Token(1), READ, Mode::Level).unwrap();
            assert_eq!(poller.wait(&mut events, Some(Duration::ZERO)).unwrap(), 1);
            assert_eq!(poller.wait(&mut events, None).unwrap(), 1);
            guard.arm(Interest::WRITABLE | READ, Mode::Oneshot).unwrap();
            assert_eq!(poller.wait(&mut events, None).unwrap(), 1);
            guard.arm(READ, Mode::Oneshot).unwrap();
            guard.set_token(Token(2)).unwrap();
            guard.disarm().unwrap();
            guard.arm(READ, Mode::Level).unwrap();
            guard.deregister();
            drop(poller.register(&ours, Token(1), READ, Mode::Level).unwrap());
            poller.add(&ours, Token(1), READ, Mode::Level).unwrap();
            poller.modify(&ours, Token(1), READ, Mode::Oneshot).unwrap();
            poller.delete(&ours).unwrap();
        };
        life();
        assert_eq!(allocations(|| (0..100).for_each(|_| life())), 0);
    });
}

#[test]
fn registering_grows_nothing_on_epoll_and_tables_now_and_then_elsewhere() {
    for_each_backend(|poller| {
        let pairs: Vec<_> = std::iter::repeat_with(pair).take(SOURCES).collect();
        let mut guards = Vec::with_capacity(SOURCES);
        let made = allocations(|| {
            for (n, (ours, _)) in pairs.iter().enumerate() {
                guards.push(poller.register(ours, Token(n), READ, Mode::Level).unwrap());
            }
        });
        match poller.backend() {
            Backend::Epoll => assert_eq!(made, 0),
            _ => assert!(made <= SOURCES as u64 / 4, "{made} for {SOURCES} sources"),
        }
        assert_eq!(allocations(|| guards.clear()), 0);
    });
}

#[test]
fn reserving_and_dropping_an_idle_guard_allocates_nothing() {
    for_each_backend(|poller| {
        let (ours, _theirs) = pair();
        assert_eq!(allocations(|| drop(poller.reserve(&ours, Token(1)))), 0);
    });
}

#[test]
fn a_wait_allocates_nothing_however_it_ends() {
    for_each_backend(|poller| {
        let (ours, theirs) = pair();
        let _guard = poller.register(&ours, Token(1), READ, Mode::Level).unwrap();
        let mut events = Events::with_capacity(4);
        let mut waits = || {
            for timeout in [0, 1, 1_000, 1_001].map(Duration::from_micros) {
                assert_eq!(poller.wait(&mut events, Some(timeout)).unwrap(), 0);
                poller.wait_until(&mut events, Some(poller.now() + timeout)).unwrap();
            }
        };
        waits();
        assert_eq!(allocations(waits), 0);
        std::io::Write::write_all(&mut &theirs, b"x").unwrap();
        let read = || {
            assert_eq!(poller.wait(&mut events, None).unwrap(), 1);
            assert_eq!(events.iter().filter(|event| event.is_readable()).count(), 1);
        };
        assert_eq!(allocations(read), 0);
    });
}

#[test]
fn wakes_allocate_nothing_and_neither_do_the_waits_that_hear_them() {
    for_each_backend(|poller| {
        let wakers: Vec<Waker> = (0..70).map(|n| poller.waker(Token(n)).unwrap()).collect();
        let mut events = Events::with_capacity(200);
        let mut round = || {
            for waker in &wakers {
                waker.wake().unwrap();
                waker.wake().unwrap();
                drop(waker.clone());
            }
            assert_eq!(poller.wait(&mut events, None).unwrap(), 70);
        };
        round();
        assert_eq!(allocations(round), 0);
    });
}

#[test]
fn the_wake_alls_of_a_token_allocate_nothing_after_the_first() {
    for_each_backend(|poller| {
        let waker = poller.waker(Token(1)).unwrap();
        let mut events = Events::with_capacity(4);
        poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
        let mut round = || {
            waker.wake_all().unwrap();
            assert_eq!(poller.wait(&mut events, None).unwrap(), 1);
        };
        round();
        assert_eq!(allocations(round), 0);
    });
}

#[test]
fn a_wake_from_another_thread_allocates_nothing() {
    for_each_backend(|poller| {
        let waker = poller.waker(Token(1)).unwrap();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let mut events = Events::with_capacity(4);
                let wait = || assert_eq!(poller.wait(&mut events, None).unwrap(), 1);
                allocations(wait)
            });
            let mut made = 0;
            while !waiter.is_finished() {
                made += allocations(|| waker.wake().unwrap());
            }
            assert_eq!(made, 0);
            // poll(2) copies its list for the first wait of all.
            assert!(waiter.join().unwrap() <= 2);
        });
    });
}

#[test]
fn an_error_of_a_type_allocates_nothing() {
    for_each_backend(|poller| {
        let (ours, _theirs) = pair();
        let fail = || {
            poller.modify(&ours, Token(1), READ, Mode::Level).unwrap_err();
            poller.delete(&ours).unwrap_err();
            poller.register(&ours, Token(usize::MAX), READ, Mode::Level).unwrap_err();
            poller.waker(Token(usize::MAX)).unwrap_err();
        };
        assert_eq!(allocations(fail), 0);
    });
}

#[test]
fn the_places_of_wakers_and_notifiers_that_are_gone_are_used_again() {
    for_each_backend(|poller| {
        let kept = |body: &dyn Fn()| allocation_counter::measure(body).bytes_current;
        let lives = || {
            for n in 0..1000 {
                drop(poller.waker(Token(n)).unwrap());
                drop(poller.notifier(Token(n), Mode::Level).unwrap());
            }
        };
        lives();
        assert_eq!(kept(&lives), 0);
    });
}
