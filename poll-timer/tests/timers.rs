//! `Timers`: the wheel with a clock, at instants that are made up, not waited for.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use poll_timer::{Clock, Timers, coalesce};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn timers() -> (Timers<char>, Instant) {
    let start = Instant::now();
    (Timers::new(start), start)
}

#[test]
fn timers_come_at_their_instants_in_order() {
    let (mut timers, start) = timers();
    assert_eq!((timers.len(), timers.is_empty(), timers.pop_expired(start)), (0, true, None));
    timers.schedule(start + ms(20), 'b');
    timers.schedule_after(start + ms(5), ms(5), 'a');
    assert_eq!((timers.len(), timers.is_empty()), (2, false));
    assert_eq!(timers.pop_expired(start + ms(9)), None);
    assert_eq!(timers.pop_expired(start + ms(10)).map(|timer| timer.value), Some('a'));
    assert_eq!((timers.len(), timers.is_empty()), (1, false));
    assert!(timers.advance(start + ms(20)).map(|timer| timer.value).eq(['b']));
    assert!(timers.is_empty());
}

#[test]
fn the_first_deadline_is_told_as_an_instant_and_as_a_timeout() {
    let (mut timers, start) = timers();
    assert_eq!((timers.next_deadline(), timers.timeout(start)), (None, None));
    timers.schedule(start + ms(30), 'a');
    assert_eq!(timers.next_deadline(), Some(start + ms(30)));
    assert_eq!(timers.timeout(start + ms(10)), Some(ms(20)));
    assert_eq!(timers.timeout(start + ms(40)), Some(Duration::ZERO));
}

#[test]
fn a_timer_is_moved_and_cancelled_by_its_key() {
    let (mut timers, start) = timers();
    let key = timers.schedule(start + ms(10), 'a');
    assert!(timers.reschedule(key, start + ms(20)));
    assert_eq!(timers.next_deadline(), Some(start + ms(20)));
    assert!(timers.reschedule_after(start + ms(20), key, ms(5)));
    assert_eq!(timers.next_deadline(), Some(start + ms(25)));
    assert_eq!(timers.cancel(key), Some('a'));
    assert_eq!(timers.cancel(key), None);
    assert!(!timers.reschedule(key, start) && !timers.reschedule_after(start, key, ms(5)));
    assert!(timers.is_empty());
}

#[test]
fn the_wheel_beneath_is_that_of_the_timers() {
    let (mut timers, start) = timers();
    let key = timers.schedule(start + ms(10), 'a');
    assert_eq!(timers.wheel().get(key), Some(&'a'));
    assert_eq!(timers.wheel_mut().cancel(key), Some('a'));
    assert!(timers.is_empty());
}

#[test]
fn a_clock_of_its_own_sets_the_resolution_and_the_origin() {
    let origin = Instant::now() + ms(1_000);
    let mut timers = Timers::with_clock(Clock::with_resolution(origin, ms(10)));
    assert_eq!((timers.clock().origin(), timers.clock().resolution()), (origin, ms(10)));
    timers.schedule(origin + ms(11), 'a');
    assert_eq!(timers.next_deadline(), Some(origin + ms(20)));
}

#[test]
fn slack_makes_a_timer_late_by_no_more_than_it() {
    let (mut timers, start) = timers();
    timers.set_slack(Duration::from_micros(500_999));
    timers.schedule(start + ms(30_017), 'a');
    assert_eq!(coalesce(30_017, 500), 30_208);
    assert_eq!(timers.next_deadline(), Some(start + ms(30_208)));
    timers.set_slack(Duration::ZERO);
    timers.schedule(start + ms(30_018), 'b');
    assert_eq!(timers.next_deadline(), Some(start + ms(30_018)));
}
