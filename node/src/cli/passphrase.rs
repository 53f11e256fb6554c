//! `countersign passphrase`.

use super::Context;
use crate::problem::Problem;
use crate::start;
use crate::terminal::Origin;
use crate::verb::passphrase::ChangePassphrase;
use std::path::PathBuf;
use std::process::ExitCode;

/// Put another passphrase in the place of the one that opens your node
///
/// Backups that were made before open with the old one still. Whoever knows the old one and has an old backup, or
/// a copy of the data folder, has the keys in it all the same: then rotate them too (`id rotate`).
#[derive(Debug, clap::Args)]
pub(super) struct ChangeIt {
    /// Read the new passphrase from a file instead of asking
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
}

impl ChangeIt {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let out = context.out;
        start::check_made(&context.data)?;
        let old = context.passphrase.ask(out)?;
        let new = Origin::of(self.new_passphrase_file).choose(out)?;
        out.answer(&context.connect().await?.ask(ChangePassphrase { old, new }).await?)?;
        out.say(
            "Backups from before open with the old one: make a new one, `countersign backup FILE`.",
        );
        if let Some(file) = context.passphrase.file() {
            out.say(&format!("Write the new one into {}: it is read from there.", file.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
