//! Semantic 5: a half-close is told from data wherever the system can.

use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};

use poll_core::{Backend, Poller, Readiness, Token};

use crate::support::*;

/// Whether this poller's system can tell.
fn tells(poller: &Poller) -> bool {
    match poller.backend() {
        Backend::Epoll | Backend::Kqueue => true,
        Backend::Poll => !poll_sys::poll::Flags::RDHUP.is_empty(),
        _ => false,
    }
}

#[test]
fn data_alone_is_no_half_close() {
    for_each_mode(|poller, mode| {
        let (ours, _theirs) = readable_pair();
        let _guard = watch(poller, &ours, 1, READ, mode);
        assert_eq!(look(poller), Ready::from([(1, Readiness::READABLE)]));
    });
}

#[test]
fn a_half_close_closes_the_reading_side_alone() {
    for_each_mode(|poller, mode| {
        let (ours, theirs) = pair();
        theirs.shutdown(Shutdown::Write).unwrap();
        let _guard = watch(poller, &ours, 1, READ, mode);
        let said = look(poller)[&1];
        assert_eq!(said.contains(Readiness::READ_CLOSED), tells(poller), "{said:?}");
        assert!(!said.intersects(Readiness::WRITE_CLOSED | Readiness::ERROR), "{said:?}");
    });
}

#[test]
fn a_half_close_may_come_with_unread_data_which_can_still_be_read() {
    for_each_mode(|poller, mode| {
        let (ours, theirs) = readable_pair();
        theirs.shutdown(Shutdown::Write).unwrap();
        let _guard = watch(poller, &ours, 1, READ, mode);
        let said = look(poller)[&1];
        assert!(said.contains(Readiness::READABLE), "{said:?}");
        assert_eq!(said.contains(Readiness::READ_CLOSED), tells(poller), "{said:?}");
        assert_eq!(drain(&ours), 1);
    });
}

#[test]
fn a_half_close_is_told_exactly_when_readable_is_asked() {
    for_each_mode(|poller, mode| {
        let (ours, theirs) = pair();
        theirs.shutdown(Shutdown::Write).unwrap();
        let guard = watch(poller, &ours, 1, WRITE, mode);
        assert_eq!(look(poller), Ready::from([(1, Readiness::WRITABLE)]));
        guard.arm(both(), mode).unwrap();
        let said = look(poller)[&1];
        assert_eq!(said.contains(Readiness::READ_CLOSED), tells(poller), "{said:?}");
    });
}

#[test]
fn a_full_close_closes_both_sides() {
    for_each_mode(|poller, mode| {
        let (ours, theirs) = pair();
        drop(theirs);
        let _guard = watch(poller, &ours, 1, both(), mode);
        let said = look(poller)[&1];
        assert!(said.contains(Readiness::READ_CLOSED | Readiness::WRITE_CLOSED), "{said:?}");
    });
}

#[test]
fn a_half_close_of_tcp_is_told() {
    for_each_mode(|poller, mode| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let _guard = poller.register(server, Token(1), READ, mode).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let said = next(poller)[&1];
        assert!(said.contains(Readiness::READABLE), "{said:?}");
        assert_eq!(said.contains(Readiness::READ_CLOSED), tells(poller), "{said:?}");
        assert!(!said.contains(Readiness::WRITE_CLOSED), "{said:?}");
    });
}
