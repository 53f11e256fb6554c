//! `countersign-attestor operate`.

use super::Context;
use crate::http::owner::note;
use countersign_node::Problem;
use countersign_node::problem::Kind;
use serde_json::json;
use std::process::ExitCode;

/// Let a browser on this computer into the operator's pages
///
/// Prints an address that counts once, for ten minutes. Elsewhere, bring the port here first:
/// `ssh -L PORT:127.0.0.1:PORT server`.
#[derive(Debug, clap::Args)]
pub(super) struct Operate {}

impl Operate {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self {} = self;
        let not_running = || {
            Problem::new(Kind::Unavailable, "no attestor runs in this folder")
                .hint(format!("start it: {}", context.command("countersign-attestor", "run")))
        };
        let door = note(context.data()).ok_or_else(not_running)?;
        let (url, code) = super::connection::invited(door).await?.ok_or_else(not_running)?;
        context.answer(
            &json!({ "url": url, "code": code }),
            &format!("Open this address in a browser, within ten minutes:\n\n  {url}\n"),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
