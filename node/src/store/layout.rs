//! How keys and values are written, beyond the table's byte and the check.

use super::shelf::{self, Span, Table};
use super::{Highest, Keep, StoreError};
use countersign_protocol::{did::Scid, engine::effect::BodyKind, time::Timestamp};

/// Gives the number a key ends with.
pub(super) fn number_of(key: &[u8]) -> Option<u64> {
    key.last_chunk().copied().map(u64::from_be_bytes)
}

/// Gives the key of the number of the newest event.
pub(super) fn newest_event_key() -> Vec<u8> {
    shelf::META.key(&[b"newest event"])
}

/// Gives the key of a statement.
pub(super) fn statement_key(issuer: &Scid, list: u64, number: u64) -> Vec<u8> {
    shelf::STATEMENT.key(&[issuer.digest(), &list.to_be_bytes(), &number.to_be_bytes()])
}

/// Gives the key of the newest word that nothing changed on a list.
pub(super) fn heartbeat_key(issuer: &Scid, list: u64) -> Vec<u8> {
    shelf::HEARTBEAT.key(&[issuer.digest(), &list.to_be_bytes()])
}

/// Gives the key of the record that says that `owner` has the body with this hash.
pub(super) fn owner_key(hash: &[u8; 32], owner: &Scid) -> Vec<u8> {
    shelf::OWNER.key(&[hash, owner.digest()])
}

/// Gives the same, and the key that record had in format 1, when a body had one owner.
pub(super) fn owner_keys(hash: &[u8; 32], owner: &Scid) -> [Vec<u8>; 2] {
    [owner_key(hash, owner), shelf::OWNER.key(&[hash])]
}

/// Gives the span of the bodies of `owner`, of one kind or of all.
pub(super) fn body_span(owner: &Scid, kind: Option<BodyKind>) -> Span {
    match kind {
        Some(kind) => shelf::BODY.span(&[owner.digest(), &[kind_byte(kind)]]),
        None => shelf::BODY.span(&[owner.digest()]),
    }
}

/// Gives the first part of a key inside a table that callers name: no name is the start of another.
pub(super) fn within(table: &str) -> Vec<u8> {
    // Text has no byte 0xff.
    [table.as_bytes(), &[0xff]].concat()
}

/// Reads why an identity is kept.
pub(super) fn read_keep(key: &[u8], value: &[u8]) -> Result<Keep, StoreError> {
    match (value.first(), value.last_chunk()) {
        (Some(0), None) => Ok(Keep::Own),
        (Some(1), Some(until)) => {
            Ok(Keep::Promised(Timestamp::from_seconds(u64::from_be_bytes(*until))))
        }
        _ => Err(StoreError::Damaged { record: shelf::name(key) }),
    }
}

/// Writes why an identity is kept.
pub(super) fn write_keep(keep: Keep) -> Vec<u8> {
    match keep {
        Keep::Own => vec![0],
        Keep::Promised(until) => [&[1], &until.seconds().to_be_bytes()[..]].concat(),
    }
}

/// Reads the highest seen of an identity.
pub(super) fn read_highest(key: &[u8], value: &[u8]) -> Result<Highest, StoreError> {
    let damaged = || StoreError::Damaged { record: shelf::name(key) };
    let (version, rest) = value.split_first_chunk().ok_or_else(damaged)?;
    let (sequence, digest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let digest = digest.try_into().map_err(|_| damaged())?;
    let [version, sequence] = [version, sequence].map(|bytes| u64::from_be_bytes(*bytes));
    Ok(Highest { version, sequence, digest })
}

/// Writes the highest seen of an identity.
pub(super) fn write_highest(highest: &Highest) -> Vec<u8> {
    let Highest { version, sequence, digest } = highest;
    [&version.to_be_bytes()[..], &sequence.to_be_bytes(), digest].concat()
}

/// Gives the byte a kind of body is known by on the disk.
pub(super) const fn kind_byte(kind: BodyKind) -> u8 {
    match kind {
        BodyKind::Showcase => 1,
        BodyKind::Profile => 2,
        BodyKind::StatusList => 3,
    }
}

/// The byte that stands in place of a kind where the bytes are a fork proof, which has a table of its own.
pub(super) const FORK_PROOF: u8 = 4;

/// The tables whose keys begin with the SCID of whom they belong to; bodies apart, which are also
/// known by their hash.
pub(super) const IDENTITY: [Table; 7] = [
    shelf::ENTRY,
    shelf::WITNESSES,
    shelf::HEAD,
    shelf::FRESHNESS,
    shelf::STATEMENT,
    shelf::LIST,
    shelf::HEARTBEAT,
];
