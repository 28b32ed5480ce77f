//! `cargo xtask sanitize`: the workspace's tests with the compilers' sanitizers watching.
//!
//! Addresses and leaks need a nightly compiler and nothing else. Races and uninitialised memory need
//! a std that is instrumented too, or they report what is none: there Debian's compiler builds std
//! from source, and the nightly lends its runtime and its linker.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::process::{Output, Run, which};
use crate::report::{Report, Row};
use crate::run::Tally;
use crate::targets::Scope;
use crate::toolchain::{Toolchains, Way};
use crate::workspace;

/// Runs the tests with sanitizers: addresses and leaks, races, uninitialised memory.
#[derive(Args, Debug, Default)]
pub(crate) struct Options {
    /// Only this sanitizer; may be given several times.
    #[arg(long = "only", value_name = "SANITIZER")]
    pub(crate) only: Vec<Sanitizer>,
    /// Only this package; may be given several times.
    #[arg(long = "package", value_name = "NAME")]
    pub(crate) packages: Vec<String>,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sanitizer {
    /// Memory that is not ours, used after it was freed, or never freed.
    Address,
    /// Two threads at one place, one of them writing, in no order.
    Thread,
    /// Decisions that depend on memory that nobody wrote.
    Memory,
}

const TRIPLE: &str = "x86_64-unknown-linux-gnu";
const PACKAGES: [&str; 4] = ["poll-sys", "poll-core", "poll-net", "poll-timer"];
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Tells the tests that a sanitizer watches.
const WATCHED: &str = "POLL_SANITIZER";

/// What tests leave out when they are told so: package, file, what and why.
const LEFT_OUT: [(&str, &str, &str); 3] = [
    ("poll-net", "tests/syscalls.rs", "the whole test: a sanitizer makes syscalls of its own"),
    ("poll-net", "tests/httpd/cost.rs", "the whole test: a sanitizer makes syscalls of its own"),
    (
        "poll-net",
        "tests/httpd/attacks.rs",
        "the bound of the server's memory in three tests, to which a sanitizer adds its own",
    ),
];

/// Single tests that do not run: sanitizer, package, test and why.
const SKIPPED: [(Sanitizer, &str, &str, &str); 11] = [
    lists("wire::a_target_with_scheme_and_host_is_its_path"),
    lists("with_curl::a_directory_is_its_index_page_or_a_list_with_escaped_names"),
    lists("with_curl::a_long_list_comes_in_pages_that_miss_nothing"),
    lists("with_curl::content_types_follow_the_names"),
    lists("with_curl::head_tells_what_get_would_send_and_sends_nothing"),
    no_memory(Sanitizer::Memory),
    no_memory(Sanitizer::Thread),
    kept_back("poll-core", "without_a_descriptor_of_the_process_an_exit_is_told_by_sigchld"),
    kept_back("poll-sys", "every_wake_in_a_handler_ends_a_wait_and_keeps_errno"),
    kept_back("poll-sys", "signals_end_no_wait_without_a_deadline_and_hide_no_event"),
    no_memory(Sanitizer::Address),
];

const fn no_memory(by: Sanitizer) -> (Sanitizer, &'static str, &'static str, &'static str) {
    let test = "system::refusals::fallbacks::a_fork_handler_that_finds_no_memory_is_an_error";
    (by, "poll-sys", test, "it refuses memory to the sanitizer, too")
}

const fn kept_back(
    package: &'static str,
    test: &'static str,
) -> (Sanitizer, &'static str, &'static str, &'static str) {
    let why = "the sanitizer keeps a signal for later that comes just before a bare system call, and \
               does not end that";
    (Sanitizer::Thread, package, test, why)
}

const fn lists(test: &'static str) -> (Sanitizer, &'static str, &'static str, &'static str) {
    let why = "the sanitizer does not know fstatat(2), by which the server makes lists";
    (Sanitizer::Memory, "poll-net", test, why)
}

impl Sanitizer {
    fn told(self) -> &'static str {
        match self {
            Self::Address => "address, leak",
            Self::Thread => "thread",
            Self::Memory => "memory",
        }
    }

    /// A cargo command without its packages.
    fn cargo(self, subcommand: &str, nightly: &str) -> Run {
        let run = match self {
            Self::Address => Run::new("rustup")
                .args(["run", "nightly", "cargo", subcommand])
                .env("RUSTFLAGS", "-Zsanitizer=address")
                .env("CARGO_TARGET_DIR", workspace::root().join("target/xtask/address"))
                .dir(workspace::root()),
            Self::Thread => lent(subcommand, nightly, "thread", "tsan"),
            Self::Memory => lent(subcommand, nightly, "memory", "msan"),
        };
        run.env(WATCHED, self.told())
            .env("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1")
            // Reports name lines; more would be gigabytes.
            .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
            .env("CARGO_INCREMENTAL", "0")
            // Everything is slower: fewer random cases make up for it.
            .env("PROPTEST_CASES", "32")
            .limit(LIMIT)
    }
}

/// Debian's compiler and std's source, with the runtime and the linker of the nightly at `nightly`.
fn lent(subcommand: &str, nightly: &str, name: &str, runtime: &str) -> Run {
    let dir = format!("{nightly}/lib/rustlib/{TRIPLE}");
    let archive = format!("{dir}/lib/librustc-nightly_rt.{runtime}.a");
    let link = [
        &format!("-B{dir}/bin/gcc-ld"),
        "-fuse-ld=lld",
        "-Wl,--whole-archive",
        &archive,
        "-Wl,--no-whole-archive",
        "-Wl,--export-dynamic",
        "-lm",
        "-lpthread",
        "-lc",
    ];
    let link: String = link.iter().map(|arg| format!(" -Clink-arg={arg}")).collect();
    Way::Debian
        .cargo(subcommand, Scope::Workspace, name)
        // rustix makes its syscalls by hand: nobody would know what the kernel has written.
        .env(
            "RUSTFLAGS",
            format!("-Zsanitizer={name} -Zexternal-clangrt --cfg rustix_use_libc{link}"),
        )
}

/// Runs the subcommand.
///
/// # Errors
/// When there is no nightly compiler, or cargo cannot be started.
pub(crate) fn run(options: &Options) -> Result<Report> {
    let Some(nightly) = nightly() else {
        bail!("no nightly compiler: `rustup toolchain install nightly` brings one");
    };
    let debian = Toolchains::find(Some(Way::Debian))?;
    let mut report = Report::new("Sanitizers", &["tests", "reports"]);
    for sanitizer in Sanitizer::value_variants() {
        if !options.only.is_empty() && !options.only.contains(sanitizer) {
            continue;
        }
        let own = crate::targets::find(TRIPLE)?;
        if *sanitizer != Sanitizer::Address {
            if let Err(reason) = debian.way(own) {
                report.rows.push(Row::skipped(sanitizer.told(), reason));
                continue;
            }
        }
        for package in PACKAGES {
            if options.packages.is_empty() || options.packages.iter().any(|p| p == package) {
                report.rows.push(one(*sanitizer, package, &nightly)?);
                let left_out = LEFT_OUT.iter().filter(|(of, ..)| *of == package);
                report.rows.extend(left_out.map(|(_, file, why)| {
                    Row::skipped(format!("{} {package}/{file}", sanitizer.told()), *why)
                }));
                let skipped = skipped(*sanitizer, package);
                report.rows.extend(skipped.map(|(test, why)| Row::skipped(test, why)));
            }
        }
    }
    Ok(report)
}

/// The directory of the nightly compiler, if there is one.
fn nightly() -> Option<String> {
    which("rustup")?;
    let run = Run::new("rustup").args(["run", "nightly", "rustc", "--print", "sysroot"]);
    let output = run.output().ok()?.ok().ok()?;
    Some(output.stdout.trim().to_owned())
}

fn one(sanitizer: Sanitizer, package: &str, nightly: &str) -> Result<Row> {
    let begun = Instant::now();
    // Some tests start the examples.
    let examples = sanitizer.cargo("build", nightly).args(["--examples", "--target", TRIPLE]);
    let examples = examples.args(["--package", package]).output()?;
    let name = format!("{} {package}", sanitizer.told());
    if !examples.success {
        return Ok(Row::failed(name, examples.said()).took(begun.elapsed()));
    }
    let mut run = sanitizer.cargo("test", nightly).args(["--no-fail-fast", "--target", TRIPLE]);
    run = run.args(["--package", package, "--lib"]);
    for test in integration_tests(package)? {
        run = run.args(["--test", &test]);
    }
    run = run.args(["--"]);
    for (test, _) in skipped(sanitizer, package) {
        run = run.args(["--skip", test]);
    }
    let output = run.output()?;
    let found = reports(&output);
    let tally = Tally::of(&output.stdout);
    let row = if output.success && found == 0 && tally.passed > 0 && tally.doubts == 0 {
        Row::passed(name)
    } else {
        Row::failed(name, format!("{}\n{}", output.status, output.said()))
    };
    Ok(row.cells([tally.passed.to_string(), found.to_string()]).took(begun.elapsed()))
}

/// The single tests that do not run, and why.
fn skipped(
    sanitizer: Sanitizer,
    package: &str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let here = SKIPPED
        .iter()
        .filter(move |(of, package_of, ..)| *of == sanitizer && *package_of == package);
    here.map(|(_, _, test, why)| (*test, *why))
}

/// The names of the package's integration tests.
fn integration_tests(package: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for found in workspace::packages()?.into_iter().filter(|found| found.name == package) {
        let tests = found.targets.into_iter().filter(|target| target.is_test());
        names.extend(tests.map(|target| target.name));
    }
    Ok(names)
}

/// How often a sanitizer spoke.
fn reports(output: &Output) -> usize {
    let said = [&output.stdout, &output.stderr];
    let lines = said.iter().flat_map(|stream| stream.lines());
    lines.filter(|line| line.contains("Sanitizer:") && !line.contains("SUMMARY")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_counted_once() {
        let stderr = "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\n\
                      SUMMARY: AddressSanitizer: heap-use-after-free\n\
                      WARNING: ThreadSanitizer: data race (pid=2)\n";
        let output = Output {
            shown: String::new(),
            stdout: String::new(),
            stderr: stderr.to_owned(),
            success: false,
            status: String::new(),
        };
        assert_eq!(reports(&output), 2);
    }

    #[test]
    fn what_is_left_out_is_told() {
        for (package, file, _) in LEFT_OUT {
            let text = std::fs::read_to_string(workspace::root().join(package).join(file)).unwrap();
            assert!(text.contains(WATCHED) || text.contains("is_sanitized()"), "{package}/{file}");
        }
    }
}
