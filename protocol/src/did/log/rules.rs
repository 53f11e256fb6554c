//! The rules an entry must keep, one function each.
//!
//! - Specification: did:webvh 1.0, "Read (Resolve)", "Authorized Keys", "DID Portability".

use super::MAX_CLOCK_SKEW;
use super::entry::Body;
use super::error::LogError;
use super::parameters::Parameters;
use crate::did::{Did, Scid};
use crate::time::Timestamp;
use std::sync::Arc;

/// "Read (Resolve)", step 3.1: numbers follow each other without a gap.
pub(super) fn check_number(body: &Body, expected: u64) -> Result<(), LogError> {
    let found = body.version.number;
    if found == expected { Ok(()) } else { Err(LogError::OutOfOrder { expected, found }) }
}

/// "Read (Resolve)", step 6.2: every entry's `state.id` has the SCID of the first.
pub(super) fn check_identity(body: &Body, scid: Scid) -> Result<(), LogError> {
    let found = body.document.id().scid();
    let number = body.version.number;
    if found == scid { Ok(()) } else { Err(LogError::OtherIdentity { number, found }) }
}

/// "Read (Resolve)", step 7: both lists are explicit, and every key of the entry was promised.
pub(super) fn check_promises(body: &Body, before: &Parameters) -> Result<(), LogError> {
    let number = body.version.number;
    let Some(keys) = &body.change.update_keys else {
        return Err(LogError::NotExplicit { number, name: "updateKeys" });
    };
    if body.change.next_key_hashes.is_none() {
        return Err(LogError::NotExplicit { number, name: "nextKeyHashes" });
    }
    if keys.iter().all(|key| before.next_key_hashes.contains(&key.promise())) {
        Ok(())
    } else {
        Err(LogError::Unpromised { number })
    }
}

/// Every signer is one of the active keys, and signed.
pub(super) fn check_signatures(body: &Body, active: &Parameters) -> Result<(), LogError> {
    let number = body.version.number;
    let allowed = |signer| active.update_keys.iter().any(|key| key.key() == Some(signer));
    if let Some(signer) = body.signers.iter().find(|signer| !allowed(signer)) {
        return Err(LogError::Unauthorized { number, signer: Box::new(*signer) });
    }
    body.verify_signatures().map_err(|cause| LogError::BadSignature { number, cause })
}

/// "Resolvers SHOULD use a tolerance of no more than 5 minutes."
pub(super) fn check_clock(body: &Body, now: Timestamp) -> Result<(), LogError> {
    if body.time.is_past(now.plus(MAX_CLOCK_SKEW)) {
        return Err(LogError::OutOfTime { number: body.version.number, time: body.time.moment });
    }
    Ok(())
}

/// Gives the names of the identity after an entry that may change its DID.
pub(super) fn names_after(
    body: &Body,
    names: &Arc<[Did]>,
    before: &Did,
    parameters: &Parameters,
) -> Result<Arc<[Did]>, LogError> {
    let after = body.document.id();
    if before == after {
        return Ok(Arc::clone(names));
    }
    let number = body.version.number;
    // "DID Portability": only where it is allowed, and the document says what it was called.
    if !parameters.portable {
        return Err(LogError::NotPortable { number });
    }
    if !body.document.also_known_as().any(|name| name == before.as_str()) {
        return Err(LogError::MovedSilently { number });
    }
    let mut names = names.to_vec();
    if !names.contains(after) {
        names.push(after.clone());
    }
    Ok(names.into())
}
