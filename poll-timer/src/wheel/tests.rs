use super::*;
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
