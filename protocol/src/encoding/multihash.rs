//! A hash that says which algorithm made it; here that is always SHA-256.
//!
//! - Standard: Multihash, code 0x12, 32 bytes: the only one did:webvh 1.0 permits.

use super::base58btc;
use sha2::{Digest as _, Sha256};

/// Hashes `bytes` with SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Writes a SHA-256 digest as `base58btc(multihash)`: 46 characters that begin with `Qm`.
#[must_use]
pub fn to_base58btc(digest: &[u8; 32]) -> String {
    let mut bytes = [0_u8; 34];
    for (to, from) in bytes.iter_mut().zip(PREFIX.iter().chain(digest)) {
        *to = *from;
    }
    base58btc::encode(&bytes)
}

/// Reads the SHA-256 digest out of `base58btc(multihash)`.
#[must_use]
pub fn from_base58btc(text: &str) -> Option<[u8; 32]> {
    let bytes = base58btc::decode::<34>(text)?;
    bytes.strip_prefix(&PREFIX)?.try_into().ok()
}

/// SHA-256, 32 bytes.
const PREFIX: [u8; 2] = [0x12, 0x20];
