//! `cargo xtask garbage`: lets the kernel answer waits with nonsense, and looks whether all is well.
//!
//! `poll-core/examples/garbage.rs` waits, does what a loop does, and at the end, when the kernel is
//! itself again, expects exactly what is so. strace writes over the memory that the kernel has filled,
//! and over the count that it returned. A run passes if the program ends by itself and says so.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{Run, need};
use crate::report::{Report, Row};
use crate::workspace;

/// What is written over, and in which way of waiting.
struct Answer {
    backend: &'static str,
    /// As strace takes it: a question mark allows it to be unknown on this CPU.
    name: &'static str,
    /// The program's word for its way: `look` does not sleep.
    how: &'static str,
    kinds: &'static [Kind],
}

/// A kind of nonsense: flags, and for epoll the datum; both go into every entry.
struct Kind {
    told: &'static str,
    flags: u32,
    datum: u64,
}

const fn kind(told: &'static str, flags: u32, datum: u64) -> Kind {
    Kind { told, flags, datum }
}

/// What the program's first connection has: slot 0, first generation.
const KNOWN: u64 = 1 << 32;

const EPOLL: &[Kind] = &[
    kind("all flags", u32::MAX, KNOWN),
    kind("no flag", 0, KNOWN),
    kind("unknown flags", 0x0f00_4000, KNOWN),
    kind("an unknown datum", 1, 0xdead_beef_dead_beef),
    kind("a datum of a slot without end", 1, u64::MAX - 1),
    kind("the datum of the bell", 1, u64::MAX),
    kind("all ones", u32::MAX, u64::MAX),
];

const POLL: &[Kind] = &[
    kind("all flags", 0xffff, 0),
    kind("no flag", 0, 0),
    kind("unknown flags", 0x4000, 0),
    kind("no such descriptor", 0x20, 0),
];

const WAIT: &str = "?epoll_wait,?epoll_pwait";

const ANSWERS: [Answer; 5] = [
    Answer { backend: "epoll", name: WAIT, how: "look", kinds: EPOLL },
    Answer { backend: "epoll", name: WAIT, how: "sleep", kinds: EPOLL },
    Answer { backend: "epoll", name: "epoll_pwait2", how: "sleep", kinds: EPOLL },
    Answer { backend: "poll", name: "ppoll", how: "look", kinds: POLL },
    Answer { backend: "poll", name: "ppoll", how: "sleep", kinds: POLL },
];

/// The count that the kernel returns: its own, that of a full batch, and ones beyond any batch.
const COUNTS: [&str; 4] = ["", ":retval=8", ":retval=1000000", ":retval=2147483647"];

/// As in the program.
const CAPACITY: usize = 8;
const SPOILT: usize = 24;
const LIMIT: Duration = Duration::from_secs(20);

/// Runs the subcommand.
///
/// # Errors
/// When strace is missing or the program does not build.
pub(crate) fn run() -> Result<Report> {
    need("strace")?;
    let program = workspace::example("poll-core", "garbage", "faults")?;
    let dir = tempfile::tempdir()?;
    let log = dir.path().join("trace");
    let columns = ["runs", "answers spoilt", "events", "unknown, ignored", "nothing to read"];
    let mut report = Report::new("Garbage from the kernel", &columns);
    for answer in &ANSWERS {
        let begun = Instant::now();
        let name = format!("{}/{} {}", answer.backend, answer.name.replace('?', ""), answer.how);
        let mut sum = [0; 5];
        let mut failures = Vec::new();
        for kind in answer.kinds {
            for count in COUNTS {
                match one(&program, answer, kind, count, &log) {
                    Ok(told) => sum.iter_mut().zip(told).for_each(|(sum, told)| *sum += told),
                    Err(error) => failures.push(format!("{}{count}: {error:#}", kind.told)),
                }
            }
        }
        let row = match failures.is_empty() {
            true => Row::passed(name),
            false => Row::failed(name, failures.join("\n")),
        };
        report.rows.push(row.cells(sum.map(|n: u64| n.to_string())).took(begun.elapsed()));
    }
    Ok(report)
}

/// One run with one kind of nonsense: how many runs (one), answers that were spoilt, events that came
/// of them, and how many of those were of nobody, and had nothing behind them.
fn one(program: &Path, answer: &Answer, kind: &Kind, count: &str, log: &Path) -> Result<[u64; 5]> {
    let (place, bytes) = match answer.backend {
        "epoll" => (2, epoll_entries(kind)),
        _ => (1, poll_lines(&first_list(program, answer, log)?, kind.flags)),
    };
    let when = format!(":poke_exit=@arg{place}={bytes}:when=1..{SPOILT}");
    let output = traced(program, answer, &format!("inject={}{count}{when}", answer.name), log)?;
    let spoilt = std::fs::read_to_string(log)?.matches("INJECTED").count() as u64;
    let told = output.strip_prefix("ok: ").context("the program says what it saw")?;
    let mut numbers = told.split(", ").filter_map(|part| part.split(' ').next()?.parse().ok());
    let (Some(_waits), Some(events), Some(unknown), Some(untrue)) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next())
    else {
        bail!("the program said {told}");
    };
    if spoilt == 0 {
        bail!("no answer was spoilt: the program has changed");
    }
    Ok([1, spoilt, events, unknown, untrue])
}

/// Runs the program under strace with one more option: its last line.
fn traced(program: &Path, answer: &Answer, option: &str, log: &Path) -> Result<String> {
    let output = Run::new("strace")
        .args(["-f", "-qq", "-o"])
        .args([log])
        .args(["-e", &format!("trace={}", answer.name), "-e", option])
        .args([program.as_os_str(), answer.backend.as_ref(), answer.how.as_ref()])
        .limit(LIMIT)
        .output()?
        .ok()?;
    Ok(output.stdout.lines().last().unwrap_or_default().to_owned())
}

fn hex(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A full batch of `struct epoll_event`, packed on x86-64 alone.
fn epoll_entries(kind: &Kind) -> String {
    let mut entry = kind.flags.to_ne_bytes().to_vec();
    if !cfg!(target_arch = "x86_64") {
        entry.extend([0; 4]);
    }
    entry.extend(kind.datum.to_ne_bytes());
    hex(entry.repeat(CAPACITY))
}

/// `struct pollfd`s: the kernel writes to their last field alone, so that the others have to be right.
fn poll_lines(lines: &[(i32, i16)], found: u32) -> String {
    let line = |&(number, asked): &(i32, i16)| {
        let number = number.to_ne_bytes().into_iter();
        // Its low half: the field has 16 bits.
        number.chain(asked.to_ne_bytes()).chain((found as u16).to_ne_bytes())
    };
    hex(lines.iter().flat_map(line))
}

/// The list of the first ppoll(2) of a run that is left alone. Each run opens the same numbers.
fn first_list(program: &Path, answer: &Answer, log: &Path) -> Result<Vec<(i32, i16)>> {
    traced(program, answer, "signal=none", log)?;
    let trace = std::fs::read_to_string(log)?;
    let list = asked(&trace);
    if list.is_empty() {
        bail!("no list in {trace}");
    }
    Ok(list)
}

/// Descriptors and flags of the first list in a trace.
fn asked(trace: &str) -> Vec<(i32, i16)> {
    let first = trace.split("ppoll([").nth(1).and_then(|rest| rest.split(']').next());
    let lines = first.unwrap_or_default().split('{').skip(1);
    let line = |line: &str| {
        let (number, rest) = line.strip_prefix("fd=")?.split_once(", events=")?;
        let flags = rest.split(['|', '}', ',']).map(|flag| match flag {
            "POLLIN" => 1,
            "POLLPRI" => 2,
            "POLLOUT" => 4,
            "POLLRDHUP" => 0x2000,
            _ => 0,
        });
        Some((number.parse().ok()?, flags.sum()))
    };
    lines.filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_from_a_trace() {
        let trace = "12 ppoll([{fd=6, events=POLLIN|POLLRDHUP}, {fd=3, events=POLLIN}], 2, NULL, \
                     NULL, 8) = 1 ([{fd=6, revents=POLLIN}])\n12 ppoll([{fd=9, events=POLLOUT}], 1";
        assert_eq!(asked(trace), [(6, 0x2001), (3, 1)]);
        assert_eq!(asked("+++ exited +++"), []);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_line_keeps_what_the_kernel_does_not_write() {
        assert_eq!(poll_lines(&[(6, 0x2001)], 0xffff), "060000000120ffff");
    }
}
