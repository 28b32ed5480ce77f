//! `cargo xtask mutants`: whether the tests see it when the code is changed, with cargo-mutants.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;

use crate::process::{Run, which};
use crate::report::{Report, Row};
use crate::workspace;

/// Changes the code in small ways, and looks whether a test fails.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The crate whose code is changed and whose tests are run.
    #[arg(long, default_value = "poll-core")]
    pub(crate) package: String,
    /// A file or glob; may be given several times. Without one: of poll-core what every event, wake and
    /// registration goes through, of another crate all.
    #[arg(long = "file", value_name = "GLOB")]
    pub(crate) files: Vec<String>,
    /// How many mutants are tried side by side.
    #[arg(long, default_value_t = 2)]
    pub(crate) jobs: usize,
}

/// What every event, wake and registration goes through.
const FILES: [&str; 4] = [
    "poll-core/src/bell/**",
    "poll-core/src/wait.rs",
    "poll-core/src/registration**",
    "poll-core/src/tokens.rs",
];
/// Not compiled on Linux, or for models and tests alone: what is changed there no test can see.
const ELSEWHERE: [&str; 12] = [
    "**/*kqueue*",
    "**/*kqueue*/**",
    "**/*event_port*",
    "**/*event_port*/**",
    "**/*_none.rs",
    "**/plain/**",
    "**/doorbell/pair.rs",
    "**/poll/native.rs",
    "**/poll/readiness.rs",
    "**/poll_ms.rs",
    "**/model.rs",
    "**/tests.rs",
];
const LIMIT: Duration = Duration::from_secs(12 * 60 * 60);

#[derive(Deserialize)]
struct Outcomes {
    outcomes: Vec<Tried>,
}

#[derive(Deserialize)]
struct Tried {
    scenario: Scenario,
    summary: String,
}

#[derive(Deserialize)]
enum Scenario {
    /// The code as it is.
    Baseline,
    Mutant(Mutant),
}

#[derive(Deserialize)]
struct Mutant {
    name: String,
    file: String,
}

#[derive(Default)]
struct Tally {
    caught: usize,
    timeout: usize,
    unviable: usize,
    missed: Vec<String>,
}

/// Runs the subcommand.
///
/// # Errors
/// When cargo-mutants cannot be started, or its result cannot be read.
pub(crate) fn run(options: &Options) -> Result<Report> {
    let begun = Instant::now();
    if which("cargo-mutants").is_none() {
        let mut report = Report::new("Mutants", &[]);
        let reason = "no cargo-mutants: `cargo install cargo-mutants` brings it";
        report.rows.push(Row::skipped("all", reason));
        return Ok(report);
    }
    let out = workspace::root().join("target/xtask");
    let files = match (options.files.is_empty(), options.package.as_str()) {
        (false, _) => options.files.clone(),
        (true, "poll-core") => FILES.map(str::to_owned).to_vec(),
        (true, package) => vec![format!("{package}/src/**")],
    };
    let output = Run::new("cargo")
        .args(["mutants", "--no-shuffle", "--package", &options.package, "--timeout", "120"])
        .args(["--jobs", &options.jobs.to_string(), "--output"])
        .args([&out])
        .args(files.iter().flat_map(|file| ["--file", file]))
        .args(ELSEWHERE.iter().flat_map(|file| ["--exclude", file]))
        // Documentation tests link one by one, and say nothing that the others do not.
        .args(["--", "--lib", "--tests"])
        .dir(workspace::root())
        .limit(LIMIT)
        .output()?;
    let path = out.join("mutants.out/outcomes.json");
    let json = std::fs::read_to_string(&path).with_context(|| output.said())?;
    let mut report = report(&json)?;
    if let Some(last) = report.rows.last_mut() {
        *last = last.clone().took(begun.elapsed());
    }
    Ok(report)
}

fn report(json: &str) -> Result<Report> {
    let outcomes: Outcomes = serde_json::from_str(json).context("what cargo-mutants wrote")?;
    let mut files: BTreeMap<String, Tally> = BTreeMap::new();
    for tried in outcomes.outcomes {
        let Scenario::Mutant(mutant) = tried.scenario else { continue };
        let tally = files.entry(mutant.file).or_default();
        match tried.summary.as_str() {
            "CaughtMutant" => tally.caught += 1,
            "Timeout" => tally.timeout += 1,
            "Unviable" => tally.unviable += 1,
            _ => tally.missed.push(mutant.name),
        }
    }
    let mut report = Report::new("Mutants", &["caught", "by timeout", "missed", "do not compile"]);
    for (file, tally) in files {
        let missed = tally.missed.len();
        let row = match missed {
            0 => Row::passed(file),
            _ => Row::failed(file, tally.missed.join("\n")),
        };
        let counts = [tally.caught, tally.timeout, missed, tally.unviable];
        report.rows.push(row.cells(counts.map(|count| count.to_string())));
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutants_are_counted_by_file_and_the_missed_ones_named() {
        let tried = |name: &str, summary: &str| {
            format!(
                r#"{{"scenario":{{"Mutant":{{"name":"{name}","file":"a.rs"}}}},"summary":"{summary}"}}"#
            )
        };
        let all = [
            r#"{"scenario":"Baseline","summary":"Success"}"#.to_owned(),
            tried("one", "CaughtMutant"),
            tried("two", "MissedMutant"),
            tried("three", "Unviable"),
            tried("four", "Timeout"),
        ];
        let report = report(&format!(r#"{{"outcomes":[{}]}}"#, all.join(","))).unwrap();
        assert_eq!(report.rows.len(), 1);
        assert_eq!(report.rows[0].cells, ["1", "1", "1", "1"]);
        assert_eq!(report.rows[0].detail, "two");
        assert!(!report.succeeded());
    }
}
