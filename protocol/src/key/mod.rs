//! Ed25519 keys, and whether a signature holds.
//!
//! A [`PublicKey`] is a point that can sign: the weak ones, whose owner could sign anything, are
//! refused where they are named, and every signature is checked under the strict rules, so that all
//! nodes agree on every signature there is.
//!
//! - Standards: RFC 8032 (Ed25519); Controlled Identifiers 1.0, section 2.2.2 (Multikey);
//!   the did:key method.

pub mod did_key;

use crate::encoding::{base58btc, multihash};
use core::fmt;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};

/// A public key that passed the checks of [`PublicKey::from_bytes`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Takes 32 bytes as a key.
    ///
    /// # Errors
    ///
    /// Returns [`KeyError::NotAPoint`] or [`KeyError::Weak`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        // RFC 8032, section 5.1.3: one point has one spelling, because y is less than 2^255 − 19. (The
        // two points with x = 0, of which the sign could be written in two ways, are weak.)
        if let [0xed..=0xff, middle @ .., 0x7f | 0xff] = bytes
            && middle.iter().all(|byte| *byte == 0xff)
        {
            return Err(KeyError::NotAPoint);
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotAPoint)?;
        // A key of small order verifies signatures for messages nobody signed.
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(Self(key))
    }

    /// Reads a Multikey such as `z6Mk…`.
    ///
    /// # Errors
    ///
    /// Returns [`KeyError::NotMultikey`] for another encoding or kind of key, and what
    /// [`Self::from_bytes`] returns.
    pub fn from_multikey(text: &str) -> Result<Self, KeyError> {
        let bytes = base58btc::decode_multibase::<34>(text).ok_or(KeyError::NotMultikey)?;
        let key = bytes.strip_prefix(&ED25519_PUB).ok_or(KeyError::NotMultikey)?;
        Self::from_bytes(key.try_into().map_err(|_| KeyError::NotMultikey)?)
    }

    /// Writes the key as a Multikey: `z6Mk…`, 48 characters.
    #[must_use]
    pub fn to_multikey(&self) -> String {
        let mut bytes = [0_u8; 34];
        for (to, from) in bytes.iter_mut().zip(ED25519_PUB.iter().chain(self.as_bytes())) {
            *to = *from;
        }
        base58btc::encode_multibase(&bytes)
    }

    /// Gives the hash by which a log promises this key.
    ///
    /// did:webvh 1.0, "Pre-Rotation Key Hash Generation and Verification", step 3.
    #[must_use]
    pub fn promise(&self) -> String {
        multihash::to_base58btc(&multihash::sha256(self.to_multikey().as_bytes()))
    }

    /// Gives the 32 bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Tells whether this key signed `message`, under the strict rules.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(message, &signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_multikey())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({self})")
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

/// A secret key. It wipes itself and prints as nothing.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// Makes a key from 32 bytes of randomness the caller brings.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = zeroize::Zeroizing::new(seed);
        Self(SigningKey::from_bytes(&seed))
    }

    /// Gives the 32 bytes to seal them at rest.
    #[must_use]
    pub fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    /// Gives the public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretKey(..)")
    }
}

/// 64 bytes that claim to be a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Takes 64 bytes as a signature; whether it holds is for [`PublicKey::verify`] to say.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Gives the 64 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signature({})", base58btc::encode_multibase(&self.0))
    }
}

/// The bytes or the text are not a key that may be named. Fault of whoever named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the one encoding of a point on the curve.
    #[error("not an Ed25519 public key")]
    NotAPoint,
    /// A point of small order: anything would be signed by it.
    #[error("a weak Ed25519 public key, for which anybody can sign")]
    Weak,
    /// Not base58btc, or not the Multikey of an Ed25519 key.
    #[error("not the Multikey of an Ed25519 key, which begins with z6Mk")]
    NotMultikey,
    /// Not `did:key:` and a Multikey, or its fragment names another key.
    #[error("not a did:key of an Ed25519 key")]
    NotDidKey,
}

/// Multicodec `ed25519-pub`, 0xed as a varint.
const ED25519_PUB: [u8; 2] = [0xed, 0x01];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multikey_reads_back() {
        let key = SecretKey::from_seed([1; 32]).public();
        assert_eq!(PublicKey::from_multikey(&key.to_multikey()), Ok(key));
        assert!(key.to_multikey().starts_with("z6Mk"));
        assert_eq!(key.promise().len(), 46);
    }

    #[test]
    fn a_weak_key_is_refused_where_it_is_named() {
        let mut identity = [0_u8; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity), Err(KeyError::Weak));
        assert_eq!(PublicKey::from_bytes(&[0xff; 32]), Err(KeyError::NotAPoint));
    }

    /// Every spelling that some decoder takes is either the one spelling of its point or refused.
    #[test]
    fn a_point_has_one_spelling() {
        for low in 0..=255_u8 {
            for high in [0x00, 0x80, 0x7f, 0xff] {
                for fill in [0x00, 0xff] {
                    let mut bytes = [fill; 32];
                    bytes[0] = low;
                    bytes[31] = high;
                    let Ok(key) = PublicKey::from_bytes(&bytes) else { continue };
                    assert_eq!(key.0.to_edwards().compress().as_bytes(), &bytes);
                }
            }
        }
    }

    #[test]
    fn a_secret_prints_as_nothing() {
        assert_eq!(format!("{:?}", SecretKey::from_seed([1; 32])), "SecretKey(..)");
    }
}
