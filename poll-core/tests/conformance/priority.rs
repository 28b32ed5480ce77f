//! `Interest::PRIORITY`: TCP's urgent byte.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsFd;

use poll_core::{Interest, Readiness, RegisterError, Token};

use crate::support::*;

#[test]
fn an_urgent_byte_is_reported_exactly_where_priority_is_supported() {
    for_each_mode(|poller, mode| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        server.set_nonblocking(true).unwrap();
        let watched = poller.register(server, Token(1), Interest::PRIORITY, mode);
        if !poller.supports_interest(Interest::PRIORITY) {
            let rejected = watched.unwrap_err();
            assert!(matches!(rejected.error(), RegisterError::InterestUnsupported));
            return;
        }
        let server = watched.unwrap();
        assert_silent(poller);
        poll_sys::urgent::send(client.as_fd(), b'!').unwrap();
        until(poller, 1, Readiness::PRIORITY);
        assert_eq!(poll_sys::urgent::receive(server.as_fd()).unwrap(), b'!');
    });
}

#[test]
fn plain_data_is_no_priority() {
    for_each_mode(|poller, mode| {
        if poller.supports_interest(Interest::PRIORITY) {
            let (ours, _theirs) = readable_pair();
            let _guard = watch(poller, &ours, 1, Interest::PRIORITY, mode);
            assert_silent(poller);
        }
    });
}
