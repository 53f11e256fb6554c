//! What an identity's newest state is, in a few hundred bytes.
//!
//! A [`Head`] names the newest entry of an identity's log and its showcase, by hash. It is the thing
//! nodes hold, gossip and reconcile; it changes only when one of the things it names changes. A
//! [`Signed`] head was opened by [`Signed::open`]: its stamp is paid and the key it names signed it.
//! Whether that key may speak for the identity is for the identity's log to say.
//!
//! Heads of one identity are ordered by the entry they name, then by sequence. So a thief of a hot
//! key cannot outbid its owner for ever with the largest sequence there is: the next entry of the log,
//! which only an update key can sign, comes after all of them.

use super::bounds;
use super::network::{NetworkId, Parameters};
use crate::did::Scid;
use crate::did::log::entry::VersionId;
use crate::encoding::base64url;
use crate::encoding::cbor::{self, CborError, Reader, Record, Sealed, Writer};
use crate::encoding::multihash::sha256;
use crate::key::{PublicKey, SecretKey};
use crate::verdict::Verdict;
use core::fmt;
use sha2::{Digest as _, Sha256};

/// Names the newest of everything one identity publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Whose it is.
    pub scid: Scid,
    /// The number of the log's newest entry, which begins at 1.
    pub version: u64,
    /// The digest inside the `versionId` of that entry.
    pub version_digest: [u8; 32],
    /// How many bytes the log has up to the end of that entry, its line end included.
    pub log_length: u64,
    /// What the identity chose to show the world, if anything.
    pub showcase: Option<Showcase>,
    /// Counts the heads of this identity; it begins at 1.
    pub sequence: u64,
    /// The work that was done for this identity once.
    pub stamp: Stamp,
    /// The key that signs, one of the identity's authentication keys at that version.
    pub key: PublicKey,
}

/// Names a showcase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Showcase {
    /// Its version, which only grows.
    pub version: u64,
    /// The SHA-256 hash of its bytes, as a peer gives them out.
    pub hash: [u8; 32],
}

impl Head {
    /// The kind its signature is for.
    pub const KIND: &'static str = "head";

    /// Signs the head with the secret half of [`Head::key`].
    #[must_use]
    pub fn seal(&self, network: &NetworkId, key: &SecretKey) -> Vec<u8> {
        cbor::seal(self, network.context(Self::KIND), key)
    }

    /// Reads a sealed head whose signature and stamp are still to be checked.
    ///
    /// # Errors
    ///
    /// Returns [`HeadError::Record`] for bytes that are no head.
    pub fn parse(bytes: &[u8]) -> Result<Sealed<Self>, HeadError> {
        Sealed::parse(bytes, bounds::HEAD).map_err(HeadError::Record)
    }

    /// Names the entry of the log that is the newest.
    #[must_use]
    pub const fn version_id(&self) -> VersionId {
        VersionId { number: self.version, digest: self.version_digest }
    }

    /// Gives its place among the heads of its identity.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { version: self.version, sequence: self.sequence }
    }
}

impl Record for Head {
    fn write(&self, to: &mut Writer) {
        to.array(8);
        to.record(&self.scid);
        to.unsigned(self.version);
        to.bytes(&self.version_digest);
        to.unsigned(self.log_length);
        to.optional(self.showcase.as_ref(), |to, showcase| to.record(showcase));
        to.unsigned(self.sequence);
        to.unsigned(self.stamp.0);
        to.record(&self.key);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(8)?;
        let scid = Scid::read(from)?;
        let version = at_least_one(from)?;
        let version_digest = from.fixed()?;
        let log_length = at_least_one(from)?;
        if usize::try_from(log_length).is_ok_and(|length| length > bounds::LOG) {
            return Err(from.malformed("the length of a log"));
        }
        let showcase = from.optional(Showcase::read)?;
        let sequence = at_least_one(from)?;
        let stamp = Stamp(from.unsigned()?);
        let key = PublicKey::read(from)?;
        Ok(Self { scid, version, version_digest, log_length, showcase, sequence, stamp, key })
    }
}

impl Record for Showcase {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.unsigned(self.version);
        to.bytes(&self.hash);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        Ok(Self { version: at_least_one(from)?, hash: from.fixed()? })
    }
}

fn at_least_one(from: &mut Reader<'_>) -> Result<u64, CborError> {
    match from.unsigned()? {
        0 => Err(from.malformed("a number from 1 on")),
        number => Ok(number),
    }
}

/// A head whose stamp is paid and that the key it names has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    head: Head,
    bytes: Vec<u8>,
    hash: HeadHash,
}

impl Signed {
    /// Reads a sealed head and checks what can be checked without the identity's log.
    ///
    /// # Errors
    ///
    /// Returns [`HeadError`] for bytes that are no head of this network, too little work, or a
    /// signature that does not hold. The work is looked at first, because it costs one hash.
    pub fn open(bytes: &[u8], parameters: &Parameters) -> Result<Self, HeadError> {
        let sealed = Head::parse(bytes)?;
        let Head { scid, stamp, key, .. } = *sealed.unverified();
        let (network, needed) = (parameters.id(), parameters.difficulty());
        if !stamp.check(&scid, network, needed) {
            return Err(HeadError::TooLittleWork { needed });
        }
        let head = sealed.verify(network.context(Head::KIND), &key).map_err(HeadError::Record)?;
        Ok(Self { head, bytes: bytes.to_vec(), hash: HeadHash::of(bytes) })
    }

    /// Gives what it says.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Gives the bytes it was read from, to pass on.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the hash of these bytes.
    #[must_use]
    pub const fn hash(&self) -> HeadHash {
        self.hash
    }
}

/// Says where a head stands among the heads of its identity. The highest one seen is never forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The number of the entry it names.
    pub version: u64,
    /// Its sequence.
    pub sequence: u64,
}

/// The SHA-256 hash of a sealed head: how a head is named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeadHash([u8; 32]);

impl HeadHash {
    /// Names the head that has these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(bytes))
    }

    /// Takes a hash somebody else made.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Gives the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for HeadHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for HeadHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HeadHash({self})")
    }
}

impl Record for HeadHash {
    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.fixed().map(Self)
    }
}

/// Proves that somebody spent a moment of a computer on one identity, so that a million of them are
/// not free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u64);

impl Stamp {
    /// Takes a nonce as a stamp; [`Stamp::check`] says whether it is worth anything.
    #[must_use]
    pub const fn from_nonce(nonce: u64) -> Self {
        Self(nonce)
    }

    /// Gives the nonce.
    #[must_use]
    pub const fn nonce(self) -> u64 {
        self.0
    }

    /// Tells whether the stamp has at least `difficulty` leading zero bits for this identity.
    #[must_use]
    pub fn check(self, scid: &Scid, network: &NetworkId, difficulty: u8) -> bool {
        zero_bits(prefix(scid, network), self.0) >= u32::from(difficulty)
    }

    /// Searches `tries` nonces from `start` on; the caller goes on from there if there is none.
    #[must_use]
    pub fn mine(
        scid: &Scid,
        network: &NetworkId,
        difficulty: u8,
        start: u64,
        tries: u64,
    ) -> Option<Self> {
        let prefix = prefix(scid, network);
        (start..start.saturating_add(tries))
            .find(|nonce| zero_bits(prefix.clone(), *nonce) >= u32::from(difficulty))
            .map(Self)
    }
}

/// Hashes what stays the same for every nonce of one identity.
fn prefix(scid: &Scid, network: &NetworkId) -> Sha256 {
    Sha256::new().chain_update(format!("countersign/{network}/stamp/1")).chain_update(scid.digest())
}

fn zero_bits(prefix: Sha256, nonce: u64) -> u32 {
    let digest: [u8; 32] = prefix.chain_update(nonce.to_be_bytes()).finalize().into();
    let mut bits = 0_u32;
    for byte in digest {
        bits = bits.saturating_add(byte.leading_zeros());
        if byte != 0 {
            break;
        }
    }
    bits
}

/// The bytes are not a head that any node would hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum HeadError {
    /// Not a head, or not signed by the key it names. Fault of the peer that relayed it.
    #[error("not a head: {0}")]
    Record(CborError),
    /// Its stamp is not paid. Fault of the peer that relayed it: one hash would have told it.
    #[error("its stamp has fewer than the {needed} zero bits this network asks")]
    TooLittleWork { needed: u8 },
}

impl HeadError {
    /// Says what to do with the peer that sent it.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Record(_) | Self::TooLittleWork { .. } => Verdict::Reject,
        }
    }
}

#[cfg(test)]
mod tests;
