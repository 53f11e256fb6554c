//! What a check must know of an identity, in the plainest form.

use super::Source;
use crate::did::log::History;
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
    /// Takes what a check must know out of a history that stands: cut to what its witnesses
    /// approved, and on the branch that counts.
    #[must_use]
    pub fn of(history: &History, fork: Fork) -> Self {
        let mut dids: Vec<Did> = Vec::new();
        for version in core::iter::successors(Some(history.clone()), History::parent) {
            if !dids.contains(version.did()) {
                dids.push(version.did().clone());
            }
        }
        let listed = |purpose| {
            let methods = history.document().methods(purpose).iter();
            methods.map(move |method| Method {
                purpose,
                fragment: method.fragment.clone(),
                key: method.key,
            })
        };
        Self {
            scid: history.scid(),
            dids,
            version: history.number(),
            keys: listed(Purpose::AssertionMethod).chain(listed(Purpose::Authentication)).collect(),
            fork,
            deactivated: history.is_deactivated(),
        }
    }

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
    /// In how many parts of the internet the peers are whose word it is; 0 for a witness.
    pub peers: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::did::log::draft::{self, Change, Keys, Place, Signing};
    use crate::key::SecretKey;

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed([seed; 32])
    }

    #[test]
    fn a_moved_identity_stands_under_all_its_names_with_its_newest_keys() {
        let (next, recovery) = (key(2).public(), key(9).public());
        let now = Timestamp::from_seconds(1_795_332_600);
        let keys = |seed| Keys {
            authentication: vec![key(seed).public()],
            assertion: vec![key(40).public()],
        };
        let first = key(1);
        let signing = Signing { key: &first, next: &next, recovery: &recovery };
        let born = draft::create(Place::Home, &keys(30), None, signing, now).unwrap().history;
        let change = Change {
            keys: Some(keys(31)),
            place: Some(Place::Domain("ada.example")),
            ..Change::default()
        };
        let (second, next) = (key(2), key(3).public());
        let signing = Signing { key: &second, next: &next, recovery: &recovery };
        let moved = draft::change(&born, &change, signing, now.plus(60)).unwrap().history;

        let standing = Standing::of(&moved, Fork::None);
        assert_eq!((standing.scid, standing.version), (born.scid(), 2));
        assert_eq!(standing.dids, [moved.did().clone(), born.did().clone()]);
        let found = |purpose, seed: u8, did: &Did| {
            let key = key(seed).public();
            standing.key_for(purpose, &did.with_fragment(&key.to_multikey())) == Some(key)
        };
        for did in [born.did(), moved.did()] {
            assert!(found(Purpose::Authentication, 31, did));
            assert!(found(Purpose::AssertionMethod, 40, did));
            assert!(!found(Purpose::Authentication, 30, did), "it was taken away");
            assert!(!found(Purpose::AssertionMethod, 31, did), "it has another purpose");
        }
        assert!(!standing.deactivated);
    }
}
