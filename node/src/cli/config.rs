//! `countersign config`.

use super::Context;
use super::connection::Connection;
use crate::output::Text;
use crate::problem::Problem;
use crate::verb::network;
use serde::Serialize;
use std::io;
use std::process::ExitCode;

/// Look at the settings
#[derive(Debug, clap::Subcommand)]
pub(super) enum Config {
    /// Print the settings in force, whatever layer they come from: those of the running node, if one runs
    Show,
}

impl Config {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self::Show = self;
        match Connection::find(context).await? {
            Some(running) => {
                let settings = running.ask(network::Settings {}).await?;
                context.out.say("# of the running node");
                context.out.answer(&Settings(&settings))?;
            }
            None => context.out.answer(&Settings(&context.config))?,
        }
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
