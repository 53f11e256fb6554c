//! `countersign config`.

use super::Context;
use super::connection::Connection;
use crate::config::size::Size;
use crate::output::Text;
use crate::problem::Problem;
use crate::verb::limits::Limit;
use crate::verb::network;
use serde::Serialize;
use std::io;
use std::process::ExitCode;

/// Look at the settings, and set what the node may use
#[derive(Debug, clap::Subcommand)]
pub(super) enum Config {
    /// Print the settings in force, whatever layer they come from: those of the running node, if one runs
    Show,
    /// Set what the node may use for others, now and at each start; without an option print it
    Limit {
        /// What a day may cost, to peers and from them, such as `16GiB`; 0 for as much as it takes
        #[arg(long, value_name = "SIZE")]
        traffic: Option<Size>,
        /// Room for other people's public records, such as `256MiB`; what these name may take 16 times as much on the disk
        #[arg(long, value_name = "SIZE")]
        heads: Option<Size>,
        /// The most peers at once
        #[arg(long, value_name = "NUMBER")]
        max_peers: Option<u32>,
    },
}

impl Config {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        match self {
            Self::Show => show(context).await?,
            Self::Limit { traffic, heads, max_peers } => {
                let bytes = |size: Option<Size>| size.map(|Size(bytes)| bytes);
                let limit = Limit { traffic: bytes(traffic), heads: bytes(heads), max_peers };
                context.out.answer(&context.connect().await?.ask(limit).await?)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn show(context: &Context) -> Result<(), Problem> {
    match Connection::find(context).await? {
        Some(running) => {
            let settings = running.ask(network::Settings {}).await?;
            context.out.say("# of the running node");
            context.out.answer(&Settings(&settings))
        }
        None => context.out.answer(&Settings(&context.config)),
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
