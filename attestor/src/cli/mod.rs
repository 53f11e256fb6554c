//! The command line of `countersign-attestor`: each command is its own help page.
//!
//! A command asks the running attestor through its owner's door when there is one, and opens the
//! data folder itself when there is none.

mod connection;
mod doctor;
mod init;
mod run;
mod verbs;

pub use run::Ready;

use crate::config::ConfigError;
use crate::ground::Ground;
use crate::office::OfficeError;
use async_trait::async_trait;
use clap::{CommandFactory as _, Parser, Subcommand};
use core::error::Error;
use serde_json::Value;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

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
pub struct Shared {
    /// The data folder
    #[arg(
        long,
        global = true,
        env = "COUNTERSIGN_DATA",
        value_name = "FOLDER",
        default_value = "."
    )]
    pub data: PathBuf,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// Read the passphrase from a file
    #[arg(long, global = true, env = "COUNTERSIGN_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Change a setting of the node for this call, such as doors.owner=127.0.0.1:7371
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Doctor(doctor::Doctor),
    Run(run::Run),
    #[command(subcommand)]
    Issued(verbs::Issued),
    Revoke(verbs::Revoke),
    Renew(verbs::Renew),
    Reissue(verbs::Reissue),
    Audit(verbs::Audit),
}

/// Opens the node an attestor lives in. The binary brings it; everything else stands here.
#[async_trait]
pub trait Underneath: Sync {
    /// Opens the node in the folder; with `online` it enters its network and serves its doors.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] with what to do about it.
    async fn open(&self, shared: &Shared, online: bool) -> Result<Opened, Failure>;
}

/// An opened node.
pub struct Opened {
    /// What the attestor stands on.
    pub ground: Arc<dyn Ground>,
    /// What the node says of itself once it is ready: members of the line `run --json` prints.
    pub ready: serde_json::Map<String, Value>,
    /// Is cancelled when the node stops, and stops it when it is cancelled.
    pub stop: CancellationToken,
    /// Ends when the node has stopped in order.
    pub stopped: futures::future::BoxFuture<'static, ()>,
}

/// Runs the program with `arguments`, its own name first, over the nodes `underneath` opens.
///
/// The exit status is 0 for yes, 1 for no, 2 for no answer.
pub async fn main(
    arguments: impl Iterator<Item = OsString>,
    underneath: &dyn Underneath,
) -> ExitCode {
    let Cli { shared, command } = Cli::parse_from(arguments);
    let context = Context { shared, underneath };
    let done = match command {
        Command::Init(command) => command.run(&context),
        Command::Doctor(command) => command.run(&context).await,
        Command::Run(command) => command.run(&context).await,
        Command::Issued(command) => command.run(&context).await,
        Command::Revoke(command) => command.run(&context).await,
        Command::Renew(command) => command.run(&context).await,
        Command::Reissue(command) => command.run(&context).await,
        Command::Audit(command) => command.run(&context).await,
    };
    done.unwrap_or_else(|failure| context.fail(&failure))
}

/// Gives the command line as clap knows it: for completions and `docs/cli.md`.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// What a command works with.
struct Context<'a> {
    shared: Shared,
    underneath: &'a dyn Underneath,
}

impl Context<'_> {
    fn data(&self) -> &Path {
        &self.shared.data
    }

    /// Prints an answer on standard output: `text` for a person, the value for a program.
    fn answer(&self, value: &Value, text: &str) {
        let line = if self.shared.json { value.to_string() } else { text.trim_end().to_owned() };
        // A reader that went away is no failure.
        let _written = writeln!(std::io::stdout().lock(), "{line}").is_ok();
    }

    /// Says something beside the answer. Programs do not get it.
    fn say(&self, line: &str) {
        if !self.shared.json {
            let _written = writeln!(std::io::stderr().lock(), "{line}").is_ok();
        }
    }

    fn fail(&self, failure: &Failure) -> ExitCode {
        if self.shared.json {
            self.answer(&failure.to_value(), "");
        } else {
            let _written = writeln!(std::io::stderr().lock(), "{failure}").is_ok();
        }
        ExitCode::from(if failure.no { 1 } else { 2 })
    }
}

/// Why a command gave no answer, or a no.
#[derive(Debug)]
pub struct Failure {
    title: String,
    because: Option<String>,
    hint: Option<String>,
    no: bool,
}

impl Failure {
    /// Makes a failure with the sentence that says what failed.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), because: None, hint: None, no: false }
    }

    /// Adds why.
    #[must_use]
    pub fn because(mut self, because: impl core::fmt::Display) -> Self {
        self.because = Some(because.to_string());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says that the answer is *no* rather than *no answer*.
    #[must_use]
    pub const fn is_no(mut self) -> Self {
        self.no = true;
        self
    }

    fn to_value(&self) -> Value {
        serde_json::json!({ "error": self.title, "because": self.because, "hint": self.hint })
    }
}

impl core::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "error: {}", self.title)?;
        if let Some(because) = &self.because {
            write!(formatter, "\nbecause: {because}")?;
        }
        if let Some(hint) = &self.hint {
            write!(formatter, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl Error for Failure {}

impl From<OfficeError> for Failure {
    fn from(error: OfficeError) -> Self {
        use crate::evidence::EvidenceError;
        use crate::ground::GroundError;
        use crate::ledger::LedgerError;
        let failure = Self::new("the attestor did not do it").because(&error);
        match error {
            OfficeError::Ledger(LedgerError::Unknown { .. } | LedgerError::NotLive { .. }) => {
                failure.is_no().hint("`countersign-attestor issued list --all` prints every claim")
            }
            OfficeError::Evidence(EvidenceError::NotRefreshable) => failure
                .is_no()
                .hint("the provider gave no token to ask again with: the customer signs in anew"),
            OfficeError::Ground(GroundError::Locked) => failure.hint(
                "give the passphrase with --passphrase-file FILE, or name the file in \
                 COUNTERSIGN_PASSPHRASE_FILE",
            ),
            _ => failure,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new("the settings cannot be used")
            .because(error)
            .hint("`countersign-attestor init --from paypal` writes settings to begin with")
    }
}
