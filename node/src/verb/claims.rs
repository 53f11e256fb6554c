//! The customer's claims: asked for, looked at, published, withdrawn, forgotten.

use super::Verb;
use crate::known::{brief, quoted};
use crate::node::Node;
use crate::output::{Text, counted};
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io;

/// Asks an attestor for a claim, up to the sign-in at the attestor's provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The attestor: a name, a DID or the beginning of one, or the name it gives itself if no other
    /// attestor gives itself the same.
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
    /// The attestor that was meant: its DID.
    pub attestor: String,
    /// The page to open in a browser.
    pub url: String,
    /// The code to type there, where the browser is not on this computer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The fingerprint of who asks, for comparing with what the page shows.
    #[serde(default)]
    pub fingerprint: String,
}

/// Waits until the sign-in is done and keeps the claim.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// The request.
    pub request: String,
}

/// Takes a claim about the owner that somebody signed and handed over, such as an accreditation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Add {
    /// The credential, as it was signed.
    pub claim: Value,
    /// Whether the world is shown it, too.
    #[serde(default)]
    pub publish: bool,
}

/// A claim that was taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Added {
    /// The claim.
    pub claim: Summary,
    /// The names of those it took the place of, which are gone; what was taken back before stays.
    pub replaced: Vec<String>,
    /// What the world sees now, if that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
}

/// Lists the claims this person holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {}

/// Shows one claim whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The claim, or the beginning of its name.
    pub claim: String,
}

/// Shows claims to the world, in the next version of the showcase.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The claims.
    pub claims: Vec<String>,
}

/// Takes claims out of the showcase, with its next version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The claims; none means all.
    pub claims: Vec<String>,
}

/// Removes a claim from this node for ever.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forget {
    /// The claim.
    pub claim: String,
}

/// Asks attestors for the claims they stand by now: signed with a new key, renewed, or lost on the way.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renew {
    /// The claims; none means all.
    #[serde(default)]
    pub claims: Vec<String>,
}

/// What came of asking.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Renewed {
    /// Claims that are new here; what they take the place of is gone, unless it was taken back.
    pub renewed: Vec<Summary>,
    /// Claims that are as they were, also those their attestor stands by no longer.
    pub unchanged: Vec<Summary>,
    /// Attestors that gave no answer, or a claim that does not hold and was left out, and why.
    pub unanswered: Vec<Unanswered>,
    /// The names of those unchanged ones that end soon or have ended: whoever wants them for longer signs in again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sign_in_again: Vec<String>,
}

/// An attestor that gave no answer, or not a whole one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unanswered {
    /// Its name, or its DID.
    pub attestor: String,
    /// Why.
    pub because: String,
}

/// Makes a staple: what has to lie beside claims so that they can be checked with no network.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staple {
    /// The claims.
    pub claims: Vec<String>,
}

/// A staple.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stapled {
    /// The staple, in base64url.
    pub staple: String,
    /// The identities it is about: yours and those of the attestors.
    pub identities: Vec<String>,
    /// How many of them a witness called the newest.
    pub fresh: usize,
    /// How many status lists are in it.
    pub lists: usize,
}

/// How a claim stands, as far as this node knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It is signed, in its time, and not taken back.
    Stands,
    /// Its attestor took it back, for ever.
    Revoked,
    /// Its attestor took it back for now.
    Suspended,
    /// Its time is over.
    Ended,
    /// Its attestor no longer lists the key that signed it.
    KeyGone,
    /// Too little is known to say.
    Unknown,
}

impl How {
    /// Tells whether a vendor that knows the same would refuse it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            Self::Revoked | Self::Suspended | Self::Ended | Self::KeyGone => true,
            Self::Stands | Self::Unknown => false,
        }
    }
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
    /// What they call themselves, if they have no name here and are known; nobody checked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_itself: Option<String>,
    /// What it says.
    pub says: Map<String, Value>,
    /// Until when.
    pub valid_until: Option<String>,
    /// Whether it is in the showcase.
    pub published: bool,
    /// How it stands.
    pub standing: How,
    /// Since when, if it stands no longer and that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why, as far as the network knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
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

impl Verb for Add {
    type Answer = Added;
    const PATH: &'static str = "/v1/claims/add";

    async fn perform(self, node: &Node) -> Result<Added, Problem> {
        node.add_claim(self.claim, self.publish).await
    }
}

impl Verb for List {
    type Answer = Summaries;
    const PATH: &'static str = "/v1/claims";
    const DEVICE: bool = true;

    async fn perform(self, node: &Node) -> Result<Summaries, Problem> {
        Ok(Summaries { claims: node.claims().await? })
    }
}

impl Verb for Show {
    type Answer = Whole;
    const PATH: &'static str = "/v1/claims/show";
    const DEVICE: bool = true;

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

impl Verb for Renew {
    type Answer = Renewed;
    const PATH: &'static str = "/v1/claims/renew";

    async fn perform(self, node: &Node) -> Result<Renewed, Problem> {
        node.renew_claims(&self.claims).await
    }
}

impl Verb for Staple {
    type Answer = Stapled;
    const PATH: &'static str = "/v1/claims/staple";

    async fn perform(self, node: &Node) -> Result<Stapled, Problem> {
        node.staple(&self.claims).await
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
        let attestor = brief(&self.attestor);
        match &self.calls_itself {
            // In quotes, as in the list of attestors: no name that its owner gave.
            Some(name) => write!(to, "          {} ({attestor})", quoted(name))?,
            None => write!(to, "          {attestor}")?,
        }
        writeln!(to, " says: {}", words(&self.says))?;
        let word = match self.standing {
            How::Stands => return Ok(()),
            How::Revoked => "REVOKED",
            How::Suspended => "SUSPENDED",
            How::Ended => "ENDED",
            How::KeyGone => "NO LONGER SIGNED",
            How::Unknown => "not known whether it stands",
        };
        write!(to, "          {word}")?;
        if let Some(since) = &self.since {
            write!(to, " since {since}")?;
        }
        match &self.because {
            Some(because) => writeln!(to, ": {because}"),
            None => writeln!(to),
        }
    }
}

impl Text for Added {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        self.claim.text(to)?;
        for old in &self.replaced {
            writeln!(to, "It took the place of {old}.")?;
        }
        match &self.shown {
            Some(shown) => shown.text(to),
            None => Ok(()),
        }
    }
}

impl Text for Renewed {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        for (what, claims) in [("new", &self.renewed), ("as it was", &self.unchanged)] {
            for claim in claims {
                writeln!(to, "{what}:")?;
                claim.text(to)?;
                if self.sign_in_again.contains(&claim.name) {
                    let Summary { claim: kind, attestor, valid_until, .. } = claim;
                    let until = valid_until.as_deref().unwrap_or_default();
                    writeln!(
                        to,
                        "          It ends {until}, and its attestor signed nothing newer. Sign in for it again:"
                    )?;
                    writeln!(
                        to,
                        "          countersign claim request --from {attestor} --type {kind}"
                    )?;
                }
            }
        }
        for Unanswered { attestor, because } in &self.unanswered {
            writeln!(to, "{} did not answer as it should: {because}", brief(attestor))?;
        }
        Ok(())
    }
}

impl Text for Stapled {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        let Self { staple: _, identities, fresh, lists } = self;
        writeln!(
            to,
            "how {} identities ({fresh} with a witness's word) and {lists} status lists stand now",
            identities.len()
        )
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
            writeln!(to, "  nothing")?;
        }
        self.claims.iter().try_for_each(|claim| claim.text(to))?;
        let keepers = counted(self.keepers, "keeper");
        writeln!(to, "{keepers} promised to keep it while this computer is off")
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
