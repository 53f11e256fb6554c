//! What was verified lately, so that the next check of the same things costs no signature.
//!
//! Only what never changes is remembered: that a signature holds over these bytes. Whether its key still
//! counts, and whether its time is over, is asked again each time.

use countersign_protocol::credential::CredentialError;
use countersign_protocol::credential::showcase::Showcase;
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::policy::standing::Standing;
use countersign_protocol::proof::Purpose;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::freshness::{Fresh, FreshnessError};
use countersign_protocol::wire::head::HeadHash;
use moka::sync::Cache;
use std::sync::Arc;

/// Showcases and freshness statements by the hash of what was verified.
#[derive(Debug)]
pub(crate) struct Recent {
    showcases: Cache<[u8; 32], Arc<Showcase>>,
    fresh: Cache<[u8; 32], Fresh>,
}

impl Recent {
    pub(crate) fn new() -> Self {
        Self { showcases: Cache::new(SHOWCASES), fresh: Cache::new(FRESH) }
    }

    /// Verifies a showcase for an identity as it stands `now`.
    pub(super) fn showcase(
        &self,
        bytes: &[u8],
        standing: &Standing,
        now: Timestamp,
    ) -> Result<Arc<Showcase>, CredentialError> {
        let hash = sha256(bytes);
        if let Some(known) = self.showcases.get(&hash)
            && is_theirs(&known, standing)
            && now < known.until()
        {
            return Ok(known);
        }
        let keys = |purpose, method: &str| standing.key_for(purpose, method);
        let verified = Arc::new(Showcase::verify(Showcase::parse(bytes)?, now, &keys)?);
        self.showcases.insert(hash, Arc::clone(&verified));
        Ok(verified)
    }

    /// Gives what a freshness statement says about a head; `open` verifies it, the first time.
    pub(super) fn fresh(
        &self,
        bytes: &[u8],
        head: &HeadHash,
        open: impl FnOnce() -> Result<Fresh, FreshnessError>,
    ) -> Result<Fresh, FreshnessError> {
        let hash = sha256(&[bytes, head.as_bytes()].concat());
        if let Some(known) = self.fresh.get(&hash) {
            return Ok(known);
        }
        let fresh = open()?;
        self.fresh.insert(hash, fresh);
        Ok(fresh)
    }
}

/// Tells whether a showcase that was verified before is signed by a key that still counts.
fn is_theirs(showcase: &Showcase, standing: &Standing) -> bool {
    let proof = showcase.presentation().proof();
    let listed = standing.key_for(Purpose::Authentication, proof.verification_method());
    showcase.holder().scid() == standing.scid && listed.as_ref() == Some(showcase.key())
}

/// Those of a busy shop, a few kibibytes each.
const SHOWCASES: u64 = 1024;
/// A customer's and her attestors', a hundred bytes each.
const FRESH: u64 = 8192;

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_protocol::credential::draft::{publish, to_bytes};
    use countersign_protocol::did::log::History;
    use countersign_protocol::did::log::draft::{self, Change, Keys, Place, Signing};
    use countersign_protocol::key::SecretKey;
    use countersign_protocol::policy::standing::Fork;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_332_600);

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed([seed; 32])
    }

    fn keys(hot: u8) -> Keys {
        Keys { authentication: vec![key(hot).public()], assertion: Vec::new() }
    }

    /// An identity, and the same once its hot key was replaced.
    fn before_and_after() -> [History; 2] {
        let [one, two, three, recovery] = [1, 2, 3, 4].map(key);
        let signing = Signing { key: &one, next: &two.public(), recovery: &recovery.public() };
        let begun = NOW.minus(100);
        let before = draft::create(Place::Home, &keys(7), None, signing, begun).unwrap().history;
        let signing = Signing { key: &two, next: &three.public(), recovery: &recovery.public() };
        let change = Change { keys: Some(keys(8)), ..Change::default() };
        let after = draft::change(&before, &change, signing, NOW.minus(50)).unwrap().history;
        [before, after]
    }

    #[test]
    fn a_showcase_is_remembered_only_while_its_key_counts_and_its_time_lasts() {
        let [before, after] = before_and_after().map(|history| Standing::of(&history, Fork::None));
        let did = before.did().unwrap();
        let bytes = to_bytes(&publish(did, &[], 1, NOW.minus(10), NOW.plus(60), &key(7)));
        let recent = Recent::new();
        let first = recent.showcase(&bytes, &before, NOW).unwrap();
        let again = recent.showcase(&bytes, &before, NOW.plus(1)).unwrap();
        assert!(Arc::ptr_eq(&first, &again), "it was not verified twice");
        assert!(recent.showcase(&bytes, &after, NOW).is_err(), "its key was replaced");
        assert!(recent.showcase(&bytes, &before, NOW.plus(61)).is_err(), "its time is over");
        let changed = [&bytes[..], b" "].concat();
        let other = recent.showcase(&changed, &before, NOW);
        assert!(!other.is_ok_and(|other| Arc::ptr_eq(&first, &other)), "other bytes are another");
    }
}
