//! No write raises SIGPIPE, in a process where it would be fatal. A test binary of its own, because
//! the disposition of a signal is the process's.

use std::io::{ErrorKind, IoSlice};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use poll_sys::quiet_write;

/// Runs a test with SIGPIPE fatal, as in a C program; one at a time.
fn with_fatal_sigpipe(test: impl FnOnce()) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: 1. SIG_DFL is a disposition that installs no handler (signal(2)).
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    test();
    // SAFETY: 1. SIG_IGN is a disposition that installs no handler (signal(2)); it is std's.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// The thread's blocked signals, if SIGPIPE is among them.
fn sigpipe_is_blocked() -> bool {
    let mut mask = std::mem::MaybeUninit::uninit();
    // SAFETY: 1. A null set changes nothing; the old mask is written to where there is room for it.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), mask.as_mut_ptr()) };
    // SAFETY: 1. pthread_sigmask filled it.
    let mask = unsafe { mask.assume_init() };
    // SAFETY: 1. The set is initialised and SIGPIPE is a signal's number.
    unsafe { libc::sigismember(&raw const mask, libc::SIGPIPE) == 1 }
}

#[test]
fn a_pipe_without_reader_is_epipe_and_no_signal() {
    with_fatal_sigpipe(|| {
        let (reader, writer) = poll_sys::pipe::pipe().unwrap();
        drop(reader);
        for _ in 0..3 {
            let error = quiet_write::write(writer.as_fd(), &[IoSlice::new(b"x")]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        }
        assert!(!sigpipe_is_blocked());
    });
}
