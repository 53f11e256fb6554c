//! What a check must know of an identity, in the plainest form.

use super::Source;
use crate::did::{self, Did, Scid};
use crate::key::PublicKey;
use crate::proof::Purpose;
use crate::time::Timestamp;

/// An identity as it stands: its newest known document, after witnesses and forks were weighed.
///
/// Whoever makes one answers for it: it comes from a verified log, and from nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub scid: Scid,
    /// The DIDs it has had, the newest first: at least one.
    pub dids: Vec<Did>,
    /// The number of the log entry the document stands in.
    pub version: u64,
    /// The keys that document lists.
    pub keys: Vec<Method>,
    /// Whether somebody signed a second log under its name.
    pub fork: Fork,
    /// Whether its owner ended it.
    pub deactivated: bool,
}

/// A key of an identity, and what it may sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// What it may sign.
    pub purpose: Purpose,
    /// The fragment by which proofs name it.
    pub fragment: String,
    /// The key.
    pub key: PublicKey,
}

/// What is known of a second branch of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fork {
    /// Nothing: no proof of one is held.
    None,
    /// There is one, and exactly one branch is witnessed: that one stands.
    Settled,
    /// There is one that nobody settled: the identity stands at the common prefix.
    Open,
}

impl Standing {
    /// Gives its newest DID.
    #[must_use]
    pub fn did(&self) -> Option<&Did> {
        self.dids.first()
    }

    /// Tells whether it has had this DID.
    #[must_use]
    pub fn knows(&self, did: &Did) -> bool {
        self.dids.contains(did)
    }

    /// Finds the key behind the URL of a verification method.
    #[must_use]
    pub fn key_for(&self, purpose: Purpose, url: &str) -> Option<PublicKey> {
        let (did, fragment) = did::split_fragment(url).ok()?;
        let fits = |method: &&Method| method.purpose == purpose && method.fragment == fragment;
        self.knows(&did).then(|| self.keys.iter().find(fits).map(|method| method.key))?
    }

    /// Tells whether it lists `key` for this purpose.
    #[must_use]
    pub fn lists(&self, purpose: Purpose, key: &PublicKey) -> bool {
        self.keys.iter().any(|method| method.purpose == purpose && method.key == *key)
    }
}

/// Somebody's word that, at a time, nothing newer of an identity was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Whose state.
    pub scid: Scid,
    /// When that was.
    pub time: Timestamp,
    /// The log entry that was the newest then.
    pub version: u64,
    /// Whose word.
    pub source: Source,
}
