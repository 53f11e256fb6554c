//! What the larger responses give.

use super::want::{MAX_STATEMENTS, MAX_SYMBOLS};
use crate::encoding::cbor::{CborError, Reader, Record, Writer};
use crate::wire::bounds;
use crate::wire::member::{bytes_up_to, many_bytes, write_many_bytes};

/// Entries of a log, and what shows that they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How many entries come before the first line.
    pub after: u64,
    /// The entries, JSON Lines, byte for byte as they were signed.
    pub lines: Vec<u8>,
    /// The did:webvh witness file, if the identity has witnesses.
    pub witness: Option<Vec<u8>>,
    /// The newest sealed head.
    pub head: Option<Vec<u8>>,
}

impl Record for Log {
    fn write(&self, to: &mut Writer) {
        to.array(4);
        to.unsigned(self.after);
        to.bytes(&self.lines);
        to.optional(self.witness.as_ref(), |to, file| to.bytes(file));
        to.optional(self.head.as_ref(), |to, head| to.bytes(head));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(4)?;
        Ok(Self {
            after: from.unsigned()?,
            lines: bytes_up_to(from, bounds::LOG)?,
            witness: from.optional(|from| bytes_up_to(from, bounds::WITNESS_FILE))?,
            head: from.optional(|from| bytes_up_to(from, bounds::HEAD))?,
        })
    }
}

/// Statements of one status list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Sealed statements, in order.
    pub statements: Vec<Vec<u8>>,
    /// The newest list credential held, for those whom the statements do not bring up to date.
    pub list: Option<Whole>,
}

/// Names a whole status list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole {
    /// The change it was signed after. Statements before it are no longer held.
    pub sequence: u64,
    /// The SHA-256 hash of the credential.
    pub hash: [u8; 32],
}

impl Record for Whole {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.unsigned(self.sequence);
        to.bytes(&self.hash);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        Ok(Self { sequence: from.unsigned()?, hash: from.fixed()? })
    }
}

impl Record for Status {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        write_many_bytes(to, &self.statements);
        to.optional(self.list.as_ref(), |to, list| list.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        let statements = many_bytes(from, MAX_STATEMENTS, bounds::STATEMENT)?;
        Ok(Self { statements, list: from.optional(Whole::read)? })
    }
}

/// What one bucket holds, in a few bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// The number of the shard or of the day.
    pub number: u64,
    /// How many heads are in it.
    pub count: u64,
    /// Their keyed hashes, combined.
    pub digest: [u8; 16],
}

impl Record for Bucket {
    fn write(&self, to: &mut Writer) {
        to.array(3);
        to.unsigned(self.number);
        to.unsigned(self.count);
        to.bytes(&self.digest);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(3)?;
        Ok(Self { number: from.unsigned()?, count: from.unsigned()?, digest: from.fixed()? })
    }
}

/// One coded symbol: the sum of the items it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Symbol {
    /// How many items it covers; less than none once other sets are subtracted.
    pub count: i64,
    /// The items, combined by exclusive or.
    pub sum: [u8; 32],
    /// Their keyed checks, combined by exclusive or.
    pub check: u64,
}

impl Record for Symbol {
    fn write(&self, to: &mut Writer) {
        to.array(3);
        // What travels covers a set, and no set has less than no items.
        to.unsigned(u64::try_from(self.count).unwrap_or(0));
        to.bytes(&self.sum);
        to.bytes(&self.check.to_be_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(3)?;
        let count = from.unsigned()?;
        let count = i64::try_from(count).map_err(|_| from.malformed("a count of items"))?;
        Ok(Self { count, sum: from.fixed()?, check: u64::from_be_bytes(from.fixed()?) })
    }
}

/// A part of a stream of coded symbols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    /// How many symbols of the stream come before these.
    pub skip: u64,
    /// The symbols, in order.
    pub symbols: Vec<Symbol>,
}

impl Record for Sketch {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.unsigned(self.skip);
        to.records(&self.symbols);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        Ok(Self { skip: from.unsigned()?, symbols: from.records(MAX_SYMBOLS)? })
    }
}
