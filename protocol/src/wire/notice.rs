//! What gossip says about a document that is too large for it.
//!
//! A [`Notice`] names a fork proof or an attestor's profile by hash; the topic it came by says which.
//! It is not signed, because what it names proves itself: whoever hears of it fetches the document
//! from the peer that said so, and passes the notice on only once the document holds.

use super::bounds;
use crate::did::Scid;
use crate::encoding::cbor::{self, CborError, Reader, Record, Writer};

/// Names a document about one identity by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Notice {
    /// The identity that forked, or the attestor whose profile it is.
    pub scid: Scid,
    /// The SHA-256 hash of the document's bytes.
    pub hash: [u8; 32],
}

impl Notice {
    /// Reads a message of gossip.
    ///
    /// # Errors
    ///
    /// Returns [`CborError`] for bytes that are no notice. Fault of the peer that relayed it.
    pub fn parse(bytes: &[u8]) -> Result<Self, CborError> {
        cbor::decode(bytes, bounds::GOSSIP)
    }

    /// Writes a message of gossip.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }
}

impl Record for Notice {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.record(&self.scid);
        to.bytes(&self.hash);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        Ok(Self { scid: Scid::read(from)?, hash: from.fixed()? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{assert_documented, hex, scid};
    use super::*;

    #[test]
    fn a_notice_reads_back_and_never_changes_its_form() {
        let notice = Notice { scid: scid(0x11), hash: [0x44; 32] };
        let bytes = notice.to_bytes();
        assert_eq!(Notice::parse(&bytes), Ok(notice));
        assert_documented("notice", &hex(&bytes));
        assert!(Notice::parse(&bytes[..68]).is_err(), "cut short");
        assert!(Notice::parse(&[&bytes[..], &[0]].concat()).is_err(), "a byte after it");
    }
}
