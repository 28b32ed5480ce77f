//! `cargo xtask bench`: poll-core beside a hand-written epoll loop and other pollers.
//!
//! The benchmark is a crate of its own, no member of the workspace (`poll-core/benches`). It is
//! built here, started once for each workload, and its lines of JSON become a table, a JSON file
//! and an HTML page.

mod counts;
mod html;
mod machine;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use crate::process::{Run, which};
use crate::report::{Report, Row};
use crate::workspace;

/// Measures poll-core beside a hand-written epoll loop, mio, calloop, tokio, libev and libuv.
///
/// All peers take turns, round by round, in one run; each figure is the median over the rounds of
/// the ratio to the hand-written loop, and that over seven starts. Syscalls are counted by strace,
/// instructions by callgrind, and together with the kernel's by qemu with a kernel of Debian's, which
/// is fetched once; each where it is installed. Writes report.json and report.html.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Under a minute: one start, fewer rounds, and counts for poll-core and the hand-written loop only,
    /// without the kernel's.
    #[arg(long)]
    quick: bool,
    /// Only the workloads whose name contains this text; may be given several times.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Where the reports go [default: target/bench].
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<PathBuf>,
}

/// The peer that all ratios are to.
const BASE: &str = "raw epoll";
const OURS: &str = "poll-core";
/// What poll-core's time is to stay within on every workload.
const BAR: f64 = 1.02;

/// What the benchmark says of one peer and one workload.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Figure {
    workload: String,
    operation: String,
    peer: String,
    nanoseconds: f64,
    least: f64,
    ratio: f64,
    ratio_low: f64,
    ratio_high: f64,
    rounds: usize,
}

/// A workload, as the benchmark lists it.
#[derive(Clone, Debug, Deserialize)]
struct Workload {
    name: String,
    instructions: bool,
    peers: Vec<String>,
}

impl Workload {
    fn has(&self, peer: &str) -> bool {
        self.peers.iter().any(|mine| mine == peer)
    }
}

/// Everything that one run found.
#[derive(Debug, Serialize)]
struct Findings {
    command: String,
    kernel: String,
    cpu: String,
    figures: Vec<Figure>,
    syscalls: Vec<counts::Count>,
    instructions: Vec<counts::Count>,
    /// Those and the kernel's.
    all_instructions: Vec<counts::Count>,
    allocations: Vec<counts::Count>,
    /// The ways in which threads share a port, and what each costs.
    sharing: Vec<Sharing>,
    /// What the heap holds of a registration beyond its guard, and how large the guard is beyond
    /// its source.
    bytes_per_registration: f64,
    bytes_of_guard: f64,
}

/// What one way to share a port costs.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Sharing {
    way: String,
    threads: usize,
    events_per_accept: f64,
    wakeups_per_accept: f64,
}

/// Where the benchmark's programs are.
struct Programs {
    bench: PathBuf,
    allocations: PathBuf,
    wakeups: PathBuf,
    c: PathBuf,
}

/// Runs the subcommand.
///
/// # Errors
/// When the benchmark cannot be built or run, or a report not be written.
pub(crate) fn run(options: &Options) -> Result<Report> {
    let out = options.out.clone().unwrap_or_else(|| workspace::root().join("target/bench"));
    let progress = ProgressBar::new(1);
    let style = "{spinner} {wide_bar:.blue/dim} {pos}/{len} {msg:38} {elapsed}/{duration}";
    progress.set_style(ProgressStyle::with_template(style)?.progress_chars("━╸ "));
    progress.set_message("building");
    let programs = build(&out)?;
    let workloads: Vec<Workload> = list(&programs)?
        .into_iter()
        .filter(|workload| {
            options.only.is_empty() || options.only.iter().any(|text| workload.name.contains(text))
        })
        .collect();
    let mut jobs = counts::Jobs::new(&programs.bench, &workloads, options.quick);
    progress.set_length((workloads.len() + jobs.len() + 1) as u64);
    let mut report = Report::new("Benchmarks", &["ns, raw", "poll-core", "mio", "bar"]);
    let mut findings = Findings::new(options);
    for workload in &workloads {
        progress.set_message(workload.name.clone());
        let begun = Instant::now();
        let figures = time(&programs, workload, options.quick)?;
        report.rows.push(row(workload, &figures).took(begun.elapsed()));
        findings.figures.extend(figures);
        progress.inc(1);
    }
    jobs.run(&mut findings, &progress)?;
    if !options.quick {
        progress.set_message("the kernel's instructions");
        match machine::count(&programs.bench, &workloads) {
            Ok(counts) => findings.all_instructions = counts,
            Err(error) => progress
                .suspend(|| eprintln!("the kernel's instructions are not counted: {error:#}")),
        }
    }
    progress.set_message("allocations");
    counts::allocations(&programs.allocations, &workloads, &mut findings)?;
    if options.only.is_empty() {
        progress.set_message("wake-ups per accept");
        findings.sharing = lines(&Run::new(&programs.wakeups).output()?.ok()?.stdout)?;
    }
    progress.finish_and_clear();
    std::fs::write(out.join("report.json"), serde_json::to_string_pretty(&findings)?)?;
    std::fs::write(out.join("report.html"), html::page(&findings))?;
    eprintln!("{}", html::summary(&findings));
    eprintln!("{}", out.join("report.html").display());
    Ok(report)
}

impl Findings {
    fn new(options: &Options) -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let quick = if options.quick { " --quick" } else { "" };
        Self {
            command: format!("cargo xtask bench{quick}"),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            cpu: model.map_or_else(|| "unknown".to_owned(), |(_, name)| name.to_owned()),
            figures: Vec::new(),
            syscalls: Vec::new(),
            instructions: Vec::new(),
            all_instructions: Vec::new(),
            allocations: Vec::new(),
            sharing: Vec::new(),
            bytes_per_registration: 0.0,
            bytes_of_guard: 0.0,
        }
    }
}

/// Builds the benchmark, and what of the C loops this machine has the libraries for.
fn build(out: &Path) -> Result<Programs> {
    let source = workspace::root().join("poll-core/benches");
    std::fs::create_dir_all(out.join("c"))?;
    Run::new("cargo")
        .args(["build", "--release", "--locked", "--quiet"])
        .dir(&source)
        .env("CARGO_TARGET_DIR", out)
        .output()?
        .ok()?;
    for (define, name, library) in
        [("RAW", "raw", None), ("EV", "ev", Some("-lev")), ("UV", "uv", Some("-luv"))]
    {
        let program = out.join("c").join(format!("loop-{name}"));
        let arguments = ["-O2".to_owned(), format!("-D{define}"), "c/loop.c".to_owned()];
        let target = ["-o".to_owned(), program.display().to_string()];
        let library = library.map(str::to_owned);
        let built = Run::new("cc")
            .args(arguments.into_iter().chain(target).chain(library))
            .dir(&source)
            .output();
        if !built.is_ok_and(|output| output.success) {
            eprintln!("no C loop on {name}: its library or a C compiler is not installed");
        }
    }
    let release = out.join("release");
    Ok(Programs {
        bench: release.join("poll-core-benches"),
        allocations: release.join("allocations"),
        wakeups: release.join("wakeups"),
        c: out.join("c"),
    })
}

fn list(programs: &Programs) -> Result<Vec<Workload>> {
    let output = Run::new(&programs.bench).args(["--list"]).output()?.ok()?;
    lines(&output.stdout)
}

/// Several starts: where the kernel and the loader put things is luck, and stays for all rounds of one.
fn time(programs: &Programs, workload: &Workload, quick: bool) -> Result<Vec<Figure>> {
    let (starts, milliseconds) = if quick { (1, "700") } else { (7, "1000") };
    let c = programs.c.display().to_string();
    let arguments = ["--only", &workload.name, "--milliseconds", milliseconds, "--programs", &c];
    let mut found: Vec<Figure> = Vec::new();
    for _ in 0..starts {
        let output = Run::new(&programs.bench).args(arguments).output()?.ok()?;
        found.extend(lines(&output.stdout)?);
    }
    let peers = workload.peers.iter();
    let figures: Vec<Figure> = peers.filter_map(|peer| median(&found, peer)).collect();
    if !figures.iter().any(|figure| figure.peer == BASE) {
        bail!("{}: the hand-written loop was not measured", workload.name);
    }
    Ok(figures)
}

/// One peer's figures of several starts as one: the median of each number.
fn median(found: &[Figure], peer: &str) -> Option<Figure> {
    let mine: Vec<&Figure> = found.iter().filter(|figure| figure.peer == peer).collect();
    let of = |number: fn(&Figure) -> f64| {
        let mut all: Vec<f64> = mine.iter().copied().map(number).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let Figure { workload, operation, peer, .. } = mine.first().copied().cloned()?;
    Some(Figure {
        workload,
        operation,
        peer,
        nanoseconds: of(|figure| figure.nanoseconds),
        least: of(|figure| figure.least),
        ratio: of(|figure| figure.ratio),
        ratio_low: of(|figure| figure.ratio_low),
        ratio_high: of(|figure| figure.ratio_high),
        rounds: mine.iter().map(|figure| figure.rounds).sum(),
    })
}

fn lines<T: for<'a> Deserialize<'a>>(text: &str) -> Result<Vec<T>> {
    let parse = |line| serde_json::from_str(line).with_context(|| format!("in {line}"));
    text.lines().map(parse).collect()
}

fn row(workload: &Workload, figures: &[Figure]) -> Row {
    let of = |peer: &str| figures.iter().find(|figure| figure.peer == peer);
    let ratio = |peer: &str| of(peer).map_or_else(String::new, |f| format!("{:.3}", f.ratio));
    let raw = of(BASE).map_or_else(String::new, |figure| format!("{:.0}", figure.nanoseconds));
    let bar = match of(OURS) {
        Some(figure) if figure.ratio <= BAR => format!("≤ {BAR}"),
        Some(_) => format!("over {BAR}"),
        None => String::new(),
    };
    Row::passed(&workload.name).cells([raw, ratio(OURS), ratio("mio"), bar])
}

/// Whether a program that counts is there.
fn installed(program: &str) -> bool {
    which(program).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(peer: &str, ratio: f64) -> Figure {
        Figure {
            workload: "work".to_owned(),
            operation: "of some kind".to_owned(),
            peer: peer.to_owned(),
            nanoseconds: 100.0 * ratio,
            least: 90.0 * ratio,
            ratio,
            ratio_low: ratio - 0.1,
            ratio_high: ratio + 0.1,
            rounds: 10,
        }
    }

    #[test]
    fn a_start_that_was_unlucky_does_not_tell() {
        let found = [1.0, 3.0, 1.1].map(|ratio| figure("mio", ratio));
        let found = [figure("raw epoll", 1.0)].into_iter().chain(found).collect::<Vec<_>>();
        let merged = median(&found, "mio").unwrap();
        assert_eq!((merged.ratio, merged.rounds), (1.1, 30));
        assert!(median(&found, "tokio").is_none());
    }
}
