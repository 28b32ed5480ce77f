//! Bytes and allocations, counted for the thread that makes them.
#![forbid(unsafe_code)]

use allocation_counter::measure;
use poll_timer::{Deadlines, Wheel};

/// The bytes that `make` leaves allocated, and what it made.
fn bytes<R>(make: impl FnOnce() -> R) -> (usize, R) {
    let mut made = None;
    let counts = measure(|| made = Some(make()));
    let held = usize::try_from(counts.bytes_current).expect("it frees nothing of others");
    (held, made.expect("it was called"))
}

/// Deadlines from 1 to 60,000, the same in each run.
fn deadline(id: u32) -> u64 {
    1 + u64::from(id.wrapping_mul(2_654_435_761) >> 8) % 60_000
}

/// A million in earnest; a debug build takes its time.
const MANY: u32 = if cfg!(debug_assertions) { 500_000 } else { 1_000_000 };

#[test]
fn a_deadline_takes_at_most_24_bytes() {
    let (held, deadlines) = bytes(|| {
        let mut deadlines = Deadlines::new();
        (0..MANY).for_each(|id| _ = deadlines.set(id, deadline(id)));
        deadlines
    });
    println!("{} bytes a deadline", held as f64 / deadlines.len() as f64);
    assert!(held <= 24 * deadlines.len(), "{held}");
}

#[test]
fn a_timer_with_a_word_takes_at_most_33_bytes_when_room_was_reserved() {
    let (held, wheel) = bytes(|| {
        let mut wheel: Wheel<u64> = Wheel::new();
        wheel.try_reserve(MANY as usize).expect("there is memory");
        (0..MANY).for_each(|id| _ = wheel.schedule(deadline(id), u64::from(id)));
        wheel
    });
    println!("{} bytes a timer", held as f64 / wheel.len() as f64);
    assert!(held <= 33 * wheel.len(), "{held}");
}

/// The set of free timers grows ahead of the timers; its room was forgotten once.
#[test]
fn what_was_reserved_allocates_no_more() {
    for count in [1, 63, 64, 65, 1_000, 3_000, 10_000] {
        let (mut wheel, mut deadlines) = (Wheel::new(), Deadlines::new());
        wheel.try_reserve(count as usize).expect("there is memory");
        deadlines.try_reserve(count).expect("there is memory");
        let counts = measure(|| {
            for id in 0..count {
                wheel.schedule(deadline(id), id);
                deadlines.set(id, deadline(id));
            }
        });
        assert_eq!(counts.count_total, 0, "{count} timers");
    }
}

#[test]
fn cancelled_timers_are_not_kept() {
    let (held, wheel) = bytes(|| {
        let mut wheel: Wheel<u64> = Wheel::new();
        let mut keys: Vec<_> = (0..10_000).map(|n| wheel.schedule(30_000, n)).collect();
        // 200,000 of them come and go, near and far, while 10,000 live.
        for now in 0..2_000 {
            for n in 0..100 {
                let index = (now * 100 + n) as usize % keys.len();
                assert!(wheel.cancel(keys[index]).is_some());
                keys[index] = wheel.schedule(now + 1 + deadline(n as u32), n);
            }
            while let Some(timer) = wheel.pop_expired(now) {
                let index = keys.iter().position(|&key| key == timer.key).expect("a known key");
                keys[index] = wheel.schedule(now + 30_000, timer.value);
            }
        }
        wheel.check_invariants();
        wheel
    });
    assert_eq!(wheel.len(), 10_000);
    assert!(held < 100 * wheel.len(), "{held} bytes");
}

#[test]
fn deadlines_that_come_nearer_again_and_again_leave_no_heap_of_old_entries() {
    let (held, deadlines) = bytes(|| {
        let mut deadlines = Deadlines::new();
        // Near, which leaves an entry behind in the far slot, and far again when that comes due.
        let far = 1 << 40;
        for now in (0..5_000).step_by(10) {
            for id in 0..1_000 {
                deadlines.set(id, far);
                deadlines.set(id, now + 5);
                deadlines.set(id, far);
            }
            assert_eq!(deadlines.pop_expired(now + 5), None);
        }
        deadlines.check_invariants();
        deadlines
    });
    assert_eq!(deadlines.len(), 1_000);
    assert!(held < 300 * deadlines.len(), "{held} bytes");
}

#[test]
fn memory_comes_back_after_a_burst() {
    let (held, (wheel, deadlines)) = bytes(|| {
        let (mut wheel, mut deadlines) = (Wheel::new(), Deadlines::new());
        wheel.schedule(100_000, 0);
        deadlines.set(0, 100_000);
        for id in 1..100_000 {
            wheel.schedule(7, u64::from(id));
            deadlines.set(id, 7);
        }
        assert_eq!(wheel.advance(7).count(), 99_999);
        while deadlines.pop_expired(7).is_some() {}
        wheel.shrink_to_fit();
        deadlines.shrink_to_fit();
        (wheel, deadlines)
    });
    assert_eq!((wheel.len(), deadlines.len()), (1, 1));
    assert!(held < 2 * 16_384, "{held} bytes");
}

#[test]
fn what_went_on_before_goes_on_without_allocation() {
    let mut wheel: Wheel<u64> = Wheel::new();
    let mut keys: Vec<_> = (0..1_000).map(|n| wheel.schedule(1_000 + n, n)).collect();
    let mut run = |wheel: &mut Wheel<u64>, from: u64| {
        for now in from..from + 100_000 {
            let index = now as usize % keys.len();
            if now % 3 == 0 {
                wheel.cancel(keys[index]);
                keys[index] = wheel.schedule(now + 1_000, now);
            } else {
                wheel.reschedule(keys[index], now + 1_000);
            }
            assert_eq!(wheel.advance(now).count(), 0);
            assert!(wheel.next_deadline() > Some(now));
        }
    };
    run(&mut wheel, 0);
    assert_eq!(measure(|| run(&mut wheel, 100_000)).count_total, 0);
}

#[test]
fn an_empty_wheel_allocates_nothing() {
    let counts = measure(|| {
        let (mut wheel, mut deadlines) = (Wheel::<u64>::new(), Deadlines::new());
        assert_eq!((wheel.next_deadline(), deadlines.next_deadline()), (None, None));
        assert_eq!((wheel.advance(u64::MAX).count(), deadlines.pop_expired(9)), (0, None));
    });
    assert_eq!(counts.count_total, 0);
}

#[test]
fn an_empty_wheel_is_less_than_a_kilobyte() {
    assert!(size_of::<Wheel<u64>>() < 1_024);
    assert!(size_of::<Deadlines>() < 1_024);
}
