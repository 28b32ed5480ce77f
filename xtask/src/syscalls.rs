//! `cargo xtask syscalls`: counts what operations ask of the kernel, and compares.
//!
//! An example does each operation between two marks: a look for a file that does not exist,
//! `/xtask/begin/NAME` and `/xtask/end`. strace sees both, and everything between belongs to the
//! operation. Nothing is subtracted and nothing tolerated: an extra syscall is a failure.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::process::{Run, need};
use crate::report::{Report, Row};
use crate::workspace;

const BEGIN: &str = "/xtask/begin/";
const END: &str = "/xtask/end";
const LIMIT: Duration = Duration::from_secs(60);

/// What one operation may cost: for each kind of syscall the names that count as one, and how
/// often it is made.
type Cost = &'static [(&'static [&'static str], usize)];

/// A program with its operations.
struct Program {
    package: &'static str,
    example: &'static str,
    /// `BACKEND/OPERATION` and its cost.
    operations: &'static [(&'static str, Cost)],
    /// What costs nothing on each backend.
    free: &'static [&'static str],
    /// What costs a wait on each backend.
    waits: &'static [&'static str],
}

/// The backends that are counted, and what a wait is there.
const BACKENDS: [(&str, Cost); 2] = [("epoll", EPOLL_WAIT), ("poll", POLL_WAIT)];

const NONE: Cost = &[];
const EPOLL_WAIT: Cost = &[(&["epoll_wait", "epoll_pwait", "epoll_pwait2"], 1)];
const EPOLL_CHANGE: Cost = &[(&["epoll_ctl"], 1)];
const POLL_WAIT: Cost = &[(&["poll", "ppoll"], 1)];
const POLL_ADD: Cost = &[(&["fcntl", "fcntl64"], 1), (&["statx", "fstat", "newfstatat"], 1)];
const POLL_REMOVE: Cost = &[(&["close"], 1)];
const CLOSE: Cost = &[(&["close"], 1)];
const READ: Cost = &[(&["read"], 1)];
const SET_TIMER: Cost = &[(&["timerfd_settime"], 1)];
/// std asks by a pidfd where it has one, and by the number else.
const WAIT_FOR_CHILD: (&[&str], usize) = (&["wait4", "waitid"], 1);

const PROGRAMS: &[Program] = &[Program {
    package: "poll-core",
    example: "count_syscalls",
    operations: &[
        ("epoll/reserve-and-drop", NONE),
        ("epoll/register", EPOLL_CHANGE),
        ("epoll/arm-other-interest", EPOLL_CHANGE),
        ("epoll/arm-same-level", NONE),
        ("epoll/arm-oneshot-again", EPOLL_CHANGE),
        ("epoll/disarm", EPOLL_CHANGE),
        ("epoll/deregister", EPOLL_CHANGE),
        ("epoll/wait-ready", EPOLL_WAIT),
        ("epoll/wait-nothing", EPOLL_WAIT),
        ("epoll/wait-whole-milliseconds", EPOLL_WAIT),
        ("epoll/wait-nanoseconds", EPOLL_WAIT),
        ("epoll/thousand-wakes-while-awake", NONE),
        ("epoll/wait-after-wakes", EPOLL_WAIT),
        ("epoll/wake-after-wait", NONE),
        ("poll/reserve-and-drop", NONE),
        ("poll/register", POLL_ADD),
        ("poll/arm-other-interest", NONE),
        ("poll/arm-same-level", NONE),
        ("poll/arm-oneshot-again", NONE),
        ("poll/disarm", POLL_REMOVE),
        ("poll/deregister", POLL_REMOVE),
        ("poll/wait-ready", POLL_WAIT),
        ("poll/wait-nothing", POLL_WAIT),
        ("poll/wait-whole-milliseconds", POLL_WAIT),
        ("poll/wait-nanoseconds", POLL_WAIT),
        ("poll/thousand-wakes-while-awake", NONE),
        ("poll/wait-after-wakes", POLL_WAIT),
        ("poll/wake-after-wait", NONE),
        // A wake of a nested poller always goes to the kernel.
        ("nested/wake", &[(&["write"], 1)]),
        ("nested/wake-while-pending", NONE),
        ("nested/wait", EPOLL_WAIT),
        ("timer/new", &[(&["timerfd_create"], 1)]),
        ("timer/every", SET_TIMER),
        ("timer/after", SET_TIMER),
        ("timer/take", READ),
        ("timer/unset", SET_TIMER),
        ("timer/drop", CLOSE),
        // An eventfd, a duplicate of it for each signal's handler, and the handlers, each after a look at
        // the one that is there.
        ("signals/new-of-two", &[(&["eventfd2"], 1), (&["fcntl"], 2), (&["rt_sigaction"], 4)]),
        ("signals/new-of-two-again", &[(&["eventfd2"], 1), (&["fcntl"], 2)]),
        ("signals/delivery", &[(&["kill"], 1), (&["write"], 1), (&["rt_sigreturn"], 1)]),
        ("signals/pending", READ),
        ("signals/drop", &[(&["close"], 3)]),
        ("queued/new-of-two", &[(&["signalfd4"], 1), (&["rt_sigprocmask"], 1)]),
        ("queued/next", READ),
        ("queued/next-of-none", READ),
        ("queued/drop", CLOSE),
        ("child/new", &[WAIT_FOR_CHILD, (&["pidfd_open"], 1)]),
        ("child/try-wait-while-it-runs", &[WAIT_FOR_CHILD]),
        ("child/signal-while-it-runs", &[WAIT_FOR_CHILD, (&["kill"], 1)]),
        ("child/try-wait", &[WAIT_FOR_CHILD]),
        ("child/try-wait-again", NONE),
        ("child/signal-after-the-exit", NONE),
        ("child/drop", CLOSE),
    ],
    free: &[
        "notifier",
        "thousand-sets-while-awake",
        "notifier-clear",
        "notifier-drop",
        "channel-bounded",
        "channel-events",
        "channel-fill",
        "channel-drain",
        "channel-send-unbounded",
        "channel-drop",
        "driver",
        "driver-set-timer",
        "driver-cancel-timer",
        "driver-take-expired",
    ],
    waits: &["wait-after-sets", "wait-after-sends", "wait-for-room", "driver-wait-until-due"],
}];

impl Program {
    /// Every operation by its full name, with its cost.
    fn costs(&self) -> impl Iterator<Item = (String, Cost)> {
        let own = self.operations.iter().map(|(name, cost)| ((*name).to_owned(), *cost));
        let shared = BACKENDS.into_iter().flat_map(|(backend, wait)| {
            let free = self.free.iter().map(|name| (*name, NONE));
            let waits = self.waits.iter().map(move |name| (*name, wait));
            free.chain(waits).map(move |(name, cost)| (format!("{backend}/{name}"), cost))
        });
        own.chain(shared)
    }
}

/// Runs the subcommand.
///
/// # Errors
/// When strace is missing or an example does not build.
pub(crate) fn run() -> Result<Report> {
    need("strace")?;
    let mut report = Report::new("Syscalls", &["expected", "counted"]);
    for program in PROGRAMS {
        let begun = Instant::now();
        let trace = trace(program)?;
        let mut sections = sections(&trace);
        for (name, cost) in program.costs() {
            let counted = sections.remove(&name);
            let shown = counted.as_ref().map_or("not in the trace".to_owned(), told);
            let good = counted.as_ref().is_some_and(|counted| holds(counted, cost));
            let row = match good {
                true => Row::passed(name),
                false => Row::failed(name, format!("counted {shown}")),
            };
            report.rows.push(row.cells([expected(cost), shown]).took(begun.elapsed()));
        }
        for name in sections.keys() {
            let detail = "add its cost to xtask/src/syscalls.rs";
            report.rows.push(Row::failed(format!("{name}: not in the table"), detail));
        }
    }
    Ok(report)
}

fn trace(program: &Program) -> Result<String> {
    let Program { package, example, .. } = program;
    let args = ["build", "--quiet", "--package", package, "--example", example];
    let target = workspace::root().join("target/xtask/syscalls");
    Run::new("cargo")
        .args(args)
        // std's own checks make syscalls: fcntl before each close.
        .env("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false")
        .env("CARGO_TARGET_DIR", &target)
        .dir(workspace::root())
        .output()?
        .ok()?;
    let file = target.join("debug/examples").join(example);
    let dir = tempfile::tempdir()?;
    let log = dir.path().join("trace");
    Run::new("strace")
        .args(["-f", "-qq", "-o"])
        .args([&log, &file])
        .limit(LIMIT)
        .output()?
        .ok()
        .with_context(|| format!("counting the syscalls of {example}"))?;
    std::fs::read_to_string(&log).context("reading strace's log")
}

/// Syscalls by name between marks, by section. A section that comes again must cost the same, so
/// its counts are added and will not fit. What other threads and processes do is not counted.
fn sections(trace: &str) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut sections: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut current: Option<(&str, String)> = None;
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap_or_default();
        if let Some((_, rest)) = call.split_once(BEGIN) {
            let name = rest.split('"').next().unwrap_or(rest).to_owned();
            sections.entry(name.clone()).or_default();
            current = Some((thread, name));
        } else if call.contains(END) {
            current = None;
        } else if let (Some((marked, section)), Some(name)) = (&current, syscall(call)) {
            if *marked == thread {
                *sections.entry(section.clone()).or_default().entry(name).or_default() += 1;
            }
        }
    }
    sections
}

/// The name in `epoll_wait(3, …`; the second half of an interrupted line is none.
fn syscall(call: &str) -> Option<String> {
    let (name, _) = call.trim_start().split_once('(')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then(|| name.to_owned())
}

fn holds(counted: &BTreeMap<String, usize>, cost: Cost) -> bool {
    let of = |names: &[&str]| names.iter().filter_map(|name| counted.get(*name)).sum::<usize>();
    let wanted: usize = cost.iter().map(|(_, count)| count).sum();
    cost.iter().all(|(names, count)| of(names) == *count)
        && counted.values().sum::<usize>() == wanted
}

fn expected(cost: Cost) -> String {
    let parts = cost.iter().map(|(names, count)| format!("{count} {}", names[0]));
    or_none(parts.collect())
}

fn told(counted: &BTreeMap<String, usize>) -> String {
    or_none(counted.iter().map(|(name, count)| format!("{count} {name}")).collect())
}

fn or_none(parts: Vec<String>) -> String {
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "\
7 openat(AT_FDCWD, \"/lib\") = 3
7 statx(AT_FDCWD, \"/xtask/begin/epoll/wait\", 0) = -1 ENOENT
7 epoll_wait(3, [], 8, 5) = 0
8 brk(NULL) = 0x5000
7 statx(AT_FDCWD, \"/xtask/end\", 0) = -1 ENOENT
7 read(3) = 0
7 statx(AT_FDCWD, \"/xtask/begin/epoll/idle\", 0) = -1 ENOENT
7 statx(AT_FDCWD, \"/xtask/end\", 0) = -1 ENOENT
7 <... futex resumed>) = 0
";

    #[test]
    fn only_what_stands_between_marks_is_counted() {
        let sections = sections(TRACE);
        assert_eq!(told(&sections["epoll/wait"]), "1 epoll_wait");
        assert_eq!(told(&sections["epoll/idle"]), "none");
        assert_eq!(sections.len(), 2);
    }

    #[test]
    fn one_syscall_too_many_does_not_hold() {
        let mut counted = BTreeMap::from([("epoll_pwait2".to_owned(), 1)]);
        assert!(holds(&counted, EPOLL_WAIT));
        assert!(!holds(&counted, NONE));
        counted.insert("read".to_owned(), 1);
        assert!(!holds(&counted, EPOLL_WAIT));
        assert!(!holds(&BTreeMap::new(), EPOLL_WAIT));
    }

    #[test]
    fn a_resumed_line_is_no_second_call() {
        assert_eq!(syscall("<... poll resumed>) = 0"), None);
        assert_eq!(syscall(" poll([{fd=3}], 1, 5 <unfinished ...>").unwrap(), "poll");
        assert_eq!(syscall("+++ exited with 0 +++"), None);
    }
}
