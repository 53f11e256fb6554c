//! The owner's statement: a line for whatever was shown, published, refused, asked for or taken back.
//!
//! A line says when, to whom, what kinds of things and for which request, and never what they said.
//! Each line names the hash of the one before it, and the last one stands sealed beside them: a line
//! that was removed or changed is noticed.

use super::Verb;
use crate::known::brief;
use crate::node::Node;
use crate::output::Text;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::io;

/// Gives the whole statement.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {}

/// The statement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lines {
    /// Whether every line ever written is there as it was written.
    pub intact: bool,
    /// What is wrong, if something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
    /// The lines, the oldest first.
    pub lines: Vec<Line>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// When it was written.
    pub when: String,
    /// What happened.
    pub what: What,
    /// Whom it concerns: a vendor, an attestor, or everybody.
    pub whom: String,
    /// The name given to them here, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What kinds of claims, never what they say.
    pub kinds: Vec<String>,
    /// Under which request: the vendor's policy and its challenge, or an attestor's. Of a claim that was taken
    /// back: its name, since when and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// From which of the owner's devices, if not from this computer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Claims were shown to a vendor.
    Shown,
    /// What was to be shown reached nobody.
    NotDelivered,
    /// It is not known whether what was to be shown arrived: the vendor was reached, and took it with no word.
    PerhapsDelivered,
    /// A vendor's request was refused.
    Refused,
    /// The world was shown another version of the showcase.
    Published,
    /// A sign-in at an attestor began: it learned which identity asks.
    SignIn,
    /// A claim came of a sign-in, or of asking again.
    Received,
    /// An attestor took a claim back: which one, since when and why stands where others name a request.
    TakenBack,
}

impl What {
    /// Gives the word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::NotDelivered => "not-delivered",
            Self::PerhapsDelivered => "perhaps-delivered",
            Self::Refused => "refused",
            Self::Published => "published",
            Self::SignIn => "sign-in",
            Self::Received => "received",
            Self::TakenBack => "taken-back",
        }
    }
}

impl Verb for Statement {
    type Answer = Lines;
    const PATH: &'static str = "/v1/statement";
    const DEVICE: bool = true;

    async fn perform(self, node: &Node) -> Result<Lines, Problem> {
        node.statement().await
    }
}

impl Lines {
    /// Writes the lines as comma-separated values: RFC 4180.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = String::from("number,when,what,whom,name,kinds,request,device\r\n");
        for line in &self.lines {
            let number = line.number.to_string();
            let kinds = line.kinds.join(" ");
            let cells = [
                number.as_str(),
                &line.when,
                line.what.word(),
                &line.whom,
                line.name.as_deref().unwrap_or_default(),
                &kinds,
                line.request.as_deref().unwrap_or_default(),
                line.device.as_deref().unwrap_or_default(),
            ];
            text.push_str(&cells.map(cell).join(","));
            text.push_str("\r\n");
        }
        text
    }
}

/// Writes one value. A vendor chooses some of these words, and a table program must not take one of
/// them for a formula.
fn cell(text: &str) -> String {
    let guarded = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if guarded { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

impl Text for Lines {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        if self.lines.is_empty() {
            writeln!(to, "nothing was shown, published, refused or asked for yet")?;
        }
        for line in &self.lines {
            let whom = brief(line.name.as_deref().unwrap_or(&line.whom));
            let kinds = line.kinds.join(", ");
            write!(to, "{:>5}  {}  {:<13} {whom}", line.number, line.when, line.what.word())?;
            if !kinds.is_empty() {
                write!(to, ": {kinds}")?;
            }
            if let Some(request) = &line.request {
                write!(to, " ({request})")?;
            }
            match &line.device {
                Some(device) => writeln!(to, ", from {device}")?,
                None => writeln!(to)?,
            }
        }
        match &self.damage {
            Some(damage) => writeln!(to, "NOT INTACT: {damage}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendors_words_do_not_become_cells_or_formulas() {
        let line = Line {
            number: 1,
            when: "2026-01-02T03:04:05Z".to_owned(),
            what: What::Shown,
            whom: "https://shop.example".to_owned(),
            name: Some("=cmd()".to_owned()),
            kinds: vec!["A".to_owned(), "B".to_owned()],
            request: Some("a \"b\", c".to_owned()),
            device: Some("my phone".to_owned()),
        };
        let csv = Lines { intact: true, damage: None, lines: vec![line] }.to_csv();
        let row = csv.lines().nth(1).unwrap();
        assert_eq!(
            row,
            "1,2026-01-02T03:04:05Z,shown,https://shop.example,'=cmd(),A B,\"a \"\"b\"\", c\",my phone"
        );
    }
}
