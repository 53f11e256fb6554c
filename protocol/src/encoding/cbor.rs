//! Deterministic CBOR, and the signed envelope everything small of ours travels in.
//!
//! A record is a CBOR array of known length whose members are unsigned integers, byte strings,
//! text and arrays of these. [`decode`] writes what it read once more and refuses bytes that differ,
//! so one record has exactly one spelling and a hash of the bytes is a hash of the record.
//!
//! - Standard: RFC 8949, section 4.2.1 "Core Deterministic Encoding Requirements".

use crate::key::{PublicKey, SecretKey, Signature};
use minicbor::{Decoder, Encoder};

/// Is written as one deterministic CBOR item, and read back from it.
pub trait Record: Sized {
    /// Writes the record's members.
    fn write(&self, to: &mut Writer);

    /// Reads the record's members, in the order [`Record::write`] wrote them.
    ///
    /// # Errors
    ///
    /// Returns [`CborError`] if a member is missing, has another type or breaks its own rule.
    fn read(from: &mut Reader<'_>) -> Result<Self, CborError>;
}

/// Writes `record` as deterministic CBOR.
#[must_use]
pub fn encode<R: Record>(record: &R) -> Vec<u8> {
    let mut writer = Writer(Encoder::new(Vec::new()));
    record.write(&mut writer);
    writer.0.into_writer()
}

/// Reads one record of at most `bound` bytes, and nothing after it.
///
/// # Errors
///
/// Returns [`CborError`] for what is too long, malformed, or not in its deterministic form.
pub fn decode<R: Record>(bytes: &[u8], bound: usize) -> Result<R, CborError> {
    if bytes.len() > bound {
        return Err(CborError::TooLong { length: bytes.len(), bound });
    }
    let mut reader = Reader(Decoder::new(bytes));
    let record = R::read(&mut reader)?;
    // RFC 8949, section 4.2.1: shortest heads, definite lengths. Writing it again is the check.
    if reader.0.position() != bytes.len() || encode(&record) != bytes {
        return Err(CborError::NotDeterministic);
    }
    Ok(record)
}

/// Signs `record` as `kind` of `network`: the array `[bytes of the record, signature]`.
///
/// The signature covers `countersign/<network>/<kind>/1` ‖ the record's bytes, so that what was
/// signed as one kind, or for one network, is never taken for another.
#[must_use]
pub fn seal<R: Record>(record: &R, context: Context<'_>, key: &SecretKey) -> Vec<u8> {
    let payload = encode(record);
    let signature = key.sign(&context.message(&payload));
    encode(&Envelope { payload, signature })
}

/// A record whose bytes are read and whose signature is still to be checked.
#[derive(Debug, Clone)]
pub struct Sealed<R> {
    record: R,
    payload: Vec<u8>,
    signature: Signature,
}

impl<R: Record> Sealed<R> {
    /// Reads a sealed record of at most `bound` bytes, envelope included.
    ///
    /// # Errors
    ///
    /// Returns [`CborError`] as [`decode`] does.
    pub fn parse(bytes: &[u8], bound: usize) -> Result<Self, CborError> {
        let envelope: Envelope = decode(bytes, bound)?;
        let record = decode(&envelope.payload, bound)?;
        Ok(Self { record, payload: envelope.payload, signature: envelope.signature })
    }

    /// Looks at the record before its signature is checked: only to find the key that checks it.
    #[must_use]
    pub const fn unverified(&self) -> &R {
        &self.record
    }

    /// Gives the record if `key` signed it as this kind for this network.
    ///
    /// # Errors
    ///
    /// Returns [`CborError::BadSignature`] otherwise.
    pub fn verify(self, context: Context<'_>, key: &PublicKey) -> Result<R, CborError> {
        if key.verify(&context.message(&self.payload), &self.signature) {
            Ok(self.record)
        } else {
            Err(CborError::BadSignature)
        }
    }
}

/// Says what a signature is for.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The network's id.
    pub network: &'a str,
    /// The kind of record, such as `head`.
    pub kind: &'a str,
}

impl Context<'_> {
    /// Gives the bytes that are signed for `payload`.
    #[must_use]
    pub fn message(&self, payload: &[u8]) -> Vec<u8> {
        let mut message = format!("countersign/{}/{}/1", self.network, self.kind).into_bytes();
        message.extend_from_slice(payload);
        message
    }
}

struct Envelope {
    payload: Vec<u8>,
    signature: Signature,
}

impl Record for Envelope {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.bytes(&self.payload);
        to.bytes(self.signature.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        let payload = from.bytes()?.to_vec();
        let signature = Signature::from_bytes(from.fixed()?);
        Ok(Self { payload, signature })
    }
}

/// Writes the members of a [`Record`].
pub struct Writer(Encoder<Vec<u8>>);

impl Writer {
    /// Begins an array of `length` members.
    pub fn array(&mut self, length: usize) {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        self.infallible(|encoder| encoder.array(length).map(drop));
    }

    /// Writes an unsigned integer.
    pub fn unsigned(&mut self, value: u64) {
        self.infallible(|encoder| encoder.u64(value).map(drop));
    }

    /// Writes a byte string.
    pub fn bytes(&mut self, value: &[u8]) {
        self.infallible(|encoder| encoder.bytes(value).map(drop));
    }

    /// Writes a text string.
    pub fn text(&mut self, value: &str) {
        self.infallible(|encoder| encoder.str(value).map(drop));
    }

    /// Writes a record inside this one.
    pub fn record<R: Record>(&mut self, value: &R) {
        value.write(self);
    }

    /// Writes an array of records.
    pub fn records<R: Record>(&mut self, values: &[R]) {
        self.array(values.len());
        for value in values {
            value.write(self);
        }
    }

    /// Writes a member that may be missing: an array of one or none.
    pub fn optional<T>(&mut self, value: Option<&T>, write: impl FnOnce(&mut Self, &T)) {
        self.array(usize::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn infallible<E>(&mut self, write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), E>) {
        // Writing to a vector cannot fail; a record that would not read back is caught by `decode`.
        let _written = write(&mut self.0).is_ok();
    }
}

/// Reads the members of a [`Record`].
pub struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    /// Reads the start of an array that must have `length` members.
    ///
    /// # Errors
    ///
    /// Returns [`CborError::Malformed`] if there is none, or one of another length.
    pub fn array(&mut self, length: u64) -> Result<(), CborError> {
        match self.0.array() {
            Ok(Some(found)) if found == length => Ok(()),
            Ok(_) | Err(_) => Err(self.malformed("an array of the right length")),
        }
    }

    /// Reads the start of an array of at most `most` members and gives its length.
    ///
    /// # Errors
    ///
    /// Returns [`CborError::Malformed`] if there is none, or a longer one.
    pub fn array_up_to(&mut self, most: usize) -> Result<usize, CborError> {
        match self.0.array() {
            Ok(Some(found)) => usize::try_from(found)
                .ok()
                .filter(|found| *found <= most)
                .ok_or_else(|| self.malformed("a shorter array")),
            Ok(None) | Err(_) => Err(self.malformed("an array")),
        }
    }

    /// Reads an unsigned integer.
    ///
    /// # Errors
    ///
    /// Returns [`CborError::Malformed`] if there is none.
    pub fn unsigned(&mut self) -> Result<u64, CborError> {
        self.0.u64().map_err(|_| self.malformed("an unsigned integer"))
    }

    /// Reads a byte string.
    ///
    /// # Errors
    ///
    /// Returns [`CborError::Malformed`] if there is none.
    pub fn bytes(&mut self) -> Result<&'b [u8], CborError> {
        self.0.bytes().map_err(|_| self.malformed("a byte string"))
    }

    /// Reads a byte string of exactly `N` bytes.
    ///
    /// # Errors
    ///
    /// Returns [`CborError::Malformed`] if there is none, or one of another length.
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        self.bytes()?.try_into().map_err(|_| self.malformed("a byte string of the right length"))
    }

    /// Reads a text string.
    ///
    /// # Errors
    ///
    /// Returns [`CborError::Malformed`] if there is none.
    pub fn text(&mut self) -> Result<&'b str, CborError> {
        self.0.str().map_err(|_| self.malformed("a text string"))
    }

    /// Reads an array of at most `most` records.
    ///
    /// # Errors
    ///
    /// Returns [`CborError`] if it is longer or one of them cannot be read.
    pub fn records<R: Record>(&mut self, most: usize) -> Result<Vec<R>, CborError> {
        let length = self.array_up_to(most)?;
        (0..length).map(|_| R::read(self)).collect()
    }

    /// Reads a member that may be missing.
    ///
    /// # Errors
    ///
    /// Returns [`CborError`] if it is neither missing nor readable.
    pub fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, CborError>,
    ) -> Result<Option<T>, CborError> {
        match self.array_up_to(1)? {
            0 => Ok(None),
            _ => read(self).map(Some),
        }
    }

    /// Gives the error for a record that expected something else here.
    #[must_use]
    pub fn malformed(&self, expected: &'static str) -> CborError {
        CborError::Malformed { at: self.0.position(), expected }
    }
}

/// The bytes are not a record of this kind. Fault of whoever sent them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum CborError {
    /// More bytes than this kind of record may have.
    #[error("{length} bytes are more than the {bound} this record may have")]
    TooLong { length: usize, bound: usize },
    /// Something else stands where a member was expected.
    #[error("byte {at}: expected {expected}")]
    Malformed { at: usize, expected: &'static str },
    /// The same record has a shorter or differently ordered spelling, or something follows it.
    #[error("not in deterministic form")]
    NotDeterministic,
    /// The signature was not made by the key it should be made by, for this kind and network.
    #[error("the signature does not hold")]
    BadSignature,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Pair(u64, Vec<u8>);

    impl Record for Pair {
        fn write(&self, to: &mut Writer) {
            to.array(2);
            to.unsigned(self.0);
            to.bytes(&self.1);
        }

        fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
            from.array(2)?;
            Ok(Self(from.unsigned()?, from.bytes()?.to_vec()))
        }
    }

    const HEAD: Context<'_> = Context { network: "test", kind: "head" };

    #[test]
    fn one_record_has_one_spelling() {
        assert_eq!(decode::<Pair>(&[0x82, 0x05, 0x41, 0x09], 64), Ok(Pair(5, vec![9])));
        for (bytes, why) in [
            (&[0x82, 0x18, 0x05, 0x41, 0x09][..], "5 written in two bytes"),
            (&[0x98, 0x02, 0x05, 0x41, 0x09], "the length of the array written in two bytes"),
            (&[0x82, 0x05, 0x58, 0x01, 0x09], "the length of the bytes written in two bytes"),
            (&[0x82, 0x05, 0x41, 0x09, 0x00], "a byte after the record"),
        ] {
            assert_eq!(decode::<Pair>(bytes, 64), Err(CborError::NotDeterministic), "{why}");
        }
        for (bytes, why) in [
            (&[0x9f, 0x05, 0x41, 0x09, 0xff][..], "an array of indefinite length"),
            (&[0x82, 0x05, 0x5f, 0x41, 0x09, 0xff], "a byte string in chunks"),
            (&[0x82, 0x05, 0x41], "a record cut short"),
            (&[0x83, 0x05, 0x41, 0x09, 0x00], "a member too many"),
            (&[0x82, 0x24, 0x41, 0x09], "a number below zero"),
            (&[0x82, 0x05, 0x61, 0x09], "text for bytes"),
        ] {
            let error = decode::<Pair>(bytes, 64).unwrap_err();
            assert!(matches!(error, CborError::Malformed { .. }), "{why}: {error}");
        }
        let long = decode::<Pair>(&[0x82, 0x05, 0x41, 0x09], 3);
        assert_eq!(long, Err(CborError::TooLong { length: 4, bound: 3 }));
    }

    #[test]
    fn a_signature_is_for_one_kind_and_one_network() {
        let key = SecretKey::from_seed([7; 32]);
        let bytes = seal(&Pair(1, vec![]), HEAD, &key);
        let verify =
            |context| Sealed::<Pair>::parse(&bytes, 128).unwrap().verify(context, &key.public());
        assert_eq!(verify(HEAD), Ok(Pair(1, vec![])));
        assert_eq!(verify(Context { kind: "receipt", ..HEAD }), Err(CborError::BadSignature));
        assert_eq!(verify(Context { network: "other", ..HEAD }), Err(CborError::BadSignature));
    }
}
