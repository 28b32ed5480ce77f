//! Am I still the process that made this? Answered by a load from memory.
//!
//! Descriptors survive `fork`, and with them the kernel object behind them: a child that deletes
//! its inherited epoll registration deletes its parent's. A library must therefore know in which
//! process it runs, at every call, without a syscall and before it takes a lock that another thread
//! may have held during the fork.
//!
//! # Platform
//! | systems | told by |
//! |---|---|
//! | Linux 4.14 and later | a page that the kernel wipes in the child (madvise(2), `MADV_WIPEONFORK`) |
//! | the others | a `pthread_atfork` handler in the child (pthread_atfork(3)) |
//!
//! Children of `vfork`, and of a `clone` that shares memory, are told as their parent: they run in
//! its memory. So are, where the handler is the means, children of a bare `fork` syscall.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::system::fork_watch;

/// The process in which it was made.
///
/// # Examples
/// ```
/// let mark = poll_sys::fork::Mark::new()?;
/// assert!(mark.is_current());
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    cell: &'static AtomicUsize,
    value: usize,
}

/// The number last given to a process of this lineage. A child inherits it and goes on from it, so
/// that no two processes on one line of descent share a number.
static LAST: AtomicUsize = AtomicUsize::new(0);

static CELL: OnceLock<&'static AtomicUsize> = OnceLock::new();

impl Mark {
    /// The mark of this process.
    ///
    /// # Errors
    /// ENOMEM: no memory for the page, or for the handler.
    ///
    /// # Cost
    /// The first one of a process: 2 syscalls on Linux, none elsewhere. Later ones: none.
    pub fn new() -> io::Result<Self> {
        let cell = match CELL.get() {
            Some(cell) => *cell,
            // Two threads may come here at once: one page is then made in vain, and kept.
            None => {
                let made = fork_watch::cell()?;
                CELL.get_or_init(|| made)
            }
        };
        // Zero: nobody has numbered this process yet.
        let fresh = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let value = match cell.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => fresh,
            Err(numbered) => numbered,
        };
        Ok(Self { cell, value })
    }

    /// Whether this process is the one in which the mark was made.
    ///
    /// # Cost
    /// One load and a comparison; async-signal-safe.
    #[inline]
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.cell.load(Ordering::Relaxed) == self.value
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn marks_of_one_process_are_equal() {
        let (a, b) = (Mark::new().unwrap(), Mark::new().unwrap());
        assert_eq!(a.value, b.value);
        assert!(a.is_current() && b.is_current());
    }

    /// Forks, runs `body` in the child and returns what it returned.
    pub(crate) fn in_child(body: impl FnOnce() -> bool) -> bool {
        // SAFETY: 1. The child of a process with threads may only do what is async-signal-safe
        // (fork(2)): `body` touches atomics alone, and the child leaves by _exit.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0);
        if pid == 0 {
            let good = body();
            // SAFETY: 1. The argument is an integer, and _exit(2) runs no destructor or handler.
            unsafe { libc::_exit(i32::from(!good)) };
        }
        let mut status = 0;
        // SAFETY: 1. `pid` is a child of ours that nobody else waits for. 2. The pointer is to a
        // live local.
        let waited = unsafe { libc::waitpid(pid, std::ptr::from_mut(&mut status), 0) };
        assert_eq!(waited, pid);
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
    }

    #[test]
    fn a_child_is_told_and_its_parent_is_not() {
        let mark = Mark::new().unwrap();
        assert!(in_child(|| !mark.is_current()));
        assert!(mark.is_current());
    }

    #[test]
    fn a_child_that_makes_a_mark_of_its_own_still_tells_its_parents() {
        let parents = Mark::new().unwrap();
        assert!(in_child(|| {
            let own = Mark::new().unwrap();
            own.is_current() && !parents.is_current()
        }));
    }
}
