//! The `try_` forms of the timing wheels: each step of a long run is tried with each of its
//! allocations failing, on one wheel, so that whatever a failure spoils shows later.

use std::collections::TryReserveError;
use std::fmt::Debug;

use poll_timer::{Deadlines, Wheel};

use crate::allocator::{Failure, with_failure};

const TIMERS: u32 = 3_000;

/// Deadlines all over the levels: most of them near, some far, each from its number alone.
fn deadline(now: u64, n: u32) -> u64 {
    let mixed = u64::from(n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    now + 1 + (mixed >> (20 + 4 * (n % 11)))
}

/// Tries with the first allocation failing; then with the second, since the first is kept, again and
/// again until it works. Returns how many failed beside what came of it.
fn until_it_works<T, E: Debug>(
    rest: Failure,
    mut operation: impl FnMut() -> Result<T, E>,
    mut unchanged: impl FnMut(),
) -> (T, u32) {
    for failures in 0..100 {
        match with_failure(1 + failures.min(1), rest, &mut operation) {
            (Ok(done), false) => return (done, failures),
            (Ok(_), true) => panic!("an allocation failed, and nobody said so"),
            (Err(error), false) => panic!("nothing failed: {error:?}"),
            (Err(_), true) => unchanged(),
        }
    }
    panic!("what was reserved is not kept");
}

#[test]
fn a_deadline_of_a_connection() {
    for rest in [Failure::One, Failure::AllFromThere] {
        let mut wheel = Deadlines::new();
        let (mut now, mut failed, mut fired) = (0, 0, 0);
        for n in 0..TIMERS {
            // Ids come back, and are moved while they are set.
            let (id, at) = (n % 1_000 * 3, deadline(now, n));
            let cell = std::cell::RefCell::new(&mut wheel);
            let (_, failures) = {
                let before = (cell.borrow().len(), cell.borrow().deadline(id));
                let set = || cell.borrow_mut().try_set(id, at);
                until_it_works(rest, set, || {
                    let wheel = cell.borrow();
                    assert_eq!((wheel.len(), wheel.deadline(id)), before);
                    wheel.check_invariants();
                })
            };
            failed += failures;
            assert_eq!(wheel.deadline(id), Some(at));
            if n % 64 == 0 {
                now += 100;
                while let Some(id) = wheel.pop_expired(now) {
                    assert_eq!(wheel.deadline(id), None);
                    fired += 1;
                }
            }
        }
        assert!(failed > 20 && fired > 100, "{failed} failures, {fired} fired");
    }
}

#[test]
fn a_timer_with_a_payload() {
    for rest in [Failure::One, Failure::AllFromThere] {
        let mut wheel = Wheel::new();
        let (mut now, mut failed, mut fired) = (0, 0, 0);
        for n in 0..TIMERS {
            let at = deadline(now, n);
            let cell = std::cell::RefCell::new(&mut wheel);
            let (key, failures) = {
                let before = cell.borrow().len();
                let schedule = || -> Result<_, TryReserveError> {
                    cell.borrow_mut().try_schedule(at, n).map_err(|(value, error)| {
                        assert_eq!(value, n, "the value comes back");
                        error
                    })
                };
                until_it_works(rest, schedule, || {
                    assert_eq!(cell.borrow().len(), before);
                    cell.borrow().check_invariants();
                })
            };
            failed += failures;
            assert_eq!((wheel.get(key), wheel.deadline(key)), (Some(&n), Some(at)));
            if n % 64 == 0 {
                now += 100;
                while let Some(expired) = wheel.pop_expired(now) {
                    assert!(expired.deadline <= now);
                    fired += 1;
                }
            }
        }
        assert!(failed > 20 && fired > 100, "{failed} failures, {fired} fired");
    }
}

#[test]
fn what_was_reserved_needs_no_more() {
    for rest in [Failure::One, Failure::AllFromThere] {
        let (mut deadlines, mut wheel) = (Deadlines::new(), Wheel::new());
        let (_, some) = until_it_works(rest, || deadlines.try_reserve(TIMERS), || {});
        let (_, more) = until_it_works(rest, || wheel.try_reserve(TIMERS as usize), || {});
        assert!(some >= 2 && more >= 4, "{some} and {more} failures");
        let ((), failed) = with_failure(1, Failure::AllFromThere, || {
            for n in 0..TIMERS {
                deadlines.set(n, deadline(0, n));
                wheel.schedule(deadline(0, n), n);
            }
        });
        assert!(!failed);
    }
}
