//! A directory with every program and a script that runs them, for a machine without cargo.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::emulated::{CASES, LIMIT};
use super::skips::{self, Place, Skip};
use super::suite::{self, Kind, Program, Results, Verdict};
use crate::report::Row;

const BEGIN: &str = "=== begin ";
const END: &str = "=== end ";
const LACK: &str = "=== lack ";

/// What the script begins with, after the settings. It keeps to what every POSIX shell has, busybox's
/// included. A program runs in the foreground, since one in the background ignores SIGINT.
const FUNCTIONS: &str = r#"cd "$(dirname "$0")" || exit 2
here=$(pwd)
programs=0 failed=

# Ends the program that `pid` names if it runs for too long.
watch() {
    trap 'kill "$sleeper" 2>/dev/null; exit 0' TERM
    sleep "$LIMIT" </dev/null >/dev/null 2>&1 & sleeper=$!
    wait "$sleeper"
    echo "$1 ran for $LIMIT s: ended"
    kill -KILL "$(cat pid)"
}

# run NAME DIRECTORY PROGRAM ARGUMENTS...
run() {
    name=$1 directory=$2
    shift 2
    echo "=== begin $name"
    watch "$name" & watcher=$!
    (cd "$directory" && exec sh -c 'echo $$ >"$0"; exec "$@"' "$here/pid" "$@") </dev/null 2>&1
    status=$?
    kill "$watcher" 2>/dev/null
    wait "$watcher"
    echo "=== end $name $status"
    programs=$((programs + 1))
    [ "$status" = 0 ] || failed="$failed $name"
}

# has TOOL NAME: says so if there is no such program here.
has() {
    command -v "$1" >/dev/null && return
    echo "=== lack $2 $1"
    return 1
}
"#;

/// The script's last lines, for whoever runs it by hand.
const SUMMARY: &str = r#"echo "=== $programs programs ran; failed:${failed:- none}"
[ -z "$failed" ]
"#;

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
    std::fs::write(dir.join("run.sh"), script(programs, place, LIMIT)).context("writing run.sh")
}

fn package(program: &Program) -> &str {
    program.name.split('/').next().unwrap_or_default()
}

/// The programs that run at `place`, each with its arguments.
fn started(programs: &[Program], place: Place) -> impl Iterator<Item = (&Program, Vec<String>)> {
    let tests = programs.iter().filter(|program| program.kind == Kind::Test);
    tests.filter_map(move |test| Skip::args(&skips::of(&test.name, place)).map(|args| (test, args)))
}

fn script(programs: &[Program], place: Place, limit: Duration) -> String {
    let mut script = format!(
        "#!/bin/sh\n# `sh run.sh` runs every test program; it ends with 0 if all of them passed.\n\
         export PROPTEST_CASES={CASES}\nLIMIT={}\n{FUNCTIONS}\n",
        limit.as_secs()
    );
    for (program, args) in started(programs, place) {
        let Program { name, .. } = program;
        let (file, package) = (suite::file_name(program), package(program));
        if let Some(tool) = skips::tool(name) {
            let _ = write!(script, "has {tool} {name} && ");
        }
        let args: Vec<String> = args.iter().map(|arg| format!(" '{arg}'")).collect();
        let _ = writeln!(script, "run {name} {package} ../deps/{file}{}", args.concat());
    }
    script + SUMMARY
}

/// Reads what `run.sh` printed for `programs` at `place`; rows are named after `name`.
///
/// A program without an end has failed, and so has one without a beginning: a connection that broke
/// between two programs must not pass for a whole run.
pub(super) fn read(output: &str, programs: &[Program], place: Place, name: &str) -> Results {
    let mut verdicts: Vec<Verdict> = Vec::new();
    let tests = programs.iter().filter(|program| program.kind == Kind::Test);
    let mut skipped: Vec<Row> = tests
        .flat_map(|program| skips::of(&program.name, place))
        .map(|skip| skip.row(name))
        .collect();
    let mut lacking: Vec<&str> = Vec::new();
    for line in output.lines().map(str::trim_end) {
        if let Some((_, program)) = line.split_once(BEGIN) {
            verdicts.push(Verdict::begun(program, place));
        } else if let (Some((_, end)), Some(last)) = (line.split_once(END), verdicts.last_mut()) {
            last.success = end == format!("{} 0", last.name);
        } else if let Some((_, lack)) = line.split_once(LACK) {
            let (program, tool) = lack.split_once(' ').unwrap_or((lack, "such program"));
            lacking.push(program);
            skipped.push(Row::skipped(format!("{name}: {program}"), format!("there is no {tool}")));
        } else if let Some(last) = verdicts.last_mut() {
            last.said.push_str(line);
            last.said.push('\n');
        }
    }
    for (program, _) in started(programs, place) {
        let told = verdicts.iter().any(|verdict| verdict.name == program.name);
        if !told && !lacking.contains(&program.name.as_str()) {
            verdicts.push(Verdict::missing(&program.name, place));
        }
    }
    Results { verdicts, skipped }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Run;

    fn program(kind: Kind, name: &str) -> Program {
        Program { name: name.to_owned(), kind, file: "/f".into(), dir: "/".into() }
    }

    fn tests<const N: usize>(names: [&str; N]) -> Vec<Program> {
        names.map(|name| program(Kind::Test, name)).into()
    }

    fn ends(results: &Results) -> Vec<(&str, bool)> {
        results.verdicts.iter().map(|v| (v.name.as_str(), v.success)).collect()
    }

    #[test]
    fn a_program_that_did_not_end_has_failed() {
        let output = "boot\n=== begin a\r\ntest result: ok. 1 passed; 0 failed\r\n\
                      === end a 0\r\n=== begin b\nx\n=== end b 101\n=== begin c\n";
        let results = read(output, &tests(["a", "b", "c"]), Place::Remote, "host");
        assert_eq!(ends(&results), [("a", true), ("b", false), ("c", false)]);
        assert_eq!(results.verdicts[1].said, "x\n");
    }

    #[test]
    fn a_program_that_did_not_begin_has_failed() {
        let results = read("=== begin a\n=== end a 0\n", &tests(["a", "b"]), Place::Remote, "host");
        assert_eq!(ends(&results), [("a", true), ("b", false)]);
        assert!(results.verdicts[1].said.contains("did not begin"));
        assert!(!results.is_nothing());
        assert!(read("", &tests(["a"]), Place::Remote, "host").is_nothing());
    }

    #[test]
    fn a_program_whose_tool_is_missing_there_is_a_named_skip() {
        let output = "=== lack poll-net/httpd curl\n=== begin a\n=== end a 0\n";
        let programs = tests(["poll-net/httpd", "a"]);
        let results = read(output, &programs, Place::Remote, "host");
        assert_eq!(ends(&results), [("a", true)]);
        let row = &results.skipped[0];
        assert_eq!(row.name, "host: poll-net/httpd");
        assert_eq!(row.outcome, crate::report::Outcome::Skipped("there is no curl".to_owned()));
        let script = script(&programs, Place::Remote, LIMIT);
        assert!(script.contains("\nhas curl poll-net/httpd && run poll-net/httpd "), "{script}");
    }

    #[test]
    fn a_program_that_hangs_is_ended_and_the_next_one_runs() {
        let dir = tempfile::tempdir().unwrap();
        let programs = tests(["hangs", "ends"]);
        let file = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        for sub in ["deps", "hangs", "ends"] {
            std::fs::create_dir(dir.path().join(sub)).unwrap();
        }
        file("deps/hangs", "exec sleep 1000\n");
        file("deps/ends", "exit 0\n");
        let script = script(&programs, Place::Remote, Duration::from_secs(1));
        file("run.sh", &script.replace("../deps/", "sh ../deps/"));
        let run = Run::new("sh").args([dir.path().join("run.sh")]).limit(Duration::from_secs(60));
        let output = run.output().unwrap();
        assert!(!output.success && output.stdout.contains("failed: hangs\n"), "{}", output.said());
        let results = read(&output.stdout, &programs, Place::Remote, "host");
        assert_eq!(ends(&results), [("hangs", false), ("ends", true)]);
        assert_eq!(results.verdicts[0].said, "hangs ran for 1 s: ended\n");
    }

    #[test]
    fn the_script_runs_tests_and_leaves_examples_to_them() {
        let programs =
            [program(Kind::Test, "poll-core/edge"), program(Kind::Example, "poll-core/echo")];
        let script = script(&programs, Place::Remote, LIMIT);
        assert!(script.contains("\nrun poll-core/edge poll-core ../deps/poll-core_edge\n"));
        assert!(!script.contains("poll-core/echo"));
    }
}
