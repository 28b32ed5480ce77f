//! Instructions with the kernel's: the benchmark in an emulated machine whose clock goes on by one
//! nanosecond with each instruction. What it times there, it counts: nearly the same each time, and the
//! same where the kernel puts nothing off.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::counts::{Count, PEERS};
use super::{Figure, OURS, Workload, lines};
use crate::process::Run;
use crate::run::{self, Clock, Kernel};

const KERNEL: Kernel = Kernel::V6_12;

pub(super) const ABOUT: &str = "On Linux 6.12 in an emulated machine of one CPU, whose clock counts \
     them; the least over rounds.";

/// For the workloads whose user-space instructions are counted too.
///
/// # Errors
/// When there is no such machine, or it has not come to the end of all.
pub(super) fn count(bench: &Path, workloads: &[Workload]) -> Result<Vec<Count>> {
    let counted: Vec<&Workload> = workloads.iter().filter(|work| work.instructions).collect();
    if counted.is_empty() {
        return Ok(Vec::new());
    }
    ensure!(cfg!(target_arch = "x86_64"), "its kernel is one for x86-64");
    let mut files = libraries(bench)?;
    files.push(bench.to_owned());
    let runs: String = counted.iter().copied().map(run_of).collect();
    let output = run::script(KERNEL, Clock::Instructions, &files, &runs)?;
    let told = output.stdout.lines().filter(|line| line.starts_with('{'));
    let figures: Vec<Figure> = lines(&told.collect::<Vec<_>>().join("\n"))?;
    for Workload { name, .. } in counted {
        let is_ours = |figure: &&Figure| figure.workload == *name && figure.peer == OURS;
        figures.iter().find(is_ours).with_context(|| format!("{name}: {}", output.said()))?;
    }
    Ok(figures.into_iter().map(count_of).collect())
}

/// The line that runs a workload in the machine, by the loader that stands beside the program.
fn run_of(workload: &Workload) -> String {
    const BENCH: &str = "./ld-linux-x86-64.so.2 --library-path . ./poll-core-benches";
    let peers = PEERS.iter().filter(|peer| workload.has(peer));
    let peers: String = peers.map(|peer| format!(" --peer '{peer}'")).collect();
    format!("{BENCH} --milliseconds 60 --only '{}'{peers}\n", workload.name)
}

/// The least over the rounds: the clock leaps when the timer interrupts one of them.
fn count_of(Figure { workload, peer, least, .. }: Figure) -> Count {
    Count { workload, peer, per_operation: least, by_name: BTreeMap::new() }
}

/// The loader and the libraries of a program.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let told = Run::new("ldd").args([program]).output()?.ok().context("ldd")?.stdout;
    let paths = told.split_whitespace().filter(|word| word.starts_with('/'));
    Ok(paths.map(PathBuf::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_is_run_with_the_peers_that_it_has() {
        let peers = ["raw epoll", "raw again", "mio"].map(str::to_owned).to_vec();
        let workload = Workload { name: "1 ready".to_owned(), instructions: true, peers };
        let line = run_of(&workload);
        assert!(line.ends_with(" --only '1 ready' --peer 'raw epoll' --peer 'mio'\n"), "{line}");
    }
}
