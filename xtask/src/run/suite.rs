//! Building test programs for a target, and counting what they say.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::skips::{self, Place};
use super::tally::Tally;
use crate::process::{Run, need};
use crate::report::Row;
use crate::targets::{Emulator, Scope, Target};
use crate::toolchain::{Toolchains, Way};
use crate::zig::Zig;

/// What a compiled program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Test,
    /// Not run by itself; tests start it.
    Example,
}

/// Which programs are built, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'a> {
    /// Text in the names of the tests that are wanted.
    pub(super) program: &'a str,
    /// The only way in which std may come.
    pub(super) std: Option<Way>,
}

/// A compiled test or example.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// `poll-core/conformance`: package and name.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) file: PathBuf,
    /// The package's directory, where cargo would start it.
    pub(super) dir: PathBuf,
}

/// Builds every test and example of the workspace for `target`, statically where it is run on
/// another CPU or kernel, so that one file is enough. Tests are those that `choice` names.
///
/// # Errors
/// When there is no way to compile or link, with the remedy, or the diagnostics of a failure.
pub(super) fn build(target: &Target, choice: &Choice<'_>) -> Result<Vec<Program>> {
    let way = Toolchains::find(choice.std)?.way(target).map_err(anyhow::Error::msg)?;
    let run = match target.emulator {
        Some(emulator) => static_build(way, target, emulator)?,
        None => with_zig(way, target)?,
    };
    let run = run.args(["--workspace", "--exclude", "xtask", "--target", target.triple]);
    compile(run, target.triple, choice)
}

/// Builds the tests and examples of what the cargo command `run` names, and collects them.
///
/// # Errors
/// The diagnostics of a failure.
pub(super) fn compile(run: Run, name: &str, choice: &Choice<'_>) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    let mut diagnostics = String::new();
    let output = run
        .args(["--tests", "--examples", "--message-format=json"])
        .env("CARGO_PROFILE_DEV_STRIP", "symbols")
        // Emulated code is slow enough. Debug assertions stay.
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
        .lines(|line| match serde_json::from_str::<Message>(line) {
            Ok(Message::Artifact(artifact)) => programs.extend(artifact.program()),
            Ok(Message::Diagnostic { message }) => {
                diagnostics.extend(message.rendered);
            }
            _ => {}
        })?;
    if !output.success {
        bail!("`{}` failed for {}\n{diagnostics}{}", output.shown, name, output.stderr);
    }
    programs
        .retain(|program| program.kind == Kind::Example || program.name.contains(choice.program));
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    if !programs.iter().any(|program| program.kind == Kind::Test) {
        bail!("no test program's name contains \"{}\"", choice.program);
    }
    Ok(programs)
}

fn static_build(way: Way, target: &Target, emulator: Emulator) -> Result<Run> {
    let linker = match emulator {
        // rustup's std for musl brings its own start files and unwinder; one from source does not.
        Emulator::Musl if way != Way::Installed => return with_zig(way, target),
        Emulator::Native | Emulator::Musl => None,
        Emulator::Linked(linker) | Emulator::Qemu { linker, .. } => Some(linker),
    };
    let mut run = way.cargo("build", Scope::Workspace, "run");
    if let Some(linker) = linker {
        need(linker)?;
        let upper = target.triple.to_uppercase().replace('-', "_");
        run = run.env(format!("CARGO_TARGET_{upper}_LINKER"), linker);
    }
    Ok(run.env("RUSTFLAGS", "-C target-feature=+crt-static"))
}

/// zig links for systems and libraries that are not here.
fn with_zig(way: Way, target: &Target) -> Result<Run> {
    let zig = Zig::find().with_context(|| format!("linking for {} needs zig", target.triple))?;
    let run = zig.told(way.zigbuild(&zig.zigbuild, Scope::Workspace, "link"));
    Ok(match target.emulator {
        Some(_) => run.env("RUSTFLAGS", "-C link-self-contained=no"),
        None => run,
    })
}

/// One line of cargo's JSON.
#[derive(Deserialize)]
#[serde(tag = "reason")]
enum Message {
    #[serde(rename = "compiler-artifact")]
    Artifact(Artifact),
    #[serde(rename = "compiler-message")]
    Diagnostic { message: Diagnostic },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Diagnostic {
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    target: ArtifactTarget,
    profile: Profile,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct ArtifactTarget {
    kind: Vec<String>,
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

impl Artifact {
    fn program(self) -> Option<Program> {
        let dir = self.manifest_path.parent()?.to_owned();
        let package = dir.file_name()?.to_string_lossy().into_owned();
        let kind = if self.profile.test {
            Kind::Test
        } else if self.target.kind.iter().any(|kind| kind == "example") {
            Kind::Example
        } else {
            return None;
        };
        let name = format!("{package}/{}", self.target.name);
        Some(Program { name, kind, file: self.executable?, dir })
    }
}

/// What is said of a program that passed and whose count cannot be believed.
pub(crate) const DOUBTFUL: &str = "it passed, but the tests that it announced are not those that it counts: a child of a test \
     that writes to the output of the program spoils both";

/// How one test program ended.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) name: String,
    pub(super) began: bool,
    pub(super) success: bool,
    /// How many tests it was told to leave out.
    pub(super) skips: u64,
    pub(super) said: String,
}

impl Verdict {
    /// A program that has begun at `place`, and not ended yet.
    pub(super) fn begun(name: &str, place: Place) -> Self {
        let skips = skips::of(name, place).len() as u64;
        Self { name: name.to_owned(), began: true, success: false, skips, said: String::new() }
    }

    /// A program that should have run there and did not.
    pub(super) fn missing(name: &str, place: Place) -> Self {
        Self { began: false, said: "it did not begin".to_owned(), ..Self::begun(name, place) }
    }
}

/// What came of a run: a verdict for each program that should have run, and a row for each skip.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) skipped: Vec<Row>,
}

impl Results {
    /// Whether no program began.
    pub(super) fn is_nothing(&self) -> bool {
        !self.verdicts.iter().any(|verdict| verdict.began)
    }
}

/// The row of a place from the verdicts on its programs.
pub(super) fn row(name: &str, place: &str, verdicts: &[Verdict]) -> Row {
    let tallies: Vec<Tally> = verdicts.iter().map(|verdict| Tally::of(&verdict.said)).collect();
    let tally: Tally = tallies.iter().copied().sum();
    let detail: Vec<String> = verdicts.iter().zip(&tallies).filter_map(complaint).collect();
    let row = match detail.is_empty() && tally.passed > 0 {
        true => Row::passed(name),
        false if detail.is_empty() => Row::failed(name, "no test ran"),
        false => Row::failed(name, detail.join("\n")),
    };
    let began = verdicts.iter().filter(|verdict| verdict.began).count();
    let counts = [tally.passed, tally.failed, tally.ignored, began as u64];
    row.cells([place.to_owned()].into_iter().chain(counts.map(|count| count.to_string())))
}

/// What is wrong with how a program ended, if anything is.
fn complaint((verdict, tally): (&Verdict, &Tally)) -> Option<String> {
    let Verdict { name, said, success, skips, .. } = verdict;
    match success {
        false => Some(format!("{name}:\n{}", tail(said))),
        true if tally.doubts > 0 => Some(format!("{name}:\n{said}{DOUBTFUL}")),
        true if tally.filtered != *skips => Some(format!(
            "{name}: {skips} tests are to be skipped, and {} were: a skip names none that is there",
            tally.filtered
        )),
        true => None,
    }
}

/// The end of a long output, where libtest repeats the failures.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

/// A name that is fit for a file: `poll-core_conformance`.
pub(super) fn file_name(program: &Program) -> String {
    match program.kind {
        Kind::Test => program.name.replace('/', "_"),
        // Tests look for examples by the name that cargo gives them.
        Kind::Example => {
            let name = Path::new(&program.name).file_name().context("an example has a name");
            name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_where_nothing_ran_has_failed() {
        assert!(row("t", "here", &[]).detail.contains("no test ran"));
        let said = "running 1 test\ntest result: ok. 1 passed; 0 failed".to_owned();
        let good = Verdict { success: true, said, ..Verdict::begun("p", Place::Native) };
        assert_eq!(
            row("t", "here", std::slice::from_ref(&good)).outcome,
            crate::report::Outcome::Passed
        );
        let crashed = Verdict { success: false, ..good };
        assert_eq!(row("t", "here", &[crashed]).outcome, crate::report::Outcome::Failed);
    }

    #[test]
    fn a_place_where_a_count_is_in_doubt_has_failed_and_names_the_program() {
        let said = "running 2 tests\ntest result: ok. 1 passed; 0 failed\n".to_owned();
        let doubtful = Verdict { success: true, said, ..Verdict::begun("p", Place::Native) };
        let row = row("t", "here", &[doubtful]);
        assert_eq!(row.outcome, crate::report::Outcome::Failed);
        assert!(row.detail.starts_with("p:\nrunning 2 tests"), "{}", row.detail);
        assert!(row.detail.ends_with(DOUBTFUL), "{}", row.detail);
    }

    #[test]
    fn a_place_where_a_skip_names_no_test_has_failed() {
        let said =
            "running 1 test\ntest result: ok. 1 passed; 0 failed; 1 filtered out\n".to_owned();
        for (skips, outcome) in
            [(1, crate::report::Outcome::Passed), (2, crate::report::Outcome::Failed)]
        {
            let said = said.clone();
            let verdict =
                Verdict { success: true, skips, said, ..Verdict::begun("p", Place::Native) };
            assert_eq!(row("t", "here", &[verdict]).outcome, outcome);
        }
    }

    #[test]
    fn only_tests_and_examples_are_programs() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/r/poll-core/Cargo.toml",
            "target":{"kind":["test"],"name":"conformance"},"profile":{"test":true},
            "executable":"/r/target/deps/conformance-1"}"#;
        let Ok(Message::Artifact(artifact)) = serde_json::from_str(line) else {
            panic!("cargo's message is not understood")
        };
        assert_eq!(artifact.program().unwrap().name, "poll-core/conformance");
        let line = line.replace("true", "false");
        let Ok(Message::Artifact(artifact)) = serde_json::from_str(&line) else {
            panic!("cargo's message is not understood")
        };
        assert!(artifact.program().is_none());
    }
}
