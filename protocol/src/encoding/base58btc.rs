//! The alphabet of SCIDs, keys and proof values.
//!
//! - Standard: Multibase as Controlled Identifiers 1.0, section 2.4 uses it; prefix `z`.

/// Writes `bytes` in base58btc, without a prefix.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    bs58::encode(bytes).into_string()
}

/// Writes `bytes` in base58btc behind the multibase prefix `z`.
#[must_use]
pub fn encode_multibase(bytes: &[u8]) -> String {
    format!("z{}", encode(bytes))
}

/// Reads exactly `N` bytes of base58btc that have no prefix.
#[must_use]
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Base58 is quadratic in its input: what cannot be N bytes is not looked at.
    if text.len() > N.saturating_mul(2) {
        return None;
    }
    let mut bytes = [0_u8; N];
    let length = bs58::decode(text).onto(&mut bytes).ok()?;
    (length == N).then_some(bytes)
}

/// Reads exactly `N` bytes of base58btc behind the multibase prefix `z`.
#[must_use]
pub fn decode_multibase<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text.strip_prefix('z')?)
}

/// Tells whether every character of `text` is one of base58btc.
#[must_use]
pub fn is_alphabet(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte))
}
