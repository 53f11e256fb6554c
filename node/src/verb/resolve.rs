//! Finds an identity and says what is known of it.

use super::Verb;
use crate::door::Scope;
use crate::node::Node;
use crate::output::Text;
use crate::problem::{Kind, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;

/// Resolves an identity by a name given to it, its DID, its SCID or the beginning of one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// The name.
    pub name: String,
    /// Whether to ask three peers for something newer even if it is held here.
    #[serde(default)]
    pub fresh: bool,
}

/// What is known of an identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Resolution {
    /// Its DID, as its newest standing entry says.
    pub did: String,
    /// Its name for ever.
    pub scid: String,
    /// Eight characters to compare.
    pub fingerprint: String,
    /// Its document.
    pub document: Value,
    /// DID document metadata, as did:webvh 1.0 lists it.
    pub metadata: Value,
    /// Whether its owner ended it.
    pub deactivated: bool,
    /// Whether somebody signed two things of which there may only be one.
    pub forked: bool,
    /// How many peers of different address prefixes knew nothing newer just now.
    pub confirmed: u32,
}

impl Verb for Resolve {
    type Answer = Resolution;
    const PATH: &'static str = "/v1/resolve";
    const SCOPE: Scope = Scope::Check;

    async fn perform(self, node: &Node) -> Result<Resolution, Problem> {
        let scid = node.scid_of(&self.name).await?;
        let known = node.known(scid, self.fresh).await.map_err(|problem| {
            // Nobody was asked, so nobody said that there is no such identity.
            if problem.is_no() && !node.is_online() {
                problem.of(Kind::Unavailable)
            } else {
                problem
            }
        })?;
        known.check_name(&self.name)?;
        Ok(Resolution {
            did: known.did().to_string(),
            scid: scid.to_string(),
            fingerprint: scid.fingerprint(),
            document: known.document().value().clone(),
            metadata: known.metadata(),
            deactivated: known.is_deactivated(),
            forked: known.is_forked(),
            confirmed: known.confirmed(),
        })
    }
}

impl Text for Resolution {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{}", self.did)?;
        writeln!(to, "fingerprint  {}", self.fingerprint)?;
        for key in ["versionId", "created", "updated"] {
            if let Some(value) = self.metadata.get(key).and_then(Value::as_str) {
                writeln!(to, "{key:<12} {value}")?;
            }
        }
        if self.deactivated {
            writeln!(to, "deactivated  its owner ended it")?;
        }
        if self.forked {
            writeln!(to, "forked       somebody signed two versions of it; a proof is held")?;
        }
        Ok(())
    }
}
