//! Constructors of the layers above while the kernel refuses one of their syscalls: they fail with its
//! error and leave no descriptor open.
//!
//! A filter of seccomp(2) refuses, in a child of `fork`, because it cannot be taken off again.
//!
//! CHILD: the child is a copy of one thread. It takes no lock of another thread's but the
//! allocator's, which the C libraries make usable in a child, and leaves by `_exit`.

use std::fmt::Debug;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;

use libc::{c_int, c_long};
use poll_core::{Backend, Poller};

mod fallbacks;

/// A child that takes longer hangs: SIGALRM ends it.
const LONGEST_SECONDS: u32 = 60;
/// Descriptors below this number are counted.
const NUMBERS: c_int = 512;

/// Makes every later call of `syscall` in this process fail with `errno`, for ever.
fn refuse(syscall: c_long, errno: c_int) -> io::Result<()> {
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let mut program = [
        // The number of the syscall is the first field of seccomp_data.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        libc::sock_filter {
            code: (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16,
            jt: 0,
            jf: 1,
            k: syscall as u32,
        },
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | errno as u32),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ];
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: 1. PR_SET_NO_NEW_PRIVS takes integers (prctl(2)).
    crate::result::check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    // SAFETY: 1. PR_SET_SECCOMP with SECCOMP_MODE_FILTER takes a pointer to a sock_fprog, here a live
    // local, whose pointer and length are those of a live array; the kernel copies both (prctl(2)).
    let set =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) };
    crate::result::check(set)?;
    Ok(())
}

/// How many descriptors are open: poll(2) tells it, which no constructor here calls.
fn open_descriptors() -> usize {
    let open = |fd: &c_int| {
        let mut entry = libc::pollfd { fd: *fd, events: 0, revents: 0 };
        // SAFETY: 1. The pointer is to one live entry, and one is the length.
        let told = unsafe { libc::poll(&raw mut entry, 1, 0) };
        told >= 0 && entry.revents & libc::POLLNVAL == 0
    };
    (0..NUMBERS).filter(open).count()
}

/// What the child found out, as its exit code.
const GOOD: c_int = 0;
const NO_FILTER: c_int = 1;
const NO_ERROR: c_int = 2;
const OTHER_ERROR: c_int = 3;
const LEAKED: c_int = 4;

/// Whether `make` fails with `errno`, and leaves nothing open, when the kernel refuses `syscall`.
fn judge<T>(syscall: c_long, errno: c_int, make: &dyn Fn() -> io::Result<T>) -> c_int {
    if refuse(syscall, errno).is_err() {
        return NO_FILTER;
    }
    let before = open_descriptors();
    // Twice: what the first call might keep for the second is no excuse.
    for _ in 0..2 {
        match make() {
            Ok(_) => return NO_ERROR,
            Err(error) if error.raw_os_error() != Some(errno) => return OTHER_ERROR,
            Err(_) => {}
        }
    }
    if open_descriptors() == before { GOOD } else { LEAKED }
}

fn in_child(body: impl FnOnce() -> c_int) -> c_int {
    // SAFETY: 1. fork(2) has no memory precondition. 2. What the child does is CHILD.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "{}", io::Error::last_os_error());
    if pid == 0 {
        // SAFETY: 1. alarm(2) takes an integer.
        unsafe { libc::alarm(LONGEST_SECONDS) };
        let code = body();
        // SAFETY: 1. _exit(2) takes an integer and does not return.
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    // SAFETY: 1. `pid` is a child of ours that nobody else waits for. 2. The pointer is to a live
    // local.
    let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(waited, pid);
    assert!(libc::WIFEXITED(status), "the child ended with status {status}");
    libc::WEXITSTATUS(status)
}

fn assert_atomic<T: Debug>(
    name: &str,
    refusals: &[(c_long, &[c_int])],
    make: impl Fn() -> io::Result<T>,
) {
    let good = make().unwrap_or_else(|error| panic!("{name} fails by itself: {error}"));
    drop(good);
    for (syscall, errors) in refusals {
        for errno in *errors {
            let code = in_child(|| judge(*syscall, *errno, &make));
            assert_eq!(
                code, GOOD,
                "{name}, syscall {syscall}, errno {errno}: the code is in this file"
            );
        }
    }
}

const NONE_LEFT: &[c_int] = &[libc::EMFILE, libc::ENFILE, libc::ENOMEM];
const SOCKET: (c_long, &[c_int]) =
    (libc::SYS_socket, &[libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::EAFNOSUPPORT]);
const BIND: (c_long, &[c_int]) = (libc::SYS_bind, &[libc::EADDRINUSE, libc::EACCES, libc::ENOMEM]);
const LISTEN: (c_long, &[c_int]) = (libc::SYS_listen, &[libc::EADDRINUSE, libc::EOPNOTSUPP]);
const OPTION: (c_long, &[c_int]) = (libc::SYS_setsockopt, &[libc::ENOPROTOOPT, libc::ENOMEM]);
const PAIR: (c_long, &[c_int]) =
    (libc::SYS_socketpair, &[libc::EMFILE, libc::ENFILE, libc::EOPNOTSUPP]);
const ANY_PORT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

#[test]
fn a_poller_that_is_refused_leaves_nothing_open() {
    assert_atomic(
        "epoll",
        &[
            (libc::SYS_epoll_create1, NONE_LEFT),
            (libc::SYS_eventfd2, NONE_LEFT),
            (libc::SYS_epoll_ctl, &[libc::ENOMEM, libc::ENOSPC]),
        ],
        || Poller::with_backend(Backend::Epoll),
    );
    assert_atomic("poll", &[(libc::SYS_eventfd2, NONE_LEFT)], || {
        Poller::with_backend(Backend::Poll)
    });
}

#[test]
fn a_tcp_socket_that_is_refused_leaves_nothing_open() {
    let listener = poll_net::TcpListener::bind(ANY_PORT).unwrap();
    let address = listener.local_addr().unwrap();
    assert_atomic("TcpListener::bind", &[SOCKET, OPTION, BIND, LISTEN], || {
        poll_net::TcpListener::bind(ANY_PORT)
    });
    let refused = [
        SOCKET,
        (libc::SYS_connect, &[libc::ENETUNREACH, libc::EADDRNOTAVAIL, libc::ECONNREFUSED]),
    ];
    assert_atomic("TcpStream::connect", &refused, || poll_net::TcpStream::connect(address));
    assert_atomic("TcpListener::accept", &[(libc::SYS_accept4, NONE_LEFT)], || {
        let _waiting = std::net::TcpStream::connect(address)?;
        listener.accept()
    });
}

#[test]
fn a_udp_socket_that_is_refused_leaves_nothing_open() {
    assert_atomic("UdpSocket::bind", &[SOCKET, BIND], || poll_net::UdpSocket::bind(ANY_PORT));
    assert_atomic("UdpSocket::bind_shared", &[SOCKET, OPTION, BIND], || {
        poll_net::UdpSocket::bind_shared(ANY_PORT)
    });
}

#[test]
fn a_unix_socket_that_is_refused_leaves_nothing_open() {
    let path = Temporary(std::env::temp_dir().join(format!("poll-{}", std::process::id())));
    let listener = poll_net::UnixListener::bind(&path.0).unwrap();
    let name = || format!("{}.{}", path.0.display(), "other");
    let bind = || {
        let other = Temporary(PathBuf::from(name()));
        poll_net::UnixListener::bind(&other.0)
    };
    assert_atomic("UnixListener::bind", &[SOCKET, BIND, LISTEN], bind);
    let refused = [SOCKET, (libc::SYS_connect, &[libc::EACCES, libc::ECONNREFUSED])];
    assert_atomic("UnixStream::connect", &refused, || poll_net::UnixStream::connect(&path.0));
    assert_atomic("UnixStream::pair", &[PAIR], poll_net::UnixStream::pair);
    assert_atomic("UnixDatagram::pair", &[PAIR], poll_net::UnixDatagram::pair);
    assert_atomic("UnixDatagram::bind", &[SOCKET, BIND], || {
        let other = Temporary(PathBuf::from(name()));
        poll_net::UnixDatagram::bind(&other.0)
    });
    drop(listener);
}

#[test]
fn a_pipe_that_is_refused_leaves_nothing_open() {
    assert_atomic("pipe", &[(libc::SYS_pipe2, &[libc::EMFILE, libc::ENFILE])], poll_net::pipe);
}

/// A path that is free again at the end.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // It is not there where a bind was refused.
        let _ = std::fs::remove_file(&self.0);
    }
}
