//! `check` and `run` from the command line to the exit code, with a stand-in for the toolchain: a
//! `cargo` that answers as cargo does, and a `rustc` that has a compiled std for some targets.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// cargo: FreeBSD is fine, NetBSD is not; what it builds is one test program.
const CARGO: &str = r#"#!/bin/sh
case $1 in
metadata)
    echo '{"packages":[{"name":"poll-sys","targets":[]},{"name":"xtask","targets":[]}]}';;
clippy)
    case "$*" in
    *netbsd*)
        [ "$2" = --message-format=json ] || echo 'error[E0425]: cannot find value `here`' >&2
        exit 101;;
    esac;;
build)
    printf '%s%s%s\n' '{"reason":"compiler-artifact","manifest_path":"DIR/poll-sys/Cargo.toml",' \
        '"target":{"kind":["test"],"name":"edge"},"profile":{"test":true},' \
        '"executable":"DIR/edge"}';;
esac
"#;

const RUSTC: &str = "#!/bin/sh\necho DIR\n";

const EDGE: &str = "#!/bin/sh
echo 'running 7 tests'
echo 'test result: ok. 7 passed; 0 failed; 0 ignored'
";

const WITH_STD: [&str; 3] =
    ["x86_64-unknown-linux-gnu", "x86_64-unknown-freebsd", "x86_64-unknown-netbsd"];

struct Toolchain(TempDir);

impl Toolchain {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for triple in WITH_STD {
            fs::create_dir_all(dir.path().join("lib/rustlib").join(triple).join("lib")).unwrap();
        }
        fs::create_dir(dir.path().join("poll-sys")).unwrap();
        fs::write(dir.path().join("poll-sys/Cargo.toml"), "").unwrap();
        for (name, text) in [("cargo", CARGO), ("rustc", RUSTC), ("edge", EDGE)] {
            program(dir.path(), name, text);
        }
        Self(dir)
    }

    /// Standard output and exit code of `cargo xtask` with these arguments.
    fn xtask(&self, args: &[&str]) -> (String, i32) {
        let output = self.command(args).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    }

    fn command(&self, args: &[&str]) -> Command {
        let path = format!("{}:{}", self.0.path().display(), std::env::var("PATH").unwrap());
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        xtask.args(args).env("PATH", path);
        xtask
    }
}

fn program(dir: &Path, name: &str, text: &str) {
    let file = dir.join(name);
    fs::write(&file, text.replace("DIR", &dir.to_string_lossy())).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

const ONE_FAILS: [&str; 5] =
    ["check", "--target", "x86_64-unknown-freebsd", "--target", "x86_64-unknown-netbsd"];

#[test]
fn a_check_that_fails_shows_the_diagnostics_of_its_target_and_the_table() {
    let (said, code) = Toolchain::new().xtask(&ONE_FAILS);
    assert_eq!(code, 1, "{said}");
    let diagnostic = "--- Checked targets: x86_64-unknown-netbsd\nerror[E0425]: cannot find value";
    assert!(said.contains(diagnostic), "{said}");
    let line = |triple: &str| said.lines().find(|line| line.contains(&format!("│ {triple}")));
    let columns = |triple: &str| line(triple).unwrap_or_default().split_whitespace().count();
    assert!(line("x86_64-unknown-freebsd").is_some_and(|line| line.contains(" passed ")), "{said}");
    assert!(line("x86_64-unknown-netbsd").is_some_and(|line| line.contains(" FAILED ")), "{said}");
    assert_eq!(columns("x86_64-unknown-freebsd"), columns("x86_64-unknown-netbsd"));
    assert!(said.ends_with("\n1 passed, 1 failed, 0 skipped\n"), "{said}");
}

#[test]
fn json_holds_what_the_table_holds_and_nothing_else_is_on_standard_output() {
    let (said, code) = Toolchain::new().xtask(&[&ONE_FAILS[..], &["--json"]].concat());
    assert_eq!(code, 1);
    let json: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(json["counts"], serde_json::json!({"passed": 1, "failed": 1, "skipped": 0}));
    assert_eq!(json["columns"], serde_json::json!(["system", "backends", "std"]));
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(
        (&rows[0]["name"], &rows[0]["outcome"]),
        (&"x86_64-unknown-freebsd".into(), &"passed".into())
    );
    assert_eq!(rows[0]["cells"], serde_json::json!(["FreeBSD", "kqueue, poll", "installed std"]));
    assert_eq!(
        (&rows[1]["name"], &rows[1]["outcome"]),
        (&"x86_64-unknown-netbsd".into(), &"failed".into())
    );
    assert!(rows[1]["detail"].as_str().unwrap().contains("error[E0425]"));
}

#[test]
fn a_target_without_std_fails_with_the_commands_that_bring_it() {
    let args = ["check", "--std", "installed", "--target", "x86_64-unknown-openbsd"];
    let (said, code) = Toolchain::new().xtask(&args);
    assert_eq!(code, 1, "{said}");
    for remedy in ["`rustup target add x86_64-unknown-openbsd`", "`rustup component add rust-src`"]
    {
        assert!(said.contains(remedy), "{said}");
    }
    assert!(said.ends_with("0 passed, 1 failed, 0 skipped\n"), "{said}");
}

#[test]
fn an_unknown_target_is_answered_with_those_that_are_known() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["check", "--target", "vax-unknown-ultrix"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("vax-unknown-ultrix") && said.contains("x86_64-unknown-freebsd"),
        "{said}"
    );
}

/// `sh -c` does what `ssh host` does, on this machine.
#[test]
fn a_hand_over_builds_copies_runs_and_reports() {
    let toolchain = Toolchain::new();
    let run = ["run", "--target", "x86_64-unknown-linux-gnu", "--std", "installed"];
    let (said, code) = toolchain.xtask(&[&run[..], &["--", "sh", "-c"]].concat());
    assert_eq!(code, 0, "{said}");
    let row = said.lines().find(|line| line.contains("x86_64-unknown-linux-gnu")).unwrap();
    let cells: Vec<&str> = row.split('│').nth(1).unwrap().split_whitespace().collect();
    assert_eq!(cells[1..7], ["sh", "-c", "7", "0", "0", "1"], "{said}");
    assert!(cells.contains(&"passed"));

    program(toolchain.0.path(), "edge", "#!/bin/sh\necho 'assertion failed'; exit 101\n");
    let (said, code) = toolchain.xtask(&[&run[..], &["--", "sh", "-c"]].concat());
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("poll-sys/edge:\nassertion failed\n"), "{said}");
}

/// A program that starts another, says in a file which process that is, and goes on.
const GOES_ON: &str = "#!/bin/sh\nsleep 60 &\necho $! >DIR/begun && mv DIR/begun DIR/pid && wait\n";

#[test]
fn an_interrupt_ends_the_program_that_runs_and_all_of_its_group() {
    let toolchain = Toolchain::new();
    program(toolchain.0.path(), "edge", GOES_ON);
    let args = ["run", "--target", "x86_64-unknown-linux-gnu", "--std", "installed"];
    let run = toolchain.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut run = run.unwrap();
    let pid = toolchain.0.path().join("pid");
    until(|| pid.exists());
    let stat = format!("/proc/{}/stat", fs::read_to_string(&pid).unwrap().trim());
    kill_process(Pid::from_child(&run), Signal::TERM).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(128 + 15));
    // Nobody may have reaped it yet.
    until(|| {
        fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z "))
            || !fs::exists(&stat).unwrap()
    });
}

fn until(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "not within 20 s");
        thread::yield_now();
    }
}

#[test]
fn what_nothing_here_runs_is_told_with_both_ways_to_run_it() {
    let (said, code) = Toolchain::new().xtask(&["run", "--target", "x86_64-unknown-freebsd"]);
    assert_eq!(code, 1);
    assert!(said.contains("--target x86_64-unknown-freebsd -- ssh HOST`"), "{said}");
    assert!(said.contains("--target x86_64-unknown-freebsd --pack`"), "{said}");
}
