//! Rounds in turn, medians, ratios.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::peers::Peer;
use crate::workloads::{Body, Workload};

/// What one peer took for one workload.
#[derive(Debug, Serialize)]
pub struct Figure {
    pub workload: &'static str,
    pub operation: &'static str,
    pub peer: &'static str,
    /// The median over all rounds.
    pub nanoseconds: f64,
    /// The least of them.
    pub least: f64,
    /// The median over all rounds of the time through that of the raw loop in the same round.
    pub ratio: f64,
    /// The quartiles of the same.
    pub ratio_low: f64,
    pub ratio_high: f64,
    pub rounds: usize,
    pub operations: u64,
}

/// What a round of one peer is to take: long beside the clock, short beside what else runs here.
const ROUND: Duration = Duration::from_micros(400);

/// Where a peer's body runs.
enum Runner {
    Here(Body),
    /// In a process of its own, which is told how often and tells how long.
    There(Remote),
}

impl Runner {
    /// The nanoseconds that so many operations took.
    fn run(&mut self, times: u64) -> f64 {
        match self {
            Self::Here(body) => {
                let start = Instant::now();
                body(times);
                start.elapsed().as_nanos() as f64
            }
            Self::There(remote) => remote.run(times),
        }
    }
}

struct Remote {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Remote {
    /// `None` if the program is not there, or cannot do the workload.
    fn new(mut command: Command) -> Option<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let input = child.stdin.take()?;
        let output = BufReader::new(child.stdout.take()?);
        let mut remote = Self { child, input, output };
        (remote.line() == "ready").then_some(remote)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn run(&mut self, times: u64) -> f64 {
        writeln!(self.input, "{times}").unwrap();
        self.line().parse().unwrap()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // It ends at the end of its input, but a hanging one must not hang this.
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// How the peers are run.
pub struct Plan<'a> {
    pub peers: &'a [Peer],
    pub budget: Duration,
    /// As many files as a process may open.
    pub descriptors: u64,
    /// Where the programs in C are, if they were built.
    pub programs: Option<&'a Path>,
}

impl Plan<'_> {
    fn runner(&self, workload: &Workload, peer: Peer) -> Option<Runner> {
        if let Some(program) = peer.program() {
            let mut command = Command::new(self.programs?.join(program));
            command.arg(workload.name);
            return Remote::new(command).map(Runner::There);
        }
        if peer == Peer::OursPoll && 2 * workload.sources + 64 > self.descriptors {
            // It holds a duplicate of each.
            return None;
        }
        if (workload.sources + 8) * self.peers.len() as u64 + 64 <= self.descriptors {
            return workload.body(peer).map(Runner::Here);
        }
        let mut command = Command::new(std::env::current_exe().ok()?);
        command.args(["--serve", "--only", workload.name, "--peer", peer.name()]);
        Remote::new(command).map(Runner::There)
    }
}

/// The other side of a runner in a process of its own.
pub fn serve(mut body: Body) {
    println!("ready");
    for line in std::io::stdin().lines() {
        let times = line.unwrap().parse().unwrap();
        let start = Instant::now();
        body(times);
        println!("{}", start.elapsed().as_nanos());
    }
}

/// Measures `workload` as planned, round by round.
#[must_use]
pub fn measure(workload: &Workload, plan: &Plan<'_>) -> Vec<Figure> {
    let made = plan.peers.iter().filter_map(|peer| Some((*peer, plan.runner(workload, *peer)?)));
    let mut runners: Vec<(Peer, Runner)> = made.collect();
    let Some((_, first)) = runners.first_mut() else {
        return Vec::new();
    };
    let times = calibrate(first);
    let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); runners.len()];
    let begun = Instant::now();
    // Whoever comes behind a peer that sleeps finds a colder CPU: nobody always does.
    let mut order: Vec<usize> = (0..runners.len()).collect();
    let mut random = fastrand::Rng::new();
    while begun.elapsed() < plan.budget || rounds[0].len() < 5 {
        random.shuffle(&mut order);
        for &at in &order {
            let runner = &mut runners[at].1;
            // Once unmeasured: the caches are another peer's.
            runner.run(1);
            rounds[at].push(runner.run(times) / times as f64);
        }
    }
    let raw = rounds[0].clone();
    let figure = |((peer, _), times_of): (&(Peer, Runner), &Vec<f64>)| {
        let mut ratios: Vec<f64> = times_of.iter().zip(&raw).map(|(own, raw)| own / raw).collect();
        let mut all = times_of.clone();
        Figure {
            workload: workload.name,
            operation: workload.operation,
            peer: peer.name(),
            nanoseconds: quantile(&mut all, 0.5),
            least: quantile(&mut all, 0.0),
            ratio: quantile(&mut ratios, 0.5),
            ratio_low: quantile(&mut ratios, 0.25),
            ratio_high: quantile(&mut ratios, 0.75),
            rounds: all.len(),
            operations: times,
        }
    };
    runners.iter().zip(&rounds).map(figure).collect()
}

/// How many operations make a round, by the hand-written loop.
fn calibrate(runner: &mut Runner) -> u64 {
    let mut times = 1;
    loop {
        if runner.run(times) >= ROUND.as_nanos() as f64 || times >= 1 << 20 {
            return times;
        }
        times *= 2;
    }
}

/// The value at this part of all of them, from 0 to 1.
#[must_use]
pub fn quantile(values: &mut [f64], at: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * at).round() as usize]
}

/// The only caller of a body while instructions are counted, by this name.
#[inline(never)]
pub fn measured(body: &mut Body, times: u64) {
    body(times);
    // So that the call above is no tail call.
    std::hint::black_box(());
}
