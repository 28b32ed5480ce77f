//! `cargo xtask run`: the test suites on other CPUs, other libcs, other kernels, other machines.

mod bundle;
mod emulated;
mod kernel;
mod remote;
mod skips;
mod suite;
mod tally;
mod user_kqueue;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::report::{Report, Row};
use crate::targets::{self, Emulator, TARGETS, Target, Tier};
use crate::toolchain::Way;
pub(crate) use kernel::{Clock, Kernel, script};
use suite::Choice;
pub(crate) use suite::DOUBTFUL;
pub(crate) use tally::Tally;

/// Builds the test suites for a target and runs them: emulated, on another kernel, or elsewhere.
///
/// Without an option: on every CPU and libc that can be had on this machine. What an emulator
/// cannot do is a named skip. Documentation tests run natively only, under `cargo test`.
#[derive(Args, Debug, Default)]
pub(crate) struct Options {
    /// A target triple; may be given several times.
    #[arg(long = "target", value_name = "TRIPLE")]
    pub(crate) targets: Vec<String>,
    /// Boot this Linux kernel in an emulated machine and run the suites there; may be repeated.
    #[arg(long, value_name = "VERSION", conflicts_with = "targets")]
    pub(crate) kernel: Vec<Kernel>,
    /// Run the suites of poll-sys and poll-core over this shared library, which has kqueue's C
    /// interface in user space; the layout is libkqueue's.
    #[arg(long, value_name = "LIBRARY", conflicts_with_all = ["targets", "kernel"])]
    pub(crate) kqueue: Option<PathBuf>,
    /// Run only test programs whose name contains this text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) program: Option<String>,
    /// Take std from there and from nowhere else.
    #[arg(long, value_name = "WAY")]
    pub(crate) std: Option<Way>,
    /// Run nothing: link the suites into one file for each --target, or for every system for which
    /// that can be done here, to be carried to a machine that has it.
    #[arg(long, conflicts_with_all = ["kernel", "kqueue", "command"])]
    pub(crate) pack: bool,
    /// Hand the suites to this command, which runs its last argument in a shell elsewhere and
    /// passes standard input on: `-- ssh host`. Needs one --target.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// Runs the subcommand.
///
/// # Errors
/// When a target is unknown or a tool is missing; a suite that fails is a row.
pub(crate) fn run(options: &Options) -> Result<Report> {
    let columns = ["where", "tests passed", "failed", "ignored", "programs"];
    let mut report = Report::new("Suites", &columns);
    let program = options.program.as_deref().unwrap_or_default();
    let choice = &Choice { program, std: options.std };
    if let Some(library) = &options.kqueue {
        report.rows = user_kqueue::run(library, choice)?;
        return Ok(report);
    }
    if !options.kernel.is_empty() {
        let host = targets::find("x86_64-unknown-linux-gnu")?;
        let programs = suite::build(host, choice)?;
        for kernel in &options.kernel {
            eprintln!("--- Linux {}", kernel.version());
            report.rows.extend(kernel::run(*kernel, &programs)?);
        }
        return Ok(report);
    }
    if options.pack {
        return pack(&options.targets, choice);
    }
    let chosen = choose(&options.targets, |target| target.tier == Tier::Run)?;
    if !options.command.is_empty() && options.targets.len() != 1 {
        bail!("a hand-over needs exactly one --target: the one that the other machine runs");
    }
    for target in chosen {
        eprintln!("--- {}", target.triple);
        report.rows.extend(match target.emulator {
            _ if !options.command.is_empty() => remote::run(target, choice, &options.command)?,
            Some(emulator) => on_this_machine(target, emulator, choice)?,
            None => vec![Row::failed(target.triple, nobody_runs(target))],
        });
    }
    Ok(report)
}

/// The targets of these names, or, without any, the `wanted` ones.
fn choose(names: &[String], wanted: impl Fn(&Target) -> bool) -> Result<Vec<&'static Target>> {
    match names.is_empty() {
        true => Ok(TARGETS.iter().filter(|target| wanted(target)).collect()),
        false => names.iter().map(|triple| targets::find(triple)).collect(),
    }
}

fn pack(names: &[String], choice: &Choice<'_>) -> Result<Report> {
    let mut report = Report::new("Suites to carry away", &["file", "tests of programs", "size"]);
    for target in choose(names, |target| target.linked)? {
        eprintln!("--- {}", target.triple);
        report.rows.push(remote::pack(target, choice)?);
    }
    Ok(report)
}

fn nobody_runs(target: &Target) -> String {
    format!(
        "nothing here runs {0}; hand the suites to a machine that does: `cargo xtask run --target \
         {0} -- ssh HOST`, or make one file of them: `cargo xtask run --target {0} --pack`",
        target.triple
    )
}

fn on_this_machine(
    target: &'static Target,
    emulator: Emulator,
    choice: &Choice<'_>,
) -> Result<Vec<Row>> {
    match suite::build(target, choice) {
        Ok(programs) => emulated::run(target, emulator, &programs),
        Err(error) => Ok(vec![Row::failed(target.triple, format!("{error:#}"))]),
    }
}
