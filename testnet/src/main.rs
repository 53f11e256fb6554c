//! The binary `countersign-testnet`: every program of the network in one, and the commands over them.

use clap::{Parser, Subcommand};
use countersign_testnet::{bench, story, up};
use std::ffi::OsString;
use std::process::ExitCode;

/// A whole Countersign network on one machine
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
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    // The network's processes are this very binary under the name of another program.
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next();
    let rest = |name: &str| -> Vec<OsString> {
        std::iter::once(OsString::from(name)).chain(std::env::args_os().skip(2)).collect()
    };
    match first.as_deref().and_then(|name| name.to_str()) {
        Some("countersign") => countersign_node::cli::main(rest("countersign").into_iter()),
        Some("countersign-attestor") => {
            countersign_attestor::cli::main(rest("countersign-attestor").into_iter())
        }
        Some("simulated-provider") => {
            countersign_testnet::provider::program::main(rest("simulated-provider").into_iter())
        }
        Some(bench::live::load::PROGRAM) => bench::live::load::main(),
        Some(bench::live::mesh::PROGRAM) => {
            let first = std::env::args().nth(2);
            bench::live::mesh::main(first.as_deref())
        }
        _ => run(Cli::parse()),
    }
}

fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Up(up) => block_on(up.run()),
        Command::Demo(demo) => block_on(demo.run()),
        Command::Bench(bench) => block_on(bench.run()),
    }
}

fn block_on(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(_) => ExitCode::from(2),
    }
}
