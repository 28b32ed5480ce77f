//! What the tests share: one world after the other, descriptors counted, waits that end.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use poll_core::{Backend, Events, Interest, Mode, Poller, Readiness, Token};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

pub(crate) use crate::world::*;

/// No wait of a test lasts longer; it fails instead.
pub(crate) const CAP: Duration = Duration::from_secs(60);

/// No test lasts longer: the process ends, because a thread that hangs cannot be ended.
const LONGEST: Duration = Duration::from_secs(300);

pub(crate) const MODES: [Mode; 3] = [Mode::Level, Mode::Edge, Mode::Oneshot];

/// Runs `test` in each world, and fails it if it leaves a descriptor open.
pub(crate) fn for_each_backend(test: fn(&World)) {
    in_worlds(backends(), [()], move |world, ()| test(world));
}

/// Runs `test` in each world with each mode that it supports.
pub(crate) fn for_each_mode(test: fn(&World, Mode)) {
    in_worlds(backends(), MODES, if_supported(test));
}

/// Runs `test` in each world, a fresh one for each of `values`.
pub(crate) fn for_each_backend_and<T: Copy + Send + 'static, const N: usize>(
    values: [T; N],
    test: impl Fn(&World, T) + Copy + Send + 'static,
) {
    in_worlds(backends(), values, test);
}

/// [`for_each_backend`] for a test that means nothing without a kernel, for the `reason` given.
pub(crate) fn for_each_kernel(reason: &str, test: fn(&World)) {
    in_worlds(kernels(reason), [()], move |world, ()| test(world));
}

/// [`for_each_mode`] for a test that means nothing without a kernel, for the `reason` given.
pub(crate) fn for_each_kernel_mode(reason: &str, test: fn(&World, Mode)) {
    in_worlds(kernels(reason), MODES, if_supported(test));
}

/// [`for_each_backend`] for a test that leaks a poller, as a forgotten guard does.
pub(crate) fn for_each_backend_leaking(test: fn(&World)) {
    /// What a forgotten guard holds stays reachable, so that a leak detector tells other leaks only.
    static KEPT: Mutex<Vec<Poller>> = Mutex::new(Vec::new());
    let _alone = alone();
    for backend in backends() {
        run(backend, move |world| {
            let poller: &Poller = world;
            KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(poller.clone());
            test(world);
        });
    }
}

fn if_supported(test: fn(&World, Mode)) -> impl Fn(&World, Mode) + Copy + Send + 'static {
    move |world, mode| {
        if world.supports(mode) {
            test(world, mode);
        }
    }
}

/// The kernels' backends. Says that the simulation is left out, and why.
fn kernels(reason: &str) -> impl Iterator<Item = Backend> {
    let this = std::thread::current();
    println!("{} is skipped on Simulated: {reason}", this.name().unwrap_or("a test"));
    backends().filter(|backend| *backend != Backend::Simulated)
}

fn in_worlds<T: Copy + Send + 'static, const N: usize>(
    backends: impl Iterator<Item = Backend>,
    values: [T; N],
    test: impl Fn(&World, T) + Copy + Send + 'static,
) {
    let _alone = alone();
    for backend in backends {
        for value in values {
            let before = left_free();
            run(backend, move |world| test(world, value));
            let after = left_free();
            assert_eq!(after, before, "{backend:?}: free numbers after (left) and before the test");
        }
    }
}

/// One test at a time: descriptors and their limit are the process's.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(backend: Backend, test: impl FnOnce(&World) + Send + 'static) {
    let (done, ended) = channel::<()>();
    let body = std::thread::Builder::new().name(format!("{backend:?}")).spawn(move || {
        let _done = done;
        test(&World::new(backend));
    });
    let body = body.unwrap();
    if ended.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
        let this = std::thread::current();
        eprintln!("{} hangs on {backend:?}", this.name().unwrap_or("a test"));
        std::process::exit(101);
    }
    if let Err(panic) = body.join() {
        eprintln!("failed on {backend:?}");
        std::panic::resume_unwind(panic);
    }
}

/// The free numbers, to be compared before and after a test. Not over a kqueue in user space, which
/// has descriptors of its own that close later than it.
fn left_free() -> Vec<i32> {
    if cfg!(poll_kqueue_foreign) { Vec::new() } else { free_numbers() }
}

/// The numbers that the next descriptors get: the same again, if nothing was left open below them.
/// Not a listing of a directory, because not every system has one that tells the truth.
fn free_numbers() -> Vec<i32> {
    let open = std::iter::repeat_with(|| File::open("/dev/null").ok());
    let opened: Vec<File> = open.take(96).map_while(|file| file).collect();
    opened.iter().map(AsRawFd::as_raw_fd).collect()
}

// ── waits ──────────────────────────────────────────────────────────────────────────────────────

/// What is ready, by token; events of one token are merged.
pub(crate) type Ready = BTreeMap<usize, Readiness>;

/// What is ready now, found by one wait of no length.
pub(crate) fn look(poller: &Poller) -> Ready {
    look_into(poller, &mut Events::with_capacity(64))
}

/// [`look`] with a batch that the caller keeps.
pub(crate) fn look_into(poller: &Poller, events: &mut Events) -> Ready {
    poller.wait(events, Some(Duration::ZERO)).unwrap();
    merged(events)
}

/// What one wait reports that does not end before something is ready.
#[track_caller]
pub(crate) fn next(poller: &Poller) -> Ready {
    next_into(poller, &mut Events::with_capacity(64))
}

/// [`next`] with a batch that the caller keeps.
#[track_caller]
pub(crate) fn next_into(poller: &Poller, events: &mut Events) -> Ready {
    let count = poller.wait(events, Some(CAP)).unwrap();
    assert_ne!(count, 0, "nothing was reported within {CAP:?}");
    merged(events)
}

/// Waits until `token` is reported to be all of `wanted`: for what the network takes its time to
/// tell. Returns what that event said.
#[track_caller]
pub(crate) fn until(poller: &Poller, token: usize, wanted: Readiness) -> Readiness {
    let end = Instant::now() + CAP;
    let mut seen = Readiness::empty();
    while !seen.contains(wanted) {
        assert!(Instant::now() < end, "{seen:?} is all within {CAP:?}");
        let ready = next(poller);
        seen = *ready.get(&token).unwrap_or_else(|| panic!("another token: {ready:?}"));
    }
    seen
}

pub(crate) fn merged(events: &Events) -> Ready {
    let mut ready = Ready::new();
    for event in events {
        *ready.entry(event.token().0).or_insert(Readiness::empty()) |= event.readiness();
    }
    ready
}

pub(crate) fn tokens(ready: &Ready) -> Vec<usize> {
    ready.keys().copied().collect()
}

/// Asserts that nothing is reported, however often one asks.
#[track_caller]
pub(crate) fn assert_silent(poller: &Poller) {
    for _ in 0..3 {
        let ready = look(poller);
        assert!(ready.is_empty(), "reported: {ready:?}");
    }
}

/// Registers by reference: the source stays with the test.
pub(crate) fn watch<'s>(
    poller: &Poller,
    source: &'s End,
    token: usize,
    interest: Interest,
    mode: Mode,
) -> poll_core::Registration<&'s End> {
    poller.register(source, Token(token), interest, mode).unwrap()
}

pub(crate) const READ: Interest = Interest::READABLE;
pub(crate) const WRITE: Interest = Interest::WRITABLE;

/// Both directions.
pub(crate) fn both() -> Interest {
    READ | WRITE
}

/// Does something in any case, also after a panic: lets the threads of a scope end that would
/// otherwise wait for the test.
pub(crate) struct Finally<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

// ── the limit of descriptors ───────────────────────────────────────────────────────────────────

/// Runs `body` while no more than `free` descriptors can be opened.
pub(crate) fn with_free_descriptors<T>(free: usize, body: impl FnOnce() -> T) -> T {
    let numbers = free_numbers();
    let _limit = Limit::set(|_| u64::try_from(numbers[free]).unwrap());
    body()
}

/// Another limit of open descriptors, until it is dropped.
pub(crate) struct Limit(Rlimit);

impl Limit {
    /// Makes the limit what `of` makes of the highest that is allowed.
    pub(crate) fn set(of: impl FnOnce(u64) -> u64) -> Self {
        let before = getrlimit(Resource::Nofile);
        let maximum = before.maximum;
        let current = Some(of(maximum.unwrap_or(u64::MAX)));
        setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
        Self(before)
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        setrlimit(Resource::Nofile, self.0).unwrap();
    }
}
