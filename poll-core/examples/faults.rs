//! Does every operation of a poller, compares what is reported with a model after each, and takes a
//! failure of any of them as long as it changed nothing and the next try works.
//!
//! Alone it merely runs: `cargo run -p poll-core --example faults -- epoll`. `cargo xtask faults` runs it
//! under strace, which makes the k-th call of a syscall fail, for every syscall, error and k.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use poll_core::{
    Backend, Events, Interest, Mode, Poller, RegisterError, Registration, Rejected, Token,
};

const WAKE: Token = Token::fixed(1000);
const SPARE: Token = Token::fixed(2000);

/// Tries until it works; there is one fault a run, so the second try must.
struct Tries {
    operations: usize,
    failed: usize,
}

impl Tries {
    /// `unchanged` is called after a failure, and must find everything as it was.
    fn go<T, E: Debug>(
        &mut self,
        name: &str,
        mut operation: impl FnMut() -> Result<T, E>,
        unchanged: impl Fn(),
    ) -> T {
        self.operations += 1;
        match operation() {
            Ok(done) => done,
            Err(error) => {
                self.failed += 1;
                println!("{name}: {error:?}");
                unchanged();
                operation().unwrap_or_else(|error| panic!("{name} failed twice: {error:?}"))
            }
        }
    }
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("/proc is mounted").count()
}

fn pair() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    ours.set_nonblocking(true).expect("a mode");
    theirs.set_nonblocking(true).expect("a mode");
    (ours, theirs)
}

/// Waits without sleeping; an error comes before any event, so that the second try has them all.
fn look(tries: &mut Tries, poller: &Poller, events: &mut Events) -> BTreeSet<usize> {
    tries.go("look", || poller.wait(events, Some(Duration::ZERO)).map(drop), || {});
    events.iter().map(|event| event.token().0).collect()
}

/// Whether exactly the sources in `model` are reported when every peer has written.
fn compare(
    tries: &mut Tries,
    poller: &Poller,
    sources: &[(&UnixStream, &UnixStream)],
    model: &[usize],
) {
    let mut events = Events::with_capacity(64);
    for &(_, mut peer) in sources {
        peer.write_all(b"x").expect("room for a byte");
    }
    let found = look(tries, poller, &mut events);
    assert_eq!(found, model.iter().copied().collect(), "reported and model differ");
    for &(mut ours, _) in sources {
        let mut buffer = [0; 64];
        match ours.read(&mut buffer) {
            Ok(n) => assert!(n > 0),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
}

/// Registers; a source that was rejected comes back whole.
fn register(
    tries: &mut Tries,
    poller: &Poller,
    mut source: UnixStream,
    token: usize,
    mode: Mode,
) -> Registration<UnixStream> {
    tries.operations += 1;
    for last in [false, true] {
        match poller.register(source, Token(token), Interest::READABLE, mode) {
            Ok(guard) => return guard,
            Err(rejected) if last => panic!("register failed twice: {rejected:?}"),
            Err(rejected) => {
                tries.failed += 1;
                println!("register: {rejected:?}");
                source = Rejected::into_source(rejected);
            }
        }
    }
    unreachable!("returned or panicked above")
}

fn life(backend: Backend, tries: &mut Tries) -> io::Result<()> {
    let before = open_descriptors();
    let poller = tries.go(
        "new",
        || Poller::with_backend(backend),
        || assert_eq!(open_descriptors(), before, "a failed poller left a descriptor"),
    );
    let (a, a_peer) = pair();
    let (b, b_peer) = pair();
    let (c, c_peer) = pair();

    let a = register(tries, &poller, a, 1, Mode::Level);
    let b = register(tries, &poller, b, 2, Mode::Oneshot);
    compare(tries, &poller, &[(&a, &a_peer), (&b, &b_peer)], &[1, 2]);
    // The oneshot is spent.
    compare(tries, &poller, &[(&a, &a_peer), (&b, &b_peer)], &[1]);

    let read = Interest::READABLE;
    tries.go("arm", || b.arm(read, Mode::Oneshot), || assert_eq!(b.interest(), Some(read)));
    compare(tries, &poller, &[(&a, &a_peer), (&b, &b_peer)], &[1, 2]);

    tries.go("disarm", || a.disarm(), || {});
    assert_eq!(a.interest(), None);
    compare(tries, &poller, &[(&a, &a_peer)], &[]);
    tries.go("arm idle", || a.arm(read, Mode::Level), || assert_eq!(a.interest(), None));
    compare(tries, &poller, &[(&a, &a_peer)], &[1]);

    tries.go("set_token", || a.set_token(Token(11)), || assert_eq!(a.token(), Token(1)));
    compare(tries, &poller, &[(&a, &a_peer)], &[11]);

    let add = || poller.add(&c, Token(3), read, Mode::Level);
    tries
        .go("add", add, || assert!(matches!(poller.delete(&c), Err(RegisterError::NotRegistered))));
    compare(tries, &poller, &[(&a, &a_peer), (&c, &c_peer)], &[3, 11]);
    tries.go("modify", || poller.modify(&c, SPARE, read, Mode::Oneshot), || {});
    compare(tries, &poller, &[(&a, &a_peer), (&c, &c_peer)], &[SPARE.0, 11]);
    tries.go("delete", || poller.delete(&c), || {});
    compare(tries, &poller, &[(&a, &a_peer), (&c, &c_peer)], &[11]);

    wakes(tries, &poller);
    times(tries, &poller);

    // Two guards go by drop and by close; nothing of them is left behind.
    drop(b);
    a.close();
    compare(tries, &poller, &[(&c, &c_peer)], &[]);
    drop((poller, a_peer, b_peer, c, c_peer));
    assert_eq!(open_descriptors(), before, "a descriptor was leaked");
    Ok(())
}

/// A wake from another thread ends a sleep, also if the first one was refused.
fn wakes(tries: &mut Tries, poller: &Poller) {
    let waker = poller.waker(WAKE).expect("no syscall is made");
    let mut events = Events::with_capacity(4);
    for _ in 0..3 {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let mut tries = Tries { operations: 0, failed: 0 };
                tries.go("wake", || waker.wake(), || {});
                tries
            });
            tries.go("sleep", || poller.wait(&mut events, None).map(drop), || {});
            assert_eq!(events.iter().map(|e| e.token()).collect::<Vec<_>>(), [WAKE]);
            let theirs = other.join().expect("the waker's thread");
            tries.operations += theirs.operations;
            tries.failed += theirs.failed;
        });
    }
}

/// No wait ends before its time, whatever interrupts it.
fn times(tries: &mut Tries, poller: &Poller) {
    let mut events = Events::with_capacity(4);
    for timeout in [Duration::from_micros(300), Duration::from_millis(1)] {
        let begun = std::time::Instant::now();
        let n = tries.go("time", || poller.wait(&mut events, Some(timeout)), || {});
        assert_eq!(n, 0);
        assert!(begun.elapsed() >= timeout, "the wait ended early");
    }
}

fn main() -> io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let backend = Backend::available().iter().find(|b| format!("{b:?}").to_lowercase() == name);
    let Some(backend) = backend else {
        return Err(io::Error::other(format!("which of {:?}?", Backend::available())));
    };
    let mut tries = Tries { operations: 0, failed: 0 };
    // The first life meets the fault, the second finds a healthy process.
    for _ in 0..2 {
        life(*backend, &mut tries)?;
    }
    println!("ok: {} operations, {} failed", tries.operations, tries.failed);
    Ok(())
}
