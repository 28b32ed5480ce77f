use super::*;
use crate::ring::Nodes;
use alloc::vec::Vec;

#[test]
fn order_survives_the_end_of_the_order_numbers() {
    for left in 0..40 {
        let mut wheel = Wheel::new();
        wheel.ring.skip_orders::<Cells<u32>>(left);
        let keys: Vec<Key> = (0..30).map(|n| wheel.schedule(8, n)).collect();
        wheel.check_invariants();
        // A due one, so that the heap is renumbered too.
        wheel.reschedule(keys[3], 0);
        wheel.reschedule(keys[2], 0);
        wheel.reschedule(keys[0], 8);
        wheel.check_invariants();
        let expired: Vec<u32> = wheel.advance(8).map(|timer| timer.value).collect();
        assert!(expired.into_iter().eq([3, 2, 1].into_iter().chain(4..30).chain([0])));
    }
}

#[test]
fn order_numbers_fill_their_bits() {
    let mut wheel = Wheel::new();
    wheel.ring.skip_orders::<Cells<u32>>(100);
    for n in 0..90 {
        wheel.schedule(if n < 45 { 8 } else { 300 }, n);
    }
    wheel.check_invariants();
    assert!(wheel.advance(300).map(|timer| timer.value).eq(0..90));
}

#[test]
fn a_key_is_eight_bytes_with_and_without_option() {
    assert_eq!(size_of::<Key>(), 8);
    assert_eq!(size_of::<Option<Key>>(), 8);
}

#[test]
fn a_cell_retires_before_its_generation_wraps() {
    let mut wheel = Wheel::new();
    let first = wheel.schedule(1, 'a');
    assert_eq!(wheel.cancel(first), Some('a'));
    wheel.cells.set_generation(first.id, Generation::MAX);
    let last = wheel.schedule(1, 'b');
    assert_eq!((last.id, last.generation), (first.id, Generation::MAX));
    assert_eq!(wheel.cancel(last), Some('b'));
    let other = wheel.schedule(1, 'c');
    assert_ne!(other.id, first.id);
    wheel.shrink_to_fit();
    assert_eq!(wheel.schedule(1, 'd').id, 2);
    assert_eq!(wheel.get(last), None);
    wheel.check_invariants();
}

#[test]
fn a_key_stays_stale_when_its_cell_was_given_back_and_made_anew() {
    let mut wheel = Wheel::new();
    let keys: Vec<Key> = (0..100).map(|n| wheel.schedule(n, n)).collect();
    wheel.clear();
    wheel.shrink_to_fit();
    assert_eq!(wheel.capacity(), 0);
    let new: Vec<Key> = (0..100).map(|n| wheel.schedule(n, n)).collect();
    for (old, new) in keys.into_iter().zip(new) {
        assert_eq!(old.id, new.id);
        assert_eq!(wheel.cancel(old), None);
    }
}

#[test]
fn a_crowd_in_one_span_is_searched_without_losing_anybody() {
    let mut wheel = Wheel::new();
    let keys: Vec<Key> = (0..100).map(|n| wheel.schedule(4000 + n, n)).collect();
    for (n, key) in (0..).zip(&keys[..60]) {
        assert_eq!(wheel.next_deadline(), Some(4000 + n));
        wheel.check_invariants();
        assert_eq!(wheel.cancel(*key), Some(n));
    }
    // One moves away from where it was put together with the others.
    wheel.reschedule(keys[70], 9000);
    assert_eq!(wheel.next_deadline(), Some(4060));
    let fired: Vec<u64> = wheel.advance(10_000).map(|timer| timer.value).collect();
    assert_eq!(fired, (60..70).chain(71..100).chain([70]).collect::<Vec<u64>>());
}

#[test]
fn a_sweep_of_one_slot_keeps_the_live_and_forgets_the_dead() {
    let mut wheel = Wheel::new();
    let keys: Vec<Key> = (0..10).map(|n| wheel.schedule(1_000_000, n)).collect();
    let slot = wheel.cells.node(keys[0].id).place;
    for live in [5, 0] {
        for key in &keys[live..] {
            wheel.cancel(*key);
        }
        assert_eq!(wheel.ring.sweep_one(&mut wheel.cells, slot), if live == 5 { 10 } else { 5 });
        wheel.check_invariants();
        assert_eq!((wheel.len(), wheel.next_deadline().is_some()), (live, live > 0));
    }
}

#[test]
fn the_capacity_is_no_less_than_what_is_held() {
    let mut wheel = Wheel::new();
    for n in 0..100 {
        wheel.schedule(n, n);
        assert!(wheel.capacity() as u64 > n);
    }
}

#[test]
fn a_timer_is_there_until_it_is_cancelled_or_handed_out() {
    let mut wheel = Wheel::new();
    let [first, second] = [5, 6].map(|deadline| wheel.schedule(deadline, deadline));
    assert!(wheel.contains(first) && wheel.contains(second));
    wheel.cancel(first);
    assert!(!wheel.contains(first) && wheel.contains(second));
    assert_eq!(wheel.advance(6).count(), 1);
    assert!(!wheel.contains(second));
}

#[test]
fn a_value_is_changed_by_its_key_while_it_is_there() {
    let mut wheel = Wheel::new();
    let key = wheel.schedule(5, 'a');
    *wheel.get_mut(key).unwrap() = 'b';
    assert_eq!(wheel.cancel(key), Some('b'));
    assert_eq!(wheel.get_mut(key), None);
}

#[test]
fn it_is_empty_while_there_is_no_timer() {
    let mut wheel = Wheel::new();
    assert!(wheel.is_empty());
    let key = wheel.schedule(5, ());
    assert!(!wheel.is_empty());
    wheel.cancel(key);
    assert!(wheel.is_empty());
}

#[test]
fn cells_that_are_free_are_room_that_need_not_be_made() {
    let mut wheel = Wheel::new();
    let keys: Vec<Key> = (0..100).map(|n| wheel.schedule(n, n)).collect();
    keys.iter().for_each(|&key| _ = wheel.cancel(key));
    let capacity = wheel.capacity();
    wheel.try_reserve(100).expect("there is memory");
    assert_eq!(wheel.capacity(), capacity);
    // 50 are free again, and 30 are to be made.
    (0..50).for_each(|n| _ = wheel.schedule(n, n));
    wheel.try_reserve(capacity - 50 + 30).expect("there is memory");
    assert!(wheel.capacity() >= capacity + 30);
}
