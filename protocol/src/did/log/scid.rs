//! The hash a log begins with, by which the identity is known for ever.
//!
//! - Specification: did:webvh 1.0, "SCID Generation and Verification".

use crate::encoding::{jcs, json, multihash};

/// Stands where the SCID will stand, until the SCID is known.
pub(super) const PLACEHOLDER: &str = "{SCID}";

/// Hashes a first entry, written as JSON without its proof, in which [`PLACEHOLDER`] stands for
/// `versionId` and wherever the SCID will stand.
pub(super) fn of_preliminary(entry: &str) -> Option<[u8; 32]> {
    // Names of members may hold the placeholder too, so their order is made anew.
    let value = json::parse(entry.as_bytes(), entry.len()).ok()?;
    Some(multihash::sha256(&jcs::to_vec(&value)))
}

/// Hashes a first entry, written as JSON without its proof and with [`PLACEHOLDER`] for `versionId`,
/// in which `scid` stands where the placeholder stood.
pub(super) fn of_published(entry: &str, scid: &str) -> Option<[u8; 32]> {
    // "Verify SCID", step 6: the entry is treated as a string.
    of_preliminary(&entry.replace(scid, PLACEHOLDER))
}
