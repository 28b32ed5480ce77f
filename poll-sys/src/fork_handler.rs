//! A cell that a `pthread_atfork` handler zeroes in the child.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

static CELL: AtomicUsize = AtomicUsize::new(0);

/// Runs in the child, before `fork` returns there: storing to an atomic is async-signal-safe.
extern "C" fn in_child() {
    CELL.store(0, Ordering::Relaxed);
}

/// A cell that reads zero until it is written, and again in every child.
///
/// # Errors
/// ENOMEM: no room for the handler.
pub(crate) fn cell() -> io::Result<&'static AtomicUsize> {
    // SAFETY: 1. `in_child` has the type that is asked for and lives as long as the program. 2. It
    // does only what is async-signal-safe, as pthread_atfork(3) demands of a child handler.
    let error = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    if error == 0 { Ok(&CELL) } else { Err(io::Error::from_raw_os_error(error)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fork::tests::in_child;

    #[test]
    fn the_handler_zeroes_the_cell_in_a_child_alone() {
        let cell = cell().unwrap();
        cell.store(1, Ordering::Relaxed);
        assert!(in_child(|| cell.load(Ordering::Relaxed) == 0));
        assert_eq!(cell.load(Ordering::Relaxed), 1);
    }
}
