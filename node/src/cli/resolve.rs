//! `countersign resolve`.

use super::Context;
use crate::problem::Problem;
use crate::verb;
use std::process::ExitCode;

/// Find an identity and print what is known of it
///
/// Exit status: 0 if it stands, 1 if nobody knows it or its owner ended it, 2 if there is no answer.
#[derive(Debug, clap::Args)]
pub(super) struct Resolve {
    /// A name you gave, a DID, a SCID, or the beginning of one
    name: String,
    /// Ask the network for something newer even if it is held here
    #[arg(long)]
    fresh: bool,
}

impl Resolve {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let question = verb::resolve::Resolve { name: self.name, fresh: self.fresh };
        let found = context.connect().await?.ask(question).await?;
        context.out.answer(&found)?;
        Ok(if found.deactivated { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
