//! Counts: syscalls by strace, instructions by callgrind, allocations by the program itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

use super::{BASE, Findings, OURS, Workload, installed};
use crate::process::Run;

/// So many of something per operation.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Count {
    pub(super) workload: String,
    pub(super) peer: String,
    pub(super) per_operation: f64,
    /// Which, for syscalls.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) by_name: BTreeMap<String, f64>,
}

#[derive(Clone, Copy, Debug)]
enum Tool {
    Strace,
    Callgrind,
}

#[derive(Clone, Debug)]
struct Job {
    tool: Tool,
    workload: String,
    peer: String,
}

/// What is to be counted: one run of the benchmark each.
pub(super) struct Jobs {
    bench: PathBuf,
    list: Vec<Job>,
    times: u64,
}

/// Those whose counts mean something: not the second run of the same loop, nor the C programs.
pub(super) const PEERS: [&str; 6] = [BASE, OURS, "poll-core poll(2)", "mio", "calloop", "tokio"];

/// The names that the benchmark looks for before and after what is to be counted.
const BEGIN: &str = "/poll-bench-begin";
const END: &str = "/poll-bench-end";

impl Jobs {
    pub(super) fn new(bench: &Path, workloads: &[Workload], quick: bool) -> Self {
        let peers = if quick { &PEERS[..2] } else { &PEERS[..] };
        let mut list = Vec::new();
        for workload in workloads {
            // Thousands of sources have the same counts as one thousand, and take long to trace.
            let small = !workload.name.starts_with("10,000") && !workload.name.contains("15,000");
            for peer in peers.iter().filter(|peer| workload.has(peer)) {
                let job =
                    |tool| Job { tool, workload: workload.name.clone(), peer: (*peer).to_owned() };
                if small && installed("strace") {
                    list.push(job(Tool::Strace));
                }
                if workload.instructions && installed("valgrind") {
                    list.push(job(Tool::Callgrind));
                }
            }
        }
        Self { bench: bench.to_owned(), list, times: if quick { 20 } else { 100 } }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Runs all, a few at a time: counts do not mind company.
    pub(super) fn run(&mut self, findings: &mut Findings, progress: &ProgressBar) -> Result<()> {
        let queue = Mutex::new(std::mem::take(&mut self.list));
        let found = Mutex::new(Vec::new());
        let this = &*self;
        thread::scope(|scope| {
            let work = || -> Result<()> {
                loop {
                    let Some(job) = queue.lock().expect("nobody panics").pop() else {
                        return Ok(());
                    };
                    progress.set_message(format!("{:?}: {}", job.tool, job.workload));
                    let count = this.count(&job)?;
                    found.lock().expect("nobody panics").extend(count.map(|c| (job.tool, c)));
                    progress.inc(1);
                }
            };
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(work)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("it does not panic"))
        })?;
        for (tool, count) in found.into_inner().expect("nobody panics") {
            match tool {
                Tool::Strace => findings.syscalls.push(count),
                Tool::Callgrind => findings.instructions.push(count),
            }
        }
        Ok(())
    }

    /// `None` if the peer cannot do the workload.
    fn count(&self, job: &Job) -> Result<Option<Count>> {
        let times = self.times.to_string();
        let bench = self.bench.display().to_string();
        let what = ["--only", &job.workload, "--peer", &job.peer, "--times", &times];
        let mut by_name = BTreeMap::new();
        let total = match job.tool {
            Tool::Strace => {
                let file = tempfile::NamedTempFile::new()?;
                let trace = file.path().display().to_string();
                Run::new("strace")
                    .args(["-f", "-qq", "-s", "64", "-o", &trace, &bench])
                    .args(what)
                    .output()?
                    .ok()?;
                by_name = syscalls(&std::fs::read_to_string(file.path())?);
                by_name.values().sum()
            }
            Tool::Callgrind => {
                let output = Run::new("valgrind")
                    .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                    .args(["--toggle-collect=poll_core_benches::measure::measured", &bench])
                    .args(what)
                    .output()?
                    .ok()?;
                let line = output.stderr.lines().find_map(|line| line.split("Collected : ").nth(1));
                let number = line.and_then(|number| number.trim().parse().ok());
                number.with_context(|| format!("callgrind said no count: {}", output.stderr))?
            }
        };
        let per = |count: f64| count / self.times as f64;
        Ok((total > 0.0).then(|| Count {
            workload: job.workload.clone(),
            peer: job.peer.clone(),
            per_operation: per(total),
            by_name: by_name.into_iter().map(|(name, count)| (name, per(count))).collect(),
        }))
    }
}

/// The calls between the two marks, by name.
fn syscalls(trace: &str) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    let begun = trace.lines().skip_while(|line| !line.contains(BEGIN)).skip(1);
    for line in begun.take_while(|line| !line.contains(END)) {
        // `pid name(arguments…`; a call that was resumed was counted when it began.
        let call = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let Some((name, _)) = call.split_once('(') else { continue };
        if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            *counts.entry(name.to_owned()).or_default() += 1.0;
        }
    }
    counts
}

/// Runs the program that counts allocations.
pub(super) fn allocations(
    program: &Path,
    workloads: &[Workload],
    findings: &mut Findings,
) -> Result<()> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Line {
        Count { workload: String, peer: String, allocations: f64 },
        Bytes { bytes_per_registration: f64, bytes_of_guard: f64 },
    }
    let output = Run::new(program).output()?.ok()?;
    for line in super::lines(&output.stdout)? {
        match line {
            Line::Count { workload, peer, allocations } => {
                if workloads.iter().any(|chosen| chosen.name == workload) {
                    let by_name = BTreeMap::new();
                    let per_operation = allocations;
                    findings.allocations.push(Count { workload, peer, per_operation, by_name });
                }
            }
            Line::Bytes { bytes_per_registration, bytes_of_guard } => {
                findings.bytes_per_registration = bytes_per_registration;
                findings.bytes_of_guard = bytes_of_guard;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_between_the_marks_are_counted_once() {
        let trace = "1 read(3) = 1\n1 statx(AT_FDCWD, \"/poll-bench-begin\") = -1\n\
            1 epoll_wait(3, <unfinished ...>\n2 write(4) = 8\n1 <... epoll_wait resumed>) = 1\n\
            1 --- SIGCHLD {} ---\n1 statx(AT_FDCWD, \"/poll-bench-end\") = -1\n1 close(3) = 0\n";
        let counts = syscalls(trace);
        let expected = [("epoll_wait", 1.0), ("write", 1.0)];
        assert_eq!(counts, expected.map(|(name, n)| (name.to_owned(), n)).into());
    }
}
