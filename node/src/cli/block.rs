//! `countersign block`.

use super::Context;
use crate::problem::Problem;
use crate::verb::network;
use std::process::ExitCode;

/// Keep away from these peers, and no longer from others, until the node stops
#[derive(Debug, clap::Args)]
pub(super) struct Block {
    /// Their names, such as 12D3Koo…, as `overview --json` lists them; none to keep away from nobody
    peers: Vec<String>,
}

impl Block {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let question = network::Block { peers: self.peers.into_iter().collect() };
        context.out.answer(&context.connect().await?.ask(question).await?)?;
        Ok(ExitCode::SUCCESS)
    }
}
