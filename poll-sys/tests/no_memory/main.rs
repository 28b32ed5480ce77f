//! What happens when there is no memory: the k-th allocation of an operation fails, for k = 1, 2, …,
//! until the operation does not get that far. Where an error is promised there is one, and not the
//! end of the process; everything is as it was, and works when there is memory again.
//!
//! It stands here because an allocator takes unsafe code.

mod allocator;
mod pollers;
mod tables;
mod timers;

use allocator::{Failure, with_failure};

/// Sweeps `operation` over all allocations that it makes, with a new world for each; returns how many
/// failed.
///
/// After each failure `unchanged` looks whether the world is as it was; then the operation is done
/// once more, with memory, and `works` looks at what came of it.
fn sweep<W, T, E: std::fmt::Debug>(
    world: impl Fn() -> W,
    mut operation: impl FnMut(&mut W) -> Result<T, E>,
    is_no_memory: impl Fn(&E) -> bool,
    mut unchanged: impl FnMut(&mut W),
    mut works: impl FnMut(&mut W, T),
) -> u32 {
    let mut failures = 0;
    for rest in [Failure::One, Failure::AllFromThere] {
        for k in 1.. {
            let mut world = world();
            let (done, failed) = with_failure(k, rest, || operation(&mut world));
            let done = match (done, failed) {
                (done, false) => {
                    works(&mut world, done.expect("no allocation has failed"));
                    break;
                }
                (Ok(_), true) => panic!("allocation {k} failed, and nobody said so"),
                (Err(error), true) => error,
            };
            assert!(is_no_memory(&done), "allocation {k}: {done:?}");
            failures += 1;
            unchanged(&mut world);
            let again = operation(&mut world).expect("there is memory again");
            works(&mut world, again);
        }
    }
    failures
}
