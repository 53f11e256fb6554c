//! `countersign completions`.

use super::Context;
use crate::output::Text;
use crate::problem::Problem;
use clap_complete::Shell;
use serde::Serialize;
use std::io;
use std::process::ExitCode;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell it is for
    shell: Shell,
}

/// The script, for a shell or a program to read.
#[derive(Debug, Serialize)]
struct Script {
    shell: String,
    script: String,
}

impl Completions {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "countersign", &mut script);
        let script = String::from_utf8_lossy(&script).into_owned();
        context.out.answer(&Script { shell: self.shell.to_string(), script })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Text for Script {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        to.write_all(self.script.as_bytes())
    }
}
