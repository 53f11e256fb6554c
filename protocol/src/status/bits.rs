//! The bits of a status list, and the compressed text they travel as.
//!
//! - Standard: Bitstring Status List v1.0, sections 3.3 "Bitstring Generation" and 3.4 "Bitstring
//!   Expansion": GZIP (RFC 1952) in base64url behind the multibase prefix `u`.

use crate::encoding::{base64url, multihash};
use crate::wire::bounds;
use core::fmt;
use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};
use std::io::{Read as _, Write as _};

/// At least [`bounds::STATUS_ENTRIES`] bits, at most [`bounds::STATUS_BITS`] bytes of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Bits(Vec<u8>);

impl Bits {
    /// Makes `entries` bits that are not set, rounded up to whole bytes and into the bounds.
    #[must_use]
    pub fn new(entries: u64) -> Self {
        let length = usize::try_from(entries.div_ceil(8)).unwrap_or(bounds::STATUS_BITS);
        Self(vec![0; length.clamp(SHORTEST, bounds::STATUS_BITS)])
    }

    /// Counts the bits.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX).saturating_mul(8)
    }

    /// Tells whether the bit at `index` is set; gives nothing beyond the last.
    #[must_use]
    pub fn is_set(&self, index: u64) -> Option<bool> {
        let (byte, mask) = place(index)?;
        self.0.get(byte).map(|byte| byte & mask != 0)
    }

    /// Turns the bit at `index` over and gives what it is then; gives nothing beyond the last.
    pub fn flip(&mut self, index: u64) -> Option<bool> {
        let (byte, mask) = place(index)?;
        let byte = self.0.get_mut(byte)?;
        *byte ^= mask;
        Some(*byte & mask != 0)
    }

    /// Hashes the uncompressed bits with SHA-256.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        multihash::sha256(&self.0)
    }

    /// Writes the bits as `encodedList`. The same bits give the same text.
    #[must_use]
    pub fn encode(&self) -> String {
        // No time and no operating system in the header: nothing but the bits decides the text.
        let mut encoder =
            GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
        // Writing to a vector cannot fail.
        let compressed = encoder.write_all(&self.0).and_then(|()| encoder.finish());
        base64url::encode_multibase(&compressed.unwrap_or_default())
    }

    /// Reads the bits out of `encodedList`.
    ///
    /// # Errors
    ///
    /// Returns [`BitsError`] for what is not compressed bits, or too few or too many of them.
    pub fn decode(text: &str) -> Result<Self, BitsError> {
        let compressed = base64url::decode_multibase(text).ok_or(BitsError::NotBase64Url)?;
        let mut decoder = GzDecoder::new(compressed.as_slice());
        let mut bits = Vec::new();
        // A small body may inflate without end: no more is read than may be there, and one byte.
        let most = u64::try_from(bounds::STATUS_BITS).unwrap_or(u64::MAX);
        let mut limited = decoder.by_ref().take(most.saturating_add(1));
        limited.read_to_end(&mut bits).map_err(|_| BitsError::NotGzip)?;
        if bits.len() > bounds::STATUS_BITS {
            return Err(BitsError::TooLong);
        }
        if !decoder.into_inner().is_empty() {
            return Err(BitsError::NotGzip);
        }
        if bits.len() < SHORTEST {
            return Err(BitsError::TooShort);
        }
        Ok(Self(bits))
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set: u32 = self.0.iter().map(|byte| byte.count_ones()).sum();
        write!(formatter, "Bits({set} of {} set)", self.count())
    }
}

/// Section 2.2: index zero is the left-most bit, the highest of the first byte.
fn place(index: u64) -> Option<(usize, u8)> {
    let byte = usize::try_from(index / 8).ok()?;
    let shift = u32::try_from(index % 8).ok()?;
    Some((byte, 0x80_u8.checked_shr(shift)?))
}

/// The text is not a list of bits. Fault of the issuer, visible to whoever relayed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BitsError {
    /// Not base64url behind a `u`.
    #[error("encodedList is not base64url behind a u")]
    NotBase64Url,
    /// Not one GZIP member, or bytes after it.
    #[error("encodedList is not GZIP")]
    NotGzip,
    /// Fewer than hide who is who.
    #[error("encodedList has fewer than {} entries", bounds::STATUS_ENTRIES)]
    TooShort,
    /// More than anybody keeps.
    #[error("encodedList expands to more than {} bytes", bounds::STATUS_BITS)]
    TooLong,
}

/// Bitstring Status List v1.0, section 3.2, step 9: herd privacy, 16 KiB.
const SHORTEST: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(bytes: &[u8]) -> String {
        let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        base64url::encode_multibase(&encoder.finish().unwrap())
    }

    #[test]
    fn bits_read_back() {
        let mut bits = Bits::new(1);
        assert_eq!(bits.count(), bounds::STATUS_ENTRIES);
        assert_eq!(bits.flip(70_000), Some(true));
        assert_eq!(Bits::decode(&bits.encode()), Ok(bits.clone()));
        assert_eq!((bits.is_set(70_000), bits.is_set(70_001)), (Some(true), Some(false)));
        assert_eq!((bits.is_set(131_072), bits.flip(u64::MAX)), (None, None));
    }

    #[test]
    fn index_zero_is_the_left_most_bit() {
        let mut bits = Bits::new(0);
        bits.flip(0);
        bits.flip(9);
        assert_eq!(bits.0[..2], [0x80, 0x40]);
    }

    #[test]
    fn reads_the_list_the_standard_prints() {
        let text = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA";
        assert_eq!(Bits::decode(text), Ok(Bits::new(0)));
    }

    #[test]
    fn refuses_what_is_no_list() {
        let good = Bits::new(0).encode();
        assert_eq!(Bits::decode(&good[1..]), Err(BitsError::NotBase64Url));
        assert_eq!(Bits::decode("uAAAA"), Err(BitsError::NotGzip));
        assert_eq!(Bits::decode(&compressed(&[0; SHORTEST - 1])), Err(BitsError::TooShort));
        let mut twice = base64url::decode_multibase(&good).unwrap();
        twice.push(0);
        let twice = Bits::decode(&base64url::encode_multibase(&twice));
        assert_eq!(twice, Err(BitsError::NotGzip));
    }

    #[test]
    fn a_small_body_that_inflates_without_end_is_cut_off() {
        let bomb = compressed(&vec![0; 64 * bounds::STATUS_BITS]);
        assert!(bomb.len() < 100 * 1024);
        assert_eq!(Bits::decode(&bomb), Err(BitsError::TooLong));
    }
}
