//! What this node knows of every identity, in a few hundred bytes each.

use crate::did::Scid;
use crate::encoding::cbor::{CborError, Reader, Record, Writer};
use crate::key::PublicKey;
use crate::time::Timestamp;

/// What is held of one identity, enough to judge its next head without its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Which.
    pub scid: Scid,
    /// The number of the newest entry that stands.
    pub number: u64,
    /// The hash of that entry.
    pub digest: [u8; 32],
    /// The keys that may sign its head: `authentication` of the document at that entry.
    pub keys: Vec<PublicKey>,
    /// The sealed head, verified; none if only the log is held.
    pub head: Option<Vec<u8>>,
    /// The sequence of that head.
    pub sequence: u64,
    /// SHA-256 of the showcase that head names.
    pub showcase: Option<[u8; 32]>,
    /// The identity is deactivated: nothing follows.
    pub deactivated: bool,
    /// When the newest entry was made, as it says: the same on every node.
    pub updated: Timestamp,
}

impl Record for Listing {
    fn write(&self, to: &mut Writer) {
        to.array(9);
        to.record(&self.scid);
        to.unsigned(self.number);
        to.bytes(&self.digest);
        to.records(&self.keys);
        to.optional(self.head.as_ref(), |to, head| to.bytes(head));
        to.unsigned(self.sequence);
        to.optional(self.showcase.as_ref(), |to, hash| to.bytes(hash));
        to.unsigned(u64::from(self.deactivated));
        to.record(&self.updated);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(9)?;
        Ok(Self {
            scid: Scid::read(from)?,
            number: from.unsigned()?,
            digest: from.fixed()?,
            keys: from.records(MAX_KEYS)?,
            head: from.optional(|from| from.bytes().map(<[u8]>::to_vec))?,
            sequence: from.unsigned()?,
            showcase: from.optional(Reader::fixed)?,
            deactivated: from.unsigned()? != 0,
            updated: Timestamp::read(from)?,
        })
    }
}

/// More authentication keys than a person or an attestor has devices; further ones cannot sign
/// heads.
pub const MAX_KEYS: usize = 8;

/// The bytes of a listing as it is stored: a head, its keys and a few numbers.
pub const LISTING: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::cbor::{decode, encode};
    use crate::key::SecretKey;

    #[test]
    fn a_listing_reads_back() {
        let listing = Listing {
            scid: Scid::from_digest([1; 32]),
            number: 3,
            digest: [2; 32],
            keys: vec![SecretKey::from_seed([3; 32]).public()],
            head: Some(vec![4; 512]),
            sequence: 5,
            showcase: Some([6; 32]),
            deactivated: true,
            updated: Timestamp::from_seconds(7),
        };
        assert_eq!(decode::<Listing>(&encode(&listing), LISTING), Ok(listing));
    }
}
