//! The one byte string a JSON value is hashed as.
//!
//! - Standard: JSON Canonicalization Scheme, RFC 8785.

use sha2::{Digest as _, Sha256};

/// Writes `value` in canonical form.
///
/// Every value that [`super::json::parse`] gave, and every value made of strings, booleans and
/// integers within ±(2^53 − 1), has one.
#[must_use]
pub fn to_vec(value: &serde_json::Value) -> Vec<u8> {
    write(value)
}

/// Writes what is put together from parts of a [`serde_json::Value`], without a copy of them.
pub(crate) fn write(value: &impl serde::Serialize) -> Vec<u8> {
    // RFC 8785, section 3.1: the only inputs without a canonical form are NaN, infinities and lone
    // surrogates; a `Value` can hold none of them.
    serde_json_canonicalizer::to_vec(value).unwrap_or_default()
}

/// Writes `value` in canonical form, as text.
#[must_use]
pub fn to_string(value: &serde_json::Value) -> String {
    String::from_utf8(to_vec(value)).unwrap_or_default()
}

/// Hashes the canonical form of `value` with SHA-256.
#[must_use]
pub fn hash(value: &serde_json::Value) -> [u8; 32] {
    Sha256::digest(to_vec(value)).into()
}
