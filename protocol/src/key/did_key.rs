//! A key that is its own identifier: how witnesses are named.
//!
//! - Standard: the did:key method, for Ed25519.

use super::{KeyError, PublicKey};

/// Writes `key` as `did:key:z6Mk…`.
#[must_use]
pub fn to_did(key: &PublicKey) -> String {
    format!("did:key:{key}")
}

/// Writes the only verification method of that DID: `did:key:z6Mk…#z6Mk…`.
#[must_use]
pub fn to_verification_method(key: &PublicKey) -> String {
    let multikey = key.to_multikey();
    format!("did:key:{multikey}#{multikey}")
}

/// Reads `did:key:z6Mk…`.
///
/// # Errors
///
/// Returns [`KeyError`] unless it is the did:key of an Ed25519 key, with no fragment.
pub fn parse(did: &str) -> Result<PublicKey, KeyError> {
    PublicKey::from_multikey(did.strip_prefix("did:key:").ok_or(KeyError::NotDidKey)?)
}

/// Reads `did:key:z6Mk…#z6Mk…`.
///
/// # Errors
///
/// Returns [`KeyError`] unless it is a did:key with its own key as the fragment.
pub fn parse_verification_method(url: &str) -> Result<PublicKey, KeyError> {
    // did:webvh 1.0, "Witness DIDs and Reputation": body and fragment are equal byte for byte.
    let (did, fragment) = url.split_once('#').ok_or(KeyError::NotDidKey)?;
    if did.strip_prefix("did:key:") != Some(fragment) {
        return Err(KeyError::NotDidKey);
    }
    parse(did)
}
