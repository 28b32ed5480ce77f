//! No descriptor for a connection that waits: nothing is lost, in any mode.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use poll_core::{Mode, Token};

use crate::support::*;

#[test]
fn a_connection_that_could_not_be_accepted_is_reported_by_level_and_after_an_arm() {
    for_each_mode(|poller, mode| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = poller.register(listener, Token(1), READ, mode).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(tokens(&next(poller)), [1]);
        let refused = with_free_descriptors(0, || listener.accept()).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(rustix::io::Errno::MFILE.raw_os_error()));
        match mode {
            Mode::Level => {}
            _ => {
                assert_silent(poller);
                listener.arm(READ, mode).unwrap();
            }
        }
        assert_eq!(tokens(&next(poller)), [1]);
        listener.accept().unwrap();
        assert_silent(poller);
    });
}
