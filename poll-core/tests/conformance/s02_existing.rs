//! Semantic 2: `register` and `arm` report a condition that already holds.

use poll_core::{Readiness, Token};

use crate::support::*;

#[test]
fn register_reports_data_that_was_there_before() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        let _guard = watch(world, &ours, 1, READ, mode);
        assert_eq!(look(world), Ready::from([(1, Readiness::READABLE)]));
    });
}

#[test]
fn register_reports_room_to_write() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.pair();
        let _guard = watch(world, &ours, 1, WRITE, mode);
        assert_eq!(look(world), Ready::from([(1, Readiness::WRITABLE)]));
    });
}

#[test]
fn register_reports_a_hang_up_that_was_there_before() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.pair();
        drop(theirs);
        let _guard = watch(world, &ours, 1, READ, mode);
        assert!(look(world)[&1].contains(Readiness::READABLE | Readiness::READ_CLOSED));
    });
}

#[test]
fn arming_a_reserved_source_reports_what_holds() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        let guard = world.reserve(&ours, Token(1));
        assert_silent(world);
        guard.arm(READ, mode).unwrap();
        assert_eq!(look(world), Ready::from([(1, Readiness::READABLE)]));
    });
}

#[test]
fn arming_again_reports_what_was_left_unread() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.readable_pair();
        send(&theirs);
        let guard = watch(world, &ours, 1, READ, mode);
        assert_eq!(tokens(&look(world)), [1]);
        read_one(&ours);
        guard.arm(READ, mode).unwrap();
        assert_eq!(look(world), Ready::from([(1, Readiness::READABLE)]));
    });
}

#[test]
fn arming_after_a_disarm_reports_what_holds() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        let guard = watch(world, &ours, 1, READ, mode);
        guard.disarm().unwrap();
        assert_silent(world);
        guard.arm(READ, mode).unwrap();
        assert_eq!(look(world), Ready::from([(1, Readiness::READABLE)]));
    });
}

#[test]
fn arming_reports_nothing_when_nothing_holds() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        let guard = watch(world, &ours, 1, READ, mode);
        assert_eq!(tokens(&look(world)), [1]);
        drain(&ours);
        guard.arm(READ, mode).unwrap();
        assert_silent(world);
    });
}
