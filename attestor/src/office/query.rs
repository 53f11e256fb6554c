//! Which claims are meant: what an operator searches, lists and revokes by.

use crate::ledger::{Issued, Standing};
use core::fmt;
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Describes claims. What is not said leaves nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Query {
    /// The beginning of the claim's name, or a part of the identity it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The rule it was signed by: `name`, or `name/version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The source of evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// It was signed then or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// It was signed earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
    /// It ends earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_before: Option<Timestamp>,
}

/// What became of a claim, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It stands, and nothing took its place.
    Standing,
    /// It stands, and a newer one took its place.
    Renewed,
    /// Its time is over.
    Ended,
    /// It was taken back.
    Revoked,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Standing, Self::Renewed, Self::Ended, Self::Revoked];

    /// Tells what became of `issued`.
    #[must_use]
    pub fn of(issued: &Issued, now: Timestamp) -> Self {
        match (&issued.standing, &issued.renewed_by) {
            (Standing::Revoked { .. }, _) => Self::Revoked,
            (Standing::Live, _) if now >= issued.valid_until => Self::Ended,
            (Standing::Live, Some(_)) => Self::Renewed,
            (Standing::Live, None) => Self::Standing,
        }
    }

    /// Gives the word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Renewed => "renewed",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl Query {
    /// Tells whether nothing is said, so that all claims are meant.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Tells whether `issued` is meant.
    #[must_use]
    pub fn means(&self, issued: &Issued, now: Timestamp) -> bool {
        self.text.as_ref().is_none_or(|text| is_named(issued, text))
            && self.rule.as_ref().is_none_or(|wanted| is_by(&issued.rule(), wanted))
            && self.source.as_ref().is_none_or(|wanted| issued.source == *wanted)
            && self.state.is_none_or(|wanted| State::of(issued, now) == wanted)
            && self.since.is_none_or(|since| issued.issued >= since)
            && self.before.is_none_or(|before| issued.issued < before)
            && self.ends_before.is_none_or(|before| issued.valid_until < before)
    }
}

fn is_by(rule: &str, wanted: &str) -> bool {
    rule == wanted || rule.rsplit_once('/').is_some_and(|(name, _)| name == wanted)
}

/// Tells whether `text` is the beginning of the claim's name or a part of the identity it is about. An empty
/// text names nothing: it is a variable that was never set more often than it is everything.
fn is_named(issued: &Issued, text: &str) -> bool {
    let id = issued.id.strip_prefix("urn:uuid:").unwrap_or(&issued.id);
    let text = text.strip_prefix("urn:uuid:").unwrap_or(text);
    !text.is_empty() && (id.starts_with(text) || issued.subject.to_string().contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_meant_in_all_its_versions_or_in_one() {
        assert!(is_by("paypal-verified/2", "paypal-verified"));
        assert!(is_by("paypal-verified/2", "paypal-verified/2"));
        assert!(!is_by("paypal-verified/2", "paypal-verified/1"));
        assert!(!is_by("paypal-verified/2", "paypal"));
        assert!(!is_by("", "paypal"));
    }

    #[test]
    fn a_query_that_says_nothing_says_so() {
        assert!(Query::default().is_everything());
        assert!(!Query { rule: Some("x".to_owned()), ..Query::default() }.is_everything());
        assert!(State::ALL.into_iter().all(|state| State::parse(state.word()) == Some(state)));
    }
}
