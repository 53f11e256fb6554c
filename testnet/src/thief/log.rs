//! A log that somebody else changed: every hash in it is right again, and no signature is.

use super::bad;
use super::liar::Captured;
use crate::Failure;
use countersign_protocol::encoding::{jcs, json, multihash};
use countersign_protocol::key::SecretKey;
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::head::Head;
use countersign_protocol::wire::network::NetworkId;
use serde_json::Value;

/// Puts the thief's key into the newest entry in place of hers, makes the entry's hash right again, and
/// signs a head over it with that key.
///
/// # Errors
///
/// Returns [`Failure::Page`] if what was captured has fewer than two entries or no head.
pub fn put_key(
    captured: &Captured,
    network: &NetworkId,
    thief: &SecretKey,
) -> Result<Captured, Failure> {
    let text = core::str::from_utf8(&captured.log.lines).map_err(|error| bad(&error))?;
    let lines: Vec<&str> = text.lines().collect();
    let [before @ .., parent, newest] = lines.as_slice() else {
        return Err(bad(&"a log of one entry"));
    };
    let head = captured.log.head.as_deref().ok_or_else(|| bad(&"no head"))?;
    let head = Head::parse(head).map_err(|error| bad(&error))?.unverified().clone();
    let newest = newest.replace(&head.key.to_multikey(), &thief.public().to_multikey());
    let read = |line: &str| json::parse(line.as_bytes(), bounds::LOG).map_err(|error| bad(&error));
    let version = read(parent)?.get("versionId").cloned().ok_or_else(|| bad(&"no versionId"))?;
    let mut entry = read(&newest)?;
    let members = entry.as_object_mut().ok_or_else(|| bad(&"no entry"))?;
    let proof = members.remove("proof");
    members.insert("versionId".to_owned(), version);
    // did:webvh 1.0, "Entry Hash Generation": over the entry without its proof, its parent's versionId
    // in the place of its own.
    let digest = multihash::sha256(&jcs::to_vec(&entry));
    let version = format!("{}-{}", head.version, multihash::to_base58btc(&digest));
    if let (Some(members), Some(proof)) = (entry.as_object_mut(), proof) {
        members.insert("versionId".to_owned(), Value::from(version));
        members.insert("proof".to_owned(), proof);
    }
    let mut changed = captured.clone();
    let newest = jcs::to_string(&entry);
    let lines = before.iter().copied().chain([*parent, newest.as_str()]);
    changed.log.lines =
        lines.flat_map(|line| [line.as_bytes(), b"\n"]).flatten().copied().collect();
    let head = Head {
        version_digest: digest,
        log_length: u64::try_from(changed.log.lines.len()).unwrap_or(u64::MAX),
        sequence: head.sequence.saturating_add(1),
        key: thief.public(),
        ..head
    };
    changed.log.head = Some(head.seal(network, thief));
    Ok(changed)
}
