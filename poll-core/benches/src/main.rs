//! Measures, or does one thing so many times for somebody who counts from outside.
//!
//! Run by `cargo xtask bench`, which reads the lines of JSON that this prints.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;
use poll_core_benches::measure::{self, Plan};
use poll_core_benches::peers::Peer;
use poll_core_benches::workloads::{ALL, Workload};
use serde_json::json;

/// What the command line says.
#[derive(Default)]
struct Options {
    list: bool,
    only: Vec<String>,
    peers: Vec<String>,
    milliseconds: Option<u64>,
    /// Do this many operations of the one workload and peer that are chosen, between two marks.
    times: Option<u64>,
    /// Do them as often as standard input says, for a measurement in another process.
    serve: bool,
    /// Where the peers are that are programs of their own.
    programs: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = options()?;
    let workloads = ALL.iter().filter(|workload| {
        options.only.is_empty() || options.only.iter().any(|name| name == workload.name)
    });
    let chosen = |peer: &Peer| {
        options.peers.is_empty() || options.peers.iter().any(|name| name == peer.name())
    };
    let peers: Vec<Peer> = Peer::ALL.into_iter().filter(chosen).collect();
    let limit = allow_descriptors();
    for workload in workloads {
        if options.list {
            let Workload { name, operation, instructions, .. } = workload;
            let peers: Vec<_> = peers.iter().map(|peer| peer.name()).collect();
            let line = json!({ "name": name, "operation": operation,
                "instructions": instructions, "peers": peers });
            println!("{line}");
        } else if let Some(times) = options.times {
            once(workload, peers[0], times);
        } else if options.serve {
            if let Some(body) = workload.body(peers[0]) {
                measure::serve(body);
            }
        } else {
            let plan = Plan {
                peers: &peers,
                budget: Duration::from_millis(options.milliseconds.unwrap_or(1000)),
                descriptors: limit,
                programs: options.programs.as_deref(),
            };
            for figure in measure::measure(workload, &plan) {
                println!("{}", serde_json::to_string(&figure)?);
            }
        }
    }
    Ok(())
}

fn options() -> Result<Options, lexopt::Error> {
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("list") => options.list = true,
            Long("only") => options.only.push(parser.value()?.string()?),
            Long("peer") => options.peers.push(parser.value()?.string()?),
            Long("milliseconds") => options.milliseconds = Some(parser.value()?.parse()?),
            Long("serve") => options.serve = true,
            Long("programs") => options.programs = Some(parser.value()?.into()),
            Long("times") => options.times = Some(parser.value()?.parse()?),
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

/// The body once unmarked, so that everything is made that is made once, then between two marks: a
/// look at a name that does not exist, which a tracer of syscalls sees.
fn once(workload: &Workload, peer: Peer, times: u64) {
    let Some(mut body) = workload.body(peer) else {
        println!("{}", json!({ "skipped": true }));
        return;
    };
    body(2);
    // The first failure makes std try whether the call is there at all: one more that is not ours.
    let _first = std::fs::metadata("/poll-bench-none");
    let _begin = std::fs::metadata("/poll-bench-begin");
    measure::measured(&mut body, times);
    let _end = std::fs::metadata("/poll-bench-end");
}

/// As many open files as the system lets this process have.
fn allow_descriptors() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const WANTED: u64 = 200_000;
    let old = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: Some(WANTED), maximum: Some(WANTED) };
    if old.maximum.is_some_and(|maximum| maximum < WANTED) {
        // Only with privileges; else what there is.
        let _refused = setrlimit(Resource::Nofile, raised);
    }
    let maximum = getrlimit(Resource::Nofile).maximum;
    let all = Rlimit { current: maximum, maximum };
    let _refused = setrlimit(Resource::Nofile, all);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
