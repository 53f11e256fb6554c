//! `countersign completions`.

use clap_complete::Shell;
use std::io::Write as _;
use std::process::ExitCode;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell it is for
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> ExitCode {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "countersign", &mut script);
        // Whoever reads no further has what they wanted.
        let _written = std::io::stdout().lock().write_all(&script).is_ok();
        ExitCode::SUCCESS
    }
}
