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
    Install(Wishes),
}

impl Service {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self::Install(wishes) = self;
        unit::install(NODE, wishes, &context.data, &context.passphrase, context.out)
    }
}

/// What is run.
const NODE: Program = Program { name: "countersign", is: "Countersign node", low_port: false };
