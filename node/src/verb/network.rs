//! The network this node is in: invitations, peers, attestors, and how well all of it is.

use super::Verb;
use crate::door::Scope;
use crate::node::Node;
use crate::output::Text;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io;

/// Makes an invitation that names this node as first peer. It offers the witnesses this node was
/// offered itself, those its owner trusts, and the node's own if it is one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// Witnesses to offer besides, each as did:key.
    #[serde(default)]
    pub witnesses: Vec<String>,
}

/// An invitation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invitation {
    /// What `countersign join` takes: `countersign:invite:…`.
    pub invite: String,
    /// The network's id.
    pub network: String,
    /// Addresses of first peers.
    pub peers: Vec<String>,
    /// Witnesses it offers: more than half of them cosign each change of a newcomer's identity.
    #[serde(default)]
    pub witnesses: Vec<String>,
}

/// Lists attestors that told the network what they check. Being listed is no endorsement.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestors {
    /// Only those that sign this type of claim.
    #[serde(default)]
    pub claim: Option<String>,
    /// Only this one, whole.
    #[serde(default)]
    pub name: Option<String>,
}

/// Attestors.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Listed {
    /// In the order of their names.
    pub attestors: Vec<Attestor>,
}

/// An attestor, as it describes itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attestor {
    /// The name given to it here, or the one it gives itself in quotes.
    pub name: String,
    /// Its DID.
    pub did: String,
    /// Eight characters to compare.
    pub fingerprint: String,
    /// The types of claims it signs.
    pub claims: Vec<String>,
    /// Who accredited it, as far as this node knows now.
    #[serde(default)]
    pub accredited: Vec<Accredited>,
    /// What it says of itself; only if asked for by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// Its profile, whole; only if asked for by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Value>,
}

/// What an attestor says of itself, and how far its word on what it took back reaches here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Details {
    /// What it signs.
    pub offers: Vec<Offer>,
    /// Where to reach it.
    pub reach: Vec<String>,
    /// Its status lists.
    pub lists: Vec<StatusList>,
    /// When it said all this.
    pub said: Option<String>,
    /// Until when it can be relied on.
    pub until: Option<String>,
}

/// One type of claim that an attestor signs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Offer {
    /// The type.
    pub claim: String,
    /// What it rests on, in the attestor's words.
    pub evidence: String,
    /// What the attestor keeps after signing, in its words.
    pub kept: Vec<String>,
    /// The rule it decides by.
    pub rule: String,
    /// The version of the rule.
    pub version: u64,
}

/// A status list of an attestor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatusList {
    /// Its number.
    pub number: u64,
    /// What a bit in it means: `revocation` or `suspension`.
    pub purpose: String,
    /// The newest moment for which this node has its attestor's word; none if it has none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// Until when the attestor lets that word be relied on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Somebody who stands behind an attestor, by accreditations that it shows the world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accredited {
    /// The name given to them here, the one they give themselves in quotes, or their DID.
    pub name: String,
    /// Their DID.
    pub did: String,
    /// Eight characters to compare.
    pub fingerprint: String,
    /// For which types of claims.
    pub claims: BTreeSet<String>,
}

/// Follows identities: what happens to them comes as events.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Names, DIDs or beginnings of them.
    pub names: BTreeSet<String>,
}

/// Follows identities no longer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unwatch {
    /// Names, DIDs or beginnings of them.
    pub names: BTreeSet<String>,
}

/// What was asked to be followed, or what still is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Watched {
    /// The SCIDs.
    pub watched: BTreeSet<String>,
    /// The number of the newest event: follow from there.
    pub newest_event: u64,
}

/// Keeps away from these peers, and no longer from others, until the node stops.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Their names as other nodes know them, such as 12D3Koo….
    pub peers: BTreeSet<String>,
}

/// Whom the node keeps away from now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Blocked {
    /// Their names.
    pub blocked: BTreeSet<String>,
}

/// Looks at everything that may be wrong, and says what to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doctor {}

/// Gives the settings in force in the running node.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {}

/// What was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Findings {
    /// One for each thing looked at.
    pub findings: Vec<Finding>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Finding {
    /// What.
    pub what: String,
    /// How it is.
    pub health: Health,
    /// In words.
    pub says: String,
    /// What to do, unless it is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Well.
    Good,
    /// It works, and something should be done.
    Warning,
    /// It does not work.
    Bad,
}

impl Verb for Invite {
    type Answer = Invitation;
    const PATH: &'static str = "/v1/invite";

    async fn perform(self, node: &Node) -> Result<Invitation, Problem> {
        node.invitation(&self.witnesses).await
    }
}

impl Verb for Attestors {
    type Answer = Listed;
    const PATH: &'static str = "/v1/attestors";
    const SCOPE: Scope = Scope::Check;

    async fn perform(self, node: &Node) -> Result<Listed, Problem> {
        node.attestors(self.claim.as_deref(), self.name.as_deref()).await
    }
}

impl Verb for Watch {
    type Answer = Watched;
    const PATH: &'static str = "/v1/watch";
    const SCOPE: Scope = Scope::Watch;

    async fn perform(self, node: &Node) -> Result<Watched, Problem> {
        node.watch(&self.names).await
    }
}

impl Verb for Unwatch {
    type Answer = Watched;
    const PATH: &'static str = "/v1/unwatch";
    const SCOPE: Scope = Scope::Watch;

    async fn perform(self, node: &Node) -> Result<Watched, Problem> {
        node.unwatch(&self.names).await
    }
}

impl Verb for Block {
    type Answer = Blocked;
    const PATH: &'static str = "/v1/block";

    async fn perform(self, node: &Node) -> Result<Blocked, Problem> {
        node.block(&self.peers)
    }
}

impl Verb for Doctor {
    type Answer = Findings;
    const PATH: &'static str = "/v1/doctor";

    async fn perform(self, node: &Node) -> Result<Findings, Problem> {
        node.examine().await
    }
}

impl Verb for Settings {
    type Answer = crate::config::Config;
    const PATH: &'static str = "/v1/settings";

    async fn perform(self, node: &Node) -> Result<Self::Answer, Problem> {
        let mut config = node.config().clone();
        // It opens and shuts while the node runs.
        config.doors.phone = node.devices()?.at;
        // So do these.
        node.caps().await.put(&mut config);
        Ok(config)
    }
}

impl Findings {
    /// Tells how the worst of it is.
    #[must_use]
    pub fn worst(&self) -> Health {
        self.findings.iter().map(|finding| finding.health).max().unwrap_or(Health::Good)
    }
}

impl Text for Invitation {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{}", self.invite)
    }
}

impl Text for Listed {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        if self.attestors.is_empty() {
            return writeln!(to, "this node has heard of no attestor yet");
        }
        for attestor in &self.attestors {
            let claims = attestor.claims.join(", ");
            writeln!(to, "{:<16} {}  {claims}", attestor.name, attestor.fingerprint)?;
            writeln!(to, "                 {}", attestor.did)?;
            for by in &attestor.accredited {
                let claims: Vec<&str> = by.claims.iter().map(String::as_str).collect();
                let (name, fingerprint) = (&by.name, &by.fingerprint);
                writeln!(
                    to,
                    "                 accredited by {name} ({fingerprint}) for {}",
                    claims.join(", ")
                )?;
            }
            if let Some(details) = &attestor.details {
                details.text(to)?;
            }
        }
        writeln!(to, "(a list of who said so, not of who is to be trusted)")
    }
}

impl Text for Details {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        for offer in &self.offers {
            writeln!(to, "\nsigns {}", offer.claim)?;
            writeln!(to, "  rests on    {}", offer.evidence)?;
            writeln!(to, "  rule        {}, version {}", offer.rule, offer.version)?;
            let kept = offer.kept.iter().map(String::as_str);
            let kept = if offer.kept.is_empty() { vec!["nothing"] } else { kept.collect() };
            for (number, line) in kept.iter().enumerate() {
                let head = if number == 0 { "keeps" } else { "" };
                writeln!(to, "  {head:<11} {line}")?;
            }
        }
        writeln!(to)?;
        for place in &self.reach {
            writeln!(to, "reached at    {place}")?;
        }
        for list in &self.lists {
            let StatusList { number, purpose, as_of, until } = list;
            write!(to, "status list   {number} ({purpose}): ")?;
            match (as_of, until) {
                (Some(as_of), Some(until)) => {
                    writeln!(to, "its word of {as_of} is held here, good until {until}")?;
                }
                _ => writeln!(to, "nothing of it is held here yet")?,
            }
        }
        match (&self.said, &self.until) {
            (Some(said), Some(until)) => writeln!(to, "said          {said}, good until {until}\n"),
            _ => writeln!(to),
        }
    }
}

impl Text for Watched {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        self.watched.iter().try_for_each(|scid| writeln!(to, "watching {scid}"))
    }
}

impl Text for Blocked {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        if self.blocked.is_empty() {
            return writeln!(to, "your node keeps away from nobody");
        }
        self.blocked.iter().try_for_each(|peer| writeln!(to, "keeping away from {peer}"))
    }
}

impl Text for Findings {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        for finding in &self.findings {
            let mark = match finding.health {
                Health::Good => "ok  ",
                Health::Warning => "look",
                Health::Bad => "BAD ",
            };
            writeln!(to, "{mark}  {:<10} {}", finding.what, finding.says)?;
            if let Some(hint) = &finding.hint {
                writeln!(to, "                 -> {hint}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_attestor_reads_like_a_page_and_not_like_a_program() {
        let listed = json!([{
            "name": "north", "did": "did:webvh:x", "fingerprint": "abcdefgh", "claims": ["AccountVerified"],
            "accredited": [{
                "name": "federation", "did": "did:webvh:y", "fingerprint": "ijklmnop",
                "claims": ["AccountVerified"],
            }],
            "details": {
                "offers": [{
                    "claim": "AccountVerified", "evidence": "a sign-in", "rule": "verified", "version": 3,
                    "kept": ["when you signed in, for 90 days", "a code for your account"],
                }],
                "reach": ["https://north.example"],
                "lists": [
                    {
                        "number": 1, "purpose": "revocation", "as_of": "2026-11-22T12:00:00Z",
                        "until": "2026-11-23T12:00:00Z",
                    },
                    { "number": 2, "purpose": "revocation" },
                ],
                "said": "2026-11-20T12:00:00Z", "until": "2026-12-20T12:00:00Z",
            },
            "profile": { "type": ["VerifiableCredential"] },
        }]);
        let listed: Listed = serde_json::from_value(listed).unwrap();
        let mut written = Vec::new();
        listed.text(&mut written).unwrap();
        let written = String::from_utf8(written).unwrap();
        for line in [
            "accredited by federation (ijklmnop) for AccountVerified",
            "signs AccountVerified\n  rests on    a sign-in\n  rule        verified, version 3\n",
            "  keeps       when you signed in, for 90 days\n              a code for your account\n",
            "reached at    https://north.example\n",
            "1 (revocation): its word of 2026-11-22T12:00:00Z is held here, good until 2026-11-23T",
            "2 (revocation): nothing of it is held here yet\n",
            "said          2026-11-20T12:00:00Z, good until 2026-12-20T12:00:00Z\n",
        ] {
            assert!(written.contains(line), "{line}\n{written}");
        }
        assert!(!written.contains('{') && !written.contains("VerifiableCredential"), "{written}");
        assert!(serde_json::to_string(&listed).unwrap().contains("VerifiableCredential"));
    }
}
