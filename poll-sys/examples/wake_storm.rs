//! Wakes from a signal handler, one a signal, each heard before the next: one that is lost leaves its
//! wait asleep.
//!
//! `cargo run --release -p poll-sys --example wake_storm -- epoll 100000 1`; the last number is the
//! seed. Another thread sends each signal 0 to 100 µs after it was asked to, so that it comes at any
//! place of a wait: before it, inside the kernel, or on the way out. It stands here because a handler
//! takes unsafe code.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use poll_core::{Backend, Events, Poller, Token, Waker};

const CAP: Duration = Duration::from_secs(60);
const TOKEN: Token = Token(1);

static SIGNALS: AtomicU64 = AtomicU64::new(0);
/// Whether a wake failed, or changed errno.
static SPOILT: AtomicBool = AtomicBool::new(false);
/// The waker that the handler uses. LENT: what is stored here was leaked and lives for ever.
static WAKER: AtomicPtr<Waker> = AtomicPtr::new(std::ptr::null_mut());

extern "C" fn handler(_: libc::c_int) {
    poll_sys::errno::preserve(wake);
}

fn wake() {
    SIGNALS.fetch_add(1, Ordering::SeqCst);
    // A failing call, so that errno is known.
    // SAFETY: 1. close(2) takes an integer, and -1 is never a descriptor.
    unsafe { libc::close(-1) };
    // SAFETY: 1. The handler is installed after the waker was stored, and it lives (LENT). 2. It is
    // shared: nobody has it mutably.
    let waker = unsafe { &*WAKER.load(Ordering::SeqCst) };
    let kept = waker.wake().is_ok()
        && io::Error::last_os_error().raw_os_error() == Some(poll_sys::errno::BADF);
    if !kept {
        SPOILT.store(true, Ordering::SeqCst);
    }
}

fn install() -> io::Result<()> {
    let function: extern "C" fn(libc::c_int) = handler;
    // SAFETY: 1. sigaction(2)'s struct is made of integers and addresses that may be null: zero is a
    // value of it, and means no flag and an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = function as libc::sighandler_t;
    // SAFETY: 1. The pointer is to a live local; a null one for the old action is allowed. 2. The
    // handler has the type of one and does what is async-signal-safe alone: atomics, close(2) and
    // `Waker::wake`, which promises it.
    let set = unsafe { libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()) };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Sends a SIGALRM to `waiter` for every number of microseconds that is asked for, so much later.
fn send(waiter: usize, asked: &Receiver<u8>) {
    for micros in asked {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(micros.into()) {
            std::hint::spin_loop();
        }
        // SAFETY: 1. `waiter` is a thread that lives: it is in the scope that this one is joined in.
        // 2. SIGALRM has a handler: it was installed before anybody asked.
        let sent = unsafe { libc::pthread_kill(waiter as libc::pthread_t, libc::SIGALRM) };
        assert_eq!(sent, 0, "the signal was not sent");
    }
}

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |n: usize| words.get(n).and_then(|word| word.parse::<u64>().ok());
    let known = |word: &String| {
        Backend::available().iter().find(|b| format!("{b:?}").to_lowercase() == *word)
    };
    let (Some(&backend), Some(count), Some(seed)) =
        (words.first().and_then(known), number(1), number(2))
    else {
        return Err(io::Error::other("BACKEND COUNT SEED"));
    };
    let poller = Poller::with_backend(backend)?;
    let waker = poller.waker(TOKEN).map_err(io::Error::other)?;
    WAKER.store(Box::into_raw(Box::new(waker)), Ordering::SeqCst);
    install()?;
    // SAFETY: 1. pthread_self(3) takes nothing and never fails.
    let waiter = unsafe { libc::pthread_self() };
    // A pointer on some systems, which could not go to another thread.
    let waiter = waiter as usize;
    std::thread::scope(|scope| -> io::Result<()> {
        let (ask, asked) = mpsc::sync_channel(1);
        scope.spawn(move || send(waiter, &asked));
        let mut events = Events::with_capacity(4);
        // Marsaglia's xorshift.
        let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for n in 1..=count {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            ask.send(((dice >> 33) % 101) as u8).map_err(io::Error::other)?;
            assert_eq!(poller.wait(&mut events, Some(CAP))?, 1, "the wake of signal {n} was lost");
            assert_eq!(events.get(0).map(|event| event.token()), Some(TOKEN));
            assert_eq!(SIGNALS.load(Ordering::SeqCst), n, "a wake was heard twice");
        }
        Ok(())
    })?;
    assert!(!SPOILT.load(Ordering::SeqCst), "a wake failed, or changed errno");
    println!("ok: {count} signals, each wake heard once, errno kept");
    Ok(())
}
