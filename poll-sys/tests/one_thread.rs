//! Wakes from a signal handler where there is one thread, which counts itself by plain stores then: each
//! has to be heard, wherever in a wait the handler runs. The test harness has threads, so this is a
//! program of its own.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use poll_core::{Backend, Events, Poller, Token, Waker};
use poll_sys::arc::Arc;

const SIGNALS: usize = 2000;
const CAP: Duration = Duration::from_secs(60);
const TOKEN: Token = Token(1);

static HANDLED: AtomicUsize = AtomicUsize::new(0);
/// The waker that the handler uses. LENT: what is stored here was leaked and lives for ever.
static WAKER: AtomicPtr<Waker> = AtomicPtr::new(ptr::null_mut());
/// Those of all backends, so that nothing that looks for lost memory finds them.
static LENT: Mutex<Vec<&Waker>> = Mutex::new(Vec::new());

extern "C" fn handler(_: libc::c_int) {
    HANDLED.fetch_add(1, Ordering::Relaxed);
    // SAFETY: 1. The handler is installed after a waker was stored, and it lives (LENT). 2. It is
    // shared: nobody has it mutably.
    let waker = unsafe { &*WAKER.load(Ordering::Relaxed) };
    // It keeps errno, as a handler has to. A wake that fails is not heard, and the test says so.
    let _heard = waker.wake();
}

fn install() {
    let function: extern "C" fn(libc::c_int) = handler;
    // SAFETY: 1. sigaction(2)'s struct is made of integers and addresses that may be null: zero is a
    // value of it, and means no flag and an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = function as libc::sighandler_t;
    // SAFETY: 1. The pointer is to a live local; a null one for the old action is allowed. 2. The
    // handler has the type of one and does what is async-signal-safe alone: atomics and
    // `Waker::wake`, which promises it.
    let set = unsafe { libc::sigaction(libc::SIGALRM, &raw const action, ptr::null_mut()) };
    assert_eq!(set, 0, "{}", io::Error::last_os_error());
}

/// A process that sends a SIGALRM to this one for each byte, so many microseconds after it came; it
/// ends with the stream.
fn sender() -> UnixStream {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let target = std::process::id() as libc::pid_t;
    // SAFETY: 1. There is one thread: the child may do whatever its parent may (fork(2)).
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", io::Error::last_os_error());
    if child > 0 {
        return ours;
    }
    drop(ours);
    let mut micros = [0];
    while theirs.read_exact(&mut micros).is_ok() {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(micros[0].into()) {
            std::hint::spin_loop();
        }
        // SAFETY: 1. kill(2) takes integers; the target has a handler: it was installed before it asked.
        unsafe { libc::kill(target, libc::SIGALRM) };
    }
    // SAFETY: 1. The argument is an integer, and _exit(2) runs no destructor or handler.
    unsafe { libc::_exit(0) }
}

/// Owners that were counted while there was one thread, and owners that came and went in others.
fn a_shared_value_is_dropped_once_by_the_last_owner() {
    struct Told<'a>(&'a AtomicUsize);
    impl Drop for Told<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let dropped = AtomicUsize::new(0);
    let first = Arc::try_new(Told(&dropped)).unwrap();
    let second = Arc::clone(&first);
    drop(first);
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    std::thread::scope(|scope| {
        let third = Arc::clone(&second);
        scope.spawn(move || drop(Arc::clone(&third)));
        drop(second);
    });
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

/// Whether the C library tells of a process with one thread: glibc, from 2.32 on.
fn is_told() -> bool {
    if cfg!(not(all(target_env = "gnu", not(target_feature = "crt-static")))) {
        return false;
    }
    // SAFETY: 1. RTLD_DEFAULT asks for no handle (dlsym(3)). 2. The name is a C string.
    let flag = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__libc_single_threaded".as_ptr()) };
    !flag.is_null()
}

fn main() {
    let both = |backend| [(backend, true), (backend, false)];
    for (backend, is_first) in Backend::available().iter().flat_map(both) {
        println!("on {backend:?}, by the first waker: {is_first}");
        let poller = Poller::with_backend(*backend).unwrap();
        let _first = (!is_first).then(|| poller.waker(TOKEN).unwrap());
        let waker: &Waker = Box::leak(Box::new(poller.waker(TOKEN).unwrap()));
        LENT.lock().unwrap().push(waker);
        WAKER.store(ptr::from_ref(waker).cast_mut(), Ordering::Relaxed);
        install();
        let mut sender = sender();
        HANDLED.store(0, Ordering::Relaxed);
        let mut events = Events::with_capacity(4);
        for n in 0..SIGNALS {
            // It comes before the wait, or well inside it.
            sender.write_all(&[(n % 60) as u8]).unwrap();
            assert_eq!(poller.wait(&mut events, Some(CAP)).unwrap(), 1, "wake {n} was lost");
            assert_eq!(events.get(0).unwrap().token(), TOKEN);
            assert_eq!(HANDLED.load(Ordering::Relaxed), n + 1, "a wake was heard twice");
        }
    }
    let certain = poll_sys::threads::Single::new().is_certain();
    assert_eq!(certain, is_told(), "this is the one thread that there is");
    a_shared_value_is_dropped_once_by_the_last_owner();
    println!("{SIGNALS} signals on each; certain of one thread: {certain}");
    println!("test result: ok");
}
