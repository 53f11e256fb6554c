//! The simulated provider as a program of its own, among the processes of a testnet.

use super::Provider;
use super::people::Client;
use clap::{CommandFactory as _, Parser};
use countersign_node::problem::Kind;
use countersign_node::{Output, Problem, signal};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use url::Url;

/// A SIMULATED payment provider: made-up customers, no money
#[derive(Debug, Parser)]
#[command(name = "simulated-provider")]
struct Program {
    /// Where it listens; loopback only
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where its only client, the attestor, has people sent back to: what `countersign-attestor doctor`
    /// prints
    #[arg(long, default_value = RETURN_ADDRESS, value_name = "URL")]
    return_address: Url,
}

/// What the program says in one line of JSON once it is ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// The issuer identifier, which is also its address.
    pub issuer: String,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Runs the program with `arguments`, its own name first, until it is told to stop.
#[must_use]
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let program = match countersign_node::line::read::<Program>(arguments) {
        Ok(program) => program,
        Err(code) => return code,
    };
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Problem::new(Kind::Internal, "the program could not start").because(cause))
        .and_then(|runtime| runtime.block_on(program.run()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => Output::new(false).fail(&problem),
    }
}

/// Gives the command line as clap knows it: for `docs/cli.md`.
#[must_use]
pub fn command() -> clap::Command {
    Program::command()
}

impl Program {
    async fn run(self) -> Result<(), Problem> {
        if !self.listen.ip().is_loopback() {
            let title = format!("the SIMULATED provider does not listen on {}", self.listen);
            return Err(Problem::new(Kind::Invalid, title)
                .because("it lets everybody in, and belongs on this computer alone")
                .hint("choose a port of 127.0.0.1"));
        }
        let provider = Provider::start(self.listen).await.map_err(|cause| {
            Problem::new(Kind::Conflict, format!("nothing can listen on {}", self.listen))
                .because(cause)
                .hint("choose another port, and name it in `simulated.toml` of the attestor")
        })?;
        provider.register(Client {
            id: "attestor".to_owned(),
            secret: "simulated".to_owned(),
            redirect: self.return_address.into(),
        });
        let ready = Ready { issuer: provider.issuer().to_owned(), address: provider.address() };
        let line = serde_json::to_string(&ready).unwrap_or_default();
        writeln!(std::io::stdout().lock(), "{line}").map_err(|cause| {
            Problem::new(Kind::Internal, "nobody hears where the provider is").because(cause)
        })?;
        signal::interrupted().await;
        Ok(())
    }
}

/// Where an attestor made for a first try has people sent back to.
const RETURN_ADDRESS: &str = "https://127.0.0.1:7443/callback/simulated";
