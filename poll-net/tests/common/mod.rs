//! What the tests of this crate share: a check for leaked descriptors, and a capped wait.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Every wait of a test ends here.
const CAP: Duration = Duration::from_secs(10);

pub(crate) const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// Runs a test alone in the process and fails it if it leaves a descriptor open.
pub(crate) fn leak_checked(test: impl FnOnce()) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = open_descriptors();
    test();
    assert_eq!(open_descriptors(), before, "descriptors before (right) and after the test");
}

fn open_descriptors() -> BTreeSet<String> {
    let directory = ["/proc/self/fd", "/dev/fd"]
        .into_iter()
        .find_map(|path| std::fs::read_dir(path).ok())
        .expect("a directory of the process's descriptors");
    // The directory's own descriptor has the lowest free number, the same in both listings.
    directory.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Calls `step` until it no longer says `WouldBlock`.
#[track_caller]
pub(crate) fn until_ready<T>(mut step: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let end = Instant::now() + CAP;
    loop {
        match step() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(Instant::now() < end, "not ready within {CAP:?}");
                std::thread::yield_now();
            }
            result => return result,
        }
    }
}

/// Asserts that a call fails with that kind of error.
#[track_caller]
pub(crate) fn assert_kind<T>(result: io::Result<T>, kind: ErrorKind) {
    match result {
        Ok(_) => panic!("succeeded, where {kind:?} was expected"),
        Err(error) => assert_eq!(error.kind(), kind, "{error}"),
    }
}

/// An address of this machine on which nobody listens: bound by a socket that is returned, and
/// which does not listen.
pub(crate) fn nobody_listens() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(ANY_PORT).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// Whether programs of this build can be started by name. Where an emulator or a loader runs them
/// they cannot: then this says so.
pub(crate) fn can_start_programs() -> bool {
    let listing = std::env::current_exe()
        .and_then(|program| std::process::Command::new(program).arg("--list").output());
    let can = listing.is_ok_and(|listing| listing.stdout.ends_with(b"benchmarks\n"));
    if !can {
        println!("skipped: programs of this build cannot be started by name here");
    }
    can
}
