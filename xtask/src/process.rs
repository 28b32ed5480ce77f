//! Running other programs: their output kept, their failure explained, their time limited.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A command that is about to run.
#[derive(Debug)]
pub(crate) struct Run {
    command: Command,
    limit: Option<Duration>,
    echo: Option<Echo>,
    stdin: Option<std::fs::File>,
}

/// Where a command's output goes while it runs, besides being kept.
#[derive(Clone, Copy, Debug)]
enum Echo {
    Same,
    Stderr,
}

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
        Self { command: Command::new(program), limit: None, echo: None, stdin: None }
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

    /// Ends the program when it has run for this long; that counts as a failure.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
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
        let begun = Instant::now();
        let mut child = self.spawn(&shown)?;
        let stdout = drain(child.stdout.take(), self.echo);
        let stderr = drain(child.stderr.take(), self.echo.map(|_| Echo::Stderr));
        let (success, status) = wait(&mut child, begun, self.limit)?;
        Ok(Output {
            shown,
            stdout: stdout.join().unwrap_or_default(),
            stderr: stderr.join().unwrap_or_default(),
            success,
            status,
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
        let stderr = drain(child.stderr.take(), None);
        for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()) {
            each(&line?);
        }
        let (success, status) = wait(&mut child, Instant::now(), None)?;
        let stderr = stderr.join().unwrap_or_default();
        Ok(Output { shown, stdout: String::new(), stderr, success, status })
    }

    fn spawn(&mut self, shown: &str) -> Result<Child> {
        let stdin = self.stdin.take().map_or_else(Stdio::null, Stdio::from);
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
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

fn drain(
    stream: Option<impl Read + Send + 'static>,
    echo: Option<Echo>,
) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        let Some(mut stream) = stream else {
            return String::new();
        };
        let mut piece = [0; 4096];
        // What came before an error is still worth showing, and a closed terminal is no reason to
        // stop reading.
        while let Ok(length @ 1..) = stream.read(&mut piece) {
            kept.extend_from_slice(&piece[..length]);
            let _ = match echo {
                None => Ok(()),
                Some(Echo::Same) => std::io::stdout().write_all(&piece[..length]),
                Some(Echo::Stderr) => std::io::stderr().write_all(&piece[..length]),
            };
        }
        String::from_utf8_lossy(&kept).into_owned()
    })
}

fn wait(child: &mut Child, begun: Instant, limit: Option<Duration>) -> Result<(bool, String)> {
    let Some(limit) = limit else {
        let status = child.wait()?;
        return Ok((status.success(), status.to_string()));
    };
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status.success(), status.to_string()));
        }
        if begun.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok((false, format!("the limit of {} s", limit.as_secs())));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
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
