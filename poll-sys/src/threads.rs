//! Is the calling thread the only one? Answered by a load from memory.
//!
//! An atomic read-modify-write behind a syscall waits for everything that the kernel has just
//! written; where no second thread exists, an ordinary store does the same work. A C library that
//! knows how many threads there are says so, and uses it in the same way itself.
//!
//! # Platform
//! | C library | |
//! |---|---|
//! | glibc from 2.32, linked dynamically | says so (`__libc_single_threaded`) |
//! | the others | [`Single::is_certain`] is always false |

use std::sync::atomic::{AtomicU8, Ordering};

use crate::system::threads_told;

/// Who is asked whether there is a single thread.
///
/// # Examples
/// ```
/// let single = poll_sys::threads::Single::new();
/// std::thread::scope(|scope| {
///     scope.spawn(|| assert!(!single.is_certain()));
/// });
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Single {
    told: &'static AtomicU8,
}

/// What those get whose C library says nothing: not certain, ever.
static UNKNOWN: AtomicU8 = AtomicU8::new(0);

impl Single {
    /// Finds out who is to be asked.
    ///
    /// # Cost
    /// The first time in a process a look-up in the dynamic linker's tables; no syscall.
    #[must_use]
    pub fn new() -> Self {
        Self { told: threads_told::flag().unwrap_or(&UNKNOWN) }
    }

    /// Whether the calling thread is certainly the only one of its process.
    ///
    /// It stays so until this thread itself makes another. A signal handler that runs on it is
    /// another flow of control all the same, and must be reckoned with. Threads that were made
    /// behind the C library's back, by a bare `clone`, are not known.
    ///
    /// # Cost
    /// One load; async-signal-safe.
    #[inline]
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.told.load(Ordering::Relaxed) != 0
    }
}

impl Default for Single {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_another_thread_it_is_not_certain() {
        let single = Single::new();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| single.is_certain());
            assert!(!single.is_certain());
            assert!(!other.join().unwrap());
        });
    }

    #[test]
    fn where_nobody_tells_it_is_never_certain() {
        assert!(!Single { told: &UNKNOWN }.is_certain());
    }
}
