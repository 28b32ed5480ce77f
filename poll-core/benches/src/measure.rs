//! Rounds in turn, medians, ratios.

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

/// Measures `workload` for all `peers`, round by round, for about `budget`.
#[must_use]
pub fn measure(workload: &Workload, peers: &[Peer], budget: Duration) -> Vec<Figure> {
    let made = peers.iter().filter_map(|peer| Some((*peer, workload.body(*peer)?)));
    let mut bodies: Vec<(Peer, Body)> = made.collect();
    let times = calibrate(&mut bodies[0].1);
    let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); bodies.len()];
    let begun = Instant::now();
    let mut first = 0;
    while begun.elapsed() < budget || rounds[0].len() < 5 {
        // Everybody begins a round as often as everybody else.
        first = (first + 1) % bodies.len();
        for place in 0..bodies.len() {
            let at = (first + place) % bodies.len();
            let body = &mut bodies[at].1;
            // Once unmeasured: the caches are another peer's.
            body(1);
            let start = Instant::now();
            body(times);
            rounds[at].push(start.elapsed().as_nanos() as f64 / times as f64);
        }
    }
    let raw = rounds[0].clone();
    let figure = |((peer, _), times_of): (&(Peer, Body), &Vec<f64>)| {
        let mut ratios: Vec<f64> = times_of.iter().zip(&raw).map(|(own, raw)| own / raw).collect();
        let mut all = times_of.clone();
        Figure {
            workload: workload.name,
            operation: workload.operation,
            peer: peer.name(),
            nanoseconds: quantile(&mut all, 0.5),
            ratio: quantile(&mut ratios, 0.5),
            ratio_low: quantile(&mut ratios, 0.25),
            ratio_high: quantile(&mut ratios, 0.75),
            rounds: all.len(),
            operations: times,
        }
    };
    bodies.iter().zip(&rounds).map(figure).collect()
}

/// How many operations make a round, by the hand-written loop.
fn calibrate(body: &mut Body) -> u64 {
    let mut times = 1;
    loop {
        let start = Instant::now();
        body(times);
        let taken = start.elapsed();
        if taken >= ROUND || times >= 1 << 20 {
            return times;
        }
        times *= 2;
    }
}

fn quantile(values: &mut [f64], at: f64) -> f64 {
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
