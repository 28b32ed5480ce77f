//! What is done instead where the kernel refuses a call that not every kernel has, and errors that
//! nothing else brings about: in a child, as all refusals.

use std::io::IoSlice;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant, SystemTime};

use poll_core::child::Process;
use poll_core::signal::{Queued, Signal};
use poll_core::timer::{Clock, KernelTimer};
use poll_core::{Mode, Readiness, Token, WakeError};

use super::*;
use crate::system::{fork_watch, quiet_flag};
use crate::{epoll, fork_handler, pipe, quiet_write};

/// mmap(2) as the C library calls it: where a word has 32 bits, with an offset in pages.
#[cfg(target_pointer_width = "32")]
const MMAP: c_long = libc::SYS_mmap2;
#[cfg(not(target_pointer_width = "32"))]
const MMAP: c_long = libc::SYS_mmap;

/// Runs `body` in a child where `syscall` fails with `errno`.
fn without(syscall: c_long, errno: c_int, body: impl FnOnce() -> bool) -> bool {
    let refused = || match refuse(syscall, errno) {
        Ok(()) if body() => GOOD,
        Ok(()) => OTHER_ERROR,
        Err(_) => NO_FILTER,
    };
    in_child(refused) == GOOD
}

fn is<T>(result: io::Result<T>, errno: c_int) -> bool {
    result.is_err_and(|error| error.raw_os_error() == Some(errno))
}

/// An epoll wait of a time that is no whole number of milliseconds.
fn wait() -> io::Result<usize> {
    const LIMIT: Duration = Duration::from_micros(300);
    let queue = epoll::create()?;
    let begun = Instant::now();
    let found =
        epoll::wait(queue.as_fd(), &mut [epoll::Event::new(epoll::Flags::IN, 0)], LIMIT.into());
    if begun.elapsed() < LIMIT {
        return Err(io::ErrorKind::TimedOut.into());
    }
    found
}

#[test]
fn without_nanoseconds_epoll_waits_longer_and_asks_for_them_once() {
    for errno in [libc::ENOSYS, libc::EPERM] {
        assert!(without(libc::SYS_epoll_pwait2, errno, || {
            let rounded = wait().is_ok_and(|found| found == 0);
            // If it were called again, that would be seen.
            refuse(libc::SYS_epoll_pwait2, libc::EIO).is_ok()
                && rounded
                && wait().is_ok_and(|found| found == 0)
        }));
    }
}

#[test]
fn another_error_of_an_epoll_wait_is_its_callers() {
    assert!(without(libc::SYS_epoll_pwait2, libc::EINTR, || {
        // Another test may have found out that this kernel has no such call.
        epoll::NO_PWAIT2.store(false, Relaxed);
        let queue = epoll::create().unwrap();
        let room = &mut [epoll::Event::new(epoll::Flags::IN, 0)];
        let nanosecond = Some(Duration::from_nanos(1));
        is(epoll::wait(queue.as_fd(), room, nanosecond), libc::EINTR)
            && is(epoll::wait(queue.as_fd(), room, nanosecond), libc::EINTR)
    }));
}

#[test]
fn without_pages_that_are_wiped_a_handler_tells_the_child() {
    assert!(without(libc::SYS_madvise, libc::EINVAL, || {
        let Ok(cell) = fork_watch::cell() else { return false };
        cell.store(1, std::sync::atomic::Ordering::Relaxed);
        let load = || cell.load(std::sync::atomic::Ordering::Relaxed);
        in_child(|| c_int::from(load() != 0)) == GOOD && load() == 1
    }));
}

#[test]
fn without_memory_for_a_page_there_is_no_mark() {
    assert!(without(MMAP, libc::ENOMEM, || is(fork_watch::cell(), libc::ENOMEM)));
}

#[test]
fn a_fork_handler_that_finds_no_memory_is_an_error() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    let found = in_child(|| {
        for limit in [libc::RLIMIT_AS, libc::RLIMIT_DATA] {
            // SAFETY: 1. The pointer is to a live local, which is only read (setrlimit(2)).
            if unsafe { libc::setrlimit(limit, &raw const none) } != 0 {
                return NO_FILTER;
            }
        }
        // Each handler takes a little of what the process still has.
        match (0..10_000_000).find_map(|_| fork_handler::cell().err()) {
            Some(error) if error.raw_os_error() == Some(libc::ENOMEM) => GOOD,
            Some(_) => OTHER_ERROR,
            None => NO_ERROR,
        }
    });
    assert_eq!(found, GOOD);
}

#[test]
fn a_kernel_without_the_quiet_flag_is_asked_once_and_writes_quietly_all_the_same() {
    for errno in [libc::EOPNOTSUPP, libc::ENOSYS] {
        let quiet = without(libc::SYS_pwritev2, errno, || {
            // SAFETY: 1. The default action is no function of ours (signal(2)).
            unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
            let (reader, writer) = pipe::pipe().unwrap();
            let write = || quiet_write::write(writer.as_fd(), &[IoSlice::new(b"hi")]);
            let written = write().is_ok_and(|n| n == 2);
            let asked_once = refuse(libc::SYS_pwritev2, libc::EIO).is_ok();
            let again = write().is_ok_and(|n| n == 2);
            drop(reader);
            written && asked_once && again && is(write(), libc::EPIPE)
        });
        assert!(quiet);
    }
}

#[test]
fn another_error_of_a_quiet_write_is_its_callers() {
    let (_reader, writer) = pipe::pipe().unwrap();
    let write = || quiet_write::write(writer.as_fd(), &[IoSlice::new(b"hi")]);
    assert!(without(libc::SYS_pwritev2, libc::EIO, || {
        quiet_flag::LACKING.store(false, Relaxed);
        is(write(), libc::EIO)
    }));
}

#[test]
fn a_wake_that_the_system_refuses_says_so_and_the_next_one_is_tried() {
    let refused = Err(WakeError::Os(libc::EIO));
    assert!(without(libc::SYS_write, libc::EIO, || {
        // One for nesting rings for each wake, and a child may not wake its parent's.
        let nested = Poller::builder().backend(Backend::Epoll).build_nested().unwrap();
        let waker = nested.waker(Token(1)).unwrap();
        let notifier = nested.notifier(Token(2), Mode::Level).unwrap();
        let each = || {
            (waker.wake(), waker.wake_all(), notifier.set(Readiness::READABLE))
                == (refused, refused, refused)
        };
        each() && each() && notifier.readiness().is_empty()
    }));
}

/// As if the clock had been set: it is tried again, and then its caller's.
#[test]
fn a_timer_that_cannot_be_set_says_why() {
    let timer = KernelTimer::new(Clock::RealTime).unwrap();
    for errno in [libc::ECANCELED, libc::EINVAL] {
        assert!(without(libc::SYS_timerfd_settime, errno, || {
            is(timer.at_time_of_day(SystemTime::now()), errno)
                && is(timer.after(Duration::ZERO), errno)
                && is(timer.unset(), errno)
        }));
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let timer = KernelTimer::new(Clock::Monotonic).unwrap();
    assert!(without(libc::SYS_read, libc::EIO, || {
        let signals = Queued::new(&[Signal::USR1]).unwrap();
        is(timer.take(), libc::EIO) && is(signals.next(), libc::EIO)
    }));
}

#[test]
fn a_kernel_without_busy_polling_says_unsupported() {
    let poller = Poller::with_backend(Backend::Epoll).unwrap();
    for (errno, kind) in
        [(libc::ENOTTY, io::ErrorKind::Unsupported), (libc::EPERM, io::ErrorKind::PermissionDenied)]
    {
        let refused = || {
            let own = Poller::with_backend(poller.backend())?;
            own.set_busy_poll(poll_core::BusyPoll::new(Duration::ZERO))
        };
        assert!(without(libc::SYS_ioctl, errno, || {
            refused().is_err_and(|error| error.kind() == kind)
        }));
    }
}

/// In a child, whose one thread has the signal blocked.
#[test]
fn a_queued_signal_says_who_sent_what() {
    let good = in_child(|| {
        // SAFETY: 1. The argument is an integer, and the process has one thread (setuid(2)); it fails
        // for who is nobody special, whose number is not 0 either.
        unsafe { libc::setuid(54_321) };
        // SAFETY: 1. No precondition (getuid(2)).
        let user = unsafe { libc::getuid() };
        let Ok(queue) = Queued::new(&[Signal::USR1, Signal::CHLD]) else { return NO_ERROR };
        let value = libc::sigval { sival_ptr: 77 as *mut libc::c_void };
        // SAFETY: 1. The arguments are numbers: the value is handed back and never dereferenced.
        unsafe { libc::sigqueue(std::process::id() as libc::pid_t, libc::SIGUSR1, value) };
        let Ok(Some(sent)) = queue.next() else { return OTHER_ERROR };
        let ended = in_child(|| 7);
        let Ok(Some(child)) = queue.next() else { return OTHER_ERROR };
        let good = (sent.code(), sent.user(), sent.value()) == (libc::SI_QUEUE, user, 77)
            && (child.code(), child.status()) == (libc::CLD_EXITED, ended);
        if good { GOOD } else { LEAKED }
    });
    assert_eq!(good, GOOD);
}

#[test]
fn a_child_that_cannot_be_watched_comes_back_with_the_reason() {
    assert!(without(libc::SYS_pidfd_open, libc::EMFILE, || {
        let child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn();
        let Err(refused) = Process::new(child.unwrap()) else { return false };
        let told = format!("{refused:?} {refused}");
        let source = std::error::Error::source(&refused).map(ToString::to_string);
        let told = told.starts_with("NotWatched { error:")
            && told.ends_with("the child could not be watched")
            && source == Some(refused.error().to_string())
            && refused.error().raw_os_error() == Some(libc::EMFILE);
        let mut child = refused.into_child();
        drop(child.stdin.take());
        told && child.wait().is_ok_and(|status| status.success())
    }));
}
