//! The primitives that the lock-free parts are built on: std's, or loom's when they are modelled.

use std::io;

#[cfg(not(loom))]
pub(crate) use poll_sys::arc::Arc;
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicUsize, Ordering, Ordering::SeqCst},
};

#[cfg(loom)]
pub(crate) use loom::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicUsize, Ordering, Ordering::SeqCst},
};

/// A pointer to share `value`, or ENOMEM.
#[cfg(not(loom))]
pub(crate) fn share<T>(value: T) -> io::Result<Arc<T>> {
    Arc::try_new(value)
}

/// A pointer to share `value`.
#[cfg(loom)]
pub(crate) fn share<T>(value: T) -> io::Result<Arc<T>> {
    Ok(Arc::new(value))
}

/// Locks, also after a panic in another thread: what the locks here guard is valid between any two
/// statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(loom)]
pub(crate) use loom::thread::yield_now;
#[cfg(not(loom))]
pub(crate) use std::thread::yield_now;

/// Lets others run, before a thread asks for the `turn`th time whether it may go on. It sleeps in
/// the end, so that a holder of a lower priority gets to run as well.
#[cfg_attr(loom, allow(unused_variables, reason = "a model has no time"))]
pub(crate) fn pause(turn: usize) {
    #[cfg(not(loom))]
    if turn >= 100 {
        return std::thread::sleep(std::time::Duration::from_micros(50));
    }
    yield_now();
}

#[cfg(not(loom))]
pub(crate) use poll_sys::threads::Single;

/// Never certain: to the system, all threads of a model are one.
#[cfg(loom)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Single;

#[cfg(loom)]
impl Single {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn is_certain(&self) -> bool {
        false
    }
}
