//! `countersign service`.

use super::Context;
use crate::problem::Problem;
use crate::unit::{self, Program, Wishes};
use std::process::ExitCode;

/// Have your node run by itself
#[derive(Debug, clap::Subcommand)]
pub(super) enum Service {
    /// Write a systemd unit that runs your node, with the passphrase from a file as a credential
    ///
    /// The file is the one --passphrase-file names; only you should be able to read it. The node gets it
    /// from systemd as a credential, in memory that only the service sees.
    Install {
        /// For this computer instead of for you: needs root
        #[arg(long)]
        system: bool,
        /// The user a service of the computer runs as
        #[arg(long, value_name = "USER", requires = "system")]
        user: Option<String>,
        /// Print the unit and write nothing
        #[arg(long)]
        print: bool,
        /// Write over a unit that says something else
        #[arg(long)]
        force: bool,
    },
}

impl Service {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self::Install { system, user, print, force } = self;
        let wishes = Wishes { system, user, print, force };
        unit::install(NODE, wishes, &context.data, &context.passphrase, context.out)
    }
}

/// What is run.
const NODE: Program = Program { name: "countersign", is: "Countersign node", low_port: false };
