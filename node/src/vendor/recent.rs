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
