//! How a command answers: on standard output, for a person or, with `--json`, for a program.

use crate::Problem;
use core::fmt;
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

/// Where answers go. The answer is on standard output, everything else on standard error.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

/// What a command can print for a person.
pub trait Text {
    /// Writes the answer in words.
    ///
    /// # Errors
    ///
    /// Returns what the writer returned.
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()>;
}

/// Counts as people do: one keeper, two keepers, two witnesses, two identities.
#[must_use]
pub fn counted<N: fmt::Display + PartialEq + From<u8>>(count: N, word: &str) -> String {
    if count == N::from(1) {
        return format!("{count} {word}");
    }
    match word.strip_suffix('y') {
        Some(stem) => format!("{count} {stem}ies"),
        None if word.ends_with('s') => format!("{count} {word}es"),
        None => format!("{count} {word}s"),
    }
}

impl Output {
    /// Answers in words, or in JSON.
    #[must_use]
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Tells whether a program reads the answers.
    #[must_use]
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Prints an answer.
    ///
    /// # Errors
    ///
    /// Returns a problem if standard output cannot be written.
    pub fn answer<A: Serialize + Text>(self, answer: &A) -> Result<(), Problem> {
        let mut out = io::stdout().lock();
        let written = if self.json {
            serde_json::to_writer(&mut out, answer)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(out))
        } else {
            answer.text(&mut out)
        };
        written.and_then(|()| out.flush()).or_else(pipe_closed).map_err(|error| {
            Problem::new(crate::problem::Kind::Internal, "the answer could not be written")
                .because(error)
        })
    }

    /// Prints an answer that has a form of its own, such as a table of values.
    ///
    /// # Errors
    ///
    /// Returns a problem if standard output cannot be written.
    pub fn raw(self, text: &str) -> Result<(), Problem> {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.or_else(pipe_closed).map_err(|error| {
            Problem::new(crate::problem::Kind::Internal, "the answer could not be written")
                .because(error)
        })
    }

    /// Says something beside the answer: progress, a warning. Programs do not get it.
    pub fn say(self, line: &str) {
        if !self.json {
            // A closed standard error is no reason to stop.
            let _written = writeln!(io::stderr().lock(), "{line}").is_ok();
        }
    }

    /// Tells whether a person sits at the other end and can be asked.
    #[must_use]
    pub fn is_interactive(self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Prints a problem and gives the exit status that fits it.
    #[must_use]
    pub fn fail(self, problem: &Problem) -> ExitCode {
        let mut err = io::stderr().lock();
        let _written = if self.json {
            let line = serde_json::to_string(problem).unwrap_or_default();
            writeln!(io::stdout().lock(), "{line}").is_ok()
        } else {
            writeln!(err, "{problem}").is_ok()
        };
        ExitCode::from(problem.exit_status())
    }
}

/// A reader that went away, such as `head`, is no failure.
fn pipe_closed(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}
