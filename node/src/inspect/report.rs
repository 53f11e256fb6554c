//! What was found out about one file, for people and for programs.

use core::fmt;
use countersign_protocol::time::Timestamp;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

/// Everything found out about one file.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The file's name, as it was given.
    pub file: String,
    /// What is in it.
    pub kind: Kind,
    /// Whether it holds: the worst of its checks.
    pub answer: Answer,
    /// What it says, in words.
    pub says: String,
    /// Who is said to have signed it; whether they did is among the checks.
    pub signed_by: Vec<String>,
    /// When it is said to have been signed.
    pub signed_at: Option<Timestamp>,
    /// What was checked.
    pub checks: Vec<Check>,
    /// What stands in it, name by name.
    pub facts: Facts,
}

impl Report {
    /// Begins the report of a file.
    pub(super) fn new(file: &str, kind: Kind) -> Self {
        Self {
            file: file.to_owned(),
            kind,
            answer: Answer::Holds,
            says: String::new(),
            signed_by: Vec::new(),
            signed_at: None,
            checks: Vec::new(),
            facts: Facts::default(),
        }
    }

    /// Adds the outcome of a check.
    pub(super) fn check(&mut self, name: impl Into<String>, finding: Finding) {
        let Finding { result, reason } = finding;
        self.answer = self.answer.max(result.answer());
        self.checks.push(Check { name: name.into(), result, reason });
    }

    /// Adds something that stands in the file.
    pub(super) fn fact(&mut self, name: &'static str, value: impl Into<Value>) {
        self.facts.0.push((name, value.into()));
    }

    /// Adds who is said to have signed, and when.
    pub(super) fn signed(&mut self, by: impl Into<String>, at: Option<Timestamp>) {
        self.signed_by.push(by.into());
        self.signed_at = at;
    }

    /// Takes over what was checked of a part.
    pub(super) fn take(&mut self, name: &str, part: Self) {
        for Check { name: check, result, reason } in part.checks {
            self.check(format!("{name}: {check}"), Finding { result, reason });
        }
    }

    /// Ends the report of a file that is not what it begins as.
    pub(super) fn malformed(mut self, why: impl fmt::Display) -> Self {
        self.check(FORM, Finding::broken(why));
        self
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "`Kind::what` says it in words")]
pub enum Kind {
    Log,
    WitnessFile,
    Credential,
    StatusList,
    AttestorProfile,
    Presentation,
    Showcase,
    Head,
    StatusStatement,
    Freshness,
    Receipt,
    ForkProof,
    Staple,
    Invitation,
    Challenge,
    Record,
    Document,
    Unrecognised,
}

impl Kind {
    /// Gives the words for it.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Log => "the log of an identity",
            Self::WitnessFile => "a witness file",
            Self::Credential => "a credential",
            Self::StatusList => "a status list",
            Self::AttestorProfile => "an attestor's profile",
            Self::Presentation => "a presentation",
            Self::Showcase => "a showcase",
            Self::Head => "a head",
            Self::StatusStatement => "a status statement",
            Self::Freshness => "a freshness proof",
            Self::Receipt => "a keeper's receipt",
            Self::ForkProof => "a fork proof",
            Self::Staple => "a staple",
            Self::Invitation => "an invitation to a network",
            Self::Challenge => "a vendor's challenge",
            Self::Record => "a sealed record",
            Self::Document => "a DID document",
            Self::Unrecognised => "not recognised",
        }
    }
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// How it came out.
    pub result: Outcome,
    /// Why.
    pub reason: String,
}

/// How one check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is as it should be.
    Holds,
    /// It is a question of its own, which nothing that was given answers.
    NotAsked,
    /// Something that is needed to say was not given.
    Unknown,
    /// It is not as it should be.
    Broken,
}

impl Outcome {
    const fn answer(self) -> Answer {
        match self {
            Self::Holds | Self::NotAsked => Answer::Holds,
            Self::Unknown => Answer::Unknown,
            Self::Broken => Answer::Broken,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::NotAsked => "not asked",
            Self::Unknown => "unknown",
            Self::Broken => "broken",
        }
    }
}

/// Whether a signed object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It does.
    Holds,
    /// Something that is needed to say was not given.
    Unknown,
    /// It does not.
    Broken,
}

impl Answer {
    const fn word(self) -> &'static str {
        match self {
            Self::Holds => "HOLDS",
            Self::Unknown => "CANNOT SAY",
            Self::Broken => "DOES NOT HOLD",
        }
    }
}

/// The outcome of a check before it has a name.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) result: Outcome,
    pub(super) reason: String,
}

impl Finding {
    pub(super) fn holds(reason: impl fmt::Display) -> Self {
        Self { result: Outcome::Holds, reason: reason.to_string() }
    }

    pub(super) fn not_asked(reason: impl fmt::Display) -> Self {
        Self { result: Outcome::NotAsked, reason: reason.to_string() }
    }

    pub(super) fn unknown(reason: impl fmt::Display) -> Self {
        Self { result: Outcome::Unknown, reason: reason.to_string() }
    }

    pub(super) fn broken(reason: impl fmt::Display) -> Self {
        Self { result: Outcome::Broken, reason: reason.to_string() }
    }
}

/// What stands in a file, in the order in which a person wants to read it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts(Vec<(&'static str, Value)>);

impl Facts {
    /// Gives the value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "{}: {}  {}", self.file, self.kind.what(), self.answer.word())?;
        if !self.says.is_empty() {
            writeln!(to, "  says       {}", self.says)?;
        }
        for signer in &self.signed_by {
            writeln!(to, "  signed by  {signer}")?;
        }
        if let Some(time) = self.signed_at {
            writeln!(to, "  signed at  {time}")?;
        }
        let widest = self.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
        for Check { name, result, reason } in &self.checks {
            writeln!(to, "  {name:<widest$}  {:<9}  {reason}", result.word())?;
        }
        let widest = self.facts.0.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in &self.facts.0 {
            writeln!(to, "    {name:<widest$}  {}", plain(value))?;
        }
        Ok(())
    }
}

/// Writes a value as a person would.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Whether the bytes are what they begin as.
pub(super) const FORM: &str = "form";
/// Whether the key that is named signed, and may.
pub(super) const SIGNATURE: &str = "signature";
/// Whether it means something now.
pub(super) const PERIOD: &str = "period";
