//! A shared pointer that can say that there is no memory.
//!
//! [`std::sync::Arc`] ends the process when an allocation fails; a constructor that returns the
//! error is not stable there (`allocator_api`). The layers above promise errors, and may hold no
//! unsafe code: so the pointer that they share is here.
//!
//! What proofs in this file rest on:
//!
//! - COUNTED: a node's count is the number of pointers to it (SINGLE). It starts at one, for the pointer
//!   that is returned; a clone adds one while it borrows a pointer, so that the count is not zero then;
//!   a drop takes one away. Who takes the last one away is the only one left, and frees the node.
//! - SINGLE: while one thread is certain to be the only one, a count may be read, changed and written
//!   in steps: nobody else runs between them. A signal handler may, and so must not clone or drop: it is
//!   for whoever installs one to know what it calls.
//! - NODE: `Arc::node` comes from an allocation of the layout of a `Node<T>`, which was written whole
//!   before anybody had the pointer.

use std::alloc::{Layout, alloc};
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::abort;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::errno;
use crate::threads::Single;

/// A value that several owners share; the last one drops it.
///
/// What [`std::sync::Arc`] is, without weak pointers, and with [`try_new`](Self::try_new).
///
/// # Cost
/// One allocation; a clone and a drop are one atomic operation each, and plain stores while there is
/// [one thread](crate::threads). So they are not for signal handlers; to use the value is. No syscall.
///
/// # Examples
/// ```
/// use poll_sys::arc::Arc;
///
/// let shared = Arc::try_new(7)?;
/// let other = Arc::clone(&shared);
/// let thread = std::thread::spawn(move || *other);
/// assert_eq!(*shared, thread.join().unwrap());
/// # std::io::Result::Ok(())
/// ```
pub struct Arc<T> {
    node: NonNull<Node<T>>,
    /// It owns one, together with the others.
    _owned: PhantomData<Node<T>>,
}

struct Node<T> {
    count: AtomicUsize,
    single: Single,
    value: T,
}

impl<T> Node<T> {
    /// Counts one owner more; how many there were.
    #[inline]
    fn add_one(&self) -> usize {
        if self.single.is_certain() {
            let before = self.count.load(Ordering::Relaxed);
            self.count.store(before.wrapping_add(1), Ordering::Relaxed);
            return before;
        }
        // Relaxed: who clones has a pointer, and hands the new one on by other means.
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// Counts one owner less; how many there were.
    #[inline]
    fn take_one(&self) -> usize {
        if self.single.is_certain() {
            let before = self.count.load(Ordering::Relaxed);
            self.count.store(before.wrapping_sub(1), Ordering::Relaxed);
            return before;
        }
        // Release: what this owner did with the value comes before the last one drops it.
        self.count.fetch_sub(1, Ordering::Release)
    }
}

// SAFETY: 1. `node`: whoever gets the pointer can reach the value from his thread, by reference while
// others have one (so T: Sync) and as the last owner, who drops it (so T: Send); the count is atomic.
// 2. `_owned` holds nothing.
unsafe impl<T: Send + Sync> Send for Arc<T> {}
// SAFETY: 1. `node`: a reference to the pointer can be cloned into a pointer: as for Send. 2. `_owned`
// holds nothing.
unsafe impl<T: Send + Sync> Sync for Arc<T> {}

/// As of std's: through it there is shared access alone.
impl<T: RefUnwindSafe> UnwindSafe for Arc<T> {}

impl<T> Arc<T> {
    /// The first pointer to `value`.
    ///
    /// # Errors
    /// ENOMEM; `value` is dropped then.
    pub fn try_new(value: T) -> io::Result<Self> {
        // SAFETY: 1. The layout is not of size zero: a node holds a count.
        let room = unsafe { alloc(Layout::new::<Node<T>>()) };
        let Some(node) = NonNull::new(room.cast::<Node<T>>()) else {
            return Err(io::Error::from_raw_os_error(errno::NOMEM));
        };
        // SAFETY: 1. Valid for writes and aligned: it was allocated in the lines above, not null, with
        // the layout of a node. 2. Nothing is overwritten that had to be dropped: nobody wrote there.
        unsafe { node.write(Node { count: AtomicUsize::new(1), single: Single::new(), value }) };
        Ok(Self { node, _owned: PhantomData })
    }

    #[inline]
    fn node(&self) -> &Node<T> {
        // SAFETY: 1. Aligned, initialised and of the right type (NODE). 2. Not freed for as long as
        // `self` is borrowed, since `self` is counted (COUNTED). 3. Nobody has it mutably: only the
        // last owner does, when there is no `self` left.
        unsafe { self.node.as_ref() }
    }
}

impl<T> Deref for Arc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.node().value
    }
}

impl<T> Clone for Arc<T> {
    #[inline]
    fn clone(&self) -> Self {
        let before = self.node().add_one();
        // Forgotten clones can make any count. It must not wrap, and there is no way to say so.
        if before > usize::MAX / 2 {
            abort();
        }
        Self { node: self.node, _owned: PhantomData }
    }
}

impl<T> Drop for Arc<T> {
    #[inline]
    fn drop(&mut self) {
        if self.node().take_one() == 1 {
            // SAFETY: 1. This was the last pointer: the count was one, for it. 2. It is used no more:
            // a drop runs once.
            unsafe { self.free() };
        }
    }
}

impl<T> Arc<T> {
    /// Drops the value. Out of line, since few drops are the last.
    ///
    /// # Safety
    /// The count has come to zero, and nobody uses this pointer any more.
    #[cold]
    #[inline(never)]
    unsafe fn free(&self) {
        // Acquire: and that is here. A load, because the thread sanitizer does not know fences.
        self.node().count.load(Ordering::Acquire);
        // SAFETY: 1. The node was allocated by the global allocator with its own layout (NODE), which
        // is what a box is made of ("Memory layout" of std::boxed). 2. It is freed once, and nobody
        // else can reach it: this was the last pointer (COUNTED), as the caller has proved.
        drop(unsafe { Box::from_raw(self.node.as_ptr()) });
    }
}

impl<T: fmt::Debug> fmt::Debug for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Tells when it is dropped.
    struct Bell<'a>(&'a AtomicUsize);

    impl Drop for Bell<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn it_shows_what_it_points_to() {
        assert_eq!(format!("{:?}", Arc::try_new(Some('a')).unwrap()), "Some('a')");
    }

    /// One more ends the process, before the count can wrap.
    #[test]
    fn half_of_all_numbers_are_owners_that_can_be_counted() {
        let first = Arc::try_new(()).unwrap();
        first.node().count.store(usize::MAX / 2, Ordering::Relaxed);
        let second = Arc::clone(&first);
        assert_eq!(first.node().count.swap(2, Ordering::Relaxed), usize::MAX / 2 + 1);
        drop((first, second));
    }

    #[test]
    fn the_last_owner_drops_the_value_once() {
        let dropped = AtomicUsize::new(0);
        let first = Arc::try_new(Bell(&dropped)).unwrap();
        let second = Arc::clone(&first);
        drop(first);
        assert_eq!(dropped.load(Ordering::Relaxed), 0);
        drop(second);
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    }

    /// Adds its slots up when it is dropped.
    struct Slots<'a>([AtomicUsize; 4], &'a AtomicUsize);

    impl Drop for Slots<'_> {
        fn drop(&mut self) {
            let sum = self.0.iter_mut().map(|slot| *slot.get_mut()).sum();
            self.1.store(sum, Ordering::Relaxed);
        }
    }

    /// The drop reads without atomics what the owners wrote: the thread sanitizer sees whether
    /// anything but the count orders the two.
    #[test]
    fn what_every_owner_did_comes_before_the_drop() {
        let sum = AtomicUsize::new(0);
        let slots = Arc::try_new(Slots(Default::default(), &sum)).unwrap();
        thread::scope(|scope| {
            for owner in 0..4 {
                let mine = Arc::clone(&slots);
                scope.spawn(move || {
                    for _ in 0..1000 {
                        let other = Arc::clone(&mine);
                        other.0[owner].fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            drop(slots);
        });
        assert_eq!(sum.load(Ordering::Relaxed), 4000);
    }
}
