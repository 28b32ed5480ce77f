//! `cargo xtask ci`: everything that must hold before a change is taken, in one table.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use crate::process::Run;
use crate::report::{Outcome, Report, Row};
use crate::run::{self, DOUBTFUL, Kernel, Tally};
use crate::targets;
use crate::{check, deps, faults, garbage, ledger, loom, msrv, policy, soak, syscalls, workspace};

/// Runs all checks: format, lints, docs, tests, unsafe code, policies, targets, emulators.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Only the steps whose name contains this text; may be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Vec<String>,
    /// Leave out the steps whose name contains this text; may be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(crate) skip: Vec<String>,
}

/// A step and what it does; the name is what `--only` and `--skip` look at.
struct Step {
    name: &'static str,
    action: Action,
}

enum Action {
    /// cargo with arguments and one environment variable; it fails by its exit code.
    Cargo(&'static [&'static str], Option<(&'static str, &'static str)>),
    /// Another subcommand of ours; it fails when its report has a failure.
    Task(fn() -> Result<Report>),
}

/// A step that runs for longer hangs.
const LIMIT: Duration = Duration::from_secs(20 * 60);

const STEPS: &[Step] = &[
    step("format", Action::Cargo(&["fmt", "--all", "--check"], None)),
    step("unsafe ledger", Action::Task(unsafe_ledger)),
    step("policies", Action::Task(policy::run)),
    step("readme", Action::Task(|| targets::list(&targets::Options::checked()))),
    step(
        "clippy",
        Action::Cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], None),
    ),
    step(
        "rustdoc",
        Action::Cargo(&["doc", "--workspace", "--no-deps"], Some(("RUSTDOCFLAGS", "-D warnings"))),
    ),
    step("tests", Action::Cargo(&["test", "--workspace"], None)),
    step("kqueue on this system", Action::Cargo(KQUEUE, Some(("RUSTFLAGS", KQUEUE_FLAGS)))),
    step("scripts", Action::Task(many_scripts)),
    step("syscalls", Action::Task(syscalls::run)),
    step("wake protocol", Action::Task(loom::run)),
    step("faults", Action::Task(few_faults)),
    step("garbage", Action::Task(garbage::run)),
    step("oldest compiler", Action::Task(msrv::run)),
    step("dependencies", Action::Task(deps::run)),
    step("targets", Action::Task(all_targets)),
    step("hand-over", Action::Task(hand_over)),
    step("other CPUs", Action::Task(other_cpus)),
    step("oldest kernel", Action::Task(oldest_kernel)),
];

/// What runs over a kqueue in user space, which CI has not, must go on building.
const KQUEUE: &[&str] = &[
    "clippy",
    "--package=poll-sys",
    "--package=poll-core",
    "--all-targets",
    "--target-dir=target/xtask/kqueue-check",
    "--",
    "-Dwarnings",
];
const KQUEUE_FLAGS: &str = "--cfg poll_kqueue_foreign";

const fn step(name: &'static str, action: Action) -> Step {
    Step { name, action }
}

fn unsafe_ledger() -> Result<Report> {
    ledger::run(&ledger::Options { check: true, lines: false })
}

/// The same ones each time; others, and more, are `cargo xtask soak --only scripts`.
fn many_scripts() -> Result<Report> {
    let mut report = Report::new("Scripts", &["what was done"]);
    report.rows.push(soak::scripts(1_000_000, 1, soak::Profile::Dev)?);
    Ok(report)
}

/// Enough to see that the sweep itself works; all of it is `cargo xtask faults`.
fn few_faults() -> Result<Report> {
    faults::run(&faults::Options { calls: 4, long: false })
}

fn all_targets() -> Result<Report> {
    check::run(&check::Options { all: true, ..check::Options::default() })
}

/// One CPU under emulation and one that runs by itself: the others take longer than a change should
/// wait for, and are `cargo xtask run --target`.
fn other_cpus() -> Result<Report> {
    let chosen = ["i686-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];
    run::run(&run::Options { targets: chosen.map(str::to_owned).into(), ..run::Options::default() })
}

/// The copy that a machine elsewhere would get, unpacked and run by a shell of this one.
fn hand_over() -> Result<Report> {
    let targets = vec!["x86_64-unknown-linux-gnu".to_owned()];
    let command = ["sh", "-c"].map(str::to_owned).into();
    run::run(&run::Options { targets, command, ..run::Options::default() })
}

fn oldest_kernel() -> Result<Report> {
    run::run(&run::Options { kernel: vec![Kernel::V5_10], ..run::Options::default() })
}

/// Runs the subcommand; every step runs, also after a failure.
///
/// # Errors
/// When a program that a step needs cannot be started.
pub(crate) fn run(options: &Options, json: bool) -> Result<Report> {
    let mut report = Report::new("CI", &["what"]);
    let chosen = |name: &str| {
        let matches = |text: &String| name.contains(text.as_str());
        (options.only.is_empty() || options.only.iter().any(matches))
            && !options.skip.iter().any(matches)
    };
    for step in STEPS.iter().filter(|step| chosen(step.name)) {
        eprintln!("\n=== {}", step.name);
        let begun = Instant::now();
        let row = match &step.action {
            Action::Cargo(args, env) => cargo(step.name, args, *env, json)?,
            Action::Task(task) => match task() {
                Ok(inner) => fold(step.name, &inner, json),
                Err(error) => Row::failed(step.name, format!("{error:#}")),
            },
        };
        report.rows.push(row.took(begun.elapsed()));
    }
    Ok(report)
}

fn cargo(name: &str, args: &[&str], env: Option<(&str, &str)>, json: bool) -> Result<Row> {
    let mut run = Run::new("cargo").args(args).dir(workspace::root()).echo().limit(LIMIT);
    if json {
        run = run.echo_to_stderr();
    }
    if let Some((variable, value)) = env {
        run = run.env(variable, value);
    }
    let output = run.output()?;
    let tally = Tally::of(&output.stdout);
    let what = if tally.programs == 0 {
        output.shown.clone()
    } else {
        let Tally { passed, failed, ignored, programs, .. } = tally;
        format!("{passed} passed, {failed} failed, {ignored} ignored in {programs} programs")
    };
    let row = match output.success {
        true if tally.doubts > 0 => Row::failed(name, DOUBTFUL),
        true => Row::passed(name),
        false => Row::failed(name, format!("`{}` ended with {}", output.shown, output.status)),
    };
    Ok(row.cells([what]))
}

/// One row for another task's whole report, which is printed on its own.
fn fold(name: &str, inner: &Report, json: bool) -> Row {
    if !json {
        inner.print(false);
    }
    let failures: Vec<String> = inner
        .rows
        .iter()
        .filter(|row| row.outcome == Outcome::Failed)
        .map(|row| if json { format!("{}: {}", row.name, row.detail) } else { row.name.clone() })
        .collect();
    let row = match inner.succeeded() {
        true => Row::passed(name),
        false => Row::failed(name, failures.join("\n")),
    };
    row.cells([inner.summary()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_inside_a_task_fails_its_step() {
        let mut inner = Report::new("inner", &[]);
        inner.rows.push(Row::passed("good"));
        assert_eq!(fold("step", &inner, true).outcome, Outcome::Passed);
        inner.rows.push(Row::failed("bad", "because"));
        let row = fold("step", &inner, true);
        assert_eq!((row.outcome, row.detail.as_str()), (Outcome::Failed, "bad: because"));
    }
}
