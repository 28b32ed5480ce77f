//! A directory with every program and a script that runs them, for a machine without cargo.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use super::emulated::CASES;
use super::skips::{self, Place, Skip};
use super::suite::{self, Kind, Program, Verdict};
use crate::report::Row;

const BEGIN: &str = "=== begin ";
const END: &str = "=== end ";

/// Fills `dir` as cargo would (`deps/`, `examples/`), with `run.sh`, which any POSIX shell runs.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write(dir: &Path, programs: &[Program], place: Place) -> Result<()> {
    std::fs::create_dir_all(dir.join("deps"))?;
    std::fs::create_dir_all(dir.join("examples"))?;
    for program in programs {
        let sub = match program.kind {
            Kind::Test => "deps",
            Kind::Example => "examples",
        };
        let to = dir.join(sub).join(suite::file_name(program));
        std::fs::copy(&program.file, &to)
            .with_context(|| format!("copying {}", program.file.display()))?;
    }
    for program in programs {
        // cargo starts a test in its package, and some tests open the manifest, a file that is there.
        let package = dir.join(package(program));
        std::fs::create_dir_all(&package)?;
        std::fs::copy(program.dir.join("Cargo.toml"), package.join("Cargo.toml"))
            .with_context(|| format!("copying the manifest of {}", program.name))?;
    }
    std::fs::write(dir.join("run.sh"), script(programs, place)).context("writing run.sh")
}

/// The skips at `place`, to be shown beside the verdicts.
pub(super) fn skipped(programs: &[Program], place: Place, name: &str) -> Vec<Row> {
    let tests = programs.iter().filter(|program| program.kind == Kind::Test);
    tests.flat_map(|program| skips::of(&program.name, place)).map(|skip| skip.row(name)).collect()
}

fn package(program: &Program) -> &str {
    program.name.split('/').next().unwrap_or_default()
}

fn script(programs: &[Program], place: Place) -> String {
    let mut script = format!("cd \"$(dirname \"$0\")\"\nexport PROPTEST_CASES={CASES}\n");
    for program in programs.iter().filter(|program| program.kind == Kind::Test) {
        let Some(args) = Skip::args(&skips::of(&program.name, place)) else {
            continue;
        };
        let Program { name, .. } = program;
        let (file, package) = (suite::file_name(program), package(program));
        let args: Vec<String> = args.iter().map(|arg| format!(" '{arg}'")).collect();
        let args = args.concat();
        let _ = writeln!(script, "echo '{BEGIN}{name}'");
        let _ = writeln!(
            script,
            "(cd {package} && ../deps/{file}{args} 2>&1); echo \"{END}{name} $?\""
        );
    }
    script
}

/// Reads what `run.sh` printed. A program without an end has failed.
pub(super) fn verdicts(output: &str) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::new();
    for line in output.lines().map(str::trim_end) {
        if let Some((_, name)) = line.split_once(BEGIN) {
            let name = name.to_owned();
            verdicts.push(Verdict { name, success: false, said: String::new() });
        } else if let (Some((_, end)), Some(last)) = (line.split_once(END), verdicts.last_mut()) {
            last.success = end == format!("{} 0", last.name);
        } else if let Some(last) = verdicts.last_mut() {
            last.said.push_str(line);
            last.said.push('\n');
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_did_not_end_has_failed() {
        let output = "boot\n=== begin a\r\ntest result: ok. 1 passed; 0 failed\r\n\
                      === end a 0\r\n=== begin b\nx\n=== end b 101\n=== begin c\n";
        let verdicts = verdicts(output);
        let ends: Vec<(&str, bool)> =
            verdicts.iter().map(|v| (v.name.as_str(), v.success)).collect();
        assert_eq!(ends, [("a", true), ("b", false), ("c", false)]);
        assert_eq!(verdicts[1].said, "x\n");
    }

    #[test]
    fn the_script_runs_tests_and_leaves_examples_to_them() {
        let program = |kind, name: &str| Program {
            name: name.to_owned(),
            kind,
            file: "/f".into(),
            dir: "/".into(),
        };
        let programs =
            [program(Kind::Test, "poll-core/edge"), program(Kind::Example, "poll-core/echo")];
        let script = script(&programs, Place::Remote);
        assert!(script.contains("(cd poll-core && ../deps/poll-core_edge 2>&1); echo \"=== end"));
        assert!(!script.contains("echo'\n") && !script.contains("poll-core/echo"));
    }
}
