//! `countersign challenge`.

use super::Context;
use crate::problem::Problem;
use crate::verb::presenting::NewChallenge;
use std::process::ExitCode;

/// Ask a customer to show claims: print a challenge for her node
#[derive(Debug, clap::Args)]
pub(super) struct Challenge {
    /// The policy the presentation will be checked against
    #[arg(long, value_name = "NAME")]
    policy: String,
    /// Why you ask, in words the customer reads
    #[arg(long)]
    purpose: Option<String>,
    /// Where her node sends the presentation; without it she hands it over
    #[arg(long, value_name = "URL")]
    deliver: Option<String>,
}

impl Challenge {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let question =
            NewChallenge { policy: self.policy, purpose: self.purpose, deliver: self.deliver };
        let connection = context.connect().await?;
        // The nonce is checked by the node that made it, so it has to be running.
        connection.running()?;
        context.out.answer(&connection.ask(question).await?)?;
        Ok(ExitCode::SUCCESS)
    }
}
