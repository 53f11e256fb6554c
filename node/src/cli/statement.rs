//! `countersign statement`.

use super::Context;
use crate::problem::Problem;
use crate::verb::statement;
use std::process::ExitCode;

/// Print what you showed, published, refused and asked for, and what was taken back: when, whom it concerns,
/// what kinds of things
///
/// Exit status: 0 if every line ever written is there, 1 if one was removed or changed.
#[derive(Debug, clap::Args)]
pub(super) struct Statement {
    /// Print comma-separated values, for a table program
    #[arg(long)]
    csv: bool,
}

impl Statement {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let lines = context.connect().await?.ask(statement::Statement {}).await?;
        if self.csv && !context.out.is_json() {
            context.out.raw(&lines.to_csv())?;
        } else {
            context.out.answer(&lines)?;
        }
        Ok(if lines.intact { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
