//! Which node is at the other end of a connection.
//!
//! A [`Peer`] is the name the transport proved: the bytes of a libp2p PeerId. Nothing in this crate
//! looks inside, but to find the key by which a keeper's receipt is checked.
//!
//! - Specification: libp2p, "Peer Ids and Keys", for Ed25519 keys.

use super::member::bytes_up_to;
use crate::encoding::base58btc;
use crate::encoding::cbor::{self, CborError, Context, Reader, Record, Writer};
use crate::key::PublicKey;
use core::fmt;

/// Names a node for as long as it runs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer(Vec<u8>);

impl Peer {
    /// Takes the bytes of a PeerId; `None` if there are none, or more than [`MAX_LENGTH`].
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (1..=MAX_LENGTH).contains(&bytes.len()).then(|| Self(bytes.to_vec()))
    }

    /// Names the node that holds `key`.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        Self(ED25519.iter().chain(key.as_bytes()).copied().collect())
    }

    /// Gives the bytes of the PeerId.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Gives the key behind the name, if it is an Ed25519 key: then the name holds it whole.
    #[must_use]
    pub fn key(&self) -> Option<PublicKey> {
        let bytes = self.0.strip_prefix(&ED25519)?.try_into().ok()?;
        PublicKey::from_bytes(bytes).ok()
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&base58btc::encode(&self.0))
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Peer({self})")
    }
}

impl Record for Peer {
    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        let bytes = bytes_up_to(from, MAX_LENGTH)?;
        Self::from_bytes(&bytes).ok_or_else(|| from.malformed("the name of a peer"))
    }
}

/// Opens a record that says by which key it is signed: it has to be the key behind `peer`.
///
/// # Errors
///
/// Returns [`SignedByError`] for bytes that are no such record, and for one that another node signed.
pub(super) fn open<R: Record>(
    bytes: &[u8],
    bound: usize,
    context: Context<'_>,
    peer: &Peer,
    key: impl FnOnce(&R) -> PublicKey,
) -> Result<R, SignedByError> {
    let sealed = cbor::Sealed::<R>::parse(bytes, bound)?;
    let key = key(sealed.unverified());
    if peer.key() != Some(key) {
        return Err(SignedByError::OtherPeer);
    }
    Ok(sealed.verify(context, &key)?)
}

/// The bytes are no record of the node they came from. Fault of that node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SignedByError {
    /// Malformed, or not signed.
    #[error(transparent)]
    Record(#[from] CborError),
    /// It names a key that is not the one behind the PeerId.
    #[error("signed by another node than the one it came from")]
    OtherPeer,
}

/// The longest name: a multihash of 64 bytes is the longest libp2p knows.
pub const MAX_LENGTH: usize = 64;

/// An identity multihash (0x00) of 36 bytes, which are the Protocol Buffers message
/// `PublicKey { Type: Ed25519, Data: 32 bytes }`.
const ED25519: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

#[cfg(test)]
mod tests {
    use super::super::sample::key;
    use super::*;
    use crate::encoding::cbor::{decode, encode};

    #[test]
    fn the_name_of_an_ed25519_key_holds_the_key() {
        let key = key(1).public();
        let peer = Peer::of(&key);
        assert_eq!(peer.key(), Some(key));
        assert!(peer.to_string().starts_with("12D3KooW"), "{peer}");
        assert_eq!(decode::<Peer>(&encode(&peer), 64), Ok(peer));
    }

    #[test]
    fn a_name_is_neither_empty_nor_long() {
        assert_eq!(Peer::from_bytes(&[]), None);
        assert_eq!(Peer::from_bytes(&[1; 65]), None);
        assert_eq!(Peer::from_bytes(&[1; 64]).and_then(|peer| peer.key()), None);
        assert!(decode::<Peer>(&[0x40], 64).is_err());
    }
}
