//! `cargo xtask coverage`: how much of each library crate the workspace's tests run, by line and by
//! branch.
//!
//! A nightly compiler counts (branches are its own), LLVM's tools of the same version sum up. Unit
//! tests within the files count as lines, and not as branches. What no test on Linux can take is left
//! out, and told with its reason: `coverage/unreachable.rs`.

mod branches;
mod unreachable;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;

use crate::process::{Run, which};
use crate::report::{Outcome, Report, Row};
use crate::workspace;

use branches::Branches;
use unreachable::UNREACHABLE;

/// Measures what the tests run, by line and branch.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Fail where fewer of a crate's branches are run, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub(crate) least: f64,
    /// One row for each file instead of each crate.
    #[arg(long)]
    pub(crate) files: bool,
}

const PACKAGES: [&str; 4] = ["poll-sys", "poll-core", "poll-net", "poll-timer"];
/// Tests in files of their own, and the judge that the tests of the wheel call.
const TESTS: [&str; 5] =
    ["/src/refusals.rs", "/src/refusals/", "/inotify_tests.rs", "/tests.rs", "/ring/check.rs"];
/// Counters that live in a file, so that those of a child that leaves by `_exit` are in it, too.
const FLAGS: &str =
    "-Cinstrument-coverage -Zcoverage-options=branch -Cllvm-args=-runtime-counter-relocation";
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Runs the subcommand.
///
/// # Errors
/// When the tests fail, or LLVM's tools are missing or do not understand the counts.
pub(crate) fn run(options: &Options) -> Result<Report> {
    let begun = Instant::now();
    let (profdata, cov) = (tool("llvm-profdata")?, tool("llvm-cov")?);
    let target = workspace::root().join("target/xtask/coverage");
    let raw = target.join("raw");
    // Counts of an earlier run belong to other programs.
    if raw.exists() {
        std::fs::remove_dir_all(&raw)?;
    }
    let programs = programs(&target)?;
    // Some tests start the examples.
    cargo("build", &target).args(["--examples"]).limit(LIMIT).output()?.ok()?;
    let test = cargo("test", &target).args(["--lib", "--tests", "--no-fail-fast"]);
    test.limit(LIMIT).output()?.ok()?;
    let counts: Vec<PathBuf> =
        std::fs::read_dir(&raw)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    let merged = target.join("merged.profdata");
    let merge = Run::new(&profdata).args(["merge", "-sparse", "-o"]).args([&merged]);
    merge.args(&counts).output()?.ok()?;
    let export = Run::new(&cov)
        .args(["export", "-skip-functions", "-skip-expansions", "-instr-profile"])
        .args([&merged])
        .args(programs.iter().flat_map(|program| [Path::new("-object"), program]))
        .output()?
        .ok()?;
    let read = |path: &Path| Ok(std::fs::read_to_string(path)?);
    let mut report = report(&export.stdout, options, read)?;
    if let Some(last) = report.rows.last_mut() {
        *last = last.clone().took(begun.elapsed());
    }
    Ok(report)
}

/// One of LLVM's tools: by variable, beside the compiler, on the path, or where Debian puts it.
fn tool(name: &str) -> Result<PathBuf> {
    let variable = name.to_uppercase().replace('-', "_");
    if let Some(path) = std::env::var_os(&variable) {
        return Ok(path.into());
    }
    let version = Run::new("rustup").args(["run", "nightly", "rustc", "-vV"]).output()?.ok()?;
    let major = version.stdout.lines().find_map(|line| line.strip_prefix("LLVM version: "));
    let major = major.and_then(|version| version.split('.').next()).unwrap_or_default();
    let debian = PathBuf::from(format!("/usr/lib/llvm-{major}/bin/{name}"));
    let found = which(&format!("{name}-{major}")).or_else(|| debian.exists().then_some(debian));
    found.with_context(|| {
        format!("no {name} of version {major}: install llvm-{major}, or set {variable}")
    })
}

fn cargo(subcommand: &str, target: &Path) -> Run {
    let packages = PACKAGES.iter().flat_map(|package| ["--package", package]);
    Run::new("rustup")
        .args(["run", "nightly", "cargo", subcommand])
        .args(packages)
        .env("RUSTFLAGS", FLAGS)
        // %c: the counters live in the file, mapped and shared.
        .env("LLVM_PROFILE_FILE", target.join("raw/%p-%m%c.profraw"))
        .env("CARGO_TARGET_DIR", target)
        .env("PROPTEST_CASES", "64")
        .dir(workspace::root())
}

/// Builds the test programs; where they are.
fn programs(target: &Path) -> Result<Vec<PathBuf>> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
    }
    let build = cargo("test", target).args(["--lib", "--tests", "--no-run"]);
    let output = build.args(["--message-format=json"]).limit(LIMIT).output()?.ok()?;
    let messages = output.stdout.lines().filter_map(|line| serde_json::from_str(line).ok());
    let programs: Vec<PathBuf> = messages.filter_map(|m: Message| m.executable).collect();
    if programs.is_empty() {
        bail!("cargo built no test program");
    }
    Ok(programs)
}

#[derive(Deserialize)]
struct Export {
    data: Vec<Data>,
}

#[derive(Deserialize)]
struct Data {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: PathBuf,
    #[serde(default)]
    branches: Vec<Vec<u64>>,
    summary: Summary,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Summary {
    lines: Count,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Count {
    count: u64,
    covered: u64,
}

/// One row of the table.
#[derive(Default)]
struct Sum {
    lines: Count,
    branches: Count,
    /// The branches that are not taken.
    told: Vec<String>,
    left_out: usize,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.covered += other.covered;
    }

    fn percent(self) -> f64 {
        if self.count == 0 { 100.0 } else { 100.0 * self.covered as f64 / self.count as f64 }
    }

    fn told(self) -> String {
        format!("{:.1} % of {}", self.percent(), self.count)
    }
}

fn report(
    export: &str,
    options: &Options,
    read: impl Fn(&Path) -> Result<String>,
) -> Result<Report> {
    let export: Export = serde_json::from_str(export).context("what llvm-cov exported")?;
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    let mut stale = Vec::new();
    for file in export.data.into_iter().flat_map(|data| data.files) {
        let path = workspace::relative(&file.filename);
        let Some((package, rest)) = path.split_once("/src/") else { continue };
        let is_test = TESTS.iter().any(|test| path.contains(test));
        if !PACKAGES.contains(&package) || rest.contains("/src/") || is_test {
            continue;
        }
        let text = read(&file.filename)?;
        let branches = Branches::of(&path, &text, &file.branches, &UNREACHABLE)?;
        let name = if options.files { path.clone() } else { package.to_owned() };
        let sum = sums.entry(name).or_default();
        sum.lines.add(file.summary.lines);
        let covered = branches.taken as u64;
        sum.branches.add(Count { count: covered + branches.missed.len() as u64, covered });
        sum.told.extend(branches.missed);
        sum.left_out += branches.left_out.len();
        let left_out = branches.left_out.iter();
        sum.told.extend(left_out.map(|(branch, why)| format!("{branch}\n    left out: {why}")));
        stale.extend(branches.stale);
    }
    let mut report = Report::new("Coverage", &["lines", "branches", "left out"]);
    for (name, sum) in sums {
        let mut row = Row::passed(name);
        if sum.branches.percent() < options.least {
            row.outcome = Outcome::Failed;
        }
        row.detail = sum.told.join("\n");
        let cells = [sum.lines.told(), sum.branches.told(), sum.left_out.to_string()];
        report.rows.push(row.cells(cells));
    }
    let untrue = "a test takes this branch, or it is not there: strike it from the exceptions";
    report.rows.extend(stale.into_iter().map(|branch| Row::failed(branch, untrue)));
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_summed_by_crate_and_others_left_out() {
        let file = |path: &str, held: u64| {
            let root = workspace::root().display();
            format!(
                r#"{{"filename":"{root}/{path}","branches":[[1,1,1,2,{held},1,0,0,4]],
                "summary":{{"lines":{{"count":10,"covered":5}}}}}}"#
            )
        };
        let files = [
            file("poll-core/src/a.rs", 1),
            file("poll-core/src/b/c.rs", 0),
            file("poll-core/src/b/tests.rs", 0),
            file("poll-core/tests/d.rs", 0),
            file("poll-timer/src/e.rs", 9),
        ];
        let export = format!(r#"{{"data":[{{"files":[{}]}}]}}"#, files.join(","));
        let options = Options { least: 80.0, files: false };
        let report = report(&export, &options, |_| Ok("fn f() {}".to_owned())).unwrap();
        let names: Vec<_> = report.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["poll-core", "poll-timer"]);
        assert_eq!(report.rows[0].cells, ["50.0 % of 20", "75.0 % of 4", "0"]);
        assert_eq!(report.rows[0].detail, "poll-core/src/b/c.rs:1: never true: fn f() {}");
        assert_eq!(report.rows[0].outcome, Outcome::Failed);
        assert_eq!(report.rows[1].outcome, Outcome::Passed);
    }
}
