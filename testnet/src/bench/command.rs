//! `bench`: what must be reached, and what is.

use super::{BenchError, Options, Report, run};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measure what must be reached, against something raw in the same run
///
/// Only a release build says anything: `cargo run --release -p countersign-testnet -- bench`.
/// Exit status: 0 if no gate is missed, 1 if one is, 2 if it could not be measured.
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// Measure only this row; may be given several times (half of them start a network: about five minutes in all)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Over how many rounds the median is taken
    #[arg(long, value_name = "COUNT", default_value_t = Options::default().rounds)]
    rounds: usize,
    /// Answer in JSON, for programs
    #[arg(long)]
    json: bool,
    /// Write the table as Markdown into a file, such as docs/benchmarks.md
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

impl Bench {
    /// Gives what is to be measured.
    #[must_use]
    pub fn options(&self) -> Options {
        Options { only: self.only.clone(), rounds: self.rounds }
    }

    /// Measures, and tells.
    pub async fn run(&self) -> ExitCode {
        self.tell(run(&self.options()).await)
    }

    /// Prints and writes what was measured.
    #[must_use]
    pub fn tell(&self, measured: Result<Report, BenchError>) -> ExitCode {
        match measured.and_then(|report| self.print(&report)) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                // A closed standard error is no reason to stop.
                let _written = writeln!(std::io::stderr().lock(), "error: {error}").is_ok();
                ExitCode::from(2)
            }
        }
    }

    fn print(&self, report: &Report) -> Result<bool, BenchError> {
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", report.to_json())?;
        } else {
            out.write_all(report.to_text().as_bytes())?;
        }
        if let Some(path) = &self.write {
            std::fs::write(path, report.to_markdown())?;
        }
        Ok(report.passes())
    }
}
