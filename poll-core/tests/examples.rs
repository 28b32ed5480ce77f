//! The examples, run as a person would run them: each ends by itself, well, and says what it should.
//!
//! Where programs of this build cannot be started by name they are skipped, and say so.
#![forbid(unsafe_code)]

mod support;

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use poll_core::child::Process;
use poll_core::timer::{Clock, KernelTimer};
use poll_core::{Events, Interest, Mode, Poller, Token};
use rustix::process::{Pid, Signal, kill_process};

use support::{CAP, wait};

/// Starts an example.
fn start(name: &str, arguments: &[&str]) -> Option<Child> {
    let this = std::env::current_exe().unwrap();
    let listing = Command::new(&this).arg("--list").output();
    if !listing.is_ok_and(|listing| listing.stdout.ends_with(b"benchmarks\n")) {
        println!("{name} is skipped: programs of this build cannot be started by name here");
        return None;
    }
    let program = this.parent().unwrap().parent().unwrap().join("examples").join(name);
    let started =
        Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    Some(started.expect("an example, built: `cargo build --examples`"))
}

/// Ends its standard input, waits for its end, and gives what it said, which fits a pipe.
fn end(mut child: Child) -> String {
    drop(child.stdin.take());
    let mut output = child.stdout.take().unwrap();
    let poller = Poller::new().unwrap();
    let process = Process::new(child).unwrap();
    let process = poller.register(process, Token(0), Interest::READABLE, Mode::Level).unwrap();
    let deadline = poller.now() + CAP;
    let status = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        let found = poller.wait_until(&mut Events::with_capacity(1), Some(deadline)).unwrap();
        if found == 0 {
            process.kill().unwrap();
            panic!("no exit was reported within {CAP:?}");
        }
    };
    let mut said = String::new();
    output.read_to_string(&mut said).unwrap();
    assert!(status.success(), "{status}: {said}");
    said
}

/// What an example says that ends by itself.
fn said_by(name: &str, arguments: &[&str]) -> Option<String> {
    start(name, arguments).map(end)
}

#[test]
fn channel_hears_every_worker() {
    let Some(said) = said_by("channel", &[]) else { return };
    for worker in 1..=3_u64 {
        assert!(said.contains(&format!("({worker}, {})", worker.pow(5))), "{said}");
    }
}

#[test]
fn child_shows_the_output_and_the_exit() {
    let Some(said) = said_by("child", &["sh", "-c", "echo one; exit 3"]) else { return };
    assert!(said.contains("output: one") && said.contains("status: 3"), "{said}");
}

#[test]
fn driver_ends_with_its_input() {
    said_by("driver", &[]);
}

/// What a buffered reader has taken beforehand no poller reports.
#[test]
fn driver_echoes_at_once_what_it_does_not_read_at_once() {
    let Some(mut child) = start("driver", &[]) else { return };
    let mut line = [b'x'; 2 * 4096];
    line[2 * 4096 - 1] = b'\n';
    child.stdin.as_mut().unwrap().write_all(&line).unwrap();

    let poller = Poller::new().unwrap();
    let output = child.stdout.as_mut().unwrap();
    poller.add(output, Token(0), Interest::READABLE, Mode::Level).unwrap();
    let mut said = Vec::new();
    while said.len() < line.len() && !said.contains(&b'q') {
        wait(&poller, &mut Events::with_capacity(1));
        let mut part = [0; 4096];
        let read = output.read(&mut part).unwrap();
        said.extend_from_slice(&part[..read]);
    }
    assert!(said == line, "{} of {} bytes", said.len(), line.len());
    end(child);
}

#[test]
fn nested_hears_every_mouth() {
    if Poller::builder().build_nested().is_err() {
        return println!("skipped: this system's pollers cannot be nested");
    }
    let Some(said) = said_by("nested", &[]) else { return };
    for mouth in 0..3 {
        assert!(said.contains(&format!("heard \"mouth {mouth}\"")), "{said}");
    }
}

#[test]
fn notifier_fetches_every_result() {
    let Some(said) = said_by("notifier", &[]) else { return };
    for job in 0..5 {
        assert!(said.contains(&format!("{job} squared is {}", job * job)), "{said}");
    }
}

#[test]
fn signals_ends_by_a_signal() {
    let Some(mut child) = start("signals", &[]) else { return };
    // Once it says so, it listens.
    let mut first = [0; 1];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(end(child).contains("TERM"));
}

#[test]
fn sim_finds_no_fault_with_a_server_that_drains() {
    let Some(said) = said_by("sim", &[]) else { return };
    assert!(said.starts_with("1000 worlds"), "{said}");
}

#[test]
fn sim_finds_the_world_in_which_a_careless_server_is_stuck() {
    let Some(said) = said_by("sim", &["careless"]) else { return };
    assert!(said.contains("stuck"), "{said}");
}

#[test]
fn timer_goes_on_until_the_tenth_tick() {
    if KernelTimer::new(Clock::Monotonic).is_err() {
        return println!("skipped: this system has no timers that are descriptors");
    }
    let Some(said) = said_by("timer", &[]) else { return };
    let ticks: Vec<u64> =
        said.lines().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    // On a busy machine it may hear of several at once.
    assert!(ticks.is_sorted_by(|a, b| a < b), "{said}");
    assert!(ticks.iter().all(|n| *n >= 1) && ticks.last() >= Some(&10), "{said}");
    assert!(ticks.iter().rev().skip(1).all(|n| *n < 10), "{said}");
}
