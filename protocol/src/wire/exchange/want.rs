//! What the larger requests ask for.

use crate::did::Scid;
use crate::encoding::cbor::{CborError, Reader, Record, Writer};
use crate::wire::head::HeadHash;
use crate::wire::topic::Shard;

/// Heads, by identity, by hash, or both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heads {
    /// Identities whose newest head is wanted.
    pub scids: Vec<Scid>,
    /// Heads wanted by their own hash, as reconciliation finds them.
    pub hashes: Vec<HeadHash>,
}

impl Heads {
    /// Counts what is asked for.
    #[must_use]
    pub fn count(&self) -> usize {
        self.scids.len().saturating_add(self.hashes.len())
    }

    /// Tells whether these heads can be those that were asked for: none more, and where all were asked for
    /// by their hashes, no other.
    #[must_use]
    pub fn may_be(&self, heads: &[Vec<u8>]) -> bool {
        let asked_for = |head: &Vec<u8>| self.hashes.contains(&HeadHash::of(head));
        heads.len() <= self.count() && (!self.scids.is_empty() || heads.iter().all(asked_for))
    }
}

impl Record for Heads {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.records(&self.scids);
        to.records(&self.hashes);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        let heads = Self { scids: from.records(MAX_HEADS)?, hashes: from.records(MAX_HEADS)? };
        if heads.count() > MAX_HEADS {
            return Err(from.malformed("fewer heads"));
        }
        Ok(heads)
    }
}

/// The entries of one log behind those already held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// Whose log.
    pub scid: Scid,
    /// How many entries are held already; 0 asks for the whole log.
    pub have: u64,
}

impl Record for Log {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.record(&self.scid);
        to.unsigned(self.have);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        Ok(Self { scid: Scid::read(from)?, have: from.unsigned()? })
    }
}

/// The statements of one status list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Whose list.
    pub issuer: Scid,
    /// Which of the issuer's lists.
    pub list: u64,
    /// The first version of the list that is not known yet.
    pub from: u64,
}

impl Record for Status {
    fn write(&self, to: &mut Writer) {
        to.array(3);
        to.record(&self.issuer);
        to.unsigned(self.list);
        to.unsigned(self.from);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(3)?;
        Ok(Self { issuer: Scid::read(from)?, list: from.unsigned()?, from: from.unsigned()? })
    }
}

/// The key of one reconciliation, chosen at random by the node that asks.
///
/// Everything that is compared is hashed under it, so whoever made the things that are compared
/// could not know what they would collide with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session(pub [u8; 16]);

impl Record for Session {
    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.fixed().map(Self)
    }
}

/// Digests of buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// The key of this reconciliation.
    pub session: Session,
    /// The shard whose days are compared; none compares whole shards.
    pub shard: Option<Shard>,
    /// The first bucket wanted: the number of a shard or of a day.
    pub from: u64,
}

impl Record for Digests {
    fn write(&self, to: &mut Writer) {
        to.array(3);
        to.record(&self.session);
        to.optional(self.shard.as_ref(), |to, shard| to.record(shard));
        to.unsigned(self.from);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(3)?;
        let session = Session::read(from)?;
        Ok(Self { session, shard: from.optional(Shard::read)?, from: from.unsigned()? })
    }
}

/// Coded symbols of the heads of one shard and some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sketch {
    /// The key of this reconciliation.
    pub session: Session,
    /// The shard.
    pub shard: Shard,
    /// The first day.
    pub from: u64,
    /// The last day, which is part of it.
    pub to: u64,
    /// How many symbols of the stream are held already.
    pub skip: u64,
    /// How many more are wanted, at most [`MAX_SYMBOLS`].
    pub count: usize,
}

impl Record for Sketch {
    fn write(&self, to: &mut Writer) {
        to.array(6);
        to.record(&self.session);
        to.record(&self.shard);
        to.unsigned(self.from);
        to.unsigned(self.to);
        to.unsigned(self.skip);
        to.unsigned(u64::try_from(self.count).unwrap_or(u64::MAX));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(6)?;
        let (session, shard) = (Session::read(from)?, Shard::read(from)?);
        let (first, last, skip) = (from.unsigned()?, from.unsigned()?, from.unsigned()?);
        let count = usize::try_from(from.unsigned()?).ok().filter(|count| *count <= MAX_SYMBOLS);
        let count = count.ok_or_else(|| from.malformed("fewer symbols"))?;
        // A stream that has not ended by then never will: see `engine::reconcile`.
        if first > last || skip > MAX_STREAM {
            return Err(from.malformed("days in order and a place near the start of the stream"));
        }
        Ok(Self { session, shard, from: first, to: last, skip, count })
    }
}

/// One page of a list that is ordered by SCID, then by hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Page {
    /// The last notice already seen; none begins at the start.
    pub after: Option<super::Notice>,
}

impl Record for Page {
    fn write(&self, to: &mut Writer) {
        to.optional(self.after.as_ref(), |to, notice| to.record(notice));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        Ok(Self { after: from.optional(super::Notice::read)? })
    }
}

/// The most heads of one request: half a response of the largest heads.
pub const MAX_HEADS: usize = 1024;
/// The most identities one request for freshness names.
pub const MAX_FRESH: usize = 64;
/// The most buckets of one response: eleven years of days.
pub const MAX_BUCKETS: usize = 4096;
/// The most coded symbols of one response: two hundred kilobytes.
pub const MAX_SYMBOLS: usize = 4096;
/// The last place of a stream: three hundred thousand differences need a transfer, no sketch.
pub const MAX_STREAM: u64 = 1 << 19;
/// The most notices of one page.
pub const MAX_PAGE: usize = 1024;
/// The most status statements of one response: ten days of heartbeats.
pub const MAX_STATEMENTS: usize = 1024;
