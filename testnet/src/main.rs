//! The binary `countersign-testnet`: every program of the network in one, and the commands over them.

use clap::{Parser, Subcommand};
use countersign_testnet::{bench, story, up};
use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
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
    Bench(Bench),
    Up(up::Up),
    Bench(bench::Bench),
}

/// Measure what needs no network, as ratios to something raw in the same run
///
/// Exit status: 0 if every gate that was measured is met, 1 if one is missed. Build with --release.
#[derive(Debug, clap::Args)]
struct Bench {
    /// Only this row; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Write the table into this file too
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Answer in JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Bench {
    fn run(self) -> ExitCode {
        let options = bench::Options { only: self.only, ..bench::Options::default() };
        let measured = bench::run(&options).map_err(|error| error.to_string());
        let told = measured.and_then(|report| {
            if let Some(path) = &self.write {
                std::fs::write(path, report.to_markdown()).map_err(|error| error.to_string())?;
            }
            let text = if self.json { report.to_json().to_string() } else { report.to_text() };
            writeln!(std::io::stdout().lock(), "{}", text.trim_end())
                .map_err(|error| error.to_string())?;
            Ok(report.passes())
        });
        match told {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                // Nobody may be listening; the exit status says it too.
                let _written = writeln!(std::io::stderr().lock(), "error: {error}").is_ok();
                ExitCode::from(2)
            }
        }
    }
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
        _ => run(Cli::parse()),
    }
}

fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Up(up) => block_on(up.run()),
        Command::Bench(bench) => bench.run(),
        Command::Demo(demo) => block_on(demo.run()),
        Command::Bench(bench) => bench.run(),
    }
}

fn block_on(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(_) => ExitCode::from(2),
    }
}
