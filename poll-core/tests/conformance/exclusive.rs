//! `Mode::Exclusive`: level for one poller, not for the whole herd of them.

use poll_core::{Interest, Mode, Readiness, RegisterError, Token};

use crate::support::*;

/// Runs `test` where there is such a mode; elsewhere it has to be refused.
fn where_it_is(test: fn(&World)) {
    for_each_backend_and([test], |world, test| {
        if world.supports(Mode::Exclusive) {
            return test(world);
        }
        let (ours, _theirs) = world.readable_pair();
        let rejected = world.register(&ours, Token(1), READ, Mode::Exclusive).unwrap_err();
        assert!(matches!(rejected.error(), RegisterError::ModeUnsupported));
        assert_silent(world);
    });
}

#[test]
fn exclusive_reports_in_every_wait_for_as_long_as_the_condition_holds() {
    where_it_is(|world| {
        let (ours, _theirs) = world.readable_pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Exclusive);
        for _ in 0..5 {
            assert_eq!(look(world), Ready::from([(1, Readiness::READABLE)]));
        }
        drain(&ours);
        assert_silent(world);
    });
}

#[test]
fn at_least_one_of_the_pollers_that_watch_exclusively_is_told() {
    where_it_is(|world| {
        let (door, caller) = world.listener();
        let other = world.another().unwrap();
        let _here = world.register(&door, Token(1), READ, Mode::Exclusive).unwrap();
        let _there = other.register(&door, Token(2), READ, Mode::Exclusive).unwrap();
        for _ in 0..5 {
            let _client = caller.call();
            let told = [look(world), look(&other)];
            assert!(told.iter().any(|ready| !ready.is_empty()), "nobody was told");
            door.accept().unwrap();
            assert_silent(world);
            assert_silent(&other);
        }
    });
}

#[test]
fn an_exclusive_watch_can_be_changed_as_any_other() {
    where_it_is(|world| {
        let (ours, _theirs) = world.readable_pair();
        let guard = watch(world, &ours, 1, WRITE, Mode::Exclusive);
        assert_eq!(look(world), Ready::from([(1, Readiness::WRITABLE)]));
        guard.arm(both(), Mode::Exclusive).unwrap();
        assert_eq!(look(world)[&1], Readiness::READABLE | Readiness::WRITABLE);
        guard.arm(READ, Mode::Oneshot).unwrap();
        assert_eq!((tokens(&look(world)), tokens(&look(world))), (vec![1], vec![]));
        guard.arm(READ, Mode::Exclusive).unwrap();
        guard.set_token(Token(2)).unwrap();
        assert_eq!((tokens(&look(world)), tokens(&look(world))), (vec![2], vec![2]));
        assert_eq!((guard.interest(), guard.mode()), (Some(READ), Some(Mode::Exclusive)));
        guard.disarm().unwrap();
        assert_silent(world);
    });
}

#[test]
fn priority_cannot_be_watched_exclusively_and_what_was_watched_stays() {
    where_it_is(|world| {
        let (ours, _theirs) = world.readable_pair();
        let guard = watch(world, &ours, 1, READ, Mode::Level);
        let refused = guard.arm(READ | Interest::PRIORITY, Mode::Exclusive).unwrap_err();
        assert!(matches!(refused, RegisterError::InterestUnsupported));
        assert_eq!((tokens(&look(world)), guard.mode()), (vec![1], Some(Mode::Level)));
    });
}

#[test]
fn an_unowned_exclusive_watch_is_added_and_deleted_but_not_modified() {
    where_it_is(|world| {
        let (ours, _theirs) = world.readable_pair();
        world.add(&ours, Token(1), READ, Mode::Exclusive).unwrap();
        let refused = world.modify(&ours, Token(2), READ, Mode::Exclusive).unwrap_err();
        assert!(matches!(refused, RegisterError::ModeUnsupported));
        assert_eq!(tokens(&look(world)), [1]);
        world.delete(&ours).unwrap();
        assert_silent(world);
    });
}
