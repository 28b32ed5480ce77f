//! The suites over a kqueue in user space: a library on this system with kqueue's C interface.
//!
//! The layout and the skips are libkqueue's. Each skip is a way in which it is not a BSD; QUIRKS.md
//! tells them one by one.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};

use super::skips::Place;
use super::suite::{self, Choice};
use super::{emulated, suite::Program};
use crate::process::Run;
use crate::report::Row;
use crate::targets::Scope;
use crate::toolchain::Way;

/// Puts kqueue in the place of epoll.
const FLAGS: &str = "--cfg poll_kqueue_foreign";
const LIBRARY: &str = "POLL_KQUEUE_LIBRARY";

/// Builds poll-sys and poll-core on kqueue, and runs their suites over that library.
///
/// # Errors
/// When there is no such file; suites that do not build or do not pass are a row.
pub(super) fn run(library: &Path, choice: &Choice<'_>) -> Result<Vec<Row>> {
    if !library.is_file() {
        bail!("{} is no file: name a shared library with `kqueue` and `kevent`", library.display());
    }
    let begun = Instant::now();
    let name = "kqueue in user space";
    let build = Way::Installed.cargo("build", Scope::Workspace, "kqueue");
    let build = build.args(["--package", "poll-sys", "--package", "poll-core"]);
    match suite::compile(build.env("RUSTFLAGS", FLAGS), name, choice) {
        Ok(programs) => {
            // Of queues that come and go at once libkqueue takes one for another: see QUIRKS.md.
            let start = |program: &Program| {
                Ok(Run::new(&program.file).env(LIBRARY, library).env("RUST_TEST_THREADS", "1"))
            };
            let done = emulated::each(&programs, Place::UserKqueue, name, start)?;
            let row = suite::row(name, &library.to_string_lossy(), &done.verdicts);
            Ok([row.took(begun.elapsed())].into_iter().chain(done.skipped).collect())
        }
        Err(error) => Ok(vec![Row::failed(name, format!("{error:#}"))]),
    }
}
