//! The unowned form: `add`, `modify`, `delete`.

use poll_core::{Mode, Readiness, Token};

use crate::support::*;

#[test]
fn an_added_source_is_reported_until_it_is_deleted() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.readable_pair();
        world.add(&ours, Token(1), READ, mode).unwrap();
        assert_eq!(look(world), Ready::from([(1, Readiness::READABLE)]));
        world.delete(&ours).unwrap();
        send(&theirs);
        assert_silent(world);
    });
}

#[test]
fn a_report_that_nobody_has_taken_is_taken_back_by_a_delete() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        world.add(&ours, Token(1), READ, mode).unwrap();
        world.delete(&ours).unwrap();
        assert_silent(world);
    });
}

#[test]
fn a_modify_changes_token_interest_and_mode() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        world.add(&ours, Token(1), READ, Mode::Level).unwrap();
        world.modify(&ours, Token(2), WRITE, mode).unwrap();
        assert_eq!(look(world), Ready::from([(2, Readiness::WRITABLE)]));
        if mode != Mode::Level {
            assert_silent(world);
        }
        world.delete(&ours).unwrap();
    });
}

#[test]
fn a_modify_enables_a_oneshot_again() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.readable_pair();
        world.add(&ours, Token(1), READ, Mode::Oneshot).unwrap();
        for _ in 0..3 {
            assert_eq!(tokens(&look(world)), [1]);
            assert_silent(world);
            world.modify(&ours, Token(1), READ, Mode::Oneshot).unwrap();
        }
        world.delete(&ours).unwrap();
    });
}

#[test]
fn a_deleted_source_can_be_added_again() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        for token in 0..3 {
            world.add(&ours, Token(token), READ, mode).unwrap();
            assert_eq!(tokens(&look(world)), [token]);
            world.delete(&ours).unwrap();
        }
    });
}

#[test]
fn a_number_that_was_closed_without_a_delete_can_be_added_again() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        world.add(&ours, Token(1), READ, mode).unwrap();
        let number = ours.as_raw_fd();
        drop(ours);
        let (again, _peer) = world.readable_pair();
        assert_eq!(again.as_raw_fd(), number);
        world.add(&again, Token(2), READ, mode).unwrap();
        assert_eq!(tokens(&look(world)), [2]);
        world.delete(&again).unwrap();
        assert_silent(world);
    });
}
