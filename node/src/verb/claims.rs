//! The customer's claims: asked for, looked at, published, withdrawn, forgotten.

use super::Verb;
use crate::node::Node;
use crate::output::Text;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io;

/// Asks an attestor for a claim, up to the sign-in at the attestor's provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// The attestor: a name, a DID or the beginning of one.
    pub attestor: String,
    /// The type of claim; may be left out if the attestor makes only one.
    #[serde(default)]
    pub claim: Option<String>,
    /// Whether a browser can reach this computer; without one the person types a code.
    #[serde(default = "yes")]
    pub browser: bool,
}

/// Where to sign in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignIn {
    /// Names this request in [`Collect`].
    pub request: String,
    /// The page to open in a browser.
    pub url: String,
    /// The code to type there, where the browser is not on this computer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Waits until the sign-in is done and keeps the claim.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Collect {
    /// The request.
    pub request: String,
}

/// Lists the claims this person holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct List {}

/// Shows one claim whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Show {
    /// The claim, or the beginning of its name.
    pub claim: String,
}

/// Shows claims to the world, in the next version of the showcase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Publish {
    /// The claims.
    pub claims: Vec<String>,
}

/// Takes claims out of the showcase, with its next version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Withdraw {
    /// The claims; none means all.
    pub claims: Vec<String>,
}

/// Removes a claim from this node for ever.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Forget {
    /// The claim.
    pub claim: String,
}

/// A claim in a few words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Names it on this node: eight characters.
    pub name: String,
    /// What kind of claim.
    pub claim: String,
    /// Who signed it: a name given to them, or their DID.
    pub attestor: String,
    /// What it says.
    pub says: Map<String, Value>,
    /// Until when.
    pub valid_until: Option<String>,
    /// Whether it is in the showcase.
    pub published: bool,
}

/// Claims in a few words.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Summaries {
    /// The newest first.
    pub claims: Vec<Summary>,
}

/// A claim as the attestor signed it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Whole {
    /// The credential.
    pub credential: Value,
}

/// What the world sees now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shown {
    /// The version of the showcase.
    pub version: u64,
    /// The claims in it.
    pub claims: Vec<Summary>,
    /// How many keepers promised to keep it.
    pub keepers: usize,
}

const fn yes() -> bool {
    true
}

impl Verb for Request {
    type Answer = SignIn;
    const PATH: &'static str = "/v1/claims/request";

    async fn perform(self, node: &Node) -> Result<SignIn, Problem> {
        node.request_claim(&self.attestor, self.claim.as_deref(), self.browser).await
    }
}

impl Verb for Collect {
    type Answer = Summary;
    const PATH: &'static str = "/v1/claims/collect";

    async fn perform(self, node: &Node) -> Result<Summary, Problem> {
        node.collect_claim(&self.request).await
    }
}

impl Verb for List {
    type Answer = Summaries;
    const PATH: &'static str = "/v1/claims";

    async fn perform(self, node: &Node) -> Result<Summaries, Problem> {
        Ok(Summaries { claims: node.claims().await? })
    }
}

impl Verb for Show {
    type Answer = Whole;
    const PATH: &'static str = "/v1/claims/show";

    async fn perform(self, node: &Node) -> Result<Whole, Problem> {
        Ok(Whole { credential: node.claim(&self.claim)?.credential.to_value() })
    }
}

impl Verb for Publish {
    type Answer = Shown;
    const PATH: &'static str = "/v1/claims/publish";

    async fn perform(self, node: &Node) -> Result<Shown, Problem> {
        node.publish_claims(&self.claims).await
    }
}

impl Verb for Withdraw {
    type Answer = Shown;
    const PATH: &'static str = "/v1/claims/withdraw";

    async fn perform(self, node: &Node) -> Result<Shown, Problem> {
        node.withdraw_claims(&self.claims).await
    }
}

impl Verb for Forget {
    type Answer = Summary;
    const PATH: &'static str = "/v1/claims/forget";

    async fn perform(self, node: &Node) -> Result<Summary, Problem> {
        node.forget_claim(&self.claim).await
    }
}

impl Text for SignIn {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "Open this page and sign in:\n\n  {}\n", self.url)?;
        match &self.code {
            Some(code) => writeln!(to, "The page asks for this code: {code}"),
            None => Ok(()),
        }
    }
}

impl Text for Summary {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        let mark = if self.published { "published" } else { "private" };
        let until = self.valid_until.as_deref().unwrap_or("no end");
        writeln!(to, "{}  {:<26} {mark:<10} until {until}", self.name, self.claim)?;
        writeln!(to, "          {} says: {}", self.attestor, words(&self.says))
    }
}

impl Text for Summaries {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        if self.claims.is_empty() {
            return writeln!(to, "no claims yet: `countersign claim request --from ATTESTOR`");
        }
        self.claims.iter().try_for_each(|claim| claim.text(to))
    }
}

impl Text for Whole {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{:#}", self.credential)
    }
}

impl Text for Shown {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "The world sees version {} of your showcase:", self.version)?;
        if self.claims.is_empty() {
            writeln!(to, "  nothing (whoever took a copy of an earlier version still has it)")?;
        }
        self.claims.iter().try_for_each(|claim| claim.text(to))?;
        writeln!(to, "{} keepers promised to keep it while this computer is off", self.keepers)
    }
}

/// Writes what a claim says in one line.
#[must_use]
pub fn words(says: &Map<String, Value>) -> String {
    let part = |(name, value): (&String, &Value)| match value {
        Value::String(text) => format!("{name} = {text}"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            format!("{name} = {value}")
        }
    };
    says.iter().filter(|(name, _)| *name != "id").map(part).collect::<Vec<_>>().join(", ")
}
