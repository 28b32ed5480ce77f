//! `cargo xtask deps`: what the workspace depends on. Licences, sources and bans by cargo-deny; and
//! whether everything builds with the least versions that the manifests allow.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::process::{Output, Run, which};
use crate::report::{Report, Row};
use crate::workspace;

/// The last one that the oldest compiler of Cargo.toml builds, too.
const DENY_VERSION: &str = "0.18.3";

const LIBRARIES: [&str; 4] = ["poll-sys", "poll-core", "poll-net", "poll-timer"];
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Runs the subcommand.
///
/// # Errors
/// When cargo-deny is missing and cannot be installed, or a file cannot be copied.
pub(crate) fn run() -> Result<Report> {
    let mut report = Report::new("Dependencies", &["what"]);
    report.rows.push(judged(
        "Cargo.lock",
        "is there, and needs no change",
        Run::new("cargo").args(["metadata", "--format-version=1", "--locked"]),
    )?);
    let deny = cargo_deny()?;
    let checks = ["check", "bans", "licenses", "sources"];
    report.rows.push(judged(
        "cargo-deny",
        "bans, licences, sources; advisories need a database from elsewhere",
        Run::new(deny).args(["--locked"]).args(checks),
    )?);
    let tree = copy()?;
    let direct = "all crates, tests, examples; the least versions that our manifests name";
    let all = ["--workspace", "--all-targets", "--all-features"];
    report.rows.push(least("least versions", direct, &tree, "-Zdirect-minimal-versions", &all)?);
    let indirect = "the four libraries; the least versions that anybody's manifest names";
    let mut libraries = vec!["--lib", "--all-features"];
    libraries.extend(LIBRARIES.iter().flat_map(|name| ["--package", name]));
    let row = least("least versions of all", indirect, &tree, "-Zminimal-versions", &libraries)?;
    report.rows.push(row);
    Ok(report)
}

fn judged(name: &str, what: &str, run: Run) -> Result<Row> {
    let begun = Instant::now();
    let output = run.dir(workspace::root()).limit(LIMIT).output()?;
    Ok(row(name, what, &output).took(begun.elapsed()))
}

fn row(name: &str, what: &str, output: &Output) -> Row {
    let row = match output.success {
        true => Row::passed(name),
        false => Row::failed(name, format!("`{}`: {}", output.shown, output.said())),
    };
    row.cells([what])
}

/// cargo-deny, installed in the build directory if it is nowhere.
///
/// # Errors
/// When it has to be installed and does not build.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let root = workspace::root().join("target/xtask/tools");
    let program = root.join("bin/cargo-deny");
    if let Some(found) = which("cargo-deny") {
        return Ok(found);
    }
    if !program.is_file() {
        eprintln!("installing cargo-deny {DENY_VERSION} in {}", root.display());
        Run::new("cargo")
            // Not optimised: it runs for a second, and is built for a minute.
            .args(["install", "cargo-deny", "--version", DENY_VERSION, "--locked", "--debug"])
            .args([Path::new("--root"), &root])
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .without_env("CARGO_TARGET_DIR")
            .output()?
            .ok()
            .context("cargo-deny is needed to judge what we depend on")?;
    }
    Ok(program)
}

/// Resolves a copy of the workspace to old versions and builds it.
fn least(name: &str, what: &str, tree: &Path, flag: &str, build: &[&str]) -> Result<Row> {
    let begun = Instant::now();
    // A stable compiler chooses old versions only when told that it may; it builds as always.
    let resolve =
        Run::new("cargo").args(["update", flag]).env("RUSTC_BOOTSTRAP", "1").dir(tree).limit(LIMIT);
    let resolved = resolve.output()?;
    if !resolved.success {
        return Ok(row(name, what, &resolved).took(begun.elapsed()));
    }
    let target = workspace::root().join("target/xtask/least/build");
    let output = Run::new("cargo")
        .args(["check", "--locked"])
        .args(build)
        // Lints of today against what was written before them are of no use.
        .env("RUSTFLAGS", "--cap-lints=warn")
        .env("CARGO_TARGET_DIR", target)
        .dir(tree)
        .limit(LIMIT)
        .output()?;
    Ok(row(name, what, &output).took(begun.elapsed()))
}

/// A copy of the workspace, so that its lock file stays as it is.
fn copy() -> Result<PathBuf> {
    let tree = workspace::root().join("target/xtask/least/tree");
    if tree.exists() {
        std::fs::remove_dir_all(&tree)?;
    }
    for entry in workspace::entries() {
        let entry = entry?;
        let to = tree.join(entry.path().strip_prefix(workspace::root())?);
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&to)?;
        } else {
            std::fs::copy(entry.path(), &to)
                .with_context(|| format!("copying {}", entry.path().display()))?;
        }
    }
    Ok(tree)
}
