//! `countersign config`.

use super::Context;
use crate::output::Text;
use crate::problem::Problem;
use serde::Serialize;
use std::io;
use std::process::ExitCode;

/// Look at the settings
#[derive(Debug, clap::Subcommand)]
pub(super) enum Config {
    /// Print the settings in force, whatever layer they come from
    Show,
}

impl Config {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self::Show = self;
        context.out.answer(&Settings(&context.config))?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct Settings<'a>(&'a crate::config::Config);

impl Text for Settings<'_> {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        to.write_all(self.0.to_toml().as_bytes())
    }
}
