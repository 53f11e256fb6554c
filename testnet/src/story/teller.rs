//! Prints the story, and counts which of its sentences held.

use crate::Failure;
use crate::cluster::{Cluster, Part};
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

/// Tells the story. Every sentence is checked when it is told.
#[derive(Debug, Default)]
pub(super) struct Teller {
    held: usize,
    scenes: usize,
    broken: bool,
    explain: Option<usize>,
}

impl Teller {
    pub(super) fn new(explain: Option<usize>) -> Self {
        Self { explain, ..Self::default() }
    }

    /// Tells whether the next scene is to be told in full.
    pub(super) fn explains_next(&self) -> bool {
        self.explain == Some(self.scenes + 1)
    }

    /// Counts sentences that were not told one by one.
    pub(super) fn count(&mut self, sentences: usize) {
        self.held += sentences;
    }

    /// Says how large the network is.
    pub(super) fn opening(&mut self, cluster: &Cluster, took: Duration) {
        let processes = cluster.members().count();
        let attestors = cluster.members().filter(|member| member.part == Part::Attestor).count();
        let line = format!("{processes} processes, {attestors} attestors, no server in the middle");
        print(&format!("   {line:<76} {:.1} s", took.as_secs_f64()));
    }

    /// Tells a numbered sentence.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Broken`] if it does not hold.
    pub(super) fn sentence(
        &mut self,
        sentence: &str,
        holds: bool,
        figure: &str,
    ) -> Result<(), Failure> {
        self.scenes += 1;
        print(&format!("{:>2} {sentence:<76} {figure}", self.scenes));
        self.check(sentence, holds, figure)
    }

    /// Tells one more sentence of the same scene.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Broken`] if it does not hold.
    pub(super) fn and(&mut self, sentence: &str, holds: bool, figure: &str) -> Result<(), Failure> {
        print(&format!("   {sentence:<44}  {figure}"));
        self.check(sentence, holds, figure)
    }

    fn check(&mut self, sentence: &str, holds: bool, found: &str) -> Result<(), Failure> {
        if holds {
            self.held += 1;
            return Ok(());
        }
        Err(Failure::Broken {
            number: self.scenes,
            sentence: sentence.to_owned(),
            found: found.to_owned(),
        })
    }

    pub(super) fn note(&self, text: &str) {
        print(&format!("   {text}"));
    }

    pub(super) fn broke(&mut self, failure: &Failure) {
        self.broken = true;
        let mut text = format!("   NOT HELD: {failure}");
        let mut cause = std::error::Error::source(failure);
        while let Some(because) = cause {
            text.push_str(&format!("\n   because: {because}"));
            cause = because.source();
        }
        print(&text);
    }

    pub(super) fn end(self) -> ExitCode {
        if self.broken {
            return ExitCode::FAILURE;
        }
        print(&format!("All {} sentences held. Be the customer yourself: cargo up", self.held));
        ExitCode::SUCCESS
    }
}

fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    // A story nobody listens to any more still ends in its exit status.
    let _written = writeln!(out, "{line}").and_then(|()| out.flush()).is_ok();
}
