//! What every task prints at its end: a table, or the same as JSON, and the exit code.

use std::time::Duration;

use comfy_table::{Cell, ContentArrangement, Table, presets};
use serde::Serialize;

/// How one row of a report ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "outcome", content = "reason")]
pub(crate) enum Outcome {
    /// It was done and it holds.
    Passed,
    /// It was done and it does not hold, or it could not be done although it had to be.
    Failed,
    /// It was not done, for this reason; counted and shown, never taken for a pass.
    Skipped(String),
}

/// One row: a target, a step, a program.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
    /// One text for each of the report's own columns.
    pub(crate) cells: Vec<String>,
    pub(crate) seconds: f64,
    /// What a person needs in order to mend a failure: diagnostics, output, a command.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, outcome: Outcome) -> Self {
        Self { name: name.into(), outcome, cells: Vec::new(), seconds: 0.0, detail: String::new() }
    }

    pub(crate) fn passed(name: impl Into<String>) -> Self {
        Self::new(name, Outcome::Passed)
    }

    pub(crate) fn failed(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::new(name, Outcome::Failed) }
    }

    pub(crate) fn skipped(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(name, Outcome::Skipped(reason.into()))
    }

    pub(crate) fn cells<T: Into<String>>(mut self, cells: impl IntoIterator<Item = T>) -> Self {
        self.cells = cells.into_iter().map(Into::into).collect();
        self
    }

    pub(crate) fn took(mut self, time: Duration) -> Self {
        self.seconds = (time.as_secs_f64() * 10.0).round() / 10.0;
        self
    }
}

/// Rows under a title; the common result of every subcommand.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) title: String,
    /// Heads of the columns between the name and the outcome.
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Row>,
}

/// The counts in the last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Report {
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn counts(&self) -> Counts {
        let count = |wanted: fn(&Outcome) -> bool| {
            self.rows.iter().filter(|row| wanted(&row.outcome)).count()
        };
        Counts {
            passed: count(|o| matches!(o, Outcome::Passed)),
            failed: count(|o| matches!(o, Outcome::Failed)),
            skipped: count(|o| matches!(o, Outcome::Skipped(_))),
        }
    }

    /// Whether nothing failed and something was done: a report of skips alone proves nothing.
    pub(crate) fn succeeded(&self) -> bool {
        let counts = self.counts();
        counts.failed == 0 && counts.passed > 0
    }

    /// Prints the report on standard output: as JSON, or details, table and counts.
    pub(crate) fn print(&self, json: bool) {
        if json {
            println!("{}", self.to_json());
            return;
        }
        for row in &self.rows {
            if !row.detail.is_empty() {
                println!("\n--- {}: {}\n{}", self.title, row.name, row.detail.trim_end());
            }
        }
        println!("\n{}\n{}\n{}", self.title, self.table(), self.summary());
    }

    /// `N passed, N failed, N skipped`, the line that a runner of tests looks for.
    pub(crate) fn summary(&self) -> String {
        let Counts { passed, failed, skipped } = self.counts();
        format!("{passed} passed, {failed} failed, {skipped} skipped")
    }

    fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Whole<'a> {
            #[serde(flatten)]
            report: &'a Report,
            counts: Counts,
        }
        let whole = Whole { report: self, counts: self.counts() };
        serde_json::to_string_pretty(&whole).expect("a report is plain strings and numbers")
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(presets::UTF8_BORDERS_ONLY);
        table.set_content_arrangement(ContentArrangement::Disabled);
        let mut header = vec![String::new()];
        header.extend(self.columns.iter().map(ToString::to_string));
        header.extend(["result".to_owned(), "seconds".to_owned()]);
        table.set_header(header);
        for row in &self.rows {
            let mut line = vec![Cell::new(&row.name)];
            line.extend(row.cells.iter().map(Cell::new));
            line.resize_with(1 + self.columns.len(), || Cell::new(""));
            line.push(Cell::new(match &row.outcome {
                Outcome::Passed => "passed".to_owned(),
                Outcome::Failed => "FAILED".to_owned(),
                Outcome::Skipped(reason) => format!("skipped: {reason}"),
            }));
            line.push(Cell::new(format!("{:.1}", row.seconds)));
            table.add_row(line);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: Vec<Row>) -> Report {
        Report { rows, ..Report::new("title", &["way"]) }
    }

    #[test]
    fn a_report_of_skips_alone_does_not_succeed() {
        assert!(!report(vec![Row::skipped("a", "no emulator")]).succeeded());
    }

    #[test]
    fn one_failure_fails_the_report() {
        assert!(report(vec![Row::passed("a")]).succeeded());
        assert!(!report(vec![Row::passed("a"), Row::failed("b", "why")]).succeeded());
    }

    #[test]
    fn json_and_table_show_every_row_and_its_reason() {
        let report = report(vec![
            Row::passed("a").cells(["rustup"]),
            Row::failed("b", "error[E0001]"),
            Row::skipped("c", "no emulator"),
        ]);
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(json["counts"]["skipped"], 1);
        assert_eq!(json["rows"][1]["detail"], "error[E0001]");
        assert_eq!(json["rows"][2]["reason"], "no emulator");
        let table = report.table().to_string();
        assert!(table.contains("skipped: no emulator") && table.contains("rustup"));
        assert_eq!(report.summary(), "1 passed, 1 failed, 1 skipped");
    }
}
