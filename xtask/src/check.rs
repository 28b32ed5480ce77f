//! `cargo xtask check`: libraries, tests and examples of every crate, for every target.
//!
//! Targets that go the same way share one cargo call, so that cargo builds them side by side and
//! what runs on the host only once. If that call fails, each of its targets is checked again
//! alone, mostly from what is built already, to learn which ones fail and with what words.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use crate::process::Run;
use crate::report::{Report, Row};
use crate::targets::{self, Scope, TARGETS, Target};
use crate::toolchain::{Toolchains, Way};
use crate::workspace;

/// Checks every crate with its tests and examples for other targets, clippy included.
///
/// Without an option: the targets whose std is installed. For others std is built from source,
/// once; `cargo xtask targets` lists all targets and how each would be checked.
#[derive(Args, Debug, Default)]
pub(crate) struct Options {
    /// A target triple; may be given several times.
    #[arg(long = "target", value_name = "TRIPLE")]
    pub(crate) targets: Vec<String>,
    /// Every target.
    #[arg(long, conflicts_with_all = ["targets", "tier"])]
    pub(crate) all: bool,
    /// The targets of one tier: 1 is run here, 2 has a std from rustup, 3 needs std's source.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(crate) tier: Option<u8>,
    /// Take std from there and from nowhere else.
    #[arg(long, value_name = "WAY")]
    pub(crate) std: Option<Way>,
}

/// Targets that one cargo call can check.
type Groups = BTreeMap<(Way, bool), Vec<&'static Target>>;

/// Runs the subcommand.
///
/// # Errors
/// When a target is unknown or a program cannot be started; a target that fails is a row.
pub(crate) fn run(options: &Options) -> Result<Report> {
    let toolchains = Toolchains::find(options.std)?;
    let chosen = choose(options, &toolchains)?;
    let mut report = Report::new("Checked targets", &["system", "backends", "std"]);
    let mut groups = Groups::new();
    for target in &chosen {
        match toolchains.way(target) {
            Ok(way) => {
                let bare = target.scope == Scope::BareTimer;
                groups.entry((way, bare)).or_default().push(target);
            }
            Err(remedy) => {
                report.rows.push(Row::failed(target.triple, remedy).cells(cells(target, None)));
            }
        }
    }
    let packages = workspace::packages()?.len() - 1;
    let bar = bar((chosen.len() * packages) as u64);
    for ((way, _), targets) in groups {
        report.rows.extend(group(way, &targets, &bar)?);
    }
    bar.finish_and_clear();
    let order = |row: &Row| TARGETS.iter().position(|target| target.triple == row.name);
    report.rows.sort_by_key(order);
    Ok(report)
}

fn choose(options: &Options, toolchains: &Toolchains) -> Result<Vec<&'static Target>> {
    if !options.targets.is_empty() {
        let named: BTreeSet<&String> = options.targets.iter().collect();
        return named.into_iter().map(|triple| targets::find(triple)).collect();
    }
    let wanted = |target: &&Target| match options.tier {
        Some(tier) => target.tier as u8 == tier,
        None => options.all || toolchains.way(target) == Ok(Way::Installed),
    };
    let chosen: Vec<_> = TARGETS.iter().filter(wanted).collect();
    if chosen.is_empty() {
        bail!("no target has an installed std; try `cargo xtask check --all`");
    }
    Ok(chosen)
}

/// Checks targets of one way and one scope.
fn group(way: Way, targets: &[&'static Target], bar: &ProgressBar) -> Result<Vec<Row>> {
    let begun = Instant::now();
    let mut finished: BTreeMap<&str, Duration> = BTreeMap::new();
    let command = clippy(way, targets).args(["--message-format=json", "--keep-going"]);
    let output = deny_warnings(command).lines(|line| {
        if let Some((triple, package)) = artifact(line, targets) {
            bar.set_message(format!("{triple}: {package}"));
            if package.starts_with("poll-") {
                bar.inc(1);
                finished.insert(triple, begun.elapsed());
            }
        }
    })?;
    let mut rows = Vec::new();
    for target in targets {
        let row = if output.success {
            let time = finished.get(target.triple).copied().unwrap_or_default();
            Row::passed(target.triple).took(time)
        } else {
            bar.set_message(format!("{}: alone", target.triple));
            let begun = Instant::now();
            let output = deny_warnings(clippy(way, &[target]).args(["--quiet"])).output()?;
            match output.success {
                true => Row::passed(target.triple),
                false => Row::failed(target.triple, output.said()),
            }
            .took(begun.elapsed())
        };
        rows.push(row.cells(cells(target, Some(way))));
    }
    Ok(rows)
}

fn clippy(way: Way, targets: &[&Target]) -> Run {
    let scope = targets.first().map_or(Scope::Workspace, |target| target.scope);
    let mut run = way.cargo("clippy", scope, "check");
    run = match scope {
        Scope::Workspace => run.args(["--workspace", "--exclude", "xtask", "--all-targets"]),
        Scope::BareTimer => run.args(["--package", "poll-timer", "--lib", "--no-default-features"]),
    };
    if way != Way::Installed {
        run = run.env("RUSTFLAGS", "-Zno-codegen");
    }
    targets.iter().fold(run, |run, target| run.args(["--target", target.triple]))
}

fn deny_warnings(run: Run) -> Run {
    run.args(["--", "-D", "warnings"])
}

fn cells(target: &Target, way: Option<Way>) -> [&'static str; 3] {
    [target.system, target.backends, way.map_or("none", Way::told)]
}

/// Target and package of a library that one line of cargo's JSON reports as done.
fn artifact<'a>(line: &str, targets: &[&'a Target]) -> Option<(&'a str, String)> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
        #[serde(default)]
        filenames: Vec<String>,
        target: Option<Kind>,
    }
    #[derive(Deserialize)]
    struct Kind {
        kind: Vec<String>,
        name: String,
    }
    let message: Message = serde_json::from_str(line).ok()?;
    let target = message.target.filter(|target| target.kind.iter().any(|kind| kind == "lib"))?;
    if message.reason != "compiler-artifact" {
        return None;
    }
    let file = message.filenames.first()?;
    let within = |triple: &str| file.contains(&format!("/{triple}/"));
    let triple = targets.iter().map(|target| target.triple).find(|triple| within(triple))?;
    Some((triple, target.name.replace('_', "-")))
}

fn bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {wide_msg}");
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_is_attributed_to_its_target() {
        let target = targets::find("x86_64-unknown-netbsd").unwrap();
        let line = r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"poll_sys"},
            "filenames":["/r/target/x86_64-unknown-netbsd/debug/deps/libpoll_sys-1.rmeta"]}"#;
        let found = artifact(line, &[target]);
        assert_eq!(found, Some(("x86_64-unknown-netbsd", "poll-sys".to_owned())));
        let other = targets::find("x86_64-unknown-freebsd").unwrap();
        assert_eq!(artifact(line, &[other]), None);
        assert_eq!(artifact("not json", &[target]), None);
    }
}
