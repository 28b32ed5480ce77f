//! `cargo xtask fuzz`: every fuzz target of the workspace, for a while.
//!
//! A crate's targets lie in its `fuzz/`, a workspace of their own, because they need a nightly
//! compiler. What makes one fail is kept in `fuzz/artifacts`, and the report names the command that
//! runs it again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use crate::process::{Run, which};
use crate::report::{Report, Row};
use crate::workspace;

/// Runs the fuzz targets of all crates.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How long each target runs.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) seconds: u64,
    /// Only targets whose name contains this text; may be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Vec<String>,
    /// Another choice of inputs; 0 takes one at random, which the output tells.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u32,
}

/// What building a target may take on top.
const BUILDING: Duration = Duration::from_secs(20 * 60);

/// Runs the subcommand.
///
/// # Errors
/// When `cargo fuzz` cannot be started.
pub(crate) fn run(options: &Options) -> Result<Report> {
    let title = format!("Fuzzing, {} s each, seed {}", options.seconds, options.seed);
    let mut report = Report::new(title, &["inputs", "a second"]);
    if which("cargo-fuzz").is_none() {
        let reason = "no cargo-fuzz: `cargo install cargo-fuzz` brings it";
        report.rows.push(Row::skipped("all", reason));
        return Ok(report);
    }
    for dir in crates() {
        for target in targets(&dir)? {
            let name = format!("{} {target}", workspace::relative(&dir));
            if options.only.is_empty() || options.only.iter().any(|text| name.contains(text)) {
                report.rows.push(one(&dir, &target, &name, options)?);
            }
        }
    }
    Ok(report)
}

/// The crates with a `fuzz/`.
fn crates() -> Vec<PathBuf> {
    let members = ["poll-sys", "poll-core", "poll-net", "poll-timer"];
    let dirs = members.map(|member| workspace::root().join(member));
    dirs.into_iter().filter(|dir| dir.join("fuzz/Cargo.toml").exists()).collect()
}

fn cargo_fuzz(dir: &Path) -> Run {
    Run::new("rustup").args(["run", "nightly", "cargo", "fuzz"]).dir(dir)
}

fn targets(dir: &Path) -> Result<Vec<String>> {
    let output = cargo_fuzz(dir).args(["list"]).output()?.ok()?;
    Ok(output.stdout.lines().map(str::to_owned).collect())
}

fn one(dir: &Path, target: &str, name: &str, options: &Options) -> Result<Row> {
    eprintln!("{name}");
    let begun = Instant::now();
    let output = cargo_fuzz(dir)
        .args(["run", target, "--"])
        .args([format!("-max_total_time={}", options.seconds), format!("-seed={}", options.seed)])
        .args(["-print_final_stats=1", "-max_len=600"])
        .limit(BUILDING + Duration::from_secs(options.seconds))
        .output()?;
    let said = output.said();
    let inputs = statistic(&said, "number_of_executed_units");
    let row = match (output.success, inputs) {
        (true, 1..) => Row::passed(name),
        _ => Row::failed(name, format!("`{}`: {}\n{said}", output.shown, output.status)),
    };
    let rate = statistic(&said, "average_exec_per_sec");
    Ok(row.cells([inputs.to_string(), rate.to_string()]).took(begun.elapsed()))
}

/// A line `stat::NAME: NUMBER` of libFuzzer.
fn statistic(said: &str, name: &str) -> u64 {
    let lines = said.lines().filter_map(|line| line.strip_prefix("stat::"));
    let mut numbers = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    numbers.next().and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_read_by_their_whole_name() {
        let said = "stat::number_of_executed_units: 123\nstat::average_exec_per_sec:     45\n";
        assert_eq!(statistic(said, "number_of_executed_units"), 123);
        assert_eq!(statistic(said, "average_exec_per_sec"), 45);
        assert_eq!(statistic(said, "number"), 0);
    }
}
