//! `countersign run`.

use super::Context;
use crate::problem::Problem;
use crate::{ready, signal, start, telemetry};
use std::process::ExitCode;

/// Run your node until Ctrl-C
///
/// Exit status: 0 if it was stopped, 78 if it cannot start until you do something about it (the passphrase,
/// the settings, a folder that is damaged or a newer program's), 2 if it may start once tried again.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// How much to log: error, warn, info, debug or trace
    #[arg(long, default_value = "info")]
    log: String,
    /// Log one line of JSON an event
    #[arg(long)]
    log_json: bool,
}

impl Run {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        telemetry::start(&self.log, self.log_json);
        start::check_made(&context.data)?;
        let passphrase = context.passphrase.ask(context.out)?;
        let (node, running) =
            start::online(&context.data, context.config.clone(), &passphrase).await?;
        drop(passphrase);
        let stop = running.stop_token();
        let ready = start::serve(&node, &running).await?;
        context.out.answer(&ready)?;
        if let Err(error) = ready::tell_manager() {
            tracing::warn!(%error, "the service manager cannot be told that the node is ready");
        }
        node.settle(stop.clone());
        node.look_after_claims(stop.clone());
        tokio::select! {
            () = signal::interrupted() => context.out.say("stopping ..."),
            () = stop.cancelled() => {}
        }
        running.stop().await?;
        Ok(ExitCode::SUCCESS)
    }
}
