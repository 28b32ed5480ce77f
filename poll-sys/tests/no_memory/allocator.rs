//! An allocator that fails when it is told to, in the thread that told it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

/// What happens after the allocation that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is memory again.
    One,
    /// There is none until the operation is over.
    AllFromThere,
}

/// The thread whose allocations are counted; zero is none. Not a thread-local: where the system has
/// none of its own, std allocates them.
static CHOSEN: AtomicUsize = AtomicUsize::new(0);
/// How many allocations from now the failure comes, counted from 1; zero is never.
static LEFT: AtomicU32 = AtomicU32::new(0);
/// Whether those after it fail, too.
static STAYS: AtomicBool = AtomicBool::new(false);
/// Whether an allocation has failed.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Runs `body` with its `k`-th allocation failing. Returns also whether it got that far.
pub(crate) fn with_failure<T>(k: u32, rest: Failure, body: impl FnOnce() -> T) -> (T, bool) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    FAILED.store(false, SeqCst);
    STAYS.store(rest == Failure::AllFromThere, SeqCst);
    LEFT.store(k, SeqCst);
    let chosen = Chosen::me();
    let done = body();
    drop(chosen);
    (done, FAILED.load(SeqCst))
}

/// While it lives, the thread that made it is the chosen one.
struct Chosen;

impl Chosen {
    fn me() -> Self {
        CHOSEN.store(this_thread(), SeqCst);
        Self
    }
}

impl Drop for Chosen {
    fn drop(&mut self) {
        CHOSEN.store(0, SeqCst);
    }
}

/// A number that no other thread has meanwhile.
fn this_thread() -> usize {
    // SAFETY: 1. pthread_self(3) takes nothing, demands nothing and always succeeds.
    let name = unsafe { libc::pthread_self() };
    // An integer on some systems, a pointer on others.
    name as usize
}

fn fails() -> bool {
    if CHOSEN.load(SeqCst) != this_thread() {
        return false;
    }
    let left = LEFT.load(SeqCst);
    let fails = left == 1;
    if fails {
        FAILED.store(true, SeqCst);
    }
    if !fails || !STAYS.load(SeqCst) {
        LEFT.store(left.saturating_sub(1), SeqCst);
    }
    fails
}

struct Failing;

#[global_allocator]
static ALLOCATOR: Failing = Failing;

// SAFETY: 1. Memory comes from `System` and goes back to it with the layout that it came with, so what
// it keeps of the contract is kept; a null pointer is an allocation that failed. 2. Nothing here
// unwinds: there are loads and stores of atomics alone. 3. They allocate nothing.
unsafe impl GlobalAlloc for Failing {
    /// # Safety
    /// 1. As the trait demands: the layout is not of size zero.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fails() {
            return ptr::null_mut();
        }
        // SAFETY: 1. The caller keeps the contract of `alloc`, which is that of `System`: a layout of
        // a size that is not zero.
        unsafe { System.alloc(layout) }
    }

    /// # Safety
    /// 1. As the trait demands: the pointer came from this allocator, with this layout.
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: 1. The caller keeps the contract of `dealloc`: the pointer came from `alloc` above,
        // so from `System`, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[test]
fn the_chosen_allocation_fails_and_the_others_do_not() {
    let reserve = || Vec::<u64>::new().try_reserve_exact(8).is_ok();
    let three = || [reserve(), reserve(), reserve()];
    assert_eq!(with_failure(2, Failure::One, three), ([true, false, true], true));
    assert_eq!(with_failure(2, Failure::AllFromThere, three), ([true, false, false], true));
    assert_eq!(with_failure(4, Failure::AllFromThere, three), ([true; 3], false));
    assert_eq!(three(), [true; 3]);
}
