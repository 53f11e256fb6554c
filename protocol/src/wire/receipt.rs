//! A keeper's promise to keep what a home deposited.
//!
//! A [`Receipt`] was opened by [`Receipt::open`]: the keeper it came from signed it with the key behind
//! its PeerId, after what it promises had reached its disk.

use super::bounds;
use super::head::HeadHash;
use super::network::NetworkId;
use super::peer::{self, Peer, SignedByError};
use crate::did::Scid;
use crate::encoding::cbor::{self, CborError, Reader, Record, Writer};
use crate::key::{PublicKey, SecretKey};
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// Promises to keep one head, and the log and the showcase it names, until a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Whose head it is.
    pub scid: Scid,
    /// Which head.
    pub head: HeadHash,
    /// Until when it is kept.
    pub until: Timestamp,
    /// The key behind the keeper's PeerId.
    pub keeper: PublicKey,
}

impl Receipt {
    /// The kind its signature is for.
    pub const KIND: &'static str = "receipt";

    /// Signs the promise with the keeper's node key.
    #[must_use]
    pub fn seal(&self, network: &NetworkId, key: &SecretKey) -> Vec<u8> {
        cbor::seal(self, network.context(Self::KIND), key)
    }

    /// Reads the receipt that `keeper` gave for this head.
    ///
    /// # Errors
    ///
    /// Returns [`ReceiptError`] for bytes that are no receipt, a promise about something else, and
    /// one that another node signed.
    pub fn open(
        bytes: &[u8],
        network: &NetworkId,
        keeper: &Peer,
        scid: &Scid,
        head: &HeadHash,
    ) -> Result<Self, ReceiptError> {
        let context = network.context(Self::KIND);
        let receipt: Self =
            peer::open(bytes, bounds::RECEIPT, context, keeper, |receipt: &Self| receipt.keeper)?;
        if (&receipt.scid, &receipt.head) != (scid, head) {
            return Err(ReceiptError::OtherHead);
        }
        Ok(receipt)
    }
}

impl Record for Receipt {
    fn write(&self, to: &mut Writer) {
        to.array(4);
        to.record(&self.scid);
        to.record(&self.head);
        to.record(&self.until);
        to.record(&self.keeper);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(4)?;
        Ok(Self {
            scid: Scid::read(from)?,
            head: HeadHash::read(from)?,
            until: Timestamp::read(from)?,
            keeper: PublicKey::read(from)?,
        })
    }
}

/// The bytes promise nothing. Fault of the keeper that gave them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Malformed, or not signed.
    #[error("not a receipt: {0}")]
    Record(#[from] CborError),
    /// It names a key that is not the keeper's.
    #[error("signed by another node than the one it came from")]
    OtherKeeper,
    /// It is about something else than what was deposited.
    #[error("a promise to keep something else")]
    OtherHead,
}

impl From<SignedByError> for ReceiptError {
    fn from(error: SignedByError) -> Self {
        match error {
            SignedByError::Record(cause) => Self::Record(cause),
            SignedByError::OtherPeer => Self::OtherKeeper,
        }
    }
}

impl ReceiptError {
    /// Says what to do with the keeper.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Record(_) | Self::OtherKeeper | Self::OtherHead => Verdict::Reject,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, assert_documented, hex, key, network, scid};
    use super::*;
    use proptest::prelude::*;

    const HEAD: HeadHash = HeadHash::from_bytes([0x22; 32]);

    fn receipt() -> Receipt {
        let until = NOW.plus(30 * 86_400);
        Receipt { scid: scid(0x11), head: HEAD, until, keeper: key(1).public() }
    }

    fn open(bytes: &[u8]) -> Result<Receipt, ReceiptError> {
        Receipt::open(bytes, &network(), &Peer::of(&key(1).public()), &scid(0x11), &HEAD)
    }

    #[test]
    fn a_receipt_reads_back_and_never_changes_its_form() {
        let bytes = receipt().seal(&network(), &key(1));
        assert_eq!(open(&bytes), Ok(receipt()));
        assert_documented("receipt", &hex(&bytes));
    }

    #[test]
    fn a_receipt_is_the_keepers_own_for_what_was_deposited() {
        let seal = |receipt: Receipt, seed| receipt.seal(&network(), &key(seed));
        let bad_signature = Err(ReceiptError::Record(CborError::BadSignature));
        assert_eq!(open(&seal(receipt(), 2)), bad_signature);
        let other = Receipt { keeper: key(2).public(), ..receipt() };
        assert_eq!(open(&seal(other, 2)), Err(ReceiptError::OtherKeeper));
        let other = Receipt { scid: scid(0x12), ..receipt() };
        assert_eq!(open(&seal(other, 1)), Err(ReceiptError::OtherHead));
        let other = Receipt { head: HeadHash::from_bytes([0; 32]), ..receipt() };
        assert_eq!(open(&seal(other, 1)), Err(ReceiptError::OtherHead));
        assert_eq!(open(&receipt().seal(&"main".parse().unwrap(), &key(1))), bad_signature);
        assert!(matches!(open(&[0; 513]), Err(ReceiptError::Record(CborError::TooLong { .. }))));
    }

    proptest! {
        /// One flipped bit anywhere in a receipt is enough to refuse it.
        #[test]
        fn tampering_never_goes_unnoticed(at: prop::sample::Index, bit in 0..8_u32) {
            let mut bytes = receipt().seal(&network(), &key(1));
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(open(&bytes).is_err(), "byte {at}");
        }
    }
}
