//! `cargo xtask soak`: long runs of what must never go wrong, on every backend of this system.
//!
//! `poll-core/examples/soak` and `poll-sys/examples/wake_storm.rs` do the work. Each job prints what
//! it did; it fails by a panic, a wrong exit or its limit. The seed is in the report: the same seed
//! does the same again.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::process::Run;
use crate::report::{Report, Row};
use crate::run::{self, Clock, Kernel};
use crate::workspace;

/// Runs the long jobs: churn, wakes, signals, edges, stale events, drops, scripts.
#[derive(Args, Debug, Default)]
pub(crate) struct Options {
    /// How long the churn of connections and timers goes on, on each backend.
    #[arg(long, value_name = "N")]
    pub(crate) minutes: Option<u64>,
    /// Only the churn on epoll, with this many descriptors: in an emulated machine, where the limit can
    /// be raised.
    #[arg(long, value_name = "N")]
    pub(crate) descriptors: Option<u64>,
    /// Count as far as the reliability table asks: about an hour.
    #[arg(long)]
    pub(crate) long: bool,
    /// Only this job; may be given several times.
    #[arg(long, value_name = "JOB")]
    pub(crate) only: Vec<String>,
    /// Another choice of what is chosen at random.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Where below `target/xtask` everything is built.
const PLACE: &str = "soak";

/// What is done, and how often.
struct Job {
    name: &'static str,
    short: u64,
    long: u64,
}

const fn job(name: &'static str, short: u64, long: u64) -> Job {
    Job { name, short, long }
}

/// The churn is counted in seconds.
const CHURN: Job = job("churn", 20, 600);
const SIGNALS: Job = job("signals", 20_000, 1_000_000);
/// Random scripts on each backend against the model of the conformance suite.
const SCRIPTS: Job = job("scripts", 100_000, 10_000_000);

const JOBS: [Job; 7] = [
    CHURN,
    job("wakes", 100_000, 10_000_000),
    SIGNALS,
    job("edges", 150_000, 15_000_000),
    job("stale", 100_000, 10_000_000),
    job("drops", 100_000, 5_000_000),
    SCRIPTS,
];

const BACKENDS: [&str; 2] = ["epoll", "poll"];
const LIMIT: Duration = Duration::from_secs(4 * 60 * 60);

/// Runs the subcommand.
///
/// # Errors
/// When the programs do not build.
pub(crate) fn run(options: &Options) -> Result<Report> {
    if let Some(descriptors) = options.descriptors {
        let mut report = Report::new(format!("Soak, seed {}", options.seed), &["what was done"]);
        report.rows.push(in_a_machine(descriptors, options.minutes.unwrap_or(4), options.seed)?);
        return Ok(report);
    }
    let mut report = Report::new(format!("Soak, seed {}", options.seed), &["what was done"]);
    let chosen = |job: &&Job| options.only.is_empty() || options.only.iter().any(|o| o == job.name);
    for job in JOBS.iter().filter(chosen) {
        let count = match options.minutes {
            Some(minutes) if job.name == CHURN.name => minutes * 60,
            _ if options.long => job.long,
            _ => job.short,
        };
        if job.name == SCRIPTS.name {
            report.rows.push(scripts(count, options.seed, Profile::Release)?);
            continue;
        }
        let program = match job.name == SIGNALS.name {
            true => workspace::example("poll-sys", "wake_storm", PLACE)?,
            false => workspace::example("poll-core", "soak", PLACE)?,
        };
        let (count, seed) = (count.to_string(), options.seed.to_string());
        for backend in BACKENDS {
            let run = match job.name == SIGNALS.name {
                true => Run::new(&program).args([backend, &count, &seed]),
                false => Run::new(&program).args([job.name, backend, &count, &seed]),
            };
            report.rows.push(one(&format!("{}/{backend}", job.name), run)?);
        }
    }
    Ok(report)
}

/// The churn in a machine of its own. Its kernel lets anybody open more than this one may.
fn in_a_machine(descriptors: u64, minutes: u64, seed: u64) -> Result<Row> {
    const KERNEL: Kernel = Kernel::V6_1;
    let target = target().join("static");
    Run::new("cargo")
        .args(["build", "--quiet", "--release", "--package", "poll-core", "--example", "soak"])
        // Or else build scripts would be static, too.
        .args(["--target", "x86_64-unknown-linux-gnu"])
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .env("CARGO_TARGET_DIR", &target)
        .dir(workspace::root())
        .output()?
        .ok()?;
    let program = target.join("x86_64-unknown-linux-gnu/release/examples/soak");
    let seconds = minutes * 60;
    // The program keeps 64 for itself.
    let limit = descriptors + 64;
    let script = format!("ulimit -n {limit} && ./soak churn epoll {seconds} {seed}\n");
    let name = format!("churn/epoll on Linux {}", KERNEL.version());
    eprintln!("{name}");
    let begun = Instant::now();
    let output = run::script(KERNEL, Clock::Host, &[program], &script)?;
    let told = output.stdout.lines().find_map(|line| line.strip_prefix("ok: "));
    let row = match told {
        Some(told) => Row::passed(name).cells([told.trim_end()]),
        None => Row::failed(name, output.said()),
    };
    Ok(row.took(begun.elapsed()))
}

fn target() -> PathBuf {
    workspace::root().join("target/xtask").join(PLACE)
}

fn one(name: &str, run: Run) -> Result<Row> {
    eprintln!("{name}");
    let begun = Instant::now();
    let output = run.limit(LIMIT).output()?;
    let told = output.stdout.lines().find_map(|line| line.strip_prefix("ok: "));
    let row = match told {
        Some(told) if output.success => Row::passed(name).cells([told]),
        _ => {
            let detail = format!("`{}`: {}\n{}", output.shown, output.status, output.said());
            Row::failed(name, detail)
        }
    };
    Ok(row.took(begun.elapsed()))
}

/// How the conformance suite is built.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    /// As for the tests, whose build is used: checks overflow too, and takes five times as long.
    Dev,
    Release,
}

/// The property test of the conformance suite, with more cases: a part at a time, because a test has
/// a time limit, each part with a seed of its own.
pub(crate) fn scripts(count: u64, seed: u64, profile: Profile) -> Result<Row> {
    const PART: u64 = 50_000;
    eprintln!("scripts");
    conformance(profile, &["--no-run"]).output()?.ok()?;
    let begun = Instant::now();
    let (next, failures) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part * PART >= count {
                return;
            }
            let cases = PART.min(count - part * PART);
            if let Err(error) = some_scripts(profile, cases, seed + part) {
                let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                failures.push(format!("seed {}: {error:#}", seed + part));
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    let row = match failures.is_empty() {
        true => Row::passed("scripts"),
        false => Row::failed("scripts", failures.join("\n")),
    };
    let parts = count.div_ceil(PART);
    let what = format!("{count} scripts on each backend, of seeds {seed} to {}", seed + parts - 1);
    Ok(row.cells([what]).took(begun.elapsed()))
}

fn some_scripts(profile: Profile, cases: u64, seed: u64) -> Result<()> {
    let test = "equivalence::every_backend_reports_what_the_model_says";
    let run = conformance(profile, &["--", "--exact", test])
        .env("PROPTEST_CASES", cases.to_string())
        .env("PROPTEST_RNG_SEED", seed.to_string());
    let output = run.limit(LIMIT).output()?.ok()?;
    if !output.stdout.contains("1 passed") {
        bail!("no test ran\n{}", output.said());
    }
    Ok(())
}

fn conformance(profile: Profile, args: &[&str]) -> Run {
    let run = Run::new("cargo")
        .args(["test", "--quiet", "--package", "poll-core", "--test", "conformance"])
        .dir(workspace::root());
    match profile {
        Profile::Dev => run,
        Profile::Release => run.args(["--release"]).env("CARGO_TARGET_DIR", target()),
    }
    .args(args)
}
