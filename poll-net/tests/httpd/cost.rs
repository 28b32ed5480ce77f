//! What a request costs, counted with `strace` on Linux x86-64. Elsewhere, or without it, the test
//! says so and passes.

use std::collections::BTreeMap;
use std::process::Command;

use rustix::process::Signal;

use crate::client::Client;
use crate::served::{Served, is_sanitized, on_each_backend, program};

const REQUESTS: usize = 100;

/// Reading the request, opening, measuring, reading and closing the file, sending the answer, and a
/// wait for the next request, which many connections share.
const EACH: usize = 7;

/// Accepting and registering; musl asks the system for the memory of both.
const ONCE: usize = 16;

#[test]
fn a_request_on_an_open_connection_is_six_syscalls_and_a_wait() {
    if std::env::consts::OS != "linux" || std::env::consts::ARCH != "x86_64" {
        return println!("skipped: the count is of Linux on x86-64");
    }
    if is_sanitized() {
        return println!("skipped: a sanitizer makes syscalls of its own");
    }
    if let Err(error) = Command::new("strace").arg("-V").output() {
        return println!("skipped: strace: {error}");
    }
    on_each_backend(|backend| {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("trace");
        let mut strace = Command::new("strace");
        // -D: the tracer is the one that forks, so that the server is the child of this test.
        strace.args(["-D", "-f", "-q", "-o"]).arg(&log).arg(program());
        let mut served = Served::start_by(strace, backend, &[]);
        let mut client = Client::connect(served.address);
        for _ in 0..REQUESTS {
            client.get("/hello.txt");
            assert_eq!(client.answer().status, 200);
        }
        served.signal(Signal::TERM);
        client.assert_closed();
        served.end();
        let mut text = String::new();
        crate::served::wait_until("the trace is whole", || {
            text = std::fs::read_to_string(&log).unwrap();
            text.contains("+++ exited with 0 +++")
        });

        let counts = counts(&text);
        let total: usize = counts.values().sum();
        assert!(total <= EACH * REQUESTS + ONCE, "{total}: {counts:#?}");
    });
}

/// The syscalls of the thread that accepts, from the first connection on until the server is to stop:
/// how threads end depends on which is first.
fn counts(trace: &str) -> BTreeMap<&str, usize> {
    let (_, rest) = trace.split_once(" accept4(").expect("a connection was accepted");
    let (rest, _) = rest.split_once("--- SIGTERM").expect("the server was stopped");
    let line = trace.lines().find(|line| line.contains(" accept4(")).unwrap();
    let (thread, _) = line.split_once(' ').unwrap();
    let mut counts = BTreeMap::new();
    for line in rest.lines() {
        let call = line.strip_prefix(thread).map(str::trim_start);
        let Some((name, _)) = call.and_then(|call| call.split_once('(')) else {
            continue;
        };
        // In a debug build std asks whether a descriptor is open before it closes it.
        let is_check = cfg!(debug_assertions) && name == "fcntl";
        if !is_check && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts
}
