//! The table that is printed.

use crate::Peer;
use crate::workloads::{COLUMNS, measure};

type Measures = [f64; COLUMNS.len()];

/// The measures of each peer, round by round.
pub struct Table {
    only: Vec<String>,
    rows: Vec<(&'static str, Vec<Measures>)>,
}

impl Table {
    /// A table of the peers whose name contains one of `only`, or of all if that is empty.
    pub fn new(only: Vec<String>) -> Self {
        Self {
            only,
            rows: Vec::new(),
        }
    }

    /// Measures a peer once more.
    pub fn row<P: Peer>(&mut self) {
        if !self.only.is_empty() && !self.only.iter().any(|part| P::NAME.contains(part.as_str())) {
            return;
        }
        let measures = measure::<P>(1);
        match self.rows.iter_mut().find(|(name, _)| *name == P::NAME) {
            Some((_, rounds)) => rounds.push(measures),
            None => self.rows.push((P::NAME, vec![measures])),
        }
    }

    /// Prints median and minimum of each measure.
    pub fn print(&self) {
        print!("{:30}", "ns: median (min)");
        COLUMNS.iter().for_each(|name| print!(" {name:>17}"));
        println!();
        for (name, rounds) in &self.rows {
            print!("{name:30}");
            for column in 0..COLUMNS.len() {
                let mut values: Vec<f64> = rounds.iter().map(|round| round[column]).collect();
                values.sort_by(f64::total_cmp);
                let text = format!("{:.1} ({:.1})", values[values.len() / 2], values[0]);
                print!(" {text:>17}");
            }
            println!();
        }
    }
}
