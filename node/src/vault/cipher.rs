//! Seals and opens: XChaCha20-Poly1305 with the record's name as associated data.

use super::VaultError;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use core::fmt;
use hkdf::Hkdf;
use rand::{TryRng as _, rngs::SysRng};
use sha2::Sha512;
use zeroize::Zeroizing;

/// A key that wipes itself and prints as nothing.
pub(super) struct Key(pub(super) Zeroizing<[u8; 32]>);

impl Key {
    /// Makes a key of the system's randomness.
    pub(super) fn random() -> Result<Self, VaultError> {
        let mut key = Self(Zeroizing::default());
        fill(&mut *key.0)?;
        Ok(key)
    }

    /// Gives the key that belongs to this one and `parts`.
    pub(super) fn derive(&self, parts: &[&[u8]]) -> Self {
        let mut info = b"countersign/vault/1".to_vec();
        for part in parts {
            // With its length before it, no part can pass for the end of another.
            info.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            info.extend_from_slice(part);
        }
        let mut key = Self(Zeroizing::default());
        // RFC 5869, section 2.3: fails only for more than 255 times the hash's length.
        let expanded = Hkdf::<Sha512>::new(None, &*self.0).expand(&info, &mut *key.0);
        debug_assert!(expanded.is_ok(), "32 bytes are fewer than one hash");
        key
    }

    /// Seals `plain` as what `name` names.
    pub(super) fn seal(&self, name: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE];
        fill(&mut nonce)?;
        let payload = Payload { msg: plain, aad: name };
        let cipher = XChaCha20Poly1305::new(&(*self.0).into());
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| VaultError::TooLong { length: plain.len() })?;
        Ok([&[FORMAT], &nonce[..], &sealed].concat())
    }

    /// Opens what was sealed under this key as what `name` names.
    pub(super) fn open(&self, name: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.strip_prefix(&[FORMAT])?.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: name };
        let cipher = XChaCha20Poly1305::new(&(*self.0).into());
        cipher.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(..)")
    }
}

/// Fills `bytes` with the system's randomness.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), VaultError> {
    SysRng.try_fill_bytes(bytes).map_err(|_| VaultError::Randomness)
}

/// The first byte of what is sealed, so that another cipher can follow.
const FORMAT: u8 = 1;
/// 24 bytes: random nonces of this length never meet.
const NONCE: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_its_key_and_name_only() {
        let (key, other) = (Key::random().unwrap(), Key::random().unwrap());
        let sealed = key.seal(b"name", b"secret").unwrap();
        assert_eq!(key.open(b"name", &sealed).unwrap().as_slice(), b"secret");
        assert!(key.open(b"game", &sealed).is_none());
        assert!(other.open(b"name", &sealed).is_none());
        assert_ne!(sealed, key.seal(b"name", b"secret").unwrap());
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let key = Key::random().unwrap();
        let sealed = key.seal(b"name", b"secret").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(b"name", &changed).is_none(), "byte {at}");
            assert!(key.open(b"name", &sealed[..at]).is_none(), "cut at {at}");
        }
    }

    #[test]
    fn derived_keys_differ_by_every_part() {
        let key = Key::random().unwrap();
        let derive = |parts: &[&[u8]]| *key.derive(parts).0;
        assert_eq!(derive(&[b"a", b"b"]), derive(&[b"a", b"b"]));
        assert_ne!(derive(&[b"a", b"b"]), derive(&[b"ab"]));
        assert_ne!(derive(&[b"a", b"b"]), derive(&[b"", b"ab"]));
    }
}
