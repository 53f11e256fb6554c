//! The fixed keys, names and times from which every golden byte of this module's tests is made.

use super::network::{NetworkId, Parameters};
use crate::did::Scid;
use crate::key::SecretKey;
use crate::time::Timestamp;
use core::fmt::Write as _;

/// The moment of every sample: 2026-11-22T07:30:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_332_600);

/// What `docs/protocol.md` says; each golden byte stands there as an example.
const PROTOCOL: &str = include_str!("../../../docs/protocol.md");

pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

pub(crate) fn scid(byte: u8) -> Scid {
    Scid::from_digest([byte; 32])
}

pub(crate) fn network() -> NetworkId {
    "testnet-7f3a".parse().unwrap()
}

pub(crate) fn parameters() -> Parameters {
    Parameters::testnet(network())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Compares with what the documentation shows under `name`, so that no format changes unnoticed.
#[track_caller]
pub(crate) fn assert_documented(name: &str, example: &str) {
    let block = format!("```text\n{name}\n{example}\n```");
    assert!(PROTOCOL.contains(&block), "docs/protocol.md should show:\n{block}");
}
