//! Hand-over: the suites as one file, copied to another machine, run there, reported here.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::bundle;
use super::skips::Place;
use super::suite::{self, Choice, Program};
use crate::process::Run;
use crate::report::Row;
use crate::targets::{Emulator, Target};
use crate::workspace;

/// Slow machines exist; hanging ones too.
const WHOLE_LIMIT: Duration = Duration::from_secs(60 * 60);

/// What the other machine's login shell does with the file on its standard input. That may be csh or
/// fish, so it only starts a POSIX shell, with one word in quotes that they all read alike.
const UNPACK_AND_RUN: &str = "sh -c 'd=$(mktemp -d \"${TMPDIR:-/tmp}/poll-suites.XXXXXX\") && \
                              cd \"$d\" && tar xf - && sh run.sh; s=$?; \
                              cd /; rm -rf \"$d\"; exit $s'";

/// Builds the suites and hands them to `command`, which runs its last argument in a shell elsewhere.
///
/// # Errors
/// When the file cannot be written or the command not be started; suites that do not build or do
/// not pass are a row.
pub(super) fn run(
    target: &'static Target,
    choice: &Choice<'_>,
    command: &[String],
) -> Result<Vec<Row>> {
    match suite::build(target, choice) {
        Ok(programs) => hand_over(target, &programs, command, Run::echo_to_stderr),
        Err(error) => Ok(vec![Row::failed(target.triple, format!("{error:#}"))]),
    }
}

/// Builds the suites as one file below `target/`, for who has no connection to the other machine.
///
/// # Errors
/// When the file cannot be written; suites that do not build are a row.
pub(super) fn pack(target: &'static Target, choice: &Choice<'_>) -> Result<Row> {
    let begun = Instant::now();
    let programs = match suite::build(target, choice) {
        Ok(programs) => programs,
        Err(error) => return Ok(Row::failed(target.triple, format!("{error:#}"))),
    };
    let dir = workspace::root().join("target/xtask/handover").join(target.triple);
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    let file = archive(&dir, &programs, place(target))?;
    std::fs::remove_dir_all(&dir)?;
    let tests = programs.iter().filter(|program| program.kind == suite::Kind::Test).count();
    let size = std::fs::metadata(&file)?.len() / (1 << 20);
    let mut row = Row::passed(target.triple).took(begun.elapsed()).cells([
        workspace::relative(&file),
        format!("{tests} of {}", programs.len()),
        format!("{size} MiB"),
    ]);
    row.detail = format!(
        "`cargo xtask run --target {} -- ssh HOST` copies it to a machine, runs it there and reports; \
         by hand: unpack it there, `sh run.sh`",
        target.triple
    );
    Ok(row)
}

fn hand_over(
    target: &Target,
    programs: &[Program],
    command: &[String],
    shown: fn(Run) -> Run,
) -> Result<Vec<Row>> {
    let begun = Instant::now();
    let place = place(target);
    let dir = tempfile::tempdir().context("a place for the suites")?;
    let file = archive(&dir.path().join("suites"), programs, place)?;
    let (program, args) = command.split_first().context("no command to hand the suites to")?;
    let run = Run::new(program).args(args).args([UNPACK_AND_RUN]).stdin(File::open(&file)?);
    // ssh may ask for a password.
    let output = shown(run.limit(WHOLE_LIMIT).with_terminal()).output()?;
    let results = bundle::read(&output.stdout, programs, place, target.triple);
    let row = suite::row(target.triple, &command.join(" "), &results.verdicts);
    let mut row = row.took(begun.elapsed());
    let how = format!("`{}` ended with {}\n{}", command.join(" "), output.status, output.stderr);
    if results.is_nothing() {
        row.detail = format!("nothing ran there: {how}{}", output.stdout);
    } else if results.verdicts.iter().any(|verdict| !verdict.began) {
        row.detail = format!("{}\nnot everything ran there: {how}", row.detail);
    }
    Ok([row].into_iter().chain(results.skipped).collect())
}

fn place(target: &Target) -> Place {
    match target.emulator {
        Some(Emulator::Native) => Place::Remote,
        _ => Place::Foreign,
    }
}

/// Fills `dir`, and makes `DIR.tar` of it, in the format that every system's tar reads.
fn archive(dir: &Path, programs: &[Program], place: Place) -> Result<PathBuf> {
    bundle::write(dir, programs, place)?;
    let file = dir.with_extension("tar");
    let (from, to) = (dir.to_string_lossy(), file.to_string_lossy());
    let tar = Run::new("tar").args(["--create", "--format", "ustar", "--file", &to]);
    tar.args(["--directory", &from, "."]).output()?.ok().context("packing the suites")?;
    Ok(file)
}

#[cfg(test)]
#[path = "remote_tests.rs"]
mod tests;
