//! `countersign overview`.

use super::Context;
use crate::problem::Problem;
use crate::verb::overview;
use std::process::ExitCode;

/// Print who is connected, who keeps you, what you keep for others, and any alarm
///
/// Exit status: 0 if all is as you made it, 1 if something was done in your name by somebody else.
#[derive(Debug, clap::Args)]
pub(super) struct Overview {}

impl Overview {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let seen = context.connect().await?.ask(overview::Overview {}).await?;
        context.out.answer(&seen)?;
        Ok(if seen.alarms.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
