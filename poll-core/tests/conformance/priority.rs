//! `Interest::PRIORITY`: TCP's urgent byte.

use std::os::fd::AsFd;

use poll_core::{Interest, Readiness, RegisterError, Token};

use crate::support::*;

#[test]
fn an_urgent_byte_is_reported_exactly_where_priority_is_supported() {
    for_each_mode(|world, mode| {
        let (client, server) = world.connection();
        let watched = world.register(server, Token(1), Interest::PRIORITY, mode);
        if !world.supports_interest(Interest::PRIORITY) {
            let rejected = watched.unwrap_err();
            assert!(matches!(rejected.error(), RegisterError::InterestUnsupported));
            return;
        }
        let server = watched.unwrap();
        assert_silent(world);
        poll_sys::urgent::send(client.as_fd(), b'!').unwrap();
        until(world, 1, Readiness::PRIORITY);
        assert_eq!(poll_sys::urgent::receive(server.as_fd()).unwrap(), b'!');
    });
}

#[test]
fn plain_data_is_no_priority() {
    for_each_mode(|world, mode| {
        if world.supports_interest(Interest::PRIORITY) {
            let (ours, _theirs) = world.readable_pair();
            let _guard = watch(world, &ours, 1, Interest::PRIORITY, mode);
            assert_silent(world);
        }
    });
}
