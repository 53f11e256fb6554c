//! How the values that stand in many records are written and read.

use crate::did::Scid;
use crate::encoding::cbor::{CborError, Reader, Record, Writer};
use crate::key::PublicKey;
use crate::time::Timestamp;

impl Record for Scid {
    fn write(&self, to: &mut Writer) {
        to.bytes(self.digest());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.fixed().map(Self::from_digest)
    }
}

impl Record for PublicKey {
    fn write(&self, to: &mut Writer) {
        to.bytes(self.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        let bytes = from.fixed()?;
        Self::from_bytes(&bytes).map_err(|_| from.malformed("an Ed25519 public key"))
    }
}

impl Record for Timestamp {
    fn write(&self, to: &mut Writer) {
        to.unsigned(self.seconds());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        let seconds = from.unsigned()?;
        if seconds > Self::MAX.seconds() {
            return Err(from.malformed("a time before the year 10000"));
        }
        Ok(Self::from_seconds(seconds))
    }
}

/// Reads a byte string of at most `most` bytes.
pub(super) fn bytes_up_to(from: &mut Reader<'_>, most: usize) -> Result<Vec<u8>, CborError> {
    let bytes = from.bytes()?;
    if bytes.len() > most {
        return Err(CborError::TooLong { length: bytes.len(), bound: most });
    }
    Ok(bytes.to_vec())
}

/// Reads a text of at most `most` bytes.
pub(super) fn text_up_to(from: &mut Reader<'_>, most: usize) -> Result<String, CborError> {
    let text = from.text()?;
    if text.len() > most {
        return Err(CborError::TooLong { length: text.len(), bound: most });
    }
    Ok(text.to_owned())
}

/// Reads an array of at most `most` byte strings of at most `bound` bytes each.
pub(super) fn many_bytes(
    from: &mut Reader<'_>,
    most: usize,
    bound: usize,
) -> Result<Vec<Vec<u8>>, CborError> {
    let length = from.array_up_to(most)?;
    (0..length).map(|_| bytes_up_to(from, bound)).collect()
}

/// Writes an array of byte strings.
pub(super) fn write_many_bytes(to: &mut Writer, many: &[Vec<u8>]) {
    to.array(many.len());
    for bytes in many {
        to.bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{key, scid};
    use super::*;
    use crate::encoding::cbor::{decode, encode};

    fn bytes(length: u8, with: u8) -> Vec<u8> {
        let mut bytes = vec![0x58, length];
        bytes.resize(usize::from(length) + 2, with);
        bytes
    }

    #[test]
    fn a_name_has_32_bytes() {
        assert_eq!(decode(&encode(&scid(7)), 64), Ok(scid(7)));
        assert!(decode::<Scid>(&bytes(31, 7), 64).is_err());
        assert!(decode::<Scid>(&bytes(33, 7), 64).is_err());
        assert!(decode::<Scid>(&[0x18, 0x20], 64).is_err(), "a number");
    }

    #[test]
    fn a_key_is_a_point_that_can_sign() {
        let key = key(1).public();
        assert_eq!(decode(&encode(&key), 64), Ok(key));
        assert!(decode::<PublicKey>(&bytes(32, 0), 64).is_err(), "a weak key");
        assert!(decode::<PublicKey>(&bytes(32, 0xff), 64).is_err(), "no point");
    }

    #[test]
    fn a_time_ends_with_the_year_9999() {
        assert_eq!(decode(&encode(&Timestamp::MAX), 64), Ok(Timestamp::MAX));
        let mut later = vec![0x1b];
        later.extend((Timestamp::MAX.seconds() + 1).to_be_bytes());
        assert!(decode::<Timestamp>(&later, 64).is_err());
    }
}
