//! `countersign backup` and `countersign restore`.

use super::Context;
use crate::output::Text;
use crate::problem::Problem;
use crate::start;
use crate::verb::backup;
use serde::Serialize;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write everything only this node has to one file, sealed under your passphrase
#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// The file to write
    file: PathBuf,
    /// Write over the file if it is there
    #[arg(long)]
    force: bool,
}

impl Backup {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let to = crate::terminal::whole(&self.file)?;
        let connection = context.connect().await?;
        context.out.answer(&connection.ask(backup::Backup { to, force: self.force }).await?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Make a node of a backup, on a computer that has none
///
/// Before it signs anything, the node asks the network for anything newer of its own.
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
}

impl Restore {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        context.check_empty()?;
        start::backup::check(&self.file)?;
        let passphrase = context.passphrase.ask(context.out)?;
        let restored =
            start::backup::restore(&context.data, &context.config, &self.file, &passphrase).await?;
        let attests = restored.files.iter().any(|file| file == ATTESTOR);
        let program = if attests { "countersign-attestor" } else { "countersign" };
        context.out.answer(&Restored {
            identity: restored.identity.map(|scid| scid.to_did().to_string()),
            files: restored.files,
            data: context.data.clone(),
            next: context.next(restored.joined, program),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, Serialize)]
struct Restored {
    identity: Option<String>,
    files: Vec<String>,
    data: PathBuf,
    next: Vec<String>,
}

impl Text for Restored {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        match &self.identity {
            Some(identity) => writeln!(to, "restored {identity}")?,
            None => writeln!(to, "restored a node without an identity")?,
        }
        if !self.files.is_empty() {
            let files = self.files.join(", ");
            writeln!(to, "Back in {}: {files}", self.data.display())?;
            writeln!(to, "Look whether the addresses in them are those of this computer.")?;
        }
        writeln!(to, "Next: {}", self.next.join("\n      "))
    }
}

/// Whoever has this file is an attestor, whose program runs the node, too.
const ATTESTOR: &str = "attestor.toml";
