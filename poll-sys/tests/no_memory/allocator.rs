//! An allocator that fails when it is told to, in the thread that told it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

/// What happens after the allocation that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is memory again.
    One,
    /// There is none until the operation is over.
    AllFromThere,
}

thread_local! {
    /// How many allocations from now the failure comes, counted from 1; zero is never.
    static LEFT: Cell<u32> = const { Cell::new(0) };
    /// What happens then.
    static REST: Cell<Failure> = const { Cell::new(Failure::One) };
    /// Whether an allocation has failed.
    static FAILED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `body` with its `k`-th allocation failing. Returns also whether it got that far.
pub(crate) fn with_failure<T>(k: u32, rest: Failure, body: impl FnOnce() -> T) -> (T, bool) {
    FAILED.set(false);
    REST.set(rest);
    LEFT.set(k);
    let done = body();
    LEFT.set(0);
    (done, FAILED.get())
}

fn fails() -> bool {
    let fails = LEFT.get() == 1;
    if fails {
        FAILED.set(true);
    }
    let stays = fails && REST.get() == Failure::AllFromThere;
    if !stays {
        LEFT.set(LEFT.get().saturating_sub(1));
    }
    fails
}

struct Failing;

#[global_allocator]
static ALLOCATOR: Failing = Failing;

// SAFETY: 1. Memory comes from `System` and goes back to it with the layout that it came with, so what
// it keeps of the contract is kept; a null pointer is an allocation that failed. 2. Nothing here
// unwinds: the thread-locals need no initialisation and no destructor. 3. They allocate nothing.
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
