//! Another Linux kernel, booted under full emulation with the suites as its only user space.
//!
//! The kernel is Debian's own package for cloud machines: small, with what an emulated machine
//! needs compiled in. An initial ramdisk holds busybox, the static test programs and the script
//! that runs them; what comes out of the serial line is the result.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::bundle;
use super::skips::Place;
use super::suite::{self, Program};
use crate::process::{Output, Run, need};
use crate::report::Row;
use crate::workspace;

/// A kernel that Debian ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kernel {
    /// Debian 11; has no `epoll_pwait2`.
    #[value(name = "5.10")]
    V5_10,
    /// Debian 12.
    #[value(name = "6.1")]
    V6_1,
    /// Debian 13.
    #[value(name = "6.12")]
    V6_12,
}

impl Kernel {
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::V5_10 => "5.10",
            Self::V6_1 => "6.1",
            Self::V6_12 => "6.12",
        }
    }

    fn suite(self) -> &'static str {
        match self {
            Self::V5_10 => "bullseye",
            Self::V6_1 => "bookworm",
            Self::V6_12 => "trixie",
        }
    }
}

/// How a machine keeps its time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// By the host's.
    Host,
    /// A nanosecond goes by with each instruction, the kernel's among them, and none else: whoever
    /// times something there counts it.
    Instructions,
}

impl Clock {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Host => &["-smp", "2"],
            // With one CPU, or how often others look for work is counted, too.
            Self::Instructions => &["-smp", "1", "-icount", "shift=0,sleep=off"],
        }
    }
}

const MIRROR: &str = "http://deb.debian.org/debian";
/// Everything that can be emulated but `cmpxchg16b`: with several processors, qemu 7.2 garbles the flags
/// that it leaves behind, and a kernel from 6.5 on, which allocates memory by it, faults.
const CPU: &str = "max,-cx16";

const PACKAGE: &str = "linux-image-cloud-amd64";
const BUSYBOX: &str = "/bin/busybox";

/// Booting and all suites together; without hardware help this is slow.
const LIMIT: Duration = Duration::from_secs(30 * 60);

const INIT: &str = "#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /bin
/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mkdir -p /dev/shm /dev/pts
mount -t devpts pts /dev/pts
ip link set lo up
uname -r
sh /suites/run.sh
echo '=== all done'
poweroff -f
";

/// Boots `kernel` and runs every program there.
///
/// # Errors
/// When a tool is missing or the kernel's package cannot be fetched.
pub(super) fn run(kernel: Kernel, programs: &[Program]) -> Result<Vec<Row>> {
    let begun = Instant::now();
    let output =
        boot(kernel, Clock::Host, |suites| bundle::write(suites, programs, Place::Kernel))?;
    let name = format!("Linux {}", kernel.version());
    let results = bundle::read(&output.stdout, programs, Place::Kernel, &name);
    let row = suite::row(&name, "qemu-system-x86_64", &results.verdicts);
    let mut row = row.took(begun.elapsed());
    if results.is_nothing() {
        row.detail = format!("the machine ran nothing: {}\n{}", output.status, output.said());
    }
    Ok([row].into_iter().chain(results.skipped).collect())
}

/// Boots `kernel` and runs a shell script there; `files` stand beside it.
///
/// # Errors
/// When a tool is missing or the kernel's package cannot be fetched.
pub(crate) fn script(
    kernel: Kernel,
    clock: Clock,
    files: &[PathBuf],
    script: &str,
) -> Result<Output> {
    boot(kernel, clock, |suites| {
        std::fs::create_dir(suites)?;
        for file in files {
            let name = file.file_name().context("a file has a name")?;
            std::fs::copy(file, suites.join(name))?;
        }
        std::fs::write(suites.join("run.sh"), format!("cd /suites\n{script}"))?;
        Ok(())
    })
}

/// Boots `kernel` with what `fill` puts into a directory, and runs `run.sh` there.
fn boot(kernel: Kernel, clock: Clock, fill: impl FnOnce(&Path) -> Result<()>) -> Result<Output> {
    for tool in ["qemu-system-x86_64", "cpio", "dpkg-deb", "apt-get"] {
        need(tool)?;
    }
    let image = image(kernel)?;
    let dir = tempfile::tempdir().context("a place for the initial ramdisk")?;
    let ramdisk = ramdisk(dir.path(), fill)?;
    Run::new("qemu-system-x86_64")
        .args(["-accel", "tcg", "-M", "q35", "-cpu", CPU, "-m", "2G"])
        .args(clock.arguments())
        .args(["-nographic", "-no-reboot", "-nic", "none"])
        .args(["-append", "console=ttyS0 quiet panic=-1 rdinit=/init"])
        .args(["-kernel".as_ref(), image.as_path()])
        .args(["-initrd".as_ref(), ramdisk.as_path()])
        .limit(LIMIT)
        .output()
}

/// The kernel's file, fetched once.
fn image(kernel: Kernel) -> Result<PathBuf> {
    let dir = workspace::root().join("target/xtask/kernels").join(kernel.version());
    let image = dir.join("vmlinuz");
    if image.exists() {
        return Ok(image);
    }
    std::fs::create_dir_all(dir.join("lists/partial"))?;
    let line = format!(
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {MIRROR} {} main\n",
        kernel.suite()
    );
    let list = dir.join("debian.list");
    std::fs::write(&list, line)?;
    apt(&dir, "apt-get", &["update"])?;
    let depends = apt(&dir, "apt-cache", &["depends", PACKAGE])?;
    let package = depends
        .split_whitespace()
        .find(|word| word.starts_with("linux-image-") && *word != PACKAGE)
        .with_context(|| format!("{PACKAGE} depends on no kernel:\n{depends}"))?;
    apt(&dir, "apt-get", &["download", package])?;
    let files = std::fs::read_dir(&dir)?.filter_map(Result::ok).map(|entry| entry.path());
    let deb = files
        .into_iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get downloaded no package")?;
    let unpacked = dir.join("unpacked");
    Run::new("dpkg-deb").args(["-x".as_ref(), deb.as_path(), &unpacked]).output()?.ok()?;
    let boot = std::fs::read_dir(unpacked.join("boot"))?.filter_map(Result::ok);
    let vmlinuz = boot
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("vmlinuz")))
        .with_context(|| format!("{package} has no vmlinuz"))?;
    std::fs::rename(vmlinuz, &image)?;
    std::fs::remove_dir_all(&unpacked)?;
    Ok(image)
}

/// apt with a state of its own: the machine's lists and packages stay untouched.
fn apt(dir: &Path, program: &str, args: &[&str]) -> Result<String> {
    let shown = dir.display();
    let options = [
        format!("Dir::Etc::sourcelist={shown}/debian.list"),
        "Dir::Etc::sourceparts=/dev/null".to_owned(),
        format!("Dir::State::lists={shown}/lists"),
        format!("Dir::Cache={shown}"),
        "APT::Sandbox::User=root".to_owned(),
    ];
    let options = options.iter().flat_map(|option| ["-o", option.as_str()]);
    let run = Run::new(program).args(["-q"]).args(options).args(args).dir(dir);
    Ok(run.output()?.ok()?.stdout)
}

/// An archive with busybox, the suites and `/init`.
fn ramdisk(dir: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    if !Path::new(BUSYBOX).exists() {
        bail!("{BUSYBOX} is not installed; `cargo xtask setup --install` brings it");
    }
    let root = dir.join("root");
    std::fs::create_dir_all(root.join("bin"))?;
    std::fs::copy(BUSYBOX, root.join("bin/busybox"))?;
    fill(&root.join("suites"))?;
    std::fs::write(root.join("init"), INIT)?;
    let pack = "chmod 755 init && find . | cpio --quiet -o -H newc > ../ramdisk";
    Run::new("sh").args(["-c", pack]).dir(&root).output()?.ok().context("packing the ramdisk")?;
    Ok(dir.join("ramdisk"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_is_named_by_its_version_on_the_command_line() {
        for kernel in Kernel::value_variants() {
            let value = kernel.to_possible_value().unwrap();
            assert_eq!(value.get_name(), kernel.version());
        }
    }
}
