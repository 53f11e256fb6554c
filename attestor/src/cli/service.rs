//! `countersign-attestor service`.

use super::Context;
use crate::config::Config;
use countersign_node::Problem;
use countersign_node::unit::{self, Program, Wishes};
use std::process::ExitCode;

/// Have the attestor run by itself
#[derive(Debug, clap::Subcommand)]
pub(super) enum Service {
    /// Write a systemd unit that runs the attestor, with the passphrase from a file as a credential
    ///
    /// The file is the one --passphrase-file names; only you should be able to read it. The attestor gets it
    /// from systemd as a credential, in memory that only the service sees.
    Install(Wishes),
}

impl Service {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self::Install(wishes) = self;
        let config = Config::read(context.data())?;
        let low_port = (1..FIRST_FREE_PORT).contains(&config.listen.port());
        let program = Program { low_port, ..ATTESTOR };
        unit::install(program, wishes, context.data(), &context.passphrase, context.out)
    }
}

/// What is run.
const ATTESTOR: Program =
    Program { name: "countersign-attestor", is: "Countersign attestor", low_port: false };
/// Below it, only root may listen without asking: ip(7).
const FIRST_FREE_PORT: u16 = 1024;
