//! `countersign token`.

use super::Context;
use crate::door::{Scope, token};
use crate::output::Text;
use crate::problem::Problem;
use serde::Serialize;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Make keys to the owner's door
#[derive(Debug, clap::Subcommand)]
pub(super) enum Token {
    New(New),
}

/// Make a token for a program, such as a shop that checks claims
///
/// The token stands in the file this prints, and nowhere else. A running node knows it at once. A name that
/// has a token of this scope keeps it: whoever deletes the file takes it back.
#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// What it allows: owner, check, watch or metrics
    #[arg(long)]
    scope: Scope,
    /// A name to tell tokens apart
    #[arg(long, default_value = "1")]
    name: String,
}

impl Token {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self::New(New { scope, name }) = self;
        crate::start::check_made(&context.data)?;
        let (file, new) = token(&context.data.join(crate::door::TOKENS), scope, &name)?;
        context.out.answer(&Made { file, scope, new })?;
        if !new {
            context.out.say("It was there already. To take it back, delete the file.");
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, Serialize)]
struct Made {
    file: PathBuf,
    scope: Scope,
    new: bool,
}

impl Text for Made {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{}", self.file.display())
    }
}
