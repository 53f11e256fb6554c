//! The command line: one file a command, each its own help page.

mod backup;
mod block;
mod challenge;
mod check;
mod claim;
mod completions;
mod config;
mod connection;
mod contact;
mod desk;
mod device;
mod doctor;
mod downgrade;
mod home;
mod id;
mod init;
mod inspect;
mod network;
mod open;
mod overview;
mod passphrase;
mod policy;
mod present;
mod request;
mod resolve;
mod run;
mod service;
mod source;
mod staple;
mod statement;
mod token;
mod watch;

use crate::config::{Config, data_folder};
use crate::line;
use crate::output::Output;
use crate::problem::{Kind, Problem};
use crate::terminal::Origin;
use crate::{start, unit};
use clap::{CommandFactory as _, Parser, Subcommand};
use connection::Connection;
use std::path::PathBuf;
use std::process::ExitCode;

/// Own your identity, let independent attestors vouch for it, and show who you choose
#[derive(Debug, Parser)]
#[command(name = "countersign", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Shared {
    /// The data folder (default: COUNTERSIGN_DATA, or ~/.local/share/countersign)
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    /// Change a setting for this call, such as doors.owner=127.0.0.1:7371
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Read the passphrase from a file (default: the file COUNTERSIGN_PASSPHRASE_FILE names, or ask)
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Home(home::Home),
    Open(open::Open),
    Init(init::Init),
    Run(run::Run),
    Join(network::Join),
    Invite(network::Invite),
    #[command(subcommand)]
    Id(id::Id),
    Passphrase(passphrase::ChangeIt),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Downgrade(downgrade::Downgrade),
    #[command(subcommand)]
    Contact(contact::Contact),
    Attestors(contact::Attestors),
    #[command(subcommand)]
    Policy(policy::Policy),
    Resolve(resolve::Resolve),
    #[command(subcommand)]
    Claim(claim::Claim),
    Challenge(challenge::Challenge),
    Request(request::Request),
    Present(present::Present),
    Check(check::Check),
    Desk(desk::Desk),
    Inspect(inspect::Inspect),
    Statement(statement::Statement),
    Watch(watch::Watch),
    #[command(subcommand)]
    Device(device::Device),
    #[command(subcommand)]
    Token(token::Token),
    Block(block::Block),
    Doctor(doctor::Doctor),
    Overview(overview::Overview),
    #[command(subcommand)]
    Service(service::Service),
    #[command(subcommand)]
    Config(config::Config),
    Completions(completions::Completions),
}

/// Runs the program with `arguments`, its own name first, and gives its exit status: 0 yes, 1 no,
/// 2 no answer, 64 where it was asked what makes no sense.
#[must_use]
pub fn main(arguments: impl Iterator<Item = std::ffi::OsString>) -> ExitCode {
    let cli = match line::read::<Cli>(arguments) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let out = Output::new(cli.shared.json);
    // Whoever starts a program again and again reads from its status whether that makes sense.
    let failed = match cli.command {
        Command::Run(_) => unit::cannot_start,
        _ => |problem: &Problem, out: Output| out.fail(problem),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return out
                .fail(&Problem::new(Kind::Internal, "the program could not start").because(error));
        }
    };
    let code = runtime.block_on(cli.run(out)).unwrap_or_else(|problem| failed(&problem, out));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    code
}

/// Gives the command line as clap knows it: for completions and `docs/cli.md`.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

impl Cli {
    async fn run(self, out: Output) -> Result<ExitCode, Problem> {
        let context = Context::new(self.shared, out)?;
        match self.command {
            Command::Home(command) => command.run(&context).await,
            Command::Open(command) => command.run(&context).await,
            Command::Init(command) => command.run(&context).await,
            Command::Run(command) => command.run(&context).await,
            Command::Join(command) => command.run(&context),
            Command::Invite(command) => command.run(&context).await,
            Command::Id(command) => command.run(&context).await,
            Command::Passphrase(command) => command.run(&context).await,
            Command::Backup(command) => command.run(&context).await,
            Command::Restore(command) => command.run(&context).await,
            Command::Downgrade(command) => command.run(&context).await,
            Command::Contact(command) => command.run(&context).await,
            Command::Attestors(command) => command.run(&context).await,
            Command::Policy(command) => command.run(&context),
            Command::Resolve(command) => command.run(&context).await,
            Command::Claim(command) => command.run(&context).await,
            Command::Challenge(command) => command.run(&context).await,
            Command::Request(command) => command.run(&context).await,
            Command::Present(command) => command.run(&context).await,
            Command::Check(command) => command.run(&context).await,
            Command::Desk(command) => command.run(&context).await,
            Command::Inspect(command) => command.run(&context),
            Command::Statement(command) => command.run(&context).await,
            Command::Watch(command) => command.run(&context).await,
            Command::Device(command) => command.run(&context).await,
            Command::Token(command) => command.run(&context),
            Command::Block(command) => command.run(&context).await,
            Command::Doctor(command) => command.run(&context).await,
            Command::Overview(command) => command.run(&context).await,
            Command::Service(command) => command.run(&context),
            Command::Config(command) => command.run(&context).await,
            Command::Completions(command) => command.run(&context),
        }
    }
}

/// What a command works with.
#[derive(Debug)]
pub(crate) struct Context {
    /// The data folder.
    data: PathBuf,
    /// The settings in force.
    config: Config,
    /// Those of them that this call gave.
    sets: Vec<String>,
    /// Where answers go.
    out: Output,
    /// Where the passphrase comes from.
    passphrase: Origin,
    /// Whether the data folder is another one than a command without flags takes.
    elsewhere: bool,
}

impl Context {
    fn new(shared: Shared, out: Output) -> Result<Self, Problem> {
        let elsewhere = shared.data.is_some();
        let data = data_folder(shared.data);
        let config = Config::read(&data, &shared.set)?;
        let passphrase = Origin::new(shared.passphrase_file);
        Ok(Self { data, config, sets: shared.set, out, passphrase, elsewhere })
    }

    /// Tells whether a node can be made here, and what became of a try that was cut off.
    fn check_empty(&self) -> Result<(), Problem> {
        start::check_empty(&self.data)?;
        if start::was_cut_off(&self.data) {
            self.out.say(start::BEGINS_ANEW);
        }
        Ok(())
    }

    /// Writes a command to type next, for this data folder.
    fn command(&self, program: &str, rest: &str) -> String {
        let program = unit::called(program);
        match self.elsewhere {
            true => {
                format!("{program} --data {} {rest}", unit::typed(&self.data.to_string_lossy()))
            }
            false => format!("{program} {rest}"),
        }
    }

    /// Writes what brings a node up that was just made.
    fn next(&self, joined: bool, program: &str) -> Vec<String> {
        let join = (!joined).then(|| self.command("countersign", "join INVITATION"));
        join.into_iter().chain([self.command(program, "run")]).collect()
    }

    /// Reaches the running node, or opens the data folder where none runs.
    async fn connect(&self) -> Result<Connection, Problem> {
        Connection::open(self).await
    }
}
