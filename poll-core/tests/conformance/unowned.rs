//! The unowned form: `add`, `modify`, `delete`.

use std::os::fd::AsRawFd;

use poll_core::{Mode, Readiness, Token};

use crate::support::*;

#[test]
fn an_added_source_is_reported_until_it_is_deleted() {
    for_each_mode(|poller, mode| {
        let (ours, theirs) = readable_pair();
        poller.add(&ours, Token(1), READ, mode).unwrap();
        assert_eq!(look(poller), Ready::from([(1, Readiness::READABLE)]));
        poller.delete(&ours).unwrap();
        send(&theirs);
        assert_silent(poller);
    });
}

#[test]
fn a_report_that_nobody_has_taken_is_taken_back_by_a_delete() {
    for_each_mode(|poller, mode| {
        let (ours, _theirs) = readable_pair();
        poller.add(&ours, Token(1), READ, mode).unwrap();
        poller.delete(&ours).unwrap();
        assert_silent(poller);
    });
}

#[test]
fn a_modify_changes_token_interest_and_mode() {
    for_each_mode(|poller, mode| {
        let (ours, _theirs) = readable_pair();
        poller.add(&ours, Token(1), READ, Mode::Level).unwrap();
        poller.modify(&ours, Token(2), WRITE, mode).unwrap();
        assert_eq!(look(poller), Ready::from([(2, Readiness::WRITABLE)]));
        if mode != Mode::Level {
            assert_silent(poller);
        }
        poller.delete(&ours).unwrap();
    });
}

#[test]
fn a_modify_enables_a_oneshot_again() {
    for_each_backend(|poller| {
        let (ours, _theirs) = readable_pair();
        poller.add(&ours, Token(1), READ, Mode::Oneshot).unwrap();
        for _ in 0..3 {
            assert_eq!(tokens(&look(poller)), [1]);
            assert_silent(poller);
            poller.modify(&ours, Token(1), READ, Mode::Oneshot).unwrap();
        }
        poller.delete(&ours).unwrap();
    });
}

#[test]
fn a_deleted_source_can_be_added_again() {
    for_each_mode(|poller, mode| {
        let (ours, _theirs) = readable_pair();
        for token in 0..3 {
            poller.add(&ours, Token(token), READ, mode).unwrap();
            assert_eq!(tokens(&look(poller)), [token]);
            poller.delete(&ours).unwrap();
        }
    });
}

#[test]
fn a_number_that_was_closed_without_a_delete_can_be_added_again() {
    for_each_mode(|poller, mode| {
        let (ours, _theirs) = readable_pair();
        poller.add(&ours, Token(1), READ, mode).unwrap();
        let number = ours.as_raw_fd();
        drop(ours);
        let (again, _peer) = readable_pair();
        assert_eq!(again.as_raw_fd(), number);
        poller.add(&again, Token(2), READ, mode).unwrap();
        assert_eq!(tokens(&look(poller)), [2]);
        poller.delete(&again).unwrap();
        assert_silent(poller);
    });
}
