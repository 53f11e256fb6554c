//! `countersign doctor`.

use super::Context;
use crate::problem::Problem;
use crate::verb::network::{Doctor as Question, Health};
use std::process::ExitCode;

/// Look at everything that may be wrong, and say what to do
///
/// Exit status: 0 if all is well or works, 1 if something does not work.
#[derive(Debug, clap::Args)]
pub(super) struct Doctor {}

impl Doctor {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let findings = context.connect().await?.ask(Question {}).await?;
        context.out.answer(&findings)?;
        Ok(if findings.worst() == Health::Bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
