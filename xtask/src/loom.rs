//! `cargo xtask loom`: the wake protocol of poll-core under every interleaving of a few threads.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::process::Run;
use crate::report::{Report, Row};
use crate::workspace;

const LIMIT: Duration = Duration::from_secs(20 * 60);

/// Runs the subcommand.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn run() -> Result<Report> {
    let begun = Instant::now();
    let output = Run::new("cargo")
        .args(["test", "--release", "--package", "poll-core", "--lib", "model"])
        .env("RUSTFLAGS", "--cfg loom")
        // The cfg rebuilds everything: a directory of its own keeps the usual one as it is.
        .env("CARGO_TARGET_DIR", workspace::root().join("target/xtask/loom"))
        .dir(workspace::root())
        .limit(LIMIT)
        .output()?;
    let mut report = Report::new("Models of the wake protocol", &[]);
    for line in output.stdout.lines() {
        let Some(test) = line.strip_prefix("test ") else { continue };
        let row = match test.rsplit_once(" ... ") {
            Some((name, "ok")) => Row::passed(name),
            Some((name, _)) => Row::failed(name, ""),
            None => continue,
        };
        report.rows.push(row);
    }
    if !output.success || report.rows.is_empty() {
        let detail = format!("{}\n{}", output.status, output.said());
        report.rows.push(Row::failed("cargo test", detail));
    }
    if let Some(last) = report.rows.last_mut() {
        *last = last.clone().took(begun.elapsed());
    }
    Ok(report)
}
