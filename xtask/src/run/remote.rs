//! Hand-over: the suites as one file, copied to another machine, run there, reported here.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::bundle;
use super::skips::Place;
use super::suite::{self, Choice};
use crate::process::Run;
use crate::report::Row;
use crate::targets::Target;
use crate::workspace;

/// Slow machines exist; hanging ones too.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// What the other machine's shell does with the file on its standard input.
const UNPACK_AND_RUN: &str = "d=$(mktemp -d /tmp/poll-suites.XXXXXX) && cd \"$d\" && tar xf - && \
                              sh run.sh; cd /; rm -rf \"$d\"";

/// Builds the file, and hands it to `command` if there is one.
///
/// # Errors
/// When the suites cannot be built or the command not be started.
pub(super) fn run(
    target: &'static Target,
    choice: &Choice<'_>,
    command: &[String],
) -> Result<Vec<Row>> {
    let begun = Instant::now();
    let programs = match suite::build(target, choice) {
        Ok(programs) => programs,
        Err(error) => return Ok(vec![Row::failed(target.triple, format!("{error:#}"))]),
    };
    let dir = workspace::root().join("target/xtask/handover").join(target.triple);
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    bundle::write(&dir, &programs, Place::Remote)?;
    let file = pack(&dir)?;
    let file_shown = workspace::relative(&file);
    let Some((program, args)) = command.split_first() else {
        let mut built = Row::passed(format!("{}: built", target.triple)).took(begun.elapsed());
        built.detail = format!(
            "one file: {file_shown}\nrun it by `cargo xtask run --target {} -- ssh HOST`, or unpack \
             it there and `sh run.sh`",
            target.triple
        );
        return Ok(vec![built, Row::skipped(target.triple, "no command to hand it to")]);
    };
    let output = Run::new(program)
        .args(args)
        .args([UNPACK_AND_RUN])
        .stdin(File::open(&file)?)
        .limit(LIMIT)
        .output()?;
    let verdicts = bundle::verdicts(&output.stdout);
    let mut row = suite::row(target.triple, &command.join(" "), &verdicts).took(begun.elapsed());
    if verdicts.is_empty() {
        row.detail =
            format!("`{}` ran nothing: {}\n{}", output.shown, output.status, output.said());
    }
    let skipped = bundle::skipped(&programs, Place::Remote, target.triple);
    Ok([row].into_iter().chain(skipped).collect())
}

/// `DIR.tar` with everything in `dir`.
fn pack(dir: &Path) -> Result<PathBuf> {
    let file = dir.with_extension("tar");
    let (from, to) = (dir.to_string_lossy(), file.to_string_lossy());
    let tar = Run::new("tar").args(["--create", "--file", &to, "--directory", &from, "."]);
    tar.output()?.ok().context("packing the suites")?;
    Ok(file)
}
