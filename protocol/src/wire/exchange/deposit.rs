//! What a home asks of keepers and witnesses, and why they may refuse.

use crate::did::log::entry::VersionId;
use crate::encoding::cbor::{CborError, Reader, Record, Writer};
use crate::wire::bounds;
use crate::wire::member::bytes_up_to;

/// Everything new about one identity, for a keeper to keep and to announce.
///
/// A home deposits and does not announce: whoever listens to the gossip never learns which address an
/// identity's news came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// The newest entry the keeper is taken to hold; none brings the whole log. A keeper that holds
    /// another answers what it holds, and is given what follows that.
    pub after: Option<VersionId>,
    /// The entries behind those, JSON Lines; none if only the showcase changed.
    pub log: Vec<u8>,
    /// The did:webvh witness file, if the identity has witnesses.
    pub witness: Option<Vec<u8>>,
    /// The sealed head.
    pub head: Vec<u8>,
    /// The showcase the head names, if the keeper may lack it.
    pub showcase: Option<Vec<u8>>,
}

impl Record for Deposit {
    fn write(&self, to: &mut Writer) {
        to.array(5);
        write_version(self.after, to);
        to.bytes(&self.log);
        to.optional(self.witness.as_ref(), |to, file| to.bytes(file));
        to.bytes(&self.head);
        to.optional(self.showcase.as_ref(), |to, showcase| to.bytes(showcase));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(5)?;
        Ok(Self {
            after: read_version(from)?,
            log: bytes_up_to(from, bounds::LOG)?,
            witness: from.optional(|from| bytes_up_to(from, bounds::WITNESS_FILE))?,
            head: bytes_up_to(from, bounds::HEAD)?,
            showcase: from.optional(|from| bytes_up_to(from, bounds::SHOWCASE))?,
        })
    }
}

/// What a keeper holds of an identity of which it was brought something that does not follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacks {
    /// The newest entry it holds; none if it holds nothing.
    pub held: Option<VersionId>,
}

impl Record for Lacks {
    fn write(&self, to: &mut Writer) {
        write_version(self.held, to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        read_version(from).map(|held| Self { held })
    }
}

fn write_version(version: Option<VersionId>, to: &mut Writer) {
    to.optional(version.as_ref(), |to, version| {
        to.array(2);
        to.unsigned(version.number);
        to.bytes(&version.digest);
    });
}

fn read_version(from: &mut Reader<'_>) -> Result<Option<VersionId>, CborError> {
    from.optional(|from| {
        from.array(2)?;
        Ok(VersionId { number: from.unsigned()?, digest: from.fixed()? })
    })
}

/// A log whose newest entry wants a witness's proof. A witness reads all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosign {
    /// The whole log, JSON Lines, the new entry last.
    pub log: Vec<u8>,
    /// The did:webvh witness file as it is so far, for the entries before.
    pub witness: Option<Vec<u8>>,
}

impl Record for Cosign {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.bytes(&self.log);
        to.optional(self.witness.as_ref(), |to, file| to.bytes(file));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        let log = bytes_up_to(from, bounds::LOG)?;
        Ok(Self { log, witness: from.optional(|from| bytes_up_to(from, bounds::WITNESS_FILE))? })
    }
}

/// Says why a node will not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It has too much to do; ask again later.
    Busy,
    /// It has no room left for what is new.
    Full,
    /// It does not do this for others.
    NotOffered,
    /// This peer asked for too much of it.
    TooMuch,
    /// Something in it is malformed or breaks a rule.
    Invalid,
    /// It already holds something newer; fetch that first.
    Stale,
    /// Entries before these are missing here; bring the whole log.
    Incomplete,
    /// It knows a sibling of the entry, or another head in the same place.
    Forked,
    /// A time in it is ahead of this node's clock, or this node does not trust its own.
    Clock,
    /// A reason of a later version.
    Unnamed(u64),
}

impl Reason {
    /// Gives the number that travels.
    #[must_use]
    pub const fn code(self) -> u64 {
        match self {
            Self::Busy => 1,
            Self::Full => 2,
            Self::NotOffered => 3,
            Self::TooMuch => 4,
            Self::Invalid => 5,
            Self::Stale => 6,
            Self::Incomplete => 7,
            Self::Forked => 8,
            Self::Clock => 9,
            Self::Unnamed(code) => code,
        }
    }

    /// Takes the number that travelled.
    #[must_use]
    pub const fn from_code(code: u64) -> Self {
        match code {
            1 => Self::Busy,
            2 => Self::Full,
            3 => Self::NotOffered,
            4 => Self::TooMuch,
            5 => Self::Invalid,
            6 => Self::Stale,
            7 => Self::Incomplete,
            8 => Self::Forked,
            9 => Self::Clock,
            code => Self::Unnamed(code),
        }
    }
}

impl Record for Reason {
    fn write(&self, to: &mut Writer) {
        to.unsigned(self.code());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.unsigned().map(Self::from_code)
    }
}
