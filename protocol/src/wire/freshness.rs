//! A witness's word that, at a time, this was the newest head of an identity it held.
//!
//! A witness signs one Merkle root over all heads it holds, every few minutes, and gives each its path
//! to that root. So an identity stays fresh while its owner sleeps, for one signature a round. A
//! [`Fresh`] was made by [`open`]: the witness signed the root, and the head is under it. Whether
//! anybody trusts that witness, and how old is too old, is for a policy to say.

use super::bounds;
use super::head::HeadHash;
use super::member::bytes_up_to;
use super::merkle::{self, Tree};
use super::network::NetworkId;
use crate::did::Scid;
use crate::encoding::cbor::{self, CborError, Reader, Record, Sealed, Writer};
use crate::key::{PublicKey, SecretKey};
use crate::time::Timestamp;
use crate::verdict::Verdict;
use std::collections::BTreeMap;

/// The kind a round's signature is for.
pub const KIND: &str = "freshness";

/// All heads a witness holds at one time, under one signature.
#[derive(Debug, Clone)]
pub struct Round {
    scids: Vec<Scid>,
    tree: Tree,
    sealed: Vec<u8>,
}

impl Round {
    /// Signs what is newest at `time`; a witness does this only when its clock is sure.
    ///
    /// Heads beyond [`MAX_SIZE`] are left out: their proofs would be larger than anybody reads.
    #[must_use]
    pub fn sign(
        heads: &BTreeMap<Scid, HeadHash>,
        time: Timestamp,
        network: &NetworkId,
        key: &SecretKey,
    ) -> Self {
        let most = usize::try_from(MAX_SIZE).unwrap_or(usize::MAX);
        let tree = Tree::over(heads.iter().take(most).map(|(scid, hash)| leaf(scid, hash)));
        let scids = heads.keys().take(most).copied().collect();
        let (size, root) = (tree.size(), tree.root());
        let statement = Statement { witness: key.public(), time, size, root };
        Self { scids, tree, sealed: cbor::seal(&statement, network.context(KIND), key) }
    }

    /// Gives the proof for one identity, if a head of it was among those signed.
    #[must_use]
    pub fn proof(&self, scid: &Scid) -> Option<Vec<u8>> {
        let index = u64::try_from(self.scids.binary_search(scid).ok()?).ok()?;
        let path = self.tree.proof(index)?.concat();
        Some(cbor::encode(&Proof { sealed: self.sealed.clone(), index, path }))
    }

    /// Counts the heads that were signed.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }
}

/// That a witness held one head as the newest of its identity, at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fresh {
    witness: PublicKey,
    time: Timestamp,
}

impl Fresh {
    /// Gives the key of the witness.
    #[must_use]
    pub const fn witness(&self) -> &PublicKey {
        &self.witness
    }

    /// Gives the time the witness signed.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.time
    }
}

/// Checks a proof that `head` was the newest head of `scid`.
///
/// # Errors
///
/// Returns [`FreshnessError`] for bytes that are no proof, a signature that does not hold, a time
/// ahead of `now`, and a proof of something else.
pub fn open(
    bytes: &[u8],
    network: &NetworkId,
    scid: &Scid,
    head: &HeadHash,
    now: Timestamp,
) -> Result<Fresh, FreshnessError> {
    let proof: Proof = cbor::decode(bytes, bounds::FRESHNESS)?;
    let sealed = Sealed::<Statement>::parse(&proof.sealed, bounds::FRESHNESS)?;
    let witness = sealed.unverified().witness;
    let Statement { time, size, root, .. } = sealed.verify(network.context(KIND), &witness)?;
    let (path, _) = proof.path.as_chunks::<32>();
    if !merkle::verify(&leaf(scid, head), proof.index, size, path, &root) {
        return Err(FreshnessError::OtherHead);
    }
    if time > now.plus(MAX_SKEW) {
        return Err(FreshnessError::Ahead { time });
    }
    Ok(Fresh { witness, time })
}

/// What a witness says in a proof, whichever head that is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The key of the witness.
    pub witness: PublicKey,
    /// When it signed.
    pub time: Timestamp,
    /// How many heads it held.
    pub size: u64,
    /// Which of them, in the order of their identities.
    pub index: u64,
}

/// Looks at a proof before any signature is checked: to find out what bytes are, and never to believe
/// them.
///
/// # Errors
///
/// Returns [`FreshnessError::Record`] for bytes that are no proof.
pub fn peek(bytes: &[u8]) -> Result<Word, FreshnessError> {
    let Proof { sealed, index, .. } = cbor::decode(bytes, bounds::FRESHNESS)?;
    let sealed = Sealed::<Statement>::parse(&sealed, bounds::FRESHNESS)?;
    let Statement { witness, time, size, .. } = *sealed.unverified();
    Ok(Word { witness, time, size, index })
}

fn leaf(scid: &Scid, head: &HeadHash) -> [u8; 64] {
    let mut leaf = [0; 64];
    for (to, from) in leaf.iter_mut().zip(scid.digest().iter().chain(head.as_bytes())) {
        *to = *from;
    }
    leaf
}

/// What a witness signs.
struct Statement {
    witness: PublicKey,
    time: Timestamp,
    size: u64,
    root: [u8; 32],
}

impl Record for Statement {
    fn write(&self, to: &mut Writer) {
        to.array(4);
        to.record(&self.witness);
        to.record(&self.time);
        to.unsigned(self.size);
        to.bytes(&self.root);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(4)?;
        let (witness, time) = (PublicKey::read(from)?, Timestamp::read(from)?);
        let size = from.unsigned()?;
        if size > MAX_SIZE {
            return Err(from.malformed("at most 2^24 heads"));
        }
        Ok(Self { witness, time, size, root: from.fixed()? })
    }
}

/// What a witness signed, and the way from one head to it.
struct Proof {
    sealed: Vec<u8>,
    index: u64,
    path: Vec<u8>,
}

impl Record for Proof {
    fn write(&self, to: &mut Writer) {
        to.array(3);
        to.bytes(&self.sealed);
        to.unsigned(self.index);
        to.bytes(&self.path);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(3)?;
        let sealed = bytes_up_to(from, bounds::FRESHNESS)?;
        let index = from.unsigned()?;
        let path = bytes_up_to(from, MAX_PATH)?;
        if path.len().checked_rem(32) != Some(0) {
            return Err(from.malformed("a path of whole hashes"));
        }
        Ok(Self { sealed, index, path })
    }
}

/// The bytes do not show that a head is fresh.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum FreshnessError {
    /// Malformed, or not signed by the witness it names. Fault of the peer that sent it.
    #[error("not a freshness proof: {0}")]
    Record(#[from] CborError),
    /// It is about another head. Nobody's fault: heads change while proofs travel.
    #[error("the witness held another head")]
    OtherHead,
    /// The witness's clock is ahead of ours. Nobody's fault for certain.
    #[error("signed at {time}, which is still to come")]
    Ahead { time: Timestamp },
}

impl FreshnessError {
    /// Says what to do with the peer that sent it.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Record(_) => Verdict::Reject,
            Self::OtherHead | Self::Ahead { .. } => Verdict::Ignore,
        }
    }
}

/// The most heads of one round: 24 levels, whose proof is within [`bounds::FRESHNESS`].
pub const MAX_SIZE: u64 = 1 << 24;

/// 24 hashes.
const MAX_PATH: usize = 24 * 32;

/// How far two clocks may be apart, in seconds.
const MAX_SKEW: u64 = 300;

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, assert_documented, hex, key, network, scid};
    use super::*;
    use proptest::prelude::*;

    fn hash(byte: u8) -> HeadHash {
        HeadHash::from_bytes([byte; 32])
    }

    fn round(heads: u8) -> Round {
        let heads = (1..=heads).map(|byte| (scid(byte), hash(byte))).collect();
        Round::sign(&heads, NOW, &network(), &key(4))
    }

    fn check(bytes: &[u8], byte: u8) -> Result<Fresh, FreshnessError> {
        open(bytes, &network(), &scid(byte), &hash(byte), NOW)
    }

    #[test]
    fn a_proof_reads_back_and_never_changes_its_form() {
        let bytes = round(3).proof(&scid(3)).unwrap();
        let fresh = check(&bytes, 3).unwrap();
        assert_eq!((fresh.witness(), fresh.time()), (&key(4).public(), NOW));
        assert_documented("freshness", &hex(&bytes));
    }

    #[test]
    fn every_head_of_a_round_is_proved_and_no_other() {
        let round = round(70);
        assert_eq!((round.size(), round.proof(&scid(71))), (70, None));
        for byte in 1..=70 {
            let bytes = round.proof(&scid(byte)).unwrap();
            assert!(check(&bytes, byte).is_ok(), "{byte}");
            let other = open(&bytes, &network(), &scid(byte), &hash(byte + 1), NOW);
            assert_eq!(other, Err(FreshnessError::OtherHead));
            assert_eq!(check(&bytes, byte + 1), Err(FreshnessError::OtherHead));
        }
    }

    #[test]
    fn a_proof_is_for_one_network_and_one_time() {
        let bytes = round(3).proof(&scid(3)).unwrap();
        let elsewhere = open(&bytes, &"main".parse().unwrap(), &scid(3), &hash(3), NOW);
        assert_eq!(elsewhere, Err(FreshnessError::Record(CborError::BadSignature)));
        let at = |now| open(&bytes, &network(), &scid(3), &hash(3), now);
        assert!(at(NOW.minus(300)).is_ok());
        assert_eq!(at(NOW.minus(301)), Err(FreshnessError::Ahead { time: NOW }));
        assert_eq!(FreshnessError::Ahead { time: NOW }.verdict(), Verdict::Ignore);
    }

    #[test]
    fn a_proof_among_sixteen_million_is_within_its_bound() {
        let statement = |size| Statement {
            witness: key(4).public(),
            time: Timestamp::MAX,
            size,
            root: [0; 32],
        };
        let proof = |size, levels: usize| {
            let sealed = cbor::seal(&statement(size), network().context(KIND), &key(4));
            cbor::encode(&Proof { sealed, index: MAX_SIZE - 1, path: vec![0; levels * 32] })
        };
        let largest = proof(MAX_SIZE, 24);
        assert!(largest.len() <= bounds::FRESHNESS, "{}", largest.len());
        assert_eq!(check(&largest, 3), Err(FreshnessError::OtherHead), "it was read");
        for (why, bytes) in [
            ("too many heads", proof(MAX_SIZE + 1, 24)),
            ("too long a path", proof(MAX_SIZE, 25)),
            ("over its bound", vec![0; bounds::FRESHNESS + 1]),
        ] {
            assert!(matches!(check(&bytes, 3), Err(FreshnessError::Record(_))), "{why}");
        }
        let sealed = cbor::seal(&statement(3), network().context(KIND), &key(4));
        let half = cbor::encode(&Proof { sealed, index: 2, path: vec![0; 31] });
        assert!(matches!(check(&half, 3), Err(FreshnessError::Record(_))), "half a hash");
    }

    #[test]
    fn nothing_is_fresh_in_an_empty_round() {
        assert_eq!(round(0).proof(&scid(1)), None);
    }

    proptest! {
        /// One flipped bit anywhere in a proof is enough to refuse it.
        #[test]
        fn tampering_never_goes_unnoticed(at: prop::sample::Index, bit in 0..8_u32) {
            let mut bytes = round(5).proof(&scid(4)).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(check(&bytes, 4).is_err(), "byte {at}");
        }
    }
}
