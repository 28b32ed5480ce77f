//! What happens when the process is out of descriptors. Each test runs itself again in a process
//! of its own with a low limit.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "each test binary uses a part of it")]
mod common;

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::process::Command;

use common::ANY_PORT;
use poll_net::{AcceptReady, TcpListener, TcpStream, UdpSocket, UnixStream, pipe};

const CHILD: &str = "POLL_NET_DESCRIPTORS_CHILD";

/// Runs `test`, whose name is given, where no more than 48 descriptors can be open.
#[track_caller]
fn with_few_descriptors(name: &str, test: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        return test();
    }
    if !common::can_start_programs() {
        return;
    }
    // Its output is kept: ours holds the results of this program alone.
    let ended = Command::new("sh")
        .args(["-c", "ulimit -n 48 && exec \"$0\" --exact \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
}

/// Opens descriptors until there are no more.
fn exhaust() -> Vec<File> {
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    assert!(!files.is_empty());
    files
}

/// A listener in whose queue so many connections wait, and their other ends.
fn waiting(connections: usize) -> (TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind(ANY_PORT).unwrap();
    let address = listener.local_addr().unwrap();
    let clients = (0..connections).map(|_| TcpStream::connect(address).unwrap()).collect();
    (listener, clients)
}

/// The streams, and how many errors came.
fn take(ready: &mut AcceptReady<'_, TcpListener>) -> (Vec<TcpStream>, usize) {
    let (mut streams, mut errors) = (Vec::new(), 0);
    for accepted in ready {
        match accepted {
            Ok((stream, _)) => streams.push(stream),
            Err(_) => errors += 1,
        }
    }
    (streams, errors)
}

#[test]
fn accept_says_so_once_ends_and_loses_no_connection() {
    with_few_descriptors("accept_says_so_once_ends_and_loses_no_connection", || {
        let (listener, _clients) = waiting(3);
        let mut files = exhaust();
        let mut ready = listener.accept_ready();
        let (streams, errors) = take(&mut ready);
        assert_eq!((streams.len(), errors, ready.is_drained()), (0, 1, false));

        files.truncate(files.len() - 2);
        let mut ready = listener.accept_ready();
        let (streams, errors) = take(&mut ready);
        assert_eq!((streams.len(), errors, ready.is_drained()), (2, 1, false));

        files.pop();
        let mut ready = listener.accept_ready();
        let (last, errors) = take(&mut ready);
        assert_eq!((last.len(), errors), (1, 1));
        drop((streams, last));
        let mut ready = listener.accept_ready();
        assert_eq!(take(&mut ready).0.len(), 0);
        assert!(ready.is_drained());
    });
}

#[test]
fn a_body_that_mends_the_cause_goes_on_in_the_same_loop() {
    with_few_descriptors("a_body_that_mends_the_cause_goes_on_in_the_same_loop", || {
        let (listener, _clients) = waiting(3);
        let mut files = exhaust();
        let mut ready = listener.accept_ready();
        let mut streams = Vec::new();
        for accepted in ready.by_ref() {
            match accepted {
                Ok((stream, _)) => streams.push(stream),
                Err(_) => drop(files.pop()),
            }
        }
        // Each step had one descriptor; Linux wants one even to find the queue empty.
        assert_eq!(streams.len(), 3);
        assert!(ready.is_drained());
    });
}

#[test]
fn descriptors_that_do_not_fit_the_process_are_told_as_truncated() {
    with_few_descriptors("descriptors_that_do_not_fit_the_process_are_told_as_truncated", || {
        let (a, b) = UnixStream::pair().unwrap();
        a.send_fds(b"x", &[a.as_fd(), a.as_fd(), a.as_fd()]).unwrap();
        let mut files = exhaust();
        files.truncate(files.len() - 2);
        let mut fds = Vec::new();
        let received = b.recv_fds(&mut [0; 8], 8, &mut fds).unwrap();
        assert_eq!((received.len, received.accepted, received.truncated), (1, 2, true));
    });
}

#[test]
fn every_constructor_fails_and_leaves_nothing_open() {
    with_few_descriptors("every_constructor_fails_and_leaves_nothing_open", || {
        let (listener, _clients) = waiting(1);
        let address = listener.local_addr().unwrap();
        let mut files = exhaust();
        // One is free: enough for none of those that need two.
        files.pop();
        for _ in 0..3 {
            assert!(pipe().is_err());
            assert!(UnixStream::pair().is_err());
        }
        files.extend(exhaust());
        assert!(TcpStream::connect(address).is_err());
        assert!(UdpSocket::bind(ANY_PORT).is_err());
        let full = TcpListener::bind(ANY_PORT).unwrap_err();
        assert_ne!(full.kind(), ErrorKind::AddrInUse);
        drop(files.pop());
        assert!(UdpSocket::bind(ANY_PORT).is_ok());
    });
}
