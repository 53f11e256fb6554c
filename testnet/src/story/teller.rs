//! Prints the story, and keeps what became of each of its sentences.

use crate::Failure;
use serde::Serialize;
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Tells the story. A line may hold several sentences, and each of them is checked before it is told.
#[derive(Debug)]
pub(super) struct Teller {
    told: Vec<Told>,
    scene: usize,
    /// The scene's number still has to be printed.
    begins: bool,
    broken: Option<String>,
    /// The scene of which more is said.
    explain: Option<u8>,
    /// What is to be said under the lines of that scene.
    more: Vec<String>,
    json: bool,
    began: Instant,
    last: Instant,
}

/// One sentence, and what became of it.
#[derive(Debug, Serialize)]
struct Told {
    scene: usize,
    sentence: String,
    held: bool,
    found: String,
    milliseconds: u128,
}

impl Teller {
    pub(super) fn new(explain: Option<u8>, json: bool) -> Self {
        let began = Instant::now();
        Self {
            told: Vec::new(),
            scene: 0,
            begins: false,
            broken: None,
            explain,
            more: Vec::new(),
            json,
            began,
            last: began,
        }
    }

    /// Turns to the next scene.
    pub(super) fn next_scene(&mut self) {
        self.explain();
        self.scene += 1;
        self.begins = true;
    }

    /// Says what was found in the scene that is to be told in full.
    fn explain(&mut self) {
        for more in core::mem::take(&mut self.more) {
            self.aside(&more);
        }
    }

    /// Notes what became of a sentence; what it took counts from the sentence before.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Broken`] if it does not hold.
    pub(super) fn holds(
        &mut self,
        sentence: &str,
        held: bool,
        found: impl Into<String>,
    ) -> Result<(), Failure> {
        let took = self.last.elapsed();
        self.last = Instant::now();
        self.note(sentence, held, found.into(), took)
    }

    /// Notes what became of a sentence whose time was measured elsewhere.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Broken`] if it does not hold.
    pub(super) fn note(
        &mut self,
        sentence: &str,
        held: bool,
        found: String,
        took: Duration,
    ) -> Result<(), Failure> {
        let told = Told {
            scene: self.scene,
            sentence: sentence.to_owned(),
            held,
            found: found.clone(),
            milliseconds: took.as_millis(),
        };
        self.told.push(told);
        if self.explain.map(usize::from) == Some(self.scene) {
            let found = if found.is_empty() { "as it should" } else { &found };
            self.more.push(format!("{sentence} ({found})"));
        }
        if held {
            return Ok(());
        }
        Err(Failure::Broken { number: self.scene, sentence: sentence.to_owned(), found })
    }

    /// Tells a line, and what came of it beside it, or under it where it is long.
    pub(super) fn line(&mut self, text: &str, verdict: &str) {
        let number = self.number();
        if text.chars().count() < VERDICTS {
            self.print(&format!("{number} {text:<VERDICTS$}{verdict}"));
        } else {
            self.print(&format!("{number} {text}"));
            self.print(&format!("   {:VERDICTS$}{verdict}", ""));
        }
    }

    /// Tells a line with a figure at its end.
    pub(super) fn figure(&mut self, text: &str, figure: &str) {
        let number = self.number();
        self.print(&format!("{number} {text:<FIGURES$}{figure}"));
    }

    /// Tells something beside the story.
    pub(super) fn aside(&self, text: &str) {
        self.print(&format!("   {text}"));
    }

    fn number(&mut self) -> String {
        match core::mem::take(&mut self.begins) {
            true => format!("{:>2}", self.scene),
            false => "  ".to_owned(),
        }
    }

    pub(super) fn broke(&mut self, failure: &Failure) {
        let mut text = failure.to_string();
        let mut cause = std::error::Error::source(failure);
        while let Some(because) = cause {
            text.push_str(&format!("\n   because: {because}"));
            cause = because.source();
        }
        self.explain();
        self.print(&format!("   NOT HELD: {text}"));
        self.broken = Some(text);
    }

    /// Says how many sentences held.
    pub(super) fn end(mut self) -> ExitCode {
        self.explain();
        let held = self.told.iter().filter(|told| told.held).count();
        let broken = self.broken.is_some() || held < self.told.len();
        if self.json {
            let whole = json!({
                "sentences": self.told,
                "held": held,
                "milliseconds": self.began.elapsed().as_millis(),
                "failure": self.broken,
            });
            print(&whole.to_string());
        } else if !broken {
            let took = self.began.elapsed().as_secs_f64();
            print(&format!(
                "All {held} sentences held, in {took:.1} s. Be the customer yourself: cargo up"
            ));
        }
        if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn print(&self, line: &str) {
        if !self.json {
            print(line.trim_end());
        }
    }
}

fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    // A story nobody listens to any more still ends in its exit status.
    let _written = writeln!(out, "{line}").and_then(|()| out.flush()).is_ok();
}

/// Where verdicts begin, behind the number of the scene.
const VERDICTS: usize = 44;

/// Where figures begin.
const FIGURES: usize = 80;
