//! `cargo xtask setup`: the programs that the other tasks need, and how to get them on Debian.

use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::deps;
use crate::process::{Run, which};
use crate::report::{Report, Row};
use crate::zig;

/// Tells which tools of the other tasks are here, and installs what is missing.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Install what is missing with apt-get (needs root or sudo), and cargo-deny with cargo, in the
    /// build directory.
    #[arg(long)]
    pub(crate) install: bool,
    /// Install zig and cargo-zigbuild below target/, which `run --pack` links with.
    #[arg(long)]
    pub(crate) zig: bool,
}

/// Something that a task needs, told by one file that it brings.
struct Tool {
    /// A program name, or an absolute path.
    file: &'static str,
    packages: &'static [&'static str],
    needed_for: &'static str,
}

const fn tool(
    file: &'static str,
    packages: &'static [&'static str],
    needed_for: &'static str,
) -> Tool {
    Tool { file, packages, needed_for }
}

const TOOLS: [Tool; 18] = [
    tool("cc", &["gcc", "libc6-dev"], "linking"),
    tool("curl", &["curl", "ca-certificates"], "the test of the HTTP server"),
    tool("ps", &["procps"], "the test that no zombie stays"),
    tool("strace", &["strace"], "syscalls, faults"),
    tool("valgrind", &["valgrind", "libc6-dbg"], "instruction counts"),
    tool("/usr/bin/rustc", &["rustc-web"], "check, run: std from source"),
    tool("/usr/bin/cargo", &["cargo-web"], "check, run: std from source"),
    tool("/usr/bin/cargo-clippy", &["rust-web-clippy"], "check: std from source"),
    tool("/usr/lib/rustlib/src/rust/library/Cargo.lock", &["rust-web-src"], "std from source"),
    tool("qemu-aarch64", &["qemu-user"], "run"),
    cross("aarch64-linux-gnu-gcc", &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"]),
    cross("arm-linux-gnueabihf-gcc", &["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"]),
    cross("riscv64-linux-gnu-gcc", &["gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross"]),
    cross("s390x-linux-gnu-gcc", &["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross"]),
    cross("i686-linux-gnu-gcc", &["gcc-i686-linux-gnu", "libc6-dev-i386-cross"]),
    tool("qemu-system-x86_64", &["qemu-system-x86"], "run --kernel"),
    tool("cpio", &["cpio"], "run --kernel"),
    tool("/bin/busybox", &["busybox-static"], "run --kernel"),
];

const fn cross(file: &'static str, packages: &'static [&'static str]) -> Tool {
    tool(file, packages, "run")
}

impl Tool {
    fn present(&self) -> bool {
        if self.file.starts_with('/') {
            Path::new(self.file).exists()
        } else {
            which(self.file).is_some()
        }
    }
}

/// Parts of Rust that a small installation leaves out: the cargo subcommand, and its component.
const COMPONENTS: [(&str, &str); 2] = [("fmt", "rustfmt"), ("clippy", "clippy")];

/// Whether cargo has this subcommand. rustup puts its own program in the place of one that is not
/// installed, so that it has to be started.
fn has_subcommand(subcommand: &str) -> bool {
    let version = Run::new("cargo").args([subcommand, "--version"]).output();
    version.is_ok_and(|output| output.success)
}

/// Runs the subcommand.
///
/// # Errors
/// When `--install` is asked for, and apt-get is missing or fails, or cargo-deny does not build.
pub(crate) fn run(options: &Options) -> Result<Report> {
    let missing: Vec<&str> = TOOLS
        .iter()
        .filter(|tool| !tool.present())
        .flat_map(|tool| tool.packages)
        .copied()
        .collect();
    if options.install && !missing.is_empty() {
        install(&missing)?;
    }
    if options.install {
        deps::cargo_deny()?;
    }
    if options.zig {
        zig::install()?;
    }
    for (subcommand, component) in COMPONENTS {
        if options.install && !has_subcommand(subcommand) && which("rustup").is_some() {
            Run::new("rustup").args(["component", "add", component]).output()?.ok()?;
        }
    }
    let mut report = Report::new("Tools", &["package", "needed for"]);
    for tool in &TOOLS {
        let row = if tool.present() {
            Row::passed(tool.file)
        } else if options.install {
            Row::failed(tool.file, "apt-get succeeded, but the file is still not there")
        } else {
            let packages = tool.packages.join(" ");
            Row::skipped(tool.file, format!("apt-get install --no-install-recommends {packages}"))
        };
        report.rows.push(row.cells([tool.packages.join(" "), tool.needed_for.to_owned()]));
    }
    for (subcommand, component) in COMPONENTS {
        let row = match has_subcommand(subcommand) {
            true => Row::passed(format!("cargo {subcommand}")),
            false => Row::skipped(
                format!("cargo {subcommand}"),
                format!("`rustup component add {component}`, or your system's package"),
            ),
        };
        report.rows.push(row.cells([component, "ci"]));
    }
    for (program, here) in [("zig", zig::zig()), ("cargo-zigbuild", zig::zigbuild())] {
        let row = match here {
            Some(_) => Row::passed(program),
            None => Row::skipped(program, zig::REMEDY),
        };
        report.rows.push(row.cells(["", "run --pack, run --target"]));
    }
    Ok(report)
}

fn install(packages: &[&str]) -> Result<()> {
    if which("apt-get").is_none() {
        bail!("no apt-get here; install by other means: {}", packages.join(" "));
    }
    refresh()?;
    let mut args = vec!["install", "-y", "-q", "--no-install-recommends"];
    args.extend(packages);
    apt_get(&args).with_context(|| format!("installing {}", packages.join(" ")))
}

/// Fetches Debian's lists of packages, which a machine image may come without.
///
/// # Errors
/// When apt-get fails, with what it said.
pub(crate) fn refresh() -> Result<()> {
    apt_get(&["update", "-q"]).context("refreshing the package lists")
}

fn apt_get(args: &[&str]) -> Result<()> {
    let root = Run::new("id").args(["-u"]).output()?.stdout.trim() == "0";
    let run = if root { Run::new("apt-get") } else { Run::new("sudo").args(["apt-get"]) };
    let run = run.args(args).env("DEBIAN_FRONTEND", "noninteractive").echo_to_stderr();
    run.output()?.ok().map(drop)
}
