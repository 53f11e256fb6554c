//! The alphabet of hashes, nonces and compressed status lists.
//!
//! - Standard: RFC 4648, section 5, without padding; prefix `u` in Multibase.

use multibase::Base::Base64Url;

/// Writes `bytes` in base64url without padding and without a prefix.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Base64Url.encode(bytes)
}

/// Reads base64url that has neither padding nor prefix.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = Base64Url.decode(text).ok()?;
    // RFC 4648, section 3.5: one byte string has one spelling; stray trailing bits are refused.
    (encode(&bytes) == text).then_some(bytes)
}

/// Writes `bytes` in base64url behind the multibase prefix `u`.
#[must_use]
pub fn encode_multibase(bytes: &[u8]) -> String {
    multibase::encode(Base64Url, bytes)
}

/// Reads base64url behind the multibase prefix `u`.
#[must_use]
pub fn decode_multibase(text: &str) -> Option<Vec<u8>> {
    decode(text.strip_prefix('u')?)
}
