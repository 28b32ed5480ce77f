//! What the command line says.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use poll_core::Backend;

pub(crate) const HELP: &str = "\
Serves the files of a directory over HTTP/1.1.

Usage: httpd [OPTIONS] [DIRECTORY]

  DIRECTORY                what to serve [default: the current directory]
  --addr ADDRESS           where to listen; port 0 takes any [default: 127.0.0.1:8080]
  --threads N              event loops, each on a listener of its own [default: 1]
  --backend NAME           epoll, kqueue, eventport or poll [default: the best one here]
  --max-connections N      of all threads; more are answered 503 [default: 8192]
  --max-header BYTES       of one request, 1024 to 30000; more is answered 431 [default: 16384]
  --header-timeout SECONDS from a request's first byte to its last [default: 10]
  --idle-timeout SECONDS   between requests, or while a reader takes nothing [default: 30]
  --grace SECONDS          for what is being sent when the server is stopped [default: 5]
  --help                   this text

SIGINT and SIGTERM stop it; a second one does not wait for what is being sent.
";

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) root: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) threads: usize,
    pub(crate) backend: Choice,
    pub(crate) max_connections: usize,
    pub(crate) max_header: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) grace: Duration,
}

/// A backend of this system, by its name in lower case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice(pub(crate) Backend);

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{:?}", self.0).to_lowercase())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            root: PathBuf::from("."),
            address: SocketAddr::from(([127, 0, 0, 1], 8080)),
            threads: 1,
            backend: Choice(Backend::available()[0]),
            max_connections: 8192,
            max_header: 16384,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(5),
        }
    }
}

impl Options {
    /// `None` asks for the help text.
    pub(crate) fn from_arguments() -> Result<Option<Self>, lexopt::Error> {
        let mut options = Self::default();
        let mut arguments = Parser::from_env();
        let mut has_root = false;
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long("addr") => options.address = arguments.value()?.parse()?,
                Arg::Long("threads") => {
                    options.threads = arguments.value()?.parse_with(|text| among(text, 1, 1024))?;
                }
                Arg::Long("backend") => {
                    options.backend = arguments.value()?.parse_with(backend)?;
                }
                Arg::Long("max-connections") => {
                    let limit = |text: &str| among(text, 1, 1 << 24);
                    options.max_connections = arguments.value()?.parse_with(limit)?;
                }
                Arg::Long("max-header") => {
                    let limit = |text: &str| among(text, 1024, 30_000);
                    options.max_header = arguments.value()?.parse_with(limit)?;
                }
                Arg::Long("header-timeout") => {
                    options.header_timeout = arguments.value()?.parse_with(seconds)?;
                }
                Arg::Long("idle-timeout") => {
                    options.idle_timeout = arguments.value()?.parse_with(seconds)?;
                }
                Arg::Long("grace") => options.grace = arguments.value()?.parse_with(seconds)?,
                Arg::Value(root) if !has_root => {
                    options.root = root.into();
                    has_root = true;
                }
                other => return Err(other.unexpected()),
            }
        }
        Ok(Some(options))
    }
}

fn among(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("a whole number from {least} to {most} is wanted"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "seconds are wanted, such as 0.5".to_owned())
}

fn backend(text: &str) -> Result<Choice, String> {
    let mut all = Backend::available().iter().map(|backend| Choice(*backend));
    all.find(|choice| choice.to_string() == text.to_lowercase()).ok_or_else(|| {
        let names: Vec<_> = Backend::available().iter().map(|b| Choice(*b).to_string()).collect();
        format!("this system has {}", names.join(", "))
    })
}
