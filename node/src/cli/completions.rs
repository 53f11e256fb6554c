//! `countersign completions`.

use clap_complete::Shell;
use std::process::ExitCode;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell it is for
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> ExitCode {
        clap_complete::generate(
            self.shell,
            &mut super::command(),
            "countersign",
            &mut std::io::stdout(),
        );
        ExitCode::SUCCESS
    }
}
