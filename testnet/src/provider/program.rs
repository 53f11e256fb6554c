//! The simulated provider as a program of its own, among the processes of a testnet.

use super::Provider;
use super::people::Client;
use clap::Parser;
use countersign_node::signal;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

/// A SIMULATED payment provider: made-up customers, no money
#[derive(Debug, Parser)]
#[command(name = "simulated-provider")]
struct Program {
    /// Where it listens; loopback only
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
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
    let program = Program::parse_from(arguments);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let Ok(runtime) = runtime else { return ExitCode::from(2) };
    runtime.block_on(program.run())
}

impl Program {
    async fn run(self) -> ExitCode {
        if !self.listen.ip().is_loopback() {
            return ExitCode::from(2);
        }
        let Ok(provider) = Provider::start(self.listen).await else { return ExitCode::from(2) };
        provider.register(Client {
            id: "attestor".to_owned(),
            secret: "simulated".to_owned(),
            redirect: "https://127.0.0.1:7443/callback/simulated".to_owned(),
        });
        let ready = Ready { issuer: provider.issuer().to_owned(), address: provider.address() };
        let line = serde_json::to_string(&ready).unwrap_or_default();
        if writeln!(std::io::stdout().lock(), "{line}").is_err() {
            return ExitCode::from(2);
        }
        signal::interrupted().await;
        ExitCode::SUCCESS
    }
}
