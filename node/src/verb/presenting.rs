//! A vendor's challenge, the presentation made for it, and the check of that presentation.

use super::Verb;
use crate::door::Scope;
use crate::known::brief;
use crate::node::Node;
use crate::output::Text;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;

/// Makes a challenge: what a vendor wants to see, once, within minutes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewChallenge {
    /// The policy the presentation will be checked against.
    pub policy: String,
    /// Why, in words the customer reads.
    #[serde(default)]
    pub purpose: Option<String>,
    /// Where the customer's node sends the presentation; without it the customer hands it over.
    #[serde(default)]
    pub deliver: Option<String>,
}

/// A challenge, ready to be shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Challenge {
    /// What the customer's node takes: `countersign:challenge:…`, as text or QR code.
    pub challenge: String,
    /// The same as a QR code, an SVG picture to put on a page; none if it is too long for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr: Option<String>,
    /// What the presentation will repeat.
    pub nonce: String,
    /// When it ends.
    pub expires: String,
}

/// Makes a presentation for a challenge.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    /// The challenge.
    pub to: String,
    /// The claims to show; none means those the challenge asks for.
    #[serde(default)]
    pub claims: Vec<String>,
    /// Show even what the vendor will refuse: nothing at all, or claims that stand no longer.
    #[serde(default)]
    pub anyway: bool,
}

/// What was shown, to whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Presented {
    /// The presentation, for this vendor, this challenge, these minutes.
    pub presentation: Value,
    /// Whom it is for.
    pub vendor: String,
    /// The claims in it.
    pub claims: Vec<super::claims::Summary>,
    /// Claims the challenge asks for that were left out, because they stand no longer.
    #[serde(default)]
    pub left_out: Vec<super::claims::Summary>,
    /// Whether it was sent to the vendor; if not, hand it over.
    pub delivered: bool,
    /// What the vendor answered, if it told its decision at once. Its word, which nobody verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
}

/// What a vendor tells of its decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its answer.
    pub answer: Answer,
    /// Why, in its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Until when it is good, in its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Checks a presentation, or a bare identity with its showcase, against a policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The policy: its name in the policies folder, or the text of a policy file.
    pub policy: PolicyRef,
    /// The presentation a customer made for a challenge of this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation: Option<Value>,
    /// The identity to check without a presentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Use only what is held here, and ask nobody.
    #[serde(default)]
    pub offline: bool,
    /// A staple that came with the claims, in base64url: what it shows is used beside what is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staple: Option<String>,
}

/// A decision in one line.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Short<'a>(pub &'a Decided);

/// Names a policy or brings one along. A plain text is a name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", from = "Spelled")]
pub enum PolicyRef {
    /// The policy of this name in the policies folder of the node.
    Name(String),
    /// A policy file; `name` says which of its policies, if it has several.
    File {
        /// The file's text.
        text: String,
        /// The policy.
        #[serde(default)]
        name: Option<String>,
    },
}

/// How a policy is named in JSON: `"new-customer"`, `{"name": …}`, or `{"file": {"text": …}}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Spelled {
    Plain(String),
    Named { name: String },
    Brought { file: File },
}

#[derive(Deserialize)]
struct File {
    text: String,
    #[serde(default)]
    name: Option<String>,
}

impl From<Spelled> for PolicyRef {
    fn from(spelled: Spelled) -> Self {
        match spelled {
            Spelled::Plain(name) | Spelled::Named { name } => Self::Name(name),
            Spelled::Brought { file: File { text, name } } => Self::File { text, name },
        }
    }
}

/// A decision, as the policy made it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decided {
    /// `accepted`, `refused` or `unknown`.
    pub answer: Answer,
    /// Everything the decision rests on.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Value>,
    /// The same in words.
    pub explained: String,
}

/// The three answers a policy has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// All it asks for is proved.
    Accepted,
    /// Something it asks for is disproved.
    Refused,
    /// Something it needs is not known.
    Unknown,
}

impl Answer {
    /// Gives the word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

impl Verb for NewChallenge {
    type Answer = Challenge;
    const PATH: &'static str = "/v1/challenges";
    const SCOPE: Scope = Scope::Check;

    async fn perform(self, node: &Node) -> Result<Challenge, Problem> {
        node.new_challenge(self).await
    }
}

impl Verb for Present {
    type Answer = Presented;
    const PATH: &'static str = "/v1/present";
    const DEVICE: bool = true;

    async fn perform(self, node: &Node) -> Result<Presented, Problem> {
        node.present(&self.to, &self.claims, self.anyway).await
    }
}

impl Verb for Check {
    type Answer = Decided;
    const PATH: &'static str = "/v1/check";
    const SCOPE: Scope = Scope::Check;

    async fn perform(self, node: &Node) -> Result<Decided, Problem> {
        node.check(self).await
    }
}

impl Text for Challenge {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{}", self.challenge)
    }
}

impl Text for Presented {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        if !self.delivered {
            return writeln!(to, "{}", self.presentation);
        }
        writeln!(to, "{} was shown:", brief(&self.vendor))?;
        self.claims.iter().try_for_each(|claim| claim.text(to))?;
        let Some(Told { answer, because, until }) = &self.told else {
            return writeln!(to, "It has the presentation, and decides.");
        };
        write!(to, "It says: {}", answer.word().to_uppercase())?;
        if let Some(until) = until {
            write!(to, ", good until {until}")?;
        }
        match because {
            Some(because) => writeln!(to, "\n  \"{because}\""),
            None => writeln!(to),
        }
    }
}

impl Text for Short<'_> {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{}", self.0.explained.lines().next().unwrap_or_default())
    }
}

impl Text for Decided {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        to.write_all(self.explained.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_named_in_three_ways() {
        let name = |text: &str| match serde_json::from_str::<PolicyRef>(text) {
            Ok(PolicyRef::Name(name)) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(r#""new-customer""#), "new-customer");
        assert_eq!(name(r#"{"name": "new-customer"}"#), "new-customer");
        for policy in [
            PolicyRef::Name("shop".to_owned()),
            PolicyRef::File { text: "a".to_owned(), name: Some("b".to_owned()) },
        ] {
            let written = serde_json::to_string(&policy).unwrap();
            let read: PolicyRef = serde_json::from_str(&written).unwrap();
            assert_eq!(format!("{read:?}"), format!("{policy:?}"), "{written}");
        }
        assert!(serde_json::from_str::<PolicyRef>(r#"{"nmae": "x"}"#).is_err());
    }
}
