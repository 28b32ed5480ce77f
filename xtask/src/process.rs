//! Running other programs: their output kept, their failure explained, their time limited.

mod group;
mod stream;

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use group::Group;
pub(crate) use group::end_all_on_interrupt;
use stream::{Echo, Stream};

/// A command that is about to run.
#[derive(Debug)]
pub(crate) struct Run {
    command: Command,
    limit: Option<Duration>,
    terminal: bool,
    echo: Option<Echo>,
    stdin: Option<std::fs::File>,
}

/// How long the output of a program that has ended may stay open.
const GRACE: Duration = Duration::from_secs(5);

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) shown: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) success: bool,
    pub(crate) status: String,
}

impl Run {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let command = Command::new(program);
        Self { command, limit: None, terminal: false, echo: None, stdin: None }
    }

    pub(crate) fn args<T: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Lets the program read `file`; without this its standard input is empty.
    pub(crate) fn stdin(mut self, file: std::fs::File) -> Self {
        self.stdin = Some(file);
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Ends the program, and all that it started, when it has run for this long; that counts as a
    /// failure, and so does something left behind that holds on to the output. The program cannot
    /// read from the terminal.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Lets a program with a limit ask for a password; only it is ended then, not what it started.
    pub(crate) fn with_terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// Shows the output while it comes.
    pub(crate) fn echo(mut self) -> Self {
        self.echo = Some(Echo::Same);
        self
    }

    /// Shows the output on standard error, so that standard output stays pure JSON.
    pub(crate) fn echo_to_stderr(mut self) -> Self {
        self.echo = Some(Echo::Stderr);
        self
    }

    /// The command line as a person would type it, without the environment.
    #[must_use]
    pub(crate) fn shown(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }

    /// Runs to the end, or to the limit, with the output kept.
    ///
    /// # Errors
    /// When the program cannot be started; a program that fails is an [`Output`].
    pub(crate) fn output(mut self) -> Result<Output> {
        let shown = self.shown();
        let mut child = self.spawn(&shown)?;
        let streams = [
            Stream::kept(child.stdout.take(), self.echo),
            Stream::kept(child.stderr.take(), self.echo.map(|_| Echo::Stderr)),
        ];
        let (success, status) = match self.limit {
            None => told(child.wait()?),
            Some(limit) => self.limited(&mut child, limit, &streams)?,
        };
        let [stdout, stderr] = match self.limit {
            None => streams.map(Stream::whole),
            Some(_) => streams.map(Stream::so_far),
        };
        Ok(Output { shown, stdout, stderr, success, status })
    }

    /// Waits for the end of `child`, and of what it said, but no longer than it may last.
    fn limited(
        &self,
        child: &mut Child,
        limit: Duration,
        streams: &[Stream],
    ) -> Result<(bool, String)> {
        let said_all = || Ok(streams.iter().all(Stream::has_ended));
        let group = if self.terminal { Group::of_one(child) } else { Group::led_by(child) };
        let ended = within(limit, || group.has_ended())?;
        let clean = ended && within(GRACE, said_all)?;
        drop(group);
        let (success, status) = told(child.wait()?);
        within(GRACE, said_all)?;
        Ok(match (ended, clean) {
            (false, _) => (false, format!("the limit of {} s", limit.as_secs())),
            (true, false) => (false, format!("{status}, but something it started lived on")),
            (true, true) => (success, status),
        })
    }

    /// Runs to the end and hands each line of standard output to `each` as it comes; the output
    /// keeps standard error only.
    ///
    /// # Errors
    /// When the program cannot be started or its output not be read.
    pub(crate) fn lines(mut self, mut each: impl FnMut(&str)) -> Result<Output> {
        let shown = self.shown();
        let mut child = self.spawn(&shown)?;
        let stderr = Stream::kept(child.stderr.take(), None);
        for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()) {
            each(&line?);
        }
        let (success, status) = told(child.wait()?);
        Ok(Output { shown, stdout: String::new(), stderr: stderr.whole(), success, status })
    }

    fn spawn(&mut self, shown: &str) -> Result<Child> {
        let stdin = self.stdin.take().map_or_else(Stdio::null, Stdio::from);
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        if self.limit.is_some() && !self.terminal {
            self.command.process_group(0);
        }
        self.command.spawn().with_context(|| cannot_start(shown))
    }
}

impl Output {
    /// The output itself where the command succeeded.
    ///
    /// # Errors
    /// Where it failed: the command, how it ended, and what it said.
    pub(crate) fn ok(self) -> Result<Self> {
        if !self.success {
            bail!("`{}` ended with {}\n{}", self.shown, self.status, self.said());
        }
        Ok(self)
    }

    /// Both streams, for a report.
    #[must_use]
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Where a program is found on the search path, if anywhere.
#[must_use]
pub(crate) fn which(program: &str) -> Option<std::path::PathBuf> {
    let path: OsString = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// That a program is there.
///
/// # Errors
/// When it is not, with what brings it.
pub(crate) fn need(program: &str) -> Result<()> {
    match which(program) {
        Some(_) => Ok(()),
        None => bail!("{program} is not installed; `cargo xtask setup --install` brings it"),
    }
}

fn cannot_start(shown: &str) -> String {
    format!("cannot start `{shown}`: is the program installed and on PATH?")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "-_=./:+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn told(status: std::process::ExitStatus) -> (bool, String) {
    (status.success(), status.to_string())
}

/// Asks again and again; false if `what` has not come true when `limit` is over.
fn within(limit: Duration, mut what: impl FnMut() -> Result<bool>) -> Result<bool> {
    let begun = Instant::now();
    loop {
        if what()? {
            return Ok(true);
        }
        if begun.elapsed() > limit {
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Pid, Signal, getpgid, getpgrp, kill_process};

    use super::*;

    #[test]
    fn a_failing_command_keeps_its_output_and_names_itself() {
        let output = Run::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]).output();
        let error = output.unwrap().ok().unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("out\nerr"), "{error}");
        assert!(error.starts_with("`sh -c 'echo out;"), "{error}");
    }

    #[test]
    fn a_command_past_its_limit_is_ended_and_fails() {
        let run = Run::new("sleep").args(["60"]).limit(Duration::from_millis(50));
        let output = run.output().unwrap();
        assert!(!output.success && output.status.contains("limit"));
    }

    #[test]
    fn what_a_program_started_ends_with_it_at_the_limit() {
        let run = Run::new("sh").args(["-c", "sleep 60 & echo $!; wait"]);
        let output = run.limit(GRACE).output().unwrap();
        assert!(output.status.contains("limit"), "{}", output.status);
        assert_ends(&output.stdout);
    }

    #[test]
    fn what_lives_on_and_holds_the_output_is_ended_and_told() {
        let run = Run::new("sh").args(["-c", "sleep 60 & echo $!"]);
        let output = run.limit(Duration::from_secs(60)).output().unwrap();
        assert!(!output.success && output.status.contains("lived on"), "{}", output.status);
        assert_ends(&output.stdout);
    }

    #[test]
    fn of_what_may_ask_for_a_password_the_program_alone_is_ended() {
        let text = "sleep 20 >/dev/null 2>&1 & echo $!; wait; echo late";
        let run = Run::new("sh").args(["-c", text]).limit(GRACE);
        let output = run.with_terminal().output().unwrap();
        let (started, rest) = output.stdout.split_once('\n').unwrap();
        let lives = !is_over(started);
        let started = Pid::from_raw(started.parse().unwrap()).unwrap();
        let group = getpgid(Some(started));
        // Gone already where it was ended with the program.
        let _ = kill_process(started, Signal::KILL);
        assert!(lives && output.status.contains("limit"), "{}", output.status);
        assert_eq!(rest, "");
        assert_eq!(group.unwrap(), getpgrp(), "a terminal talks to one group");
    }

    /// That the process whose number a program has said is on its way out, or has gone.
    fn assert_ends(said: &str) {
        let pid = said.trim();
        assert!(within(GRACE, || Ok(is_over(pid))).unwrap(), "{pid}");
    }

    fn is_over(pid: &str) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    }

    #[test]
    fn a_program_reads_the_file_that_it_is_given_and_nothing_otherwise() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("input");
        std::fs::write(&path, "words").unwrap();
        let read = Run::new("cat").stdin(std::fs::File::open(&path).unwrap()).output();
        assert_eq!(read.unwrap().stdout, "words");
        assert_eq!(Run::new("cat").output().unwrap().stdout, "");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Run::new("no-such-program-here").output().unwrap_err().to_string();
        assert!(error.contains("no-such-program-here"));
    }
}
