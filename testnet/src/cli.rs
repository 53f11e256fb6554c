//! The command line of `countersign-testnet`.

use crate::{bench, story, up};
use clap::{CommandFactory as _, Parser, Subcommand};
use std::process::ExitCode;

/// A whole Countersign network on one machine
///
/// It is the other programs too, when it is told their name first: `countersign-testnet countersign`,
/// `countersign-testnet countersign-attestor` and `countersign-testnet simulated-provider`.
#[derive(Debug, Parser)]
#[command(name = "countersign-testnet", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(story::Demo),
    Up(up::Up),
    Ctl(up::Ctl),
    Bench(bench::Bench),
}

/// Runs the command the arguments of this process name, and gives the exit status.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match countersign_node::line::read::<Cli>(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    match cli.command {
        Command::Up(up) => block_on(up.run()),
        Command::Ctl(ctl) => block_on(ctl.run()),
        Command::Demo(demo) => block_on(demo.run()),
        Command::Bench(bench) => block_on(bench.run()),
    }
}

/// Gives the command line as clap knows it: for `docs/cli.md`.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

fn block_on(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(_) => ExitCode::from(2),
    }
}
