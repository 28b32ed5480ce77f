//! Suites on this machine: natively, with another libc, or under qemu's user emulation.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::skips::{self, Place, Skip};
use super::suite::{self, Kind, Program, Results, Verdict};
use crate::process::{Run, need};
use crate::report::Row;
use crate::targets::{ByteOrder, Emulator, Target};

/// A test program that runs for longer hangs, on slow machines too: the slowest took one
/// minute under qemu, with ten processes to a core.
pub(super) const LIMIT: Duration = Duration::from_secs(5 * 60);

/// Random cases of each property. The full number runs natively under `cargo test`; what is looked
/// for here is what another CPU or libc does differently.
pub(super) const CASES: &str = "32";

/// Runs every test program of `target`, one after the other.
pub(super) fn run(target: &Target, emulator: Emulator, programs: &[Program]) -> Result<Vec<Row>> {
    let begun = Instant::now();
    let (place, shown) = match emulator {
        Emulator::Native => (Place::Native, "natively".to_owned()),
        Emulator::Linked(_) => (Place::Related, "natively, static".to_owned()),
        Emulator::Musl => (Place::Libc, "natively, static".to_owned()),
        Emulator::Qemu { program, order: ByteOrder::Little, .. } => {
            (Place::QemuUser, program.to_owned())
        }
        Emulator::Qemu { program, order: ByteOrder::Big, .. } => {
            (Place::QemuSwapped, program.to_owned())
        }
    };
    let results = each(programs, place, target.triple, |program| command(emulator, program))?;
    let row = suite::row(target.triple, &shown, &results.verdicts).took(begun.elapsed());
    Ok([row].into_iter().chain(results.skipped).collect())
}

/// Runs every test program that `place` does not skip, each as `start` says.
///
/// # Errors
/// When a program cannot be started.
pub(super) fn each(
    programs: &[Program],
    place: Place,
    name: &str,
    start: impl Fn(&Program) -> Result<Run>,
) -> Result<Results> {
    let mut results = Results::default();
    for program in programs.iter().filter(|program| program.kind == Kind::Test) {
        let skips = skips::of(&program.name, place);
        results.skipped.extend(skips.iter().map(|skip| skip.row(name)));
        let Some(args) = Skip::args(&skips) else {
            continue;
        };
        // Who reads the log of a run that hangs sees where.
        eprintln!("{name}: {}", program.name);
        let output = start(program)?
            .args(args)
            .dir(&program.dir)
            .env("CARGO_MANIFEST_DIR", &program.dir)
            .env("PROPTEST_CASES", CASES)
            .limit(LIMIT)
            .output()?;
        results.verdicts.push(Verdict {
            success: output.success,
            said: format!("{}ended with {}\n", output.said(), output.status),
            ..Verdict::begun(&program.name, place)
        });
    }
    Ok(results)
}

fn command(emulator: Emulator, program: &Program) -> Result<Run> {
    let Emulator::Qemu { program: qemu, .. } = emulator else {
        return Ok(Run::new(&program.file));
    };
    need(qemu)?;
    // One test at a time: a child that is forked while another thread is inside qemu may find a lock of
    // its C library closed for ever, and hang. Of 25 runs of poll-sys's unit tests 1 to 5 did.
    Ok(Run::new(qemu).args([&program.file]).env("RUST_TEST_THREADS", "1"))
}
