//! The command line of `countersign-attestor`: each command is its own help page.
//!
//! A command asks the running attestor through its owner's door when there is one, and opens the
//! data folder itself when there is none.

mod accredit;
mod books;
mod connection;
mod doctor;
mod init;
mod operate;
mod run;
mod service;
mod verbs;
mod which;

pub use run::Ready;

use clap::{CommandFactory as _, Parser, Subcommand};
use countersign_node::config::data_folder;
use countersign_node::output::Text;
use countersign_node::problem::Kind;
use countersign_node::terminal::Origin;
use countersign_node::unit;
use countersign_node::{Output, Problem};
use serde::Serialize;
use serde_json::Value;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Check evidence and sign claims about it, as an attestor of a Countersign network
#[derive(Debug, Parser)]
#[command(name = "countersign-attestor", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
struct Shared {
    /// The data folder (default: COUNTERSIGN_DATA, or ~/.local/share/countersign)
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    /// Read the passphrase from a file (default: the file COUNTERSIGN_PASSPHRASE_FILE names, or ask)
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Change a setting of the node for this call, such as doors.owner=127.0.0.1:7371
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(Box<init::Init>),
    Doctor(doctor::Doctor),
    Run(run::Run),
    Accredit(accredit::Accredit),
    #[command(subcommand)]
    Issued(verbs::Issued),
    Revoke(verbs::Revoke),
    Renew(verbs::Renew),
    Reissue(verbs::Reissue),
    Audit(books::Audit),
    Lists(books::Lists),
    Duplicates(books::Duplicates),
    Keys(books::Keys),
    Overview(books::Overview),
    Operate(operate::Operate),
    #[command(subcommand)]
    Service(service::Service),
}

/// Runs the program with `arguments`, its own name first, and gives its exit status: 0 yes, 1 no,
/// 2 no answer, 64 where it was asked what makes no sense.
#[must_use]
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Cli { shared, command } = match countersign_node::line::read::<Cli>(arguments) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let out = Output::new(shared.json);
    // Whoever starts a program again and again reads from its status whether that makes sense.
    let failed = match command {
        Command::Run(_) => unit::cannot_start,
        _ => |problem: &Problem, out: Output| out.fail(problem),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let problem = Problem::new(Kind::Internal, "the program could not start");
            return out.fail(&problem.because(error));
        }
    };
    let code =
        runtime.block_on(command.run(shared, out)).unwrap_or_else(|problem| failed(&problem, out));
    runtime.shutdown_timeout(Duration::from_secs(2));
    code
}

impl Command {
    async fn run(self, shared: Shared, out: Output) -> Result<ExitCode, Problem> {
        let data = data_folder(shared.data.clone());
        let passphrase = Origin::new(shared.passphrase_file.clone());
        let context = Context { shared, data, out, passphrase };
        match self {
            Self::Init(command) => command.run(&context).await,
            Self::Doctor(command) => command.run(&context).await,
            Self::Run(command) => command.run(&context).await,
            Self::Accredit(command) => command.run(&context).await,
            Self::Issued(command) => command.run(&context).await,
            Self::Revoke(command) => command.run(&context).await,
            Self::Renew(command) => command.run(&context).await,
            Self::Reissue(command) => command.run(&context).await,
            Self::Audit(command) => command.run(&context).await,
            Self::Lists(command) => command.run(&context).await,
            Self::Duplicates(command) => command.run(&context).await,
            Self::Keys(command) => command.run(&context).await,
            Self::Overview(command) => command.run(&context).await,
            Self::Operate(command) => command.run(&context).await,
            Self::Service(command) => command.run(&context),
        }
    }
}

/// Gives the command line as clap knows it: for completions and `docs/cli.md`.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// What a command works with.
struct Context {
    shared: Shared,
    data: PathBuf,
    out: Output,
    passphrase: Origin,
}

impl Context {
    fn data(&self) -> &Path {
        &self.data
    }

    /// Writes a command to type next, for this data folder.
    fn command(&self, program: &str, rest: &str) -> String {
        let program = unit::called(program);
        match &self.shared.data {
            Some(data) => {
                format!("{program} --data {} {rest}", unit::typed(&data.to_string_lossy()))
            }
            None => format!("{program} {rest}"),
        }
    }

    /// Prints an answer: `text` for a person, the value for a program.
    fn answer(&self, said: &impl Serialize, text: &str) -> Result<(), Problem> {
        let value = serde_json::to_value(said).unwrap_or_default();
        self.out.answer(&Said { value, text: text.trim_end() })
    }
}

/// An answer in both forms.
#[derive(Serialize)]
#[serde(transparent)]
struct Said<'a> {
    value: Value,
    #[serde(skip)]
    text: &'a str,
}

impl Text for Said<'_> {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{}", self.text)
    }
}
