//! The hand-over from end to end, with a stand-in for ssh and programs of this system: scripts that
//! say what a test program says.

use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::suite::Kind;
use super::*;
use crate::report::Outcome;
use crate::targets;

/// What ssh does with its arguments: it takes a host's name, and the host's login shell gets the last
/// argument. Nobody answers at `unreachable`; the connection to `flaky` breaks after one program.
const SSH: &str = r#"#!/bin/sh
[ $# -eq 2 ] || { echo "usage: ssh host command" >&2; exit 64; }
case $1 in
unreachable) echo "ssh: connect to host unreachable port 22: No route to host" >&2; exit 255;;
flaky) sh -c "$2" | sed '/^=== end/q'; echo "Connection reset by peer" >&2; exit 255;;
esac
mkdir "$(dirname "$0")/$1" && TMPDIR="$(dirname "$0")/$1" exec sh -c "$2"
"#;

const PASSES: &str = "echo 'running 4 tests' && \
                      echo 'test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured'";

fn quietly(run: Run) -> Run {
    run
}

struct Elsewhere {
    dir: TempDir,
    programs: Vec<Program>,
}

impl Elsewhere {
    fn new() -> Self {
        let here = Self { dir: tempfile::tempdir().unwrap(), programs: Vec::new() };
        here.file("ssh", SSH);
        here.file("Cargo.toml", "[package]\n");
        here
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn with(mut self, kind: Kind, name: &str, body: &str) -> Self {
        let file = self.file(&name.replace('/', "_"), &format!("#!/bin/sh\n{body}\n"));
        let dir = self.dir.path().to_owned();
        self.programs.push(Program { name: name.to_owned(), kind, file, dir });
        self
    }

    fn test(self, name: &str, body: &str) -> Self {
        self.with(Kind::Test, name, body)
    }

    /// Hands everything to that host.
    fn rows(&self, host: &str) -> Vec<Row> {
        let target = targets::find("x86_64-unknown-linux-gnu").unwrap();
        let ssh = self.dir.path().join("ssh").to_string_lossy().into_owned();
        hand_over(target, &self.programs, &[ssh, host.to_owned()], quietly).unwrap()
    }

    /// What is left on the host.
    fn left(&self, host: &str) -> usize {
        std::fs::read_dir(self.dir.path().join(host)).unwrap().count()
    }
}

#[test]
fn suites_are_copied_run_and_reported_and_nothing_stays_there() {
    let elsewhere = Elsewhere::new()
        .test("poll-core/edge", &format!("../examples/echo && [ -f Cargo.toml ] && {PASSES}"))
        .test("poll-net/udp", PASSES)
        .with(Kind::Example, "poll-core/echo", "echo an example");
    let rows = elsewhere.rows("host");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].outcome, Outcome::Passed, "{}", rows[0].detail);
    assert!(rows[0].cells[0].ends_with("/ssh host"), "{:?}", rows[0].cells);
    assert_eq!(rows[0].cells[1..], ["6", "0", "2", "2"]);
    assert_eq!(elsewhere.left("host"), 0);
}

#[test]
fn a_failing_test_fails_the_row_with_its_words_and_the_others_still_run() {
    let elsewhere = Elsewhere::new()
        .test("poll-core/edge", "echo 'left: 1, right: 2' >&2; exit 101")
        .test("poll-net/udp", PASSES);
    let rows = elsewhere.rows("host");
    assert_eq!(rows[0].outcome, Outcome::Failed);
    assert!(rows[0].detail.contains("poll-core/edge:\nleft: 1, right: 2"), "{}", rows[0].detail);
    assert_eq!(rows[0].cells[1..], ["3", "0", "1", "2"]);
    assert_eq!(elsewhere.left("host"), 0);
}

#[test]
fn an_unreachable_host_fails_with_the_words_of_ssh() {
    let rows = Elsewhere::new().test("poll-core/edge", PASSES).rows("unreachable");
    assert_eq!(rows[0].outcome, Outcome::Failed);
    let detail = &rows[0].detail;
    assert!(detail.contains("nothing ran there") && detail.contains("status: 255"), "{detail}");
    assert!(detail.contains("No route to host"), "{detail}");
}

#[test]
fn a_connection_that_breaks_between_two_programs_does_not_pass() {
    let elsewhere = Elsewhere::new().test("poll-core/edge", PASSES).test("poll-net/udp", PASSES);
    let rows = elsewhere.rows("flaky");
    assert_eq!(rows[0].outcome, Outcome::Failed);
    let detail = &rows[0].detail;
    assert!(detail.contains("poll-net/udp:\nit did not begin"), "{detail}");
    assert!(detail.contains("Connection reset by peer"), "{detail}");
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let elsewhere = Elsewhere::new().test("poll-core/edge", PASSES);
    let target = targets::find("x86_64-unknown-freebsd").unwrap();
    let command = ["no-such-ssh".to_owned(), "host".to_owned()];
    let error = hand_over(target, &elsewhere.programs, &command, quietly).unwrap_err();
    assert!(error.to_string().contains("no-such-ssh"), "{error}");
}

#[test]
fn the_text_for_the_login_shell_is_one_word_in_quotes_that_every_shell_reads_alike() {
    let inner = UNPACK_AND_RUN.strip_prefix("sh -c '").and_then(|rest| rest.strip_suffix('\''));
    assert!(inner.is_some_and(|inner| !inner.contains(['\'', '!', '\n', '\\'])));
}
