//! `cargo xtask faults`: makes the k-th call of a syscall fail, for every syscall that a poller makes,
//! every error of its manual page and every k, and looks whether all is well.
//!
//! `poll-core/examples/faults.rs` does the operations and compares with its model after each; strace
//! injects. A run passes if the program ends by itself and says so: no panic, no hang, no leaked
//! descriptor, nothing reported that the model does not know, and everything works at the next try.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::process::{Run, need};
use crate::report::{Report, Row};
use crate::workspace;

/// Makes syscalls fail one by one, and looks whether the poller survives it.
#[derive(Args, Debug, Default)]
pub(crate) struct Options {
    /// How many calls of each syscall fail, one a run.
    #[arg(long, value_name = "K", default_value_t = 32)]
    pub(crate) calls: usize,
    /// Also let every seventh and every thirteenth call after the k-th fail.
    #[arg(long)]
    pub(crate) long: bool,
}

/// A syscall, on which descriptors, and the errors of its manual page that can come to a program
/// that is not itself at fault.
struct Syscall {
    backend: &'static str,
    /// As strace takes it: a question mark allows it to be unknown on this CPU.
    name: &'static str,
    /// Only calls on this kind of descriptor fail.
    only_on: Option<&'static str>,
    errors: &'static [&'static str],
}

const EVENTFD: Option<&str> = Some("anon_inode:[eventfd]");

const SYSCALLS: &[Syscall] = &[
    of("epoll", "epoll_create1", None, &["EMFILE", "ENFILE", "ENOMEM"]),
    of("epoll", "eventfd2", None, &["EMFILE", "ENFILE", "ENODEV", "ENOMEM"]),
    of("epoll", "epoll_ctl", None, &["ENOMEM", "ENOSPC", "EPERM", "EINVAL", "ELOOP"]),
    // The first where the CPU has it, the second elsewhere.
    of("epoll", "?epoll_wait,?epoll_pwait", None, &["EINTR", "EINVAL"]),
    of("epoll", "epoll_pwait2", None, &["EINTR", "EINVAL", "ENOSYS", "EPERM"]),
    of("epoll", "write", EVENTFD, &["EINTR", "EINVAL", "EIO"]),
    of("epoll", "madvise", None, &["EINVAL", "ENOMEM"]),
    of("poll", "eventfd2", None, &["EMFILE", "ENFILE", "ENODEV", "ENOMEM"]),
    of("poll", "fcntl", None, &["EMFILE", "EINVAL"]),
    // Not fstat(2): the loader makes the same call before the program begins.
    of("poll", "ppoll", None, &["EINTR", "ENOMEM", "EINVAL"]),
    of("poll", "write", EVENTFD, &["EINTR", "EINVAL", "EIO"]),
    of("poll", "read", EVENTFD, &["EINTR", "EINVAL", "EIO"]),
    of("poll", "madvise", None, &["EINVAL", "ENOMEM"]),
];

const fn of(
    backend: &'static str,
    name: &'static str,
    only_on: Option<&'static str>,
    errors: &'static [&'static str],
) -> Syscall {
    Syscall { backend, name, only_on, errors }
}

/// One run of the program takes milliseconds.
const LIMIT: Duration = Duration::from_secs(20);

/// What came of the runs of one syscall.
#[derive(Default)]
struct Tally {
    runs: AtomicUsize,
    injected: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

/// Runs the subcommand.
///
/// # Errors
/// When strace is missing or the program does not build.
pub(crate) fn run(options: &Options) -> Result<Report> {
    need("strace")?;
    let program = workspace::example("poll-core", "faults", "faults")?;
    let mut report = Report::new("Faults", &["errors", "runs", "faults injected"]);
    for syscall in SYSCALLS {
        let begun = Instant::now();
        let tally = sweep(&program, syscall, options)?;
        let (runs, injected) = (tally.runs.into_inner(), tally.injected.into_inner());
        let failures = tally.failures.into_inner().unwrap_or_default();
        let name = format!("{}/{}", syscall.backend, syscall.name.replace('?', ""));
        let row = if injected == 0 {
            Row::failed(name, "no run reached this syscall: the program has changed")
        } else if failures.is_empty() {
            Row::passed(name)
        } else {
            Row::failed(name, failures.join("\n"))
        };
        let cells = [syscall.errors.join(" "), runs.to_string(), injected.to_string()];
        report.rows.push(row.cells(cells).took(begun.elapsed()));
    }
    Ok(report)
}

/// All errors of one syscall at all its calls, on as many threads as there are processors.
fn sweep(program: &Path, syscall: &Syscall, options: &Options) -> Result<Tally> {
    let steps: &[&str] = if options.long { &["", "+7", "+13"] } else { &[""] };
    let mut jobs = Vec::new();
    for error in syscall.errors {
        for step in steps {
            jobs.extend((1..=options.calls).map(|k| format!("error={error}:when={k}{step}")));
        }
    }
    let (tally, next) = (Tally::default(), AtomicUsize::new(0));
    let dir = tempfile::tempdir()?;
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let work = |worker: usize| {
            let log = dir.path().join(worker.to_string());
            while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(error) = one(program, syscall, job, &log, &tally) {
                    note(&tally, format!("{job}: {error:#}"));
                }
            }
        };
        let threads: Vec<_> = (0..workers).map(|n| scope.spawn(move || work(n))).collect();
        for thread in threads {
            if thread.join().is_err() {
                note(&tally, "a worker panicked".to_owned());
            }
        }
    });
    Ok(tally)
}

fn note(tally: &Tally, failure: String) {
    tally.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(failure);
}

/// One run with one fault.
fn one(program: &Path, syscall: &Syscall, job: &str, log: &Path, tally: &Tally) -> Result<()> {
    let mut strace = Run::new("strace").args(["-f", "-qq", "-o"]).args([log]);
    if let Some(path) = syscall.only_on {
        strace = strace.args(["-P", path]);
    }
    let output = strace
        .args(["-e", &format!("trace={}", syscall.name)])
        .args(["-e", &format!("inject={}:{job}", syscall.name)])
        .args([program.as_os_str(), syscall.backend.as_ref()])
        .limit(LIMIT)
        .output()?;
    tally.runs.fetch_add(1, Ordering::Relaxed);
    let trace = std::fs::read_to_string(log)?;
    tally.injected.fetch_add(trace.matches("(INJECTED)").count(), Ordering::Relaxed);
    if !output.success || !output.stdout.lines().any(|line| line.starts_with("ok: ")) {
        bail!("ended with {}\n{}", output.status, output.said());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_syscall_stands_in_the_table_twice() {
        let mut names: Vec<_> = SYSCALLS.iter().map(|s| (s.backend, s.name)).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
