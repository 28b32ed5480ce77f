//! What timers elsewhere were seen to get wrong, a test each. The oracle tests cover most of it
//! too; these say it by name.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use poll_timer::{Clock, Deadlines, Key, Timers, Wheel};

fn values<T>(expired: impl Iterator<Item = poll_timer::Expired<T>>) -> Vec<T> {
    expired.map(|timer| timer.value).collect()
}

#[test]
fn nothing_fires_before_its_instant_at_any_resolution() {
    let start = Instant::now();
    for resolution in [1u64, 999, 65_000, 1_000_000, 2_000_000, 149_000_000] {
        let clock = Clock::with_resolution(start, Duration::from_nanos(resolution));
        let mut timers = Timers::with_clock(clock);
        for n in 0..200u64 {
            let deadline = start + Duration::from_nanos(n * 777_777_777 / 13);
            timers.schedule(deadline, deadline);
        }
        let mut now = start;
        while let Some(next) = timers.next_deadline() {
            // A moment before, and then the moment that the timers ask for.
            now = now.max(next - Duration::from_nanos(1));
            for moment in [now, next] {
                for timer in timers.advance(moment) {
                    assert!(timer.value <= moment, "early at {resolution} ns");
                    let late = moment - timer.value;
                    assert!(late < Duration::from_nanos(resolution), "late by {late:?}");
                }
            }
        }
        assert!(timers.is_empty());
    }
}

#[test]
fn deadlines_past_every_power_of_two_expire_on_their_tick() {
    for base in [0, 1, (1 << 36) - 1, 1 << 36, u64::MAX / 3] {
        let mut wheel = Wheel::starting_at(base);
        let mut deadlines: Vec<u64> = (0..64)
            .flat_map(|bit| [1u64 << bit, (1 << bit) + 1])
            .filter_map(|distance| base.checked_add(distance))
            .collect();
        deadlines.sort_unstable();
        deadlines.dedup();
        for &deadline in deadlines.iter().rev() {
            wheel.schedule(deadline, deadline);
        }
        for deadline in deadlines {
            assert_eq!(wheel.next_deadline(), Some(deadline));
            assert!(wheel.pop_expired(deadline - 1).is_none(), "{deadline} is early");
            assert_eq!(wheel.pop_expired(deadline).map(|timer| timer.value), Some(deadline));
        }
    }
}

#[test]
fn a_period_goes_on_for_years_beside_one_long_sleep() {
    let mut deadlines = Deadlines::new();
    let (year, hour) = (365 * 86_400_000u64, 3_600_000);
    deadlines.set(0, 40 * year);
    deadlines.set(1, 6 * hour);
    for beat in 1..=3 * year / (6 * hour) {
        assert_eq!(deadlines.next_deadline(), Some(beat * 6 * hour));
        assert_eq!(deadlines.pop_expired(beat * 6 * hour), Some(1));
        deadlines.set(1, (beat + 1) * 6 * hour);
    }
    assert_eq!(deadlines.deadline(0), Some(40 * year));
}

#[test]
fn a_stale_key_touches_no_other_timer() {
    let mut wheel = Wheel::new();
    let mut old: Vec<Key> = Vec::new();
    for round in 0..100 {
        let key = wheel.schedule(round, round);
        for &old in &old {
            assert_eq!(wheel.cancel(old), None);
            assert_eq!(wheel.get_mut(old), None);
            assert!(!wheel.reschedule(old, 0) && !wheel.contains(old));
            assert_eq!((wheel.get(old), wheel.deadline(old)), (None, None));
        }
        assert_eq!(wheel.get(key), Some(&round));
        if round % 2 == 0 {
            assert_eq!(wheel.cancel(key), Some(round));
        } else {
            assert_eq!(wheel.advance(round).count(), 1);
        }
        old.push(key);
    }
}

#[test]
fn a_jump_costs_what_moves_and_not_what_passes() {
    let mut deadlines = Deadlines::new();
    for id in 0..10 {
        deadlines.set(id, u64::MAX - u64::from(id));
    }
    // Ten levels, and one step to hand each out.
    let mut budget = 10 * (10 + 1);
    for now in [1, 1 << 20, 1 << 40, 1 << 60, u64::MAX - 10] {
        assert_eq!(deadlines.pop_expired_within(now, &mut budget), None);
    }
    for id in (0..10).rev() {
        assert_eq!(deadlines.pop_expired_within(u64::MAX, &mut budget), Some(id));
    }
}

#[test]
fn one_that_is_due_and_not_yet_handed_out_can_be_put_off() {
    let mut wheel = Wheel::new();
    let keys: Vec<Key> = (0..4).map(|n| wheel.schedule(10, n)).collect();
    assert_eq!(wheel.pop_expired(10).map(|timer| timer.value), Some(0));
    // The others wait in the batch of tick 10.
    assert!(wheel.reschedule(keys[2], 20));
    assert_eq!(wheel.cancel(keys[3]), Some(3));
    assert_eq!(values(wheel.advance(10)), [1]);
    assert_eq!(wheel.next_deadline(), Some(20));
    assert_eq!(values(wheel.advance(20)), [2]);
}

#[test]
fn a_timer_moved_into_the_past_is_due_at_once() {
    let mut deadlines = Deadlines::new();
    deadlines.set(1, 1_000_000);
    assert_eq!(deadlines.pop_expired(500), None);
    deadlines.set(1, 400);
    assert_eq!(deadlines.next_deadline(), Some(400));
    assert!(deadlines.next_wake() <= Some(400));
    assert_eq!(deadlines.pop_expired(500), Some(1));
}

#[test]
fn after_a_drain_the_next_deadline_and_wake_up_lie_ahead() {
    let mut deadlines = Deadlines::new();
    for id in 0..5_000u32 {
        deadlines.set(id, u64::from(id % 97) * 31 + 1);
        deadlines.set(id, u64::from(id % 89) * 1_013 + 5);
    }
    (0..5_000).step_by(3).for_each(|id| _ = deadlines.clear(id));
    for now in (0..100_000).step_by(317) {
        while deadlines.pop_expired(now).is_some() {}
        assert!(deadlines.next_wake().is_none_or(|wake| wake > now));
        assert!(deadlines.next_deadline().is_none_or(|next| next > now));
    }
}

#[test]
fn one_advance_over_many_ticks_keeps_the_order() {
    let mut wheel = Wheel::new();
    for n in 0..20_000u64 {
        wheel.schedule(n * 7_919 % 100_003 / 10, n);
    }
    let expired: Vec<_> =
        wheel.advance(1 << 30).map(|timer| (timer.deadline, timer.value)).collect();
    assert_eq!(expired.len(), 20_000);
    // Values were inserted in ascending order.
    assert!(expired.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn the_last_tick_is_a_deadline_like_any_other() {
    let mut deadlines = Deadlines::new();
    deadlines.set(1, u64::MAX);
    assert_eq!(deadlines.next_deadline(), Some(u64::MAX));
    assert_eq!(deadlines.pop_expired(u64::MAX - 1), None);
    assert_eq!(deadlines.pop_expired(u64::MAX), Some(1));
    deadlines.set(2, u64::MAX);
    deadlines.set(3, 5);
    let expired: Vec<u32> = std::iter::from_fn(|| deadlines.pop_expired(u64::MAX)).collect();
    assert_eq!(expired, [3, 2]);
    assert_eq!((deadlines.next_deadline(), deadlines.next_wake()), (None, None));
}

#[test]
fn a_budget_bounds_the_timers_that_move_as_well() {
    let mut deadlines = Deadlines::new();
    // All in one slot of level 2, and all go to other slots when it comes due.
    let begin = 3 << 16;
    (0..10_000).for_each(|id| _ = deadlines.set(id, begin + 1 + u64::from(id)));
    let mut calls = 0;
    loop {
        let mut budget = 100;
        assert_eq!(deadlines.pop_expired_within(begin, &mut budget), None);
        calls += 1;
        if budget > 0 {
            break;
        }
        assert!(deadlines.next_wake() <= Some(begin + 1));
        if calls % 16 == 0 {
            deadlines.check_invariants();
        }
    }
    assert_eq!(calls, 101);
    assert_eq!(deadlines.next_deadline(), Some(begin + 1));
}

#[test]
fn a_budget_bounds_the_cancelled_timers_that_are_passed_over_as_well() {
    let mut deadlines = Deadlines::new();
    (0..10_000).for_each(|id| _ = deadlines.set(id, 5));
    assert_eq!(deadlines.pop_expired(5), Some(0)); // and the others wait for their turn
    (1..4_000).for_each(|id| _ = deadlines.clear(id));
    for _ in 0..39 {
        let mut budget = 100;
        assert_eq!((deadlines.pop_expired_within(5, &mut budget), budget), (None, 0));
        assert!(deadlines.next_wake() <= Some(5));
    }
    let mut budget = 100;
    assert_eq!(deadlines.pop_expired_within(5, &mut budget), Some(4_000));
    assert_eq!(budget, 100 - (3_999 - 3_900) - 1);
}

#[test]
fn the_next_deadline_is_exact_while_the_first_of_a_crowd_is_cancelled_again_and_again() {
    // A crowd that is not worth sorting, one that is, and one that is too great.
    for count in [20u32, 300, 70_000] {
        let mut deadlines = Deadlines::new();
        let base = 1 << 23;
        let mut all: Vec<(u64, u32)> = Vec::new();
        for id in 0..count {
            let deadline = base + u64::from(id.wrapping_mul(2_654_435_761) >> 12);
            all.push((deadline, id));
            // Twice filed in the same slot.
            deadlines.set(id, if id % 3 == 0 { base } else { deadline });
            if id % 5 == 0 {
                deadlines.set(id, 7);
            }
            deadlines.set(id, deadline);
        }
        all.sort_unstable();
        for (deadline, id) in all.into_iter().take(1_000) {
            assert_eq!(deadlines.next_deadline(), Some(deadline));
            assert_eq!(deadlines.clear(id), Some(deadline));
        }
        deadlines.check_invariants();
    }
}

#[test]
fn an_iterator_that_is_dropped_loses_nothing() {
    let mut wheel: Wheel<u32> = (0..100).map(|n| (n / 10, n as u32)).collect();
    for n in 0..100 {
        assert_eq!(wheel.advance(50).next().map(|timer| timer.value), Some(n));
        wheel.check_invariants();
    }
    assert!(wheel.is_empty());
}

#[test]
fn time_that_goes_back_stands_still() {
    let mut deadlines = Deadlines::new();
    assert_eq!(deadlines.pop_expired(100), None);
    deadlines.set(1, 90);
    deadlines.set(2, 101);
    assert_eq!(deadlines.pop_expired(10), Some(1));
    assert_eq!((deadlines.pop_expired(10), deadlines.now()), (None, 100));
}

#[test]
fn slack_makes_timers_late_within_its_bound_and_wake_ups_fewer() {
    let start = Instant::now();
    let slack = Duration::from_millis(500);
    let wake_ups = |slack: Duration| {
        let mut timers = Timers::new(start);
        timers.set_slack(slack);
        for n in 0..1_000 {
            let deadline = start + Duration::from_millis(30_000 + n * 37);
            timers.schedule(deadline, deadline);
        }
        let mut count = 0;
        while let Some(next) = timers.next_deadline() {
            count += 1;
            for timer in timers.advance(next) {
                assert!(timer.value <= next && next <= timer.value + slack);
            }
        }
        count
    };
    assert_eq!(wake_ups(Duration::ZERO), 1_000);
    assert!(wake_ups(slack) <= 37_000 / 256 + 1);
}

#[test]
fn a_drop_that_panics_leaves_a_sound_wheel() {
    struct Bomb(bool);
    impl Drop for Bomb {
        fn drop(&mut self) {
            if std::mem::take(&mut self.0) {
                panic!("as expected");
            }
        }
    }
    let mut wheel: Wheel<Bomb> = (0..100).map(|n| (n, Bomb(n == 50))).collect();
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| wheel.clear()));
    assert!(result.is_err());
    wheel.check_invariants();
    wheel.clear();
    assert!(wheel.is_empty());
    wheel.check_invariants();
}
