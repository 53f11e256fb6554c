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
    /// Its profile, whole; only if asked for by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Value>,
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
pub struct Watch {
    /// Names, DIDs or beginnings of them.
    pub names: BTreeSet<String>,
}

/// What is followed now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Watched {
    /// The SCIDs.
    pub watched: BTreeSet<String>,
    /// The number of the newest event: follow from there.
    pub newest_event: u64,
}

/// Keeps away from these peers, and no longer from others, until the node stops.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
pub struct Doctor {}

/// Gives the settings in force in the running node.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
            return writeln!(to, "no attestor told this network yet what it checks");
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
            if let Some(profile) = &attestor.profile {
                writeln!(to, "{profile:#}")?;
            }
        }
        writeln!(to, "(a list of who said so, not of who is to be trusted)")
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
