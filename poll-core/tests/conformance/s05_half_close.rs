//! Semantic 5: a half-close is told from data wherever the system can.

use std::io::{ErrorKind, Write};

use poll_core::{Backend, Readiness, Token};

use crate::support::*;

/// Whether this poller's system can tell.
fn tells(world: &World) -> bool {
    match world.backend() {
        Backend::Epoll | Backend::Kqueue | Backend::Simulated => true,
        Backend::Poll => !poll_sys::poll::Flags::RDHUP.is_empty(),
        _ => false,
    }
}

#[test]
fn data_alone_is_no_half_close() {
    for_each_mode(|world, mode| {
        let (ours, _theirs) = world.readable_pair();
        let _guard = watch(world, &ours, 1, READ, mode);
        assert_eq!(look(world), Ready::from([(1, Readiness::READABLE)]));
    });
}

#[test]
fn a_half_close_closes_the_reading_side_alone() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.pair();
        theirs.shutdown();
        let _guard = watch(world, &ours, 1, READ, mode);
        let said = look(world)[&1];
        assert_eq!(said.contains(Readiness::READ_CLOSED), tells(world), "{said:?}");
        assert!(!said.intersects(Readiness::WRITE_CLOSED | Readiness::ERROR), "{said:?}");
    });
}

#[test]
fn a_half_close_may_come_with_unread_data_which_can_still_be_read() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.readable_pair();
        theirs.shutdown();
        let _guard = watch(world, &ours, 1, READ, mode);
        let said = look(world)[&1];
        assert!(said.contains(Readiness::READABLE), "{said:?}");
        assert_eq!(said.contains(Readiness::READ_CLOSED), tells(world), "{said:?}");
        assert_eq!(drain(&ours), 1);
    });
}

#[test]
fn a_half_close_is_told_exactly_when_readable_is_asked() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.pair();
        theirs.shutdown();
        let guard = watch(world, &ours, 1, WRITE, mode);
        assert_eq!(look(world), Ready::from([(1, Readiness::WRITABLE)]));
        guard.arm(both(), mode).unwrap();
        let said = look(world)[&1];
        assert_eq!(said.contains(Readiness::READ_CLOSED), tells(world), "{said:?}");
    });
}

#[test]
fn a_half_close_of_one_s_own_ends_the_writing_alone() {
    for_each_backend(|world| {
        let (mut ours, theirs) = world.pair();
        ours.shutdown();
        assert_eq!(ours.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        send(&theirs);
        assert_eq!(drain(&ours), 1);
    });
}

#[test]
fn a_full_close_closes_both_sides() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.pair();
        drop(theirs);
        let _guard = watch(world, &ours, 1, both(), mode);
        let said = look(world)[&1];
        assert!(said.contains(Readiness::READ_CLOSED | Readiness::WRITE_CLOSED), "{said:?}");
    });
}

#[test]
fn a_full_close_is_no_error() {
    for_each_mode(|world, mode| {
        for interest in [READ, WRITE, both()] {
            let (ours, theirs) = world.pair();
            drop(theirs);
            let _guard = watch(world, &ours, 1, interest, mode);
            let said = look(world)[&1];
            assert!(!said.contains(Readiness::ERROR), "{interest:?}: {said:?}");
        }
    });
}

#[test]
fn a_half_close_by_each_end_is_a_full_close() {
    for_each_mode(|world, mode| {
        let (ours, theirs) = world.pair();
        theirs.shutdown();
        ours.shutdown();
        let _guard = watch(world, &ours, 1, both(), mode);
        let said = look(world)[&1];
        assert!(said.contains(Readiness::READ_CLOSED | Readiness::WRITE_CLOSED), "{said:?}");
    });
}

#[test]
fn a_half_close_of_tcp_is_told() {
    for_each_mode(|world, mode| {
        let (client, server) = world.connection();
        let _guard = world.register(server, Token(1), READ, mode).unwrap();
        client.shutdown();
        let said = next(world)[&1];
        assert!(said.contains(Readiness::READABLE), "{said:?}");
        assert_eq!(said.contains(Readiness::READ_CLOSED), tells(world), "{said:?}");
        assert!(!said.contains(Readiness::WRITE_CLOSED), "{said:?}");
    });
}
