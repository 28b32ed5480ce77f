//! Semantic 11 of the design: a child of `fork` touches nothing of its parent's poller. It stands
//! here because `fork` takes unsafe code.
//!
//! CHILD: the child is a copy of one thread. It runs code that takes no lock of another thread's but
//! the allocator's, which the C libraries make usable in a child, and leaves by `_exit`.

mod beside;

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use poll_core::channel::{self, SendError};
use poll_core::{
    Backend, Events, Interest, Mode, Poller, Readiness, RegisterError, Registration, Token,
    WakeError, Waker,
};

/// A child that takes longer hangs: SIGALRM ends it.
const LONGEST_SECONDS: u32 = 60;
const READ: Interest = Interest::READABLE;

/// Runs `body` in a child of `fork`; whether it returned true.
fn in_child(body: impl FnOnce() -> bool) -> bool {
    // SAFETY: 1. fork(2) has no memory precondition. 2. What the child does is CHILD.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "{}", io::Error::last_os_error());
    if pid == 0 {
        // SAFETY: 1. alarm(2) takes an integer.
        unsafe { libc::alarm(LONGEST_SECONDS) };
        let good = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(false);
        // SAFETY: 1. _exit(2) takes an integer and does not return.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    let mut status = 0;
    // SAFETY: 1. `pid` is a child of ours that nobody else waits for. 2. The pointer is to a live
    // local.
    let waited = unsafe { libc::waitpid(pid, std::ptr::from_mut(&mut status), 0) };
    assert_eq!(waited, pid);
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}

/// A poller with a ready source, its peer, and a waker.
struct Parent {
    poller: Poller,
    guard: Registration<UnixStream>,
    peer: UnixStream,
    waker: Waker,
}

impl Parent {
    fn new(backend: Backend) -> Self {
        let poller = Poller::with_backend(backend).unwrap();
        let (ours, peer) = ready_pair();
        let guard = poller.register(ours, Token(1), READ, Mode::Level).unwrap();
        let waker = poller.waker(Token(2)).unwrap();
        Self { poller, guard, peer, waker }
    }

    /// The source is still watched, and nothing else is reported.
    fn assert_untouched(&self) {
        for _ in 0..3 {
            assert_eq!(look(&self.poller), [Token(1)]);
        }
        assert_eq!((self.guard.token(), self.guard.interest()), (Token(1), Some(READ)));
        self.waker.wake().unwrap();
        assert_eq!(look(&self.poller), [Token(1), Token(2)]);
    }
}

fn ready_pair() -> (UnixStream, UnixStream) {
    let (ours, peer) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    io::Write::write_all(&mut &peer, b"x").unwrap();
    (ours, peer)
}

fn look(poller: &Poller) -> Vec<Token> {
    let mut events = Events::with_capacity(16);
    poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
    let mut tokens: Vec<Token> = events.iter().map(|event| event.token()).collect();
    tokens.sort_unstable();
    tokens
}

/// One test at a time: the threads of another could hold the allocator's lock for longer than a fork
/// of ours should wait.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `test` on each backend.
fn for_each_backend(test: impl Fn(Parent)) {
    let _alone = alone();
    for backend in Backend::available() {
        eprintln!("on {backend:?}");
        test(Parent::new(*backend));
    }
}

fn is_forked(result: Result<(), RegisterError>) -> bool {
    matches!(result, Err(RegisterError::Forked))
}

#[test]
fn every_call_of_a_child_is_forked() {
    for_each_backend(|parent| {
        let Parent { poller, guard, peer, waker } = &parent;
        let (other, _peer) = ready_pair();
        assert!(in_child(|| {
            let wait = |timeout| {
                let mut events = Events::with_capacity(4);
                let error = poller.wait(&mut events, timeout).unwrap_err();
                let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
                matches!(inner, Some(RegisterError::Forked)) && events.is_empty()
            };
            let rejected = poller.register(peer, Token(9), READ, Mode::Level).map(drop);
            is_forked(rejected.map_err(Into::into))
                && is_forked(poller.add(&other, Token(9), READ, Mode::Level))
                && is_forked(poller.modify(&**guard, Token(9), READ, Mode::Oneshot))
                && is_forked(poller.delete(&**guard))
                && is_forked(guard.arm(Interest::WRITABLE, Mode::Oneshot))
                && is_forked(guard.arm(READ, Mode::Level))
                && is_forked(guard.disarm())
                && is_forked(guard.set_token(Token(9)))
                && is_forked(poller.reserve(&other, Token(9)).arm(READ, Mode::Level))
                && is_forked(poller.waker(Token(9)).map(drop))
                && waker.wake() == Err(WakeError::Forked)
                && waker.wake_all() == Err(WakeError::Forked)
                && wait(None)
                && wait(Some(Duration::ZERO))
                && wait(Some(Duration::MAX))
        }));
        parent.assert_untouched();
    });
}

#[test]
fn what_a_child_drops_stays_with_its_parent() {
    for_each_backend(|parent| {
        let (second, _peer) = ready_pair();
        let second = parent.poller.reserve(second, Token(3));
        // Each value is the child's own copy: what it does to it the parent cannot see.
        let mut parent = Some(parent);
        let mut second = Some(second);
        assert!(in_child(|| {
            drop(second.take());
            drop(parent.take());
            true
        }));
        parent.unwrap().assert_untouched();
    });
}

#[test]
fn a_child_that_closes_deregisters_or_abandons_leaves_its_parent_s_registration() {
    let ways: [fn(Registration<UnixStream>); 3] =
        [Registration::close, |guard| drop(guard.deregister()), |guard| drop(guard.abandon())];
    for way in ways {
        for_each_backend(|parent| {
            let Parent { poller, guard, peer, waker } = parent;
            let mut guard = Some(guard);
            assert!(in_child(|| {
                way(guard.take().unwrap());
                true
            }));
            Parent { poller, guard: guard.unwrap(), peer, waker }.assert_untouched();
        });
    }
}

#[test]
fn a_child_closes_its_own_copy_of_a_source() {
    for_each_backend(|parent| {
        let number = parent.guard.as_raw_fd();
        let mut parent = Some(parent);
        let closed = in_child(|| {
            drop(parent.take());
            // SAFETY: 1. fcntl(2) F_GETFD takes integers and changes nothing.
            unsafe { libc::fcntl(number, libc::F_GETFD) == -1 }
        });
        assert!(closed);
        parent.unwrap().assert_untouched();
    });
}

#[test]
fn a_poller_that_a_child_makes_is_its_own() {
    for_each_backend(|parent| {
        let Parent { poller, guard, .. } = &parent;
        assert!(in_child(|| {
            let own = Poller::with_backend(poller.backend()).unwrap();
            let watched = own.register(&**guard, Token(7), READ, Mode::Level).unwrap();
            let waker = own.waker(Token(8)).unwrap();
            waker.wake().unwrap();
            let seen = look(&own) == [Token(7), Token(8)];
            drop(watched);
            seen && look(&own).is_empty() && is_forked(poller.delete(&**guard))
        }));
        parent.assert_untouched();
    });
}

#[test]
fn a_grandchild_is_forked_for_both() {
    for_each_backend(|parent| {
        let poller = &parent.poller;
        assert!(in_child(|| {
            let own = Poller::with_backend(poller.backend()).unwrap();
            in_child(|| {
                [poller, &own].iter().all(|poller| is_forked(poller.waker(Token(9)).map(drop)))
            }) && look(&own).is_empty()
        }));
        parent.assert_untouched();
    });
}

#[test]
fn a_descriptor_that_a_child_keeps_open_is_not_reported_after_its_guard_is_gone() {
    for_each_backend(|parent| {
        let Parent { poller, guard, peer, .. } = parent;
        let (mut held, end) = UnixStream::pair().unwrap();
        std::thread::scope(|scope| {
            // Keeps its copy of everything until it is told to go.
            let child = scope.spawn(move || {
                in_child(|| {
                    io::Write::write(&mut &end, b"x").is_ok()
                        && io::Read::read(&mut &end, &mut [0]).is_ok()
                })
            });
            io::Read::read_exact(&mut held, &mut [0]).unwrap();
            drop(guard);
            let silent = look(&poller).is_empty();
            io::Write::write_all(&mut held, b"x").unwrap();
            assert!(child.join().unwrap());
            assert!(silent);
        });
        drop(peer);
    });
}

#[test]
fn a_child_is_told_whatever_locks_its_parent_s_threads_held() {
    for_each_backend(|parent| {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let (ours, _peer) = ready_pair();
                    let mut events = Events::with_capacity(4);
                    while !over.load(Ordering::Relaxed) {
                        let watched =
                            parent.poller.register(&ours, Token(9), READ, Mode::Oneshot).unwrap();
                        watched.arm(Interest::WRITABLE, Mode::Level).unwrap();
                        drop(watched);
                        parent.poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
                        drop(parent.poller.waker(Token(9)).unwrap());
                    }
                });
            }
            for _ in 0..100 {
                let told = in_child(|| {
                    is_forked(parent.poller.delete(&*parent.guard))
                        && is_forked(parent.guard.set_token(Token(9)))
                        && is_forked(parent.poller.waker(Token(9)).map(drop))
                        && parent.waker.wake_all() == Err(WakeError::Forked)
                });
                if !told {
                    over.store(true, Ordering::Relaxed);
                }
                assert!(told);
            }
            over.store(true, Ordering::Relaxed);
        });
        parent.assert_untouched();
    });
}

#[test]
fn what_is_no_kernels_is_its_parents_too() {
    for_each_backend(|parent| {
        let poller = &parent.poller;
        let notifier = poller.notifier(Token(3), Mode::Level).unwrap();
        let (sender, receiver) = channel::bounded(poller, Token(4), 1).unwrap();
        let (mut ends, mut child_s) = (Some((sender, receiver)), Some(notifier.clone()));
        assert!(in_child(|| {
            let (sender, receiver) = ends.take().unwrap();
            let told = notifier.set(Readiness::READABLE) == Err(WakeError::Forked)
                && sender.send(1) == Err(SendError::Forked(1))
                && sender.try_send(2) == Err(SendError::Forked(2))
                && is_forked(poller.notifier(Token(9), Mode::Level).map(drop))
                && is_forked(channel::unbounded::<u8>(poller, Token(9)).map(drop));
            drop((sender, receiver, child_s.take()));
            told
        }));
        parent.assert_untouched();
        notifier.set(Readiness::READABLE).unwrap();
        let (sender, receiver) = ends.unwrap();
        sender.send(7).unwrap();
        assert_eq!(look(poller), [Token(1), Token(3), Token(4)]);
        assert_eq!(receiver.try_recv(), Ok(7));
    });
}

#[test]
fn the_last_notifier_of_a_child_frees_no_place_of_its_parent() {
    for_each_backend(|parent| {
        let mut notifier = Some(parent.poller.notifier(Token(3), Mode::Level).unwrap());
        notifier.as_ref().unwrap().set(Readiness::READABLE).unwrap();
        let mut waker = Some(parent.poller.waker(Token(4)).unwrap());
        assert!(in_child(|| {
            drop((notifier.take(), waker.take()));
            true
        }));
        assert_eq!(look(&parent.poller), [Token(1), Token(3)]);
        waker.unwrap().wake().unwrap();
        assert_eq!(look(&parent.poller), [Token(1), Token(3), Token(4)]);
    });
}

#[test]
fn a_child_that_closes_or_abandons_an_idle_guard_calls_nobody() {
    let ways: [fn(Registration<UnixStream>); 2] =
        [Registration::close, |guard| drop(guard.abandon())];
    for way in ways {
        for_each_backend(|parent| {
            let (ours, _peer) = ready_pair();
            let mut idle = Some(parent.poller.reserve(ours, Token(3)));
            assert!(in_child(|| {
                way(idle.take().unwrap());
                true
            }));
            parent.assert_untouched();
        });
    }
}
