//! `cargo xtask unsafe`: the ledger of everything unsafe, and the rules that keep it short.
//!
//! The rules are syntactic and judge what the compiler and clippy do not: that all unsafe is in
//! poll-sys, that each block has a proof of its own which numbers the obligations, that no macro
//! hides anything. The ledger names functions, not lines: it changes exactly when an operation
//! comes, goes or rests on something else. `--lines` shows the lines on the terminal.

mod foreign;
mod operations;
mod proof;
mod scan;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::generated;
use crate::report::{Report, Row};
use crate::source::Source;
use crate::workspace::{self, SourceFile, UNSAFE_CRATE};

/// Writes UNSAFE.md, the ledger of every unsafe operation, and judges each proof.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Write nothing; fail when UNSAFE.md is not what it should be.
    #[arg(long)]
    pub(crate) check: bool,
    /// Also print each operation with its file, line and whole proof.
    #[arg(long)]
    pub(crate) lines: bool,
}

/// What kind of unsafe thing an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Block,
    Impl,
    Extern,
    Attribute,
    /// An `unsafe fn` or `unsafe trait`: obligations for somebody else.
    Declaration,
}

/// One line of the ledger.
#[derive(Clone, Debug, Serialize)]
struct Entry {
    file: String,
    line: usize,
    function: String,
    kind: Kind,
    operation: String,
    obligations: usize,
    invariants: Vec<String>,
    proof: String,
}

/// A broken rule.
#[derive(Clone, Debug)]
struct Violation {
    file: String,
    line: usize,
    message: String,
}

/// What the workspace holds.
#[derive(Debug, Default)]
struct Findings {
    entries: Vec<Entry>,
    violations: Vec<Violation>,
    files: usize,
}

/// Runs the subcommand.
///
/// # Errors
/// When the workspace cannot be read or the ledger not be written.
pub(crate) fn run(options: &Options) -> Result<Report> {
    let begun = Instant::now();
    let roots = workspace::packages()?
        .into_iter()
        .filter(|package| package.name != UNSAFE_CRATE)
        .flat_map(|package| package.targets)
        .map(|target| workspace::relative(&target.src_path))
        .collect();
    let findings = examine(&workspace::sources()?, &roots)?;
    if options.lines {
        for entry in &findings.entries {
            let Entry { file, line, function, operation, proof, .. } = entry;
            println!("{file}:{line}: {function}: {operation}\n    {proof}");
        }
    }
    let mut report = Report::new("Unsafe code", &["what"]);
    let shown: Vec<String> = findings
        .violations
        .iter()
        .map(|v| format!("{}:{}: {}", v.file, v.line, v.message))
        .collect();
    let what = format!("{} operations in {} files read", findings.entries.len(), findings.files);
    report.rows.push(if shown.is_empty() {
        Row::passed("proofs").cells([what]).took(begun.elapsed())
    } else {
        Row::failed("proofs", shown.join("\n")).cells([what]).took(begun.elapsed())
    });
    let path: PathBuf = workspace::root().join("UNSAFE.md");
    report.rows.push(generated::settle(&path, &ledger(&findings), options.check, "unsafe")?);
    Ok(report)
}

/// Judges `files`, where `roots` are the crate roots that must forbid unsafe code.
fn examine(files: &[SourceFile], roots: &BTreeSet<String>) -> Result<Findings> {
    let mut findings = Findings { files: files.len(), ..Findings::default() };
    let mut sys = Vec::new();
    for file in files {
        let source = Source::parse(&file.path, &file.text)?;
        if file.path.starts_with(&format!("{UNSAFE_CRATE}/")) {
            sys.push(source);
            continue;
        }
        findings.violations.extend(foreign::no_unsafe(&source));
        if roots.contains(&file.path) {
            findings.violations.extend(foreign::forbids(&source));
        }
    }
    let own: BTreeSet<String> = sys.iter().flat_map(scan::unsafe_functions).collect();
    for source in &sys {
        let (entries, violations) = scan::scan(source, &own);
        findings.entries.extend(entries);
        findings.violations.extend(violations);
    }
    findings.violations.extend(undefined(&findings.entries, &sys));
    Ok(findings)
}

/// `named-invariant`: what a proof cites is defined in its own file or at the top of the crate.
fn undefined(entries: &[Entry], sys: &[Source]) -> Vec<Violation> {
    let by_file: BTreeMap<&str, BTreeSet<String>> =
        sys.iter().map(|s| (s.path.as_str(), proof::defined(&s.prose()))).collect();
    let root = format!("{UNSAFE_CRATE}/src/lib.rs");
    let empty = BTreeSet::new();
    let common = by_file.get(root.as_str()).unwrap_or(&empty);
    let mut violations = Vec::new();
    for entry in entries {
        let local = by_file.get(entry.file.as_str()).unwrap_or(&empty);
        for name in &entry.invariants {
            if !local.contains(name) && !common.contains(name) {
                violations.push(Violation {
                    file: entry.file.clone(),
                    line: entry.line,
                    message: format!("{name} is cited but not defined; add `{name}: …` at the top"),
                });
            }
        }
    }
    violations
}

fn ledger(findings: &Findings) -> String {
    let mut files: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in &findings.entries {
        files.entry(&entry.file).or_default().push(entry);
    }
    let count = |kind| findings.entries.iter().filter(|entry| entry.kind == kind).count();
    let mut text = String::from(
        "# Everything unsafe in this workspace\n\n\
         Written by `cargo xtask unsafe`; do not edit. All of it is in `poll-sys`; every other\n\
         crate root begins with `#![forbid(unsafe_code)]`. *Obligations* counts the points that\n\
         the proof beside the code answers; `cargo xtask unsafe --lines` prints the proofs.\n\n",
    );
    let _ = writeln!(
        text,
        "{} blocks, {} impls, {} extern blocks, {} attributes; {} unsafe declarations.",
        count(Kind::Block),
        count(Kind::Impl),
        count(Kind::Extern),
        count(Kind::Attribute),
        count(Kind::Declaration),
    );
    for (file, entries) in files {
        let _ = writeln!(text, "\n## {file} ({})\n", entries.len());
        text.push_str("| in | operation | obligations | invariants |\n|---|---|---|---|\n");
        for entry in entries {
            let place = if entry.function.is_empty() { "–" } else { &entry.function };
            let operation = entry.operation.replace('|', "\\|");
            let invariants = entry.invariants.join(", ");
            let _ = writeln!(
                text,
                "| {place} | `{operation}` | {} | {invariants} |",
                entry.obligations
            );
        }
    }
    text
}

#[cfg(test)]
mod tests;
