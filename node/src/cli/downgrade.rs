//! `countersign downgrade`.

use super::Context;
use crate::output::Text;
use crate::problem::Problem;
use crate::start;
use serde::Serialize;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Go back to what the data folder was before a newer program changed it
///
/// A program that brings the folder to a newer format keeps a copy of what it was. An older program
/// puts that copy back: what was done since is lost to it, and kept in a file beside.
#[derive(Debug, clap::Args)]
pub(super) struct Downgrade {}

impl Downgrade {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let newer = start::downgrade(&context.data).await?;
        context.out.answer(&WentBack { newer })?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, Serialize)]
struct WentBack {
    /// Where what the newer program left is kept; nothing if there was nothing to go back from.
    newer: Option<PathBuf>,
}

impl Text for WentBack {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        match &self.newer {
            Some(newer) => {
                writeln!(to, "The data folder is what it was before the newer program.")?;
                writeln!(to, "What the newer one left is kept in {}", newer.display())
            }
            None => writeln!(to, "This program can use the data folder as it is."),
        }
    }
}
