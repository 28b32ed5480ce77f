//! Semantic 1: how often level, edge and oneshot report.

use poll_core::{Events, Mode, Readiness, RegisterError, Token};

use crate::support::*;

#[test]
fn level_reports_in_every_wait_for_as_long_as_the_condition_holds() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.readable_pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Level);
        for _ in 0..5 {
            assert_eq!(look(world), Ready::from([(1, Readiness::READABLE)]));
        }
        drain(&ours);
        assert_silent(world);
    });
}

#[test]
fn level_reports_hang_up_in_every_wait() {
    for_each_backend(|world| {
        let (ours, theirs) = world.pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Level);
        drop(theirs);
        for _ in 0..5 {
            assert!(look(world)[&1].contains(Readiness::READABLE | Readiness::READ_CLOSED));
        }
    });
}

#[test]
fn edge_reports_each_arrival_after_a_drain_and_nothing_in_between() {
    for_each_edge(|world| {
        let (ours, theirs) = world.pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Edge);
        for _ in 0..5 {
            assert_silent(world);
            send(&theirs);
            assert_eq!(look(world), Ready::from([(1, Readiness::READABLE)]));
            assert_silent(world);
            drain(&ours);
        }
    });
}

#[test]
fn edge_reports_an_arrival_on_top_of_unread_data() {
    for_each_edge(|world| {
        let (ours, theirs) = world.pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Edge);
        for _ in 0..5 {
            send(&theirs);
            assert_eq!(tokens(&look(world)), [1]);
        }
    });
}

#[test]
fn edge_reports_a_half_close_after_a_drain() {
    for_each_edge(|world| {
        let (ours, theirs) = world.readable_pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Edge);
        assert_eq!(tokens(&look(world)), [1]);
        drain(&ours);
        assert_silent(world);
        theirs.shutdown();
        assert!(look(world)[&1].contains(Readiness::READABLE));
        assert_silent(world);
    });
}

#[test]
fn edge_reports_each_connection_of_a_listener() {
    for_each_edge(|world| {
        let (door, caller) = world.listener();
        let door = world.register(door, Token(1), READ, Mode::Edge).unwrap();
        for _ in 0..3 {
            assert_silent(world);
            let _client = caller.call();
            assert_eq!(tokens(&next(world)), [1]);
            assert_silent(world);
            door.accept().unwrap();
        }
    });
}

#[test]
fn edge_reports_hang_up_and_half_close_once_each() {
    for_each_edge(|world| {
        let (ours, theirs) = world.pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Edge);
        assert_silent(world);
        theirs.shutdown();
        assert!(look(world)[&1].contains(Readiness::READABLE));
        assert_silent(world);
    });
}

#[test]
fn oneshot_reports_once_then_nothing_until_it_is_armed() {
    for_each_backend(|world| {
        let (ours, theirs) = world.readable_pair();
        let guard = watch(world, &ours, 1, READ, Mode::Oneshot);
        for _ in 0..3 {
            assert_eq!(tokens(&look(world)), [1]);
            assert_silent(world);
            send(&theirs);
            assert_silent(world);
            guard.arm(READ, Mode::Oneshot).unwrap();
        }
    });
}

#[test]
fn oneshot_says_nothing_of_a_hang_up_after_it_has_fired() {
    for_each_backend(|world| {
        let (ours, theirs) = world.readable_pair();
        let guard = watch(world, &ours, 1, both(), Mode::Oneshot);
        assert_eq!(tokens(&look(world)), [1]);
        drop(theirs);
        assert_silent(world);
        guard.arm(READ, Mode::Oneshot).unwrap();
        assert!(look(world)[&1].contains(Readiness::READABLE | Readiness::READ_CLOSED));
        assert_silent(world);
    });
}

#[test]
fn oneshot_reports_a_hang_up_once() {
    for_each_backend(|world| {
        let (ours, theirs) = world.pair();
        let _guard = watch(world, &ours, 1, READ, Mode::Oneshot);
        assert_silent(world);
        drop(theirs);
        assert!(look(world)[&1].contains(Readiness::READABLE));
        assert_silent(world);
    });
}

#[test]
fn oneshot_delivers_once_however_many_conditions_hold() {
    for_each_backend_and([1, 2, 64], |world, capacity| {
        let (ours, theirs) = world.readable_pair();
        let _guard = watch(world, &ours, 1, both(), Mode::Oneshot);
        assert_eq!(tokens(&look_into(world, &mut Events::with_capacity(capacity))), [1]);
        send(&theirs);
        assert_silent(world);
    });
}

#[test]
fn a_change_of_mode_takes_effect() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.readable_pair();
        let guard = watch(world, &ours, 1, READ, Mode::Level);
        assert_eq!(tokens(&look(world)), [1]);
        guard.arm(READ, Mode::Oneshot).unwrap();
        assert_eq!(tokens(&look(world)), [1]);
        assert_silent(world);
        guard.arm(READ, Mode::Level).unwrap();
        for _ in 0..3 {
            assert_eq!(tokens(&look(world)), [1]);
        }
        if world.supports(Mode::Edge) {
            guard.arm(READ, Mode::Edge).unwrap();
            assert_eq!(tokens(&look(world)), [1]);
            assert_silent(world);
        }
    });
}

#[test]
fn a_change_of_interest_takes_effect_in_both_directions() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        let guard = watch(world, &ours, 1, READ, mode);
        for (interest, said) in [
            (WRITE, Readiness::WRITABLE),
            (READ, Readiness::READABLE),
            (both(), Readiness::READABLE | Readiness::WRITABLE),
            (WRITE, Readiness::WRITABLE),
        ] {
            guard.arm(interest, mode).unwrap();
            assert_eq!(look(world), Ready::from([(1, said)]));
        }
    });
}

#[test]
fn a_mode_is_supported_exactly_when_it_is_taken() {
    for_each_backend_and(MODES, |world, mode| {
        let (ours, _theirs) = world.pair();
        match world.register(&ours, Token(1), READ, mode) {
            Ok(_) => assert!(world.supports(mode)),
            Err(rejected) => {
                assert!(!world.supports(mode));
                assert!(matches!(rejected.error(), RegisterError::ModeUnsupported));
            }
        }
    });
}

#[test]
fn level_and_oneshot_are_supported_everywhere() {
    for_each_backend(|world| {
        assert!(world.supports(Mode::Level) && world.supports(Mode::Oneshot));
    });
}

/// Runs `test` on the backends that have edges.
fn for_each_edge(test: fn(&World)) {
    for_each_backend_and([test], |world, test| {
        if world.supports(Mode::Edge) {
            test(world);
        }
    });
}
