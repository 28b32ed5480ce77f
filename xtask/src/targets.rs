//! `cargo xtask targets`: every target that the workspace claims, and what is done for each.
//!
//! This is the one table: `check`, `run` and the README read it. A target stands in the first
//! tier only if the suites are run for it here, by [`Emulator`].

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::generated;
use crate::report::{Report, Row};
use crate::toolchain::Toolchains;
use crate::workspace;

/// Lists all targets and how each would be checked on this machine.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Write the README's table of targets.
    #[arg(long)]
    write: bool,
    /// Fail when the README's table is out of date.
    #[arg(long, conflicts_with = "write")]
    check: bool,
}

impl Options {
    /// `--check`.
    pub(crate) fn checked() -> Self {
        Self { write: false, check: true }
    }
}

/// What is done for a target; the number is what `--tier` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// Checked, and the suites run here, natively or emulated.
    Run = 1,
    /// Checked; rustup has a compiled std for it.
    Check = 2,
    /// Checked against a std that is compiled from source.
    CheckStd = 3,
}

impl Tier {
    fn told(self) -> &'static str {
        match self {
            Self::Run => "check, run",
            Self::Check => "check",
            Self::CheckStd => "check (std from source)",
        }
    }
}

/// How a test binary is linked and started here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Emulator {
    /// This CPU runs it, with the host's linker.
    Native,
    /// This CPU runs it, linked statically by this linker.
    Linked(&'static str),
    /// This CPU runs it, linked statically with what rustup or zig bring along.
    Musl,
    /// qemu's user emulation runs it, linked statically by this linker.
    Qemu { program: &'static str, linker: &'static str, order: ByteOrder },
}

/// Of an emulated CPU; the one that emulates is little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

/// Which crates are checked for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All but xtask, with tests and examples.
    Workspace,
    /// poll-timer without std: there is no operating system.
    BareTimer,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) triple: &'static str,
    pub(crate) system: &'static str,
    /// The backends that are compiled for it, best first.
    pub(crate) backends: &'static str,
    pub(crate) tier: Tier,
    pub(crate) emulator: Option<Emulator>,
    pub(crate) scope: Scope,
    /// Whether zig links its suites, for a machine that runs them.
    pub(crate) linked: bool,
}

const LINUX: &str = "epoll, poll";
const BSD: &str = "kqueue, poll";
const SUN: &str = "event ports, poll";
const POLL: &str = "poll";

const fn run(triple: &'static str, system: &'static str, emulator: Emulator) -> Target {
    Target { emulator: Some(emulator), ..check(triple, system, LINUX, Tier::Run) }
}

const fn check(
    triple: &'static str,
    system: &'static str,
    backends: &'static str,
    tier: Tier,
) -> Target {
    let scope = Scope::Workspace;
    Target { triple, system, backends, tier, emulator: None, scope, linked: false }
}

const fn link(triple: &'static str, system: &'static str, tier: Tier) -> Target {
    Target { linked: true, ..check(triple, system, BSD, tier) }
}

const fn bare(triple: &'static str) -> Target {
    let target = check(triple, "no system", "poll-timer alone", Tier::Check);
    Target { scope: Scope::BareTimer, ..target }
}

const fn qemu(program: &'static str, linker: &'static str) -> Emulator {
    Emulator::Qemu { program, linker, order: ByteOrder::Little }
}

/// All targets, in the order in which they are shown.
pub(crate) const TARGETS: &[Target] = &[
    run("x86_64-unknown-linux-gnu", "Linux, glibc", Emulator::Native),
    run("i686-unknown-linux-gnu", "Linux, glibc", Emulator::Linked("i686-linux-gnu-gcc")),
    run("x86_64-unknown-linux-musl", "Linux, musl", Emulator::Musl),
    run("aarch64-unknown-linux-gnu", "Linux, glibc", qemu("qemu-aarch64", "aarch64-linux-gnu-gcc")),
    run(
        "armv7-unknown-linux-gnueabihf",
        "Linux, glibc",
        qemu("qemu-arm", "arm-linux-gnueabihf-gcc"),
    ),
    run(
        "riscv64gc-unknown-linux-gnu",
        "Linux, glibc",
        qemu("qemu-riscv64", "riscv64-linux-gnu-gcc"),
    ),
    run(
        "s390x-unknown-linux-gnu",
        "Linux, glibc, big-endian",
        Emulator::Qemu {
            program: "qemu-s390x",
            linker: "s390x-linux-gnu-gcc",
            order: ByteOrder::Big,
        },
    ),
    check("aarch64-unknown-linux-musl", "Linux, musl", LINUX, Tier::Check),
    check("powerpc64le-unknown-linux-gnu", "Linux, glibc", LINUX, Tier::Check),
    check("loongarch64-unknown-linux-gnu", "Linux, glibc", LINUX, Tier::Check),
    check("aarch64-linux-android", "Android", LINUX, Tier::Check),
    check("x86_64-linux-android", "Android", LINUX, Tier::Check),
    link("x86_64-unknown-freebsd", "FreeBSD", Tier::Check),
    check("i686-unknown-freebsd", "FreeBSD", BSD, Tier::Check),
    link("aarch64-unknown-freebsd", "FreeBSD", Tier::CheckStd),
    link("x86_64-unknown-netbsd", "NetBSD", Tier::Check),
    link("aarch64-unknown-netbsd", "NetBSD", Tier::CheckStd),
    link("x86_64-unknown-openbsd", "OpenBSD", Tier::CheckStd),
    link("aarch64-unknown-openbsd", "OpenBSD", Tier::CheckStd),
    check("x86_64-unknown-dragonfly", "DragonFly BSD", BSD, Tier::CheckStd),
    check("x86_64-apple-darwin", "macOS", BSD, Tier::Check),
    check("aarch64-apple-darwin", "macOS", BSD, Tier::Check),
    check("aarch64-apple-ios", "iOS", BSD, Tier::Check),
    check("aarch64-apple-visionos", "visionOS", BSD, Tier::Check),
    check("x86_64-unknown-illumos", "illumos", SUN, Tier::Check),
    check("x86_64-pc-solaris", "Solaris", SUN, Tier::Check),
    check("sparcv9-sun-solaris", "Solaris, big-endian", SUN, Tier::Check),
    check("x86_64-unknown-haiku", "Haiku", POLL, Tier::CheckStd),
    check("x86_64-unknown-hurd-gnu", "Hurd", POLL, Tier::CheckStd),
    bare("x86_64-unknown-none"),
    bare("thumbv7em-none-eabi"),
];

/// The row for `triple`.
///
/// # Errors
/// When the table does not have it, with what it has.
pub(crate) fn find(triple: &str) -> Result<&'static Target> {
    let found = TARGETS.iter().find(|target| target.triple == triple);
    let known = || TARGETS.iter().map(|target| target.triple).collect::<Vec<_>>().join("\n  ");
    match found {
        Some(target) => Ok(target),
        None => bail!("{triple} is not in xtask/src/targets.rs, which has:\n  {}", known()),
    }
}

/// Runs the subcommand.
///
/// # Errors
/// When the README cannot be read or written, or the toolchain not be asked.
pub(crate) fn list(options: &Options) -> Result<Report> {
    let mut report = Report::new("Targets", &["system", "backends", "by one command", "std"]);
    if options.write || options.check {
        report.rows.push(readme(options.check)?);
        return Ok(report);
    }
    let toolchains = Toolchains::find(None)?;
    for target in TARGETS {
        let (row, std) = match toolchains.way(target) {
            Ok(way) => (Row::passed(target.triple), way.told()),
            Err(remedy) => (Row::skipped(target.triple, remedy), "none"),
        };
        report.rows.push(row.cells([target.system, target.backends, target.tier.told(), std]));
    }
    Ok(report)
}

fn readme(check: bool) -> Result<Row> {
    let path = workspace::root().join("README.md");
    let text = std::fs::read_to_string(&path).context("reading README.md")?;
    let wanted = generated::between_markers(&text, "targets", &markdown())?;
    generated::settle(&path, &wanted, check, "targets --write")
}

fn markdown() -> String {
    let mut text =
        String::from("| target | system | backends | by one command |\n|---|---|---|---|\n");
    for target in TARGETS {
        let Target { triple, system, backends, tier, .. } = target;
        let more = match target.emulator {
            Some(Emulator::Qemu { .. }) => " (emulated CPU)",
            _ if target.linked => ", link",
            _ => "",
        };
        text += &format!("| `{triple}` | {system} | {backends} | {}{more} |\n", tier.told());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_stands_once_and_runs_exactly_if_it_is_of_the_first_tier() {
        for (index, target) in TARGETS.iter().enumerate() {
            let again = TARGETS[index + 1..].iter().any(|other| other.triple == target.triple);
            assert!(!again, "{} stands twice", target.triple);
            assert_eq!(target.tier == Tier::Run, target.emulator.is_some(), "{}", target.triple);
        }
    }

    #[test]
    fn an_unknown_target_is_answered_with_the_table() {
        let error = find("vax-unknown-ultrix").unwrap_err().to_string();
        assert!(error.contains("x86_64-unknown-freebsd"));
    }

    #[test]
    fn the_readme_has_a_line_for_every_target() {
        assert_eq!(markdown().lines().count(), TARGETS.len() + 2);
    }
}
