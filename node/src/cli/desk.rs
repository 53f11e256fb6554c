//! `countersign desk`.

use super::Context;
use crate::problem::Problem;
use crate::verb::desk;
use std::process::ExitCode;

/// Print what your policies decided lately, never about whom, and whom you follow
#[derive(Debug, clap::Args)]
pub(super) struct Desk {}

impl Desk {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        context.out.answer(&context.connect().await?.ask(desk::Desk {}).await?)?;
        Ok(ExitCode::SUCCESS)
    }
}
