//! Semantic 6: an idle registration reports nothing, hang-up included.

use poll_core::Token;

use crate::support::*;

#[test]
fn a_reserved_source_is_silent() {
    for_each_backend(|world| {
        let (ours, theirs) = world.readable_pair();
        let _guard = world.reserve(&ours, Token(1));
        assert_silent(world);
        drop(theirs);
        assert_silent(world);
    });
}

#[test]
fn a_disarmed_source_is_silent() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.pair();
        let guard = watch(world, &ours, 1, both(), mode);
        guard.disarm().unwrap();
        assert_silent(world);
        send(&theirs);
        assert_silent(world);
        drop(theirs);
        assert_silent(world);
    });
}

#[test]
fn a_report_that_nobody_has_taken_is_taken_back_by_a_disarm() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        let guard = watch(world, &ours, 1, READ, mode);
        guard.disarm().unwrap();
        assert_silent(world);
    });
}

#[test]
fn disarming_again_is_no_error() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.readable_pair();
        let guard = world.reserve(&ours, Token(1));
        for _ in 0..3 {
            guard.disarm().unwrap();
        }
        assert_eq!((guard.interest(), guard.mode()), (None, None));
    });
}

#[test]
fn a_oneshot_that_has_fired_can_be_disarmed() {
    for_each_backend(|world| {
        let (ours, theirs) = world.readable_pair();
        let guard = watch(world, &ours, 1, READ, poll_core::Mode::Oneshot);
        assert_eq!(tokens(&look(world)), [1]);
        guard.disarm().unwrap();
        send(&theirs);
        assert_silent(world);
        guard.arm(READ, poll_core::Mode::Oneshot).unwrap();
        assert_eq!(tokens(&look(world)), [1]);
    });
}
