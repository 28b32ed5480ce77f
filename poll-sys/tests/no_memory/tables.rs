//! Registrations, waits, and the map of tokens.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::Duration;

use poll_core::{Backend, Events, Interest, Mode, Poller, Registration, Rejected, Token, Tokens};

use crate::allocator::{Failure, with_failure};
use crate::pollers::{is_no_memory, is_refused, reported};
use crate::sweep;

const READ: Interest = Interest::READABLE;
/// Tables have grown several times by then.
const SOURCES: usize = 40;

/// A stream with something to read, and its peer.
fn ready() -> (UnixStream, UnixStream) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(b"x").unwrap();
    (ours, theirs)
}

struct World {
    poller: Poller,
    guards: Vec<Registration<UnixStream>>,
    _peers: Vec<UnixStream>,
    /// To be registered.
    next: Option<UnixStream>,
}

fn world(backend: Backend, count: usize) -> World {
    let poller = Poller::with_backend(backend).unwrap();
    let mut guards = Vec::with_capacity(count + 1);
    let mut peers = Vec::new();
    for n in 0..count {
        let (ours, theirs) = ready();
        guards.push(poller.register(ours, Token(n), READ, Mode::Level).unwrap());
        peers.push(theirs);
    }
    let (next, theirs) = ready();
    peers.push(theirs);
    World { poller, guards, _peers: peers, next: Some(next) }
}

/// How many failures each backend has to have met: epoll has no table.
fn met(backend: Backend, failed: u32) {
    assert_eq!(failed > 0, backend != Backend::Epoll, "{backend:?}: {failed}");
}

#[test]
fn a_registration_that_is_refused_gives_its_source_back() {
    for backend in Backend::available() {
        let mut failed = 0;
        for count in 0..SOURCES {
            failed += sweep(
                || world(*backend, count),
                |world| {
                    let next = world.next.take().expect("given back");
                    let done = world.poller.register(next, Token(count), READ, Mode::Level);
                    done.map_err(|rejected: Rejected<UnixStream>| {
                        let (source, error) = rejected.into_parts();
                        world.next = Some(source);
                        error
                    })
                },
                is_refused,
                |world| assert_eq!(reported(&world.poller), Vec::from_iter(0..count)),
                |world, guard| {
                    world.guards.push(guard);
                    assert_eq!(reported(&world.poller), Vec::from_iter(0..=count));
                },
            );
        }
        met(*backend, failed);
    }
}

#[test]
fn a_guard_that_cannot_be_armed_stays_idle() {
    for backend in Backend::available() {
        let mut failed = 0;
        for count in 0..SOURCES {
            failed += sweep(
                || {
                    let mut world = world(*backend, count);
                    let next = world.next.take().expect("new");
                    world.guards.push(world.poller.reserve(next, Token(count)));
                    world
                },
                |world| world.guards[count].arm(READ, Mode::Oneshot),
                is_refused,
                |world| {
                    assert_eq!(world.guards[count].interest(), None);
                    assert_eq!(reported(&world.poller), Vec::from_iter(0..count));
                },
                |world, ()| assert_eq!(reported(&world.poller), Vec::from_iter(0..=count)),
            );
        }
        met(*backend, failed);
    }
}

#[test]
fn a_wait() {
    for timeout in [Duration::ZERO, Duration::from_millis(1), Duration::from_secs(60)] {
        for backend in Backend::available() {
            let failed = sweep(
                || (world(*backend, SOURCES), Events::with_capacity(SOURCES)),
                |(world, events)| world.poller.wait(events, Some(timeout)),
                is_no_memory,
                |(_, events)| assert!(events.is_empty()),
                |_, n| assert_eq!(n, SOURCES),
            );
            // The others have reserved when a source was registered what a wait needs.
            assert_eq!(failed > 0, *backend == Backend::Poll, "{backend:?}: {failed}");
        }
    }
}

#[test]
fn no_end_of_a_registration_needs_any() {
    for backend in Backend::available() {
        let world = world(*backend, SOURCES);
        let mut guards = world.guards;
        let ((), failed) = with_failure(1, Failure::AllFromThere, || {
            guards.pop().expect("many").disarm().unwrap();
            drop(guards.pop().expect("many").deregister());
            guards.pop().expect("many").close();
            guards.pop().expect("many").abandon();
            guards.clear();
        });
        assert!(!failed, "{backend:?}");
    }
}

/// Dropped while another thread polls it: the table would keep its duplicate, and cannot.
#[test]
fn a_drop_while_another_thread_waits() {
    for backend in Backend::available() {
        let poller = Poller::with_backend(*backend).unwrap();
        let stop = poller.waker(Token::fixed(0)).unwrap();
        let (quiet, mut peer) = UnixStream::pair().unwrap();
        let guard = poller.register(quiet, Token(1), READ, Mode::Level).unwrap();
        let (seen, heard) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut events = Events::with_capacity(4);
                loop {
                    poller.wait(&mut events, Some(Duration::from_secs(60))).unwrap();
                    for event in &events {
                        seen.send(event.token()).unwrap();
                        if event.token() == stop.token() {
                            return;
                        }
                    }
                }
            });
            let ((), _) = with_failure(1, Failure::AllFromThere, || drop(guard));
            stop.wake().unwrap();
        });
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [stop.token()]);
        // Not before that thread is out of the kernel, which holds what it polls (fs/select.c).
        assert_eq!(peer.write(b"x").unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    }
}

#[test]
fn the_map_of_tokens() {
    let mut failed = 0;
    for count in 0..SOURCES {
        failed += sweep(
            || {
                let mut tokens = Tokens::new();
                let all: Vec<Token> = (0..count).map(|n| tokens.insert(n)).collect();
                // Every third slot is free.
                assert!(all.iter().step_by(3).all(|token| tokens.remove(*token).is_some()));
                (tokens, all)
            },
            |(tokens, _)| tokens.try_reserve(20),
            |_| true,
            |(tokens, all)| {
                assert_eq!(tokens.len(), all.len() - all.len().div_ceil(3));
                assert!(
                    all.iter()
                        .enumerate()
                        .all(|(n, token)| tokens.contains(*token) != (n % 3 == 0))
                );
            },
            |(tokens, _), ()| {
                let ((), failed) = with_failure(1, Failure::AllFromThere, || {
                    assert!((0..20).all(|n| tokens.insert(n) != Token::fixed(0)));
                });
                assert!(!failed, "there was room");
            },
        );
    }
    assert!(failed > 0);
}
