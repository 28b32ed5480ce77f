use super::*;
use crate::queue::BLOCK;
use crate::ring::{NOWHERE, Nodes};

#[test]
fn order_survives_the_end_of_the_order_numbers() {
    for left in 0..40 {
        let mut deadlines = Deadlines::new();
        deadlines.ring.skip_orders::<Slots>(left);
        // 16 ids at each of two deadlines, some moved there from elsewhere.
        for id in 0..32 {
            deadlines.set(id, if id % 3 == 0 { 9 } else { 5 + u64::from(id % 2) });
            deadlines.check_invariants();
        }
        for id in (0..32).rev() {
            deadlines.set(id, 7 + u64::from(id % 2));
            deadlines.check_invariants();
        }
        let expired: Vec<u32> = core::iter::from_fn(|| deadlines.pop_expired(8)).collect();
        let even = (0..32).rev().filter(|id| id % 2 == 0);
        assert!(expired.into_iter().eq(even.chain((0..32).rev().filter(|id| id % 2 == 1))));
    }
}

#[test]
fn a_sweep_leaves_one_entry_for_each_that_is_filed() {
    let mut deadlines = Deadlines::new();
    let far = 1 << 40;
    for now in (0..2_000).step_by(10) {
        // Far, then near, which leaves an entry behind, then far again when that comes due.
        for id in 0..3 {
            deadlines.set(id, far);
            deadlines.set(id, now + 5);
            deadlines.set(id, far);
        }
        assert_eq!(deadlines.pop_expired(now + 5), None);
    }
    let place = deadlines.slots.node(0).place;
    let Deadlines { ring, slots } = &mut deadlines;
    assert!(ring.sweep_one(slots, place) > 100);
    assert_eq!(ring.sweep_one(slots, place), 3);
    deadlines.check_invariants();
}

#[test]
fn it_is_empty_while_no_id_has_a_deadline() {
    let mut deadlines = Deadlines::new();
    assert!(deadlines.is_empty());
    deadlines.set(7, 3);
    assert!(!deadlines.is_empty());
    deadlines.clear(7);
    assert!(deadlines.is_empty());
}

#[test]
fn a_slot_keeps_its_order_and_its_place_apart() {
    let mut slots = Deadlines::new();
    slots.set(0, 1);
    let slots = &mut slots.slots;
    for order in [0, 1, u64::from(u32::MAX), 1 << 32, Slots::LAST_ORDER] {
        for place in [0, 1, NOWHERE] {
            slots.put(0, 7, order, place);
            assert_eq!((slots.order(0), slots.node(0).place), (order, place));
            slots.set_place(0, 3);
            assert_eq!((slots.order(0), slots.node(0).place), (order, 3));
            slots.set_order(0, Slots::LAST_ORDER - order);
            let now = (slots.order(0), slots.node(0).place);
            assert_eq!(now, (Slots::LAST_ORDER - order, 3));
        }
    }
}

/// A few ahead, as far as there is memory already.
#[test]
fn ids_that_come_one_by_one_find_room_made_for_sixty_four() {
    let mut deadlines = Deadlines::new();
    deadlines.try_reserve(1_000).unwrap();
    for (id, slots) in [(0, 64), (63, 64), (64, 128), (500, 564)] {
        deadlines.set(id, 1);
        assert_eq!(deadlines.slots.all.len(), slots, "after {id}");
    }
}

/// 100 timers of one tick. The first is set again, so that it is the last in order and still the first
/// in its slot.
fn crowd() -> Deadlines {
    let mut deadlines = Deadlines::new();
    (0..100).for_each(|id| _ = deadlines.set(id, 50));
    deadlines.set(0, 50);
    deadlines
}

#[test]
fn nothing_is_handed_out_while_the_slot_of_its_tick_is_being_emptied() {
    for budget in 1..120 {
        let mut deadlines = crowd();
        let mut expired: Vec<u32> = Vec::new();
        while !deadlines.is_empty() {
            let mut left = budget;
            while let Some(id) = deadlines.pop_expired_within(50, &mut left) {
                expired.push(id);
            }
            deadlines.check_invariants();
        }
        assert!(expired.into_iter().eq((1..100).chain([0])), "{budget} steps at a time");
    }
}

#[test]
fn what_is_set_for_the_tick_in_hand_joins_its_batch_once_its_slot_is_empty() {
    let mut deadlines = crowd();
    assert_eq!(deadlines.pop_expired_within(50, &mut 40), None);
    deadlines.set(100, 50);
    assert!(!deadlines.ring.is_near_empty(), "its slot is not empty");

    let mut deadlines = crowd();
    assert_eq!(deadlines.pop_expired(50), Some(1));
    (100..200).for_each(|id| _ = deadlines.set(id, 50));
    assert!(deadlines.ring.is_near_empty());
    let expired = core::iter::from_fn(|| deadlines.pop_expired(50));
    assert!(expired.eq((2..100).chain([0]).chain(100..200)));
}

/// 100 timers in one slot of 256 ticks.
fn set_crowd(deadlines: &mut Deadlines, from: u64) {
    (0..100).for_each(|id| _ = deadlines.set(id, from + u64::from(id)));
    // Known as the next one, and forgotten when it is cleared.
    deadlines.set(100, from - 1);
    deadlines.clear(100);
}

#[test]
fn a_crowd_is_put_in_order_when_it_is_searched_again_and_not_before() {
    let mut deadlines = Deadlines::new();
    set_crowd(&mut deadlines, 3_850);
    assert_eq!((deadlines.next_deadline(), deadlines.ring.is_near_empty()), (Some(3_850), true));
    deadlines.clear(0);
    assert_eq!((deadlines.next_deadline(), deadlines.ring.is_near_empty()), (Some(3_851), false));
    deadlines.check_invariants();
}

#[test]
fn a_slot_that_was_emptied_since_it_was_searched_is_not_searched_again() {
    let mut deadlines = Deadlines::new();
    set_crowd(&mut deadlines, 3_850);
    assert_eq!(deadlines.next_deadline(), Some(3_850));
    while deadlines.pop_expired(5_000).is_some() {}
    // The same slot, one turn of its ring later.
    set_crowd(&mut deadlines, 3_850 + (1 << 16));
    assert_eq!(deadlines.next_deadline(), Some(3_850 + (1 << 16)));
    assert!(deadlines.ring.is_near_empty());
}

#[test]
fn an_earlier_one_in_a_slot_is_found_although_later_ones_are_in_order() {
    let mut deadlines = Deadlines::new();
    set_crowd(&mut deadlines, 3_850);
    assert_eq!(deadlines.next_deadline(), Some(3_850));
    deadlines.clear(0);
    assert_eq!(deadlines.next_deadline(), Some(3_851));
    assert!(!deadlines.ring.is_near_empty());
    deadlines.set(101, 300);
    deadlines.set(102, 600);
    deadlines.clear(101);
    assert_eq!(deadlines.next_deadline(), Some(600));
}

#[test]
fn the_next_wake_of_the_only_timer_is_its_deadline() {
    let mut deadlines = Deadlines::new();
    deadlines.set(0, 5);
    deadlines.set(1, 6);
    assert_eq!([deadlines.pop_expired(6), deadlines.pop_expired(6)], [Some(0), Some(1)]);
    deadlines.set(0, 10_001);
    assert_eq!(deadlines.next_wake(), Some(10_001));
}

#[test]
fn no_tick_has_a_whole_slot_of_level_1_to_move() {
    let mut deadlines = Deadlines::new();
    for id in 0..100_000u32 {
        deadlines.set(id, 1 + u64::from(id.wrapping_mul(2_654_435_761)) % 60_000);
    }
    for now in 1..=60_000 {
        let mut left = usize::MAX;
        let mut expired = 0;
        while deadlines.pop_expired_within(now, &mut left).is_some() {
            expired += 1;
        }
        // Who expires is looked at once more.
        let moved = usize::MAX - left - 2 * expired;
        assert!(moved <= BLOCK, "{moved} timers were moved at {now}");
    }
    assert!(deadlines.is_empty());
}

#[test]
fn the_next_deadline_is_found_when_the_search_moves_it_down_to_level_0() {
    let mut deadlines = Deadlines::new();
    deadlines.set(0, 600); // in the slot that begins at 512
    assert_eq!(deadlines.pop_expired_within(300, &mut 0), None); // which is not emptied
    deadlines.set(0, 805);
    deadlines.set(1, 5_000);
    assert_eq!(deadlines.next_deadline(), Some(805));
    deadlines.check_invariants();
}

#[test]
fn what_goes_stale_is_swept_in_each_of_the_slots() {
    let mut deadlines = Deadlines::new();
    let far = |k: u64| 3 << (19 + 4 * k);
    // One lives in each of eight slots of the higher levels, so that they stay occupied.
    (1..=8).for_each(|id| _ = deadlines.set(id, far(u64::from(id) - 1)));
    for now in (0..200_000).step_by(10) {
        // Filed there, and set nearer at once, which leaves an entry behind.
        deadlines.set(0, far(now / 10 % 8));
        deadlines.set(0, now + 5);
        assert_eq!(deadlines.pop_expired(now + 5), Some(0));
        assert!(deadlines.ring.filed() < 4_000, "{} at {now}", deadlines.ring.filed());
    }
    deadlines.check_invariants();
}
