//! The table that was measured: for people, for programs, and for `docs/benchmarks.md`.

use super::BenchError;
use super::row::{self, Grade, Measured, ROWS, Row};
use core::fmt::Write as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Every row, with what was measured of it in this run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    measured: BTreeMap<&'static str, Measured>,
}

impl Report {
    /// Begins a report in which nothing was measured.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was measured for the row `name`; a row that is not there takes nothing.
    pub fn put(&mut self, name: &str, measured: Measured) {
        if let Some(row) = row::named(name) {
            self.measured.insert(row.name, measured);
        }
    }

    /// Notes that none of the rows `names` could be measured, but for those that were.
    pub fn fail(&mut self, names: &[&str], because: &dyn core::fmt::Display) {
        for row in names.iter().filter_map(|name| row::named(name)) {
            let _measured =
                self.measured.entry(row.name).or_insert_with(|| Measured::failed(because));
        }
    }

    /// Notes what came of one row, measured or not: the others are measured all the same.
    pub fn take(&mut self, name: &'static str, came: Result<Measured, BenchError>) {
        match came {
            Ok(measured) => self.put(name, measured),
            Err(error) => self.fail(&[name], &error),
        }
    }

    /// Gives what was measured for the row `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Measured> {
        self.measured.get(name)
    }

    /// Gives every row with what was measured of it, in the order of the table.
    pub fn rows(&self) -> impl Iterator<Item = (&'static Row, Option<&Measured>)> {
        ROWS.iter().map(|row| (row, self.measured.get(row.name)))
    }

    /// Tells whether nothing that was measured misses its gate.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.rows().all(|(row, found)| row.grade(found) != Grade::Missed)
    }

    /// Writes the table for a terminal.
    #[must_use]
    pub fn to_text(&self) -> String {
        let rows: Vec<[String; 5]> = self
            .rows()
            .map(|(row, found)| {
                let value = found
                    .map_or_else(|| "-".to_owned(), |found| row::figure(found.value, row.unit));
                let (gate, goal) = (row.gate.in_words(row.unit), row.goal.in_words(row.unit));
                [row.what.to_owned(), value, gate, goal, row.grade(found).in_words().to_owned()]
            })
            .collect();
        let head = ["what", "measured", "gate", "goal", "reached"].map(str::to_owned);
        let mut widths = [0; 5];
        for line in rows.iter().chain([&head]) {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.chars().count().max(*width);
            }
        }
        let mut text = String::new();
        for line in [&head].into_iter().chain(&rows) {
            let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        for (row, found) in self.rows() {
            if let Some(found) = found {
                // Writing to a string cannot fail.
                let _written = writeln!(text, "{}: {}", row.name, found.detail).is_ok();
            }
        }
        text
    }

    /// Gives the table as data.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let rows = self.rows().map(|(row, found)| {
            json!({
                "name": row.name,
                "what": row.what,
                "how": row.how,
                "unit": row.unit,
                "gate": row.gate.in_words(row.unit),
                "goal": row.goal.in_words(row.unit),
                "measured": found,
                "reached": row.grade(found),
            })
        });
        json!({ "machine": machine(), "rows": rows.collect::<Vec<_>>() })
    }

    /// Writes `docs/benchmarks.md`.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = format!("{HEAD}\nThis run: {}.\n\n{COLUMNS}\n", machine());
        for (row, found) in self.rows() {
            let value =
                found.map_or_else(|| "–".to_owned(), |found| row::figure(found.value, row.unit));
            let _written = writeln!(
                text,
                "| `{}` | {} | {} | {} | {value} | {} |",
                row.name,
                row.what,
                row.gate.in_words(row.unit),
                row.goal.in_words(row.unit),
                row.grade(found).in_words()
            )
            .is_ok();
        }
        text.push_str("\n## How each is measured\n\n");
        for (row, found) in self.rows() {
            let behind =
                found.map_or_else(String::new, |found| format!(" This run: {}.", found.detail));
            let _written = writeln!(text, "- `{}`: {}.{behind}", row.name, row.how).is_ok();
        }
        text
    }
}

/// Says on what it was measured.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let build = if cfg!(debug_assertions) {
        "a debug build, whose figures mean nothing"
    } else {
        "a release build"
    };
    format!("{cores} cores of {}, {build}", processor.as_deref().unwrap_or("an unknown processor"))
}

/// Writes a short time.
pub(super) fn micros(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros >= 1_000.0 {
        format!("{:.2} ms", micros / 1_000.0)
    } else {
        format!("{micros:.1} µs")
    }
}

const HEAD: &str = "# Benchmarks: what must be reached, and what was

Written by `countersign-testnet bench --write docs/benchmarks.md`; a test asks that every row is there.
What can be is a ratio to something raw in the same run: both take turns for many rounds, and the median of the
rounds' ratios counts. A gate must be passed, a goal is aimed at.
";

const COLUMNS: &str = "| row | what | gate | goal | measured | reached |
| --- | --- | --- | --- | --- | --- |";
