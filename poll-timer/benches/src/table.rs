//! The table that is printed.

use crate::Peer;

/// The measures of each peer, round by round.
pub struct Table {
    columns: &'static [&'static str],
    only: Vec<String>,
    rows: Vec<(&'static str, Vec<Vec<f64>>)>,
}

impl Table {
    /// A table of the peers whose name contains one of `only`, or of all if that is empty.
    pub fn new(columns: &'static [&'static str], only: Vec<String>) -> Self {
        Self { columns, only, rows: Vec::new() }
    }

    /// Measures a peer once more.
    pub fn row<P: Peer>(&mut self, measure: impl FnOnce() -> Vec<f64>) {
        if !self.only.is_empty() && !self.only.iter().any(|part| P::NAME.contains(part.as_str())) {
            return;
        }
        let measures = measure();
        match self.rows.iter_mut().find(|(name, _)| *name == P::NAME) {
            Some((_, rounds)) => rounds.push(measures),
            None => self.rows.push((P::NAME, vec![measures])),
        }
    }

    /// Prints median and minimum of each measure.
    pub fn print(&self) {
        if self.rows.is_empty() {
            return;
        }
        print!("{:30}", "ns: median (min)");
        self.columns.iter().for_each(|name| print!(" {name:>17}"));
        println!();
        for (name, rounds) in &self.rows {
            print!("{name:30}");
            for column in 0..self.columns.len() {
                let mut values: Vec<f64> = rounds.iter().map(|round| round[column]).collect();
                values.sort_by(f64::total_cmp);
                let text = format!("{:.1} ({:.1})", values[values.len() / 2], values[0]);
                print!(" {text:>17}");
            }
            println!();
        }
    }
}
