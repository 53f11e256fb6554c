//! `countersign request`.

use super::Context;
use super::source;
use crate::problem::Problem;
use crate::verb::asking;
use std::process::ExitCode;

/// Look at a vendor's request before anything is shown, or refuse it
///
/// Nobody learns that you looked. `countersign present` answers it.
#[derive(Debug, clap::Args)]
pub(super) struct Request {
    /// The vendor's challenge: the text itself, a file, or `-` for standard input
    #[arg(value_name = "CHALLENGE")]
    to: String,
    /// Refuse it: a line in your statement, and nothing leaves this node
    #[arg(long)]
    refuse: bool,
}

impl Request {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let to = source::challenge(self.to)?;
        let (connection, out) = (context.connect().await?, context.out);
        if self.refuse {
            out.answer(&connection.ask(asking::Refuse { to }).await?)?;
        } else {
            out.answer(&connection.ask(asking::Preview { to }).await?)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
