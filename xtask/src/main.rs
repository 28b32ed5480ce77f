//! `cargo xtask`: the workspace's own tasks, the same on a laptop and in CI.
//!
//! One file or directory per subcommand; each returns a [`report::Report`], which is printed as
//! a table or, with `--json`, as JSON, and decides the exit code.
#![forbid(unsafe_code)]

mod bench;
mod check;
mod ci;
mod coverage;
mod deps;
mod faults;
mod fuzz;
mod garbage;
mod generated;
mod ledger;
mod loom;
mod msrv;
mod mutants;
mod policy;
mod process;
mod report;
mod run;
mod sanitize;
mod setup;
mod soak;
mod source;
mod syscalls;
mod targets;
mod toolchain;
mod workspace;
mod zig;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use report::Report;

/// Tasks of the poll workspace.
///
/// Each prints a table at its end and exits with 0 only if nothing failed. What could not be done
/// is a named skip with its reason, never a silent pass.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
    /// Print the result as JSON on standard output.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Task {
    Bench(bench::Options),
    Check(check::Options),
    Ci(ci::Options),
    Coverage(coverage::Options),
    /// Judges what we depend on: licences, sources, and the least versions that are promised to do.
    Deps,
    Faults(faults::Options),
    Fuzz(fuzz::Options),
    /// Lets the kernel answer waits with nonsense, and looks whether the poller survives it.
    Garbage,
    /// Checks the wake protocol with loom: all interleavings, up to a bound of preemptions.
    Loom,
    /// Builds everything with the oldest compiler that Cargo.toml promises.
    Msrv,
    Mutants(mutants::Options),
    /// Checks rules that compiler and clippy do not know: where systems are named, raw types.
    Policy,
    Run(run::Options),
    Sanitize(sanitize::Options),
    Setup(setup::Options),
    Soak(soak::Options),
    /// Counts the syscalls of single operations with strace, and compares.
    Syscalls,
    Targets(targets::Options),
    Unsafe(ledger::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = process::end_all_on_interrupt().and_then(|()| perform(&cli.task, cli.json));
    match result {
        Ok(report) => {
            report.print(cli.json);
            if report.succeeded() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn perform(task: &Task, json: bool) -> Result<Report> {
    match task {
        Task::Bench(options) => bench::run(options),
        Task::Check(options) => check::run(options),
        Task::Ci(options) => ci::run(options, json),
        Task::Coverage(options) => coverage::run(options),
        Task::Deps => deps::run(),
        Task::Faults(options) => faults::run(options),
        Task::Fuzz(options) => fuzz::run(options),
        Task::Garbage => garbage::run(),
        Task::Loom => loom::run(),
        Task::Msrv => msrv::run(),
        Task::Mutants(options) => mutants::run(options),
        Task::Policy => policy::run(),
        Task::Run(options) => run::run(options),
        Task::Sanitize(options) => sanitize::run(options),
        Task::Setup(options) => setup::run(options),
        Task::Soak(options) => soak::run(options),
        Task::Syscalls => syscalls::run(),
        Task::Targets(options) => targets::list(options),
        Task::Unsafe(options) => ledger::run(options),
    }
}
