//! Semantic 8 of the design: a signal ends no wait, and a handler can wake one. It stands here
//! because a signal to a given thread, and a handler, take unsafe code.
//!
//! THREAD-LIVE: a `pthread_t` is used only while its thread is known not to have ended.

use std::io;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use poll_core::{Backend, Events, Interest, Mode, Poller, Token, Waker};

/// No wait of a test lasts longer.
const CAP: Duration = Duration::from_secs(60);

/// How many signals the handler has seen.
static SEEN: AtomicUsize = AtomicUsize::new(0);
/// Whether a wake inside the handler failed, or changed errno.
static SPOILT: AtomicBool = AtomicBool::new(false);
/// The waker that the handler uses; null for none. LENT: whoever stores a pointer here keeps what it
/// points to alive, and stores null before it lets go, when no thread is signalled any more.
static WAKER: AtomicPtr<Waker> = AtomicPtr::new(std::ptr::null_mut());

extern "C" fn handler(_: libc::c_int) {
    // What it interrupts may be about to read errno.
    poll_sys::errno::preserve(wake);
}

fn wake() {
    SEEN.fetch_add(1, Ordering::SeqCst);
    let waker = WAKER.load(Ordering::SeqCst);
    if waker.is_null() {
        return;
    }
    // A failing call, so that errno is known.
    // SAFETY: 1. close(2) takes an integer, and -1 is never a descriptor.
    unsafe { libc::close(-1) };
    // SAFETY: 1. Not null, and alive (LENT). 2. Shared: nobody has it mutably.
    let waker = unsafe { &*waker };
    let kept = waker.wake().is_ok()
        && io::Error::last_os_error().raw_os_error() == Some(poll_sys::errno::BADF);
    if !kept {
        SPOILT.store(true, Ordering::SeqCst);
    }
}

/// Runs `test` on each backend, with the handler installed, one test at a time.
fn for_each_backend(test: fn(&Poller)) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let function: extern "C" fn(libc::c_int) = handler;
    // SAFETY: 1. sigaction(2)'s struct is made of integers and addresses that may be null: zero is a
    // value of it, and means no flag and an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = function as libc::sighandler_t;
    // SAFETY: 1. The pointer is to a live local; a null one for the old action is allowed. 2. The
    // handler has the type of one and does what is async-signal-safe alone: atomics, close(2) and
    // `Waker::wake`, which promises it. Without SA_RESTART a wait is interrupted.
    let set = unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) };
    assert_eq!(set, 0);
    for backend in Backend::available() {
        eprintln!("on {backend:?}");
        SEEN.store(0, Ordering::SeqCst);
        test(&Poller::with_backend(*backend).unwrap());
    }
}

/// Runs `body` in a thread and sends that thread signals until it is over, each when `progress` has
/// come to the number of those before.
fn under_signals(progress: &AtomicUsize, body: impl FnOnce() + Send) {
    let (over, stopped) = (&AtomicBool::new(false), &AtomicBool::new(false));
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let _end = End { over, stopped };
            // SAFETY: 1. pthread_self(3) has no precondition.
            let this = unsafe { libc::pthread_self() };
            tell.send(this as usize).unwrap();
            body();
        });
        let target = told.recv_timeout(CAP).unwrap() as libc::pthread_t;
        let mut sent = 0;
        while !over.load(Ordering::SeqCst) {
            if progress.load(Ordering::SeqCst) >= sent {
                sent += 1;
                // SAFETY: 1. THREAD-LIVE: it does not end before `stopped` is set below.
                let killed = unsafe { libc::pthread_kill(target, libc::SIGUSR1) };
                assert_eq!(killed, 0);
            }
            std::thread::yield_now();
        }
        stopped.store(true, Ordering::SeqCst);
    });
}

/// Keeps a thread alive, also when it panics, until nobody sends it signals any more.
struct End<'a> {
    over: &'a AtomicBool,
    stopped: &'a AtomicBool,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        while !self.stopped.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    }
}

#[test]
fn signals_neither_end_a_wait_before_its_deadline_nor_put_it_off() {
    for_each_backend(|poller| {
        for timeout in [Duration::from_micros(5_300), Duration::from_millis(30)] {
            let before = SEEN.load(Ordering::SeqCst);
            // They go on until the wait is over: one that began anew after each would never end.
            // Waits are made until a signal has come during one: on a busy machine the sender may not
            // get to run for a while.
            under_signals(&AtomicUsize::new(usize::MAX), || {
                let mut events = Events::with_capacity(4);
                while SEEN.load(Ordering::SeqCst) == before {
                    let begun = Instant::now();
                    assert_eq!(poller.wait(&mut events, Some(timeout)).unwrap(), 0);
                    assert!(begun.elapsed() >= timeout);
                }
            });
        }
    });
}

#[test]
fn signals_end_no_wait_without_a_deadline_and_hide_no_event() {
    for_each_backend(|poller| {
        const SIGNALS: usize = 200;
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let _guard = poller.register(ours, Token(1), Interest::READABLE, Mode::Level).unwrap();
        under_signals(&SEEN, || {
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    while SEEN.load(Ordering::SeqCst) < SIGNALS {
                        std::thread::yield_now();
                    }
                    theirs.write_all(b"x").unwrap();
                });
                let mut events = Events::with_capacity(4);
                assert_eq!(poller.wait(&mut events, None).unwrap(), 1);
                assert!(SEEN.load(Ordering::SeqCst) >= SIGNALS);
            });
        });
    });
}

/// The next signal comes only when the wake of the last one was heard: one that is lost is missed.
#[test]
fn every_wake_in_a_handler_ends_a_wait_and_keeps_errno() {
    for_each_backend(|poller| {
        const SIGNALS: usize = 5_000;
        // The first, and one that stands in line.
        for waker in [1, 2].map(|n| poller.waker(Token(n)).unwrap()) {
            let heard = AtomicUsize::new(0);
            WAKER.store(std::ptr::from_ref(&waker).cast_mut(), Ordering::SeqCst);
            under_signals(&heard, || {
                let mut events = Events::with_capacity(4);
                for n in 1..=SIGNALS {
                    assert_eq!(poller.wait(&mut events, Some(CAP)).unwrap(), 1, "wake {n}");
                    assert_eq!(events.get(0).unwrap().token(), waker.token());
                    heard.store(n, Ordering::SeqCst);
                }
            });
            WAKER.store(std::ptr::null_mut(), Ordering::SeqCst);
            // The wake of a last signal that came behind the body.
            poller.wait(&mut Events::with_capacity(4), Some(Duration::ZERO)).unwrap();
        }
        assert!(!SPOILT.load(Ordering::SeqCst));
    });
}
