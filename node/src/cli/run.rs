//! `countersign run`.

use super::Context;
use crate::output::Text;
use crate::problem::Problem;
use crate::{start, telemetry};
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Run your node until Ctrl-C
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// How much to log: error, warn, info, debug or trace
    #[arg(long, default_value = "info")]
    log: String,
    /// Log one line of JSON an event
    #[arg(long)]
    log_json: bool,
}

/// What a running node says once it is ready; with `--json` it is one line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// Where the owner's door is.
    pub owner: SocketAddr,
    /// The key to it.
    pub token_file: PathBuf,
    /// Where the public door is, if there is one.
    pub public: Option<SocketAddr>,
    /// The identity, if there is one.
    pub identity: Option<String>,
    /// The key it cosigns with, if it is a witness.
    pub witness: Option<String>,
    /// The network it is in.
    pub network: String,
    /// The name other nodes know it by.
    pub peer: String,
    /// Where other nodes reach it.
    pub addresses: Vec<String>,
}

impl Run {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        telemetry::start(&self.log, self.log_json);
        let passphrase = context.passphrase.ask(context.out)?;
        let (node, running) =
            start::online(&context.data, context.config.clone(), &passphrase).await?;
        drop(passphrase);
        let stop = running.stop_token();
        let ready = start::serve(&node, &running).await?;
        context.out.answer(&ready)?;
        node.settle(stop.clone());
        tokio::select! {
            () = interrupted() => context.out.say("stopping ..."),
            () = stop.cancelled() => {}
        }
        running.stop().await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Waits for Ctrl-C, or for the system asking this process to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl Text for Ready {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "Your node is running in the network `{}`.", self.network)?;
        if let Some(identity) = &self.identity {
            writeln!(to, "identity     {identity}")?;
        }
        writeln!(to, "your door    http://{}", self.owner)?;
        if let Some(public) = self.public {
            writeln!(to, "public door  http://{public}/1.0/identifiers/DID")?;
        }
        if let Some(witness) = &self.witness {
            writeln!(to, "witness      {witness}")?;
        }
        for address in &self.addresses {
            writeln!(to, "reachable    {address}")?;
        }
        writeln!(to, "Stop it with Ctrl-C. `countersign doctor` says how it is.")
    }
}
