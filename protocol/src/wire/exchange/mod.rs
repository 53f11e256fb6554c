//! What a node asks another one, and what it is answered.
//!
//! One stream carries one [`Request`] and one [`Response`], each a frame `[kind, body]`. A node that
//! does not know a kind answers [`Response::Unsupported`] and nobody is punished: that is how a newer
//! node talks to an older one. [`want`] and [`give`] hold what the larger frames are made of.

pub mod deposit;
pub mod give;
pub mod hello;
pub mod patience;
pub mod want;

use super::bounds;
use super::member::{bytes_up_to, many_bytes, write_many_bytes};
use super::notice::Notice;
use crate::did::Scid;
use crate::encoding::cbor::{self, CborError, Reader, Record, Writer};
use crate::encoding::multihash::sha256;
use crate::verdict::Verdict;
use deposit::{Cosign, Deposit, Lacks, Reason};
use hello::Greeting;

/// Asks a node for one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Who are you, and what time is it there?
    Hello(Greeting),
    /// The newest heads of these identities, or heads by hash.
    Heads(want::Heads),
    /// The entries of a log that I lack, with what witnesses and the head say.
    Log(want::Log),
    /// The document with this SHA-256 hash: a showcase, a profile, a status list, a fork proof.
    Body([u8; 32]),
    /// The statements of one status list from a place on.
    Status(want::Status),
    /// Keep this for me and tell others.
    Deposit(Deposit),
    /// What do you hold, in a few bytes a bucket?
    Digests(want::Digests),
    /// Coded symbols of what you hold in some buckets.
    Sketch(want::Sketch),
    /// A witness's word on how new the heads of these identities are.
    Fresh(Vec<Scid>),
    /// Cosign the newest entry of this log.
    Cosign(Cosign),
    /// Which forks do you know?
    Forks(want::Page),
    /// Which attestors' profiles do you hold?
    Profiles(want::Page),
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// Returns [`ExchangeError`] for a kind this node does not know, and for bytes that are none.
    pub fn parse(bytes: &[u8]) -> Result<Self, ExchangeError> {
        let frame: Frame = cbor::decode(bytes, bounds::REQUEST)?;
        let body = &frame.body[..];
        Ok(match frame.kind {
            HELLO => Self::Hello(read(body)?),
            HEADS => Self::Heads(read(body)?),
            LOG => Self::Log(read(body)?),
            BODY => Self::Body(read::<Hash>(body)?.0),
            STATUS => Self::Status(read(body)?),
            DEPOSIT => Self::Deposit(read(body)?),
            DIGESTS => Self::Digests(read(body)?),
            SKETCH => Self::Sketch(read(body)?),
            FRESH => Self::Fresh(read::<Many<Scid, { want::MAX_FRESH }>>(body)?.0),
            COSIGN => Self::Cosign(read(body)?),
            FORKS => Self::Forks(read(body)?),
            PROFILES => Self::Profiles(read(body)?),
            kind => return Err(ExchangeError::Unsupported { kind }),
        })
    }

    /// Writes the request.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, body) = match self {
            Self::Hello(greeting) => (HELLO, cbor::encode(greeting)),
            Self::Heads(wanted) => (HEADS, cbor::encode(wanted)),
            Self::Log(wanted) => (LOG, cbor::encode(wanted)),
            Self::Body(hash) => (BODY, cbor::encode(&Hash(*hash))),
            Self::Status(wanted) => (STATUS, cbor::encode(wanted)),
            Self::Deposit(deposit) => (DEPOSIT, cbor::encode(deposit)),
            Self::Digests(wanted) => (DIGESTS, cbor::encode(wanted)),
            Self::Sketch(wanted) => (SKETCH, cbor::encode(wanted)),
            Self::Fresh(scids) => {
                (FRESH, cbor::encode(&Many::<_, { want::MAX_FRESH }>(scids.clone())))
            }
            Self::Cosign(cosign) => (COSIGN, cbor::encode(cosign)),
            Self::Forks(page) => (FORKS, cbor::encode(page)),
            Self::Profiles(page) => (PROFILES, cbor::encode(page)),
        };
        cbor::encode(&Frame { kind, body })
    }
}

/// Answers one [`Request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// A sealed [`hello::Hello`].
    Hello(Vec<u8>),
    /// Sealed heads, each as it was received.
    Heads(Vec<Vec<u8>>),
    /// Entries of a log.
    Log(give::Log),
    /// The document that has the hash asked for.
    Body(Vec<u8>),
    /// Statements of one status list.
    Status(give::Status),
    /// A sealed receipt.
    Receipt(Vec<u8>),
    /// Digests of the buckets that are not empty, in the order of their numbers.
    Digests(Vec<give::Bucket>),
    /// Coded symbols.
    Sketch(give::Sketch),
    /// Freshness proofs, at most one for each identity asked for.
    Fresh(Vec<Vec<u8>>),
    /// The JSON of a witness's Data Integrity proof.
    Proof(Vec<u8>),
    /// Fork proofs by hash.
    Forks(Vec<Notice>),
    /// Attestors' profiles by hash.
    Profiles(Vec<Notice>),
    /// This node does not hold what was asked for.
    Nothing,
    /// This node will not do it, and why.
    Refusal(Reason),
    /// This node does not know this kind of request.
    Unsupported,
    /// What was deposited does not follow what this keeper holds.
    Lacks(Lacks),
}

impl Response {
    /// Reads a response.
    ///
    /// # Errors
    ///
    /// Returns [`ExchangeError`] for a kind this node does not know, and for bytes that are none.
    pub fn parse(bytes: &[u8]) -> Result<Self, ExchangeError> {
        let frame: Frame = cbor::decode(bytes, bounds::RESPONSE)?;
        let body = &frame.body[..];
        Ok(match frame.kind {
            HELLO => Self::Hello(read::<Blob<{ bounds::HELLO }>>(body)?.0),
            HEADS => Self::Heads(read::<Blobs<{ want::MAX_HEADS }, { bounds::HEAD }>>(body)?.0),
            LOG => Self::Log(read(body)?),
            BODY => Self::Body(read::<Blob<{ bounds::BODY }>>(body)?.0),
            STATUS => Self::Status(read(body)?),
            DEPOSIT => Self::Receipt(read::<Blob<{ bounds::RECEIPT }>>(body)?.0),
            DIGESTS => Self::Digests(read::<Many<give::Bucket, { want::MAX_BUCKETS }>>(body)?.0),
            SKETCH => Self::Sketch(read(body)?),
            FRESH => {
                Self::Fresh(read::<Blobs<{ want::MAX_FRESH }, { bounds::FRESHNESS }>>(body)?.0)
            }
            COSIGN => Self::Proof(read::<Blob<{ bounds::WITNESS_PROOF }>>(body)?.0),
            FORKS => Self::Forks(read::<Many<Notice, { want::MAX_PAGE }>>(body)?.0),
            PROFILES => Self::Profiles(read::<Many<Notice, { want::MAX_PAGE }>>(body)?.0),
            NOTHING => read::<Empty>(body).map(|Empty| Self::Nothing)?,
            REFUSAL => Self::Refusal(read(body)?),
            UNSUPPORTED => read::<Empty>(body).map(|Empty| Self::Unsupported)?,
            LACKS => Self::Lacks(read(body)?),
            kind => return Err(ExchangeError::Unsupported { kind }),
        })
    }

    /// Writes the response.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let blob = |bytes: &[u8]| cbor::encode(&Blob::<{ usize::MAX }>(bytes.to_vec()));
        let blobs = |many: &[Vec<u8>]| {
            cbor::encode(&Blobs::<{ usize::MAX }, { usize::MAX }>(many.to_vec()))
        };
        let notices = |many: &[Notice]| cbor::encode(&Many::<_, { usize::MAX }>(many.to_vec()));
        let (kind, body) = match self {
            Self::Hello(sealed) => (HELLO, blob(sealed)),
            Self::Heads(heads) => (HEADS, blobs(heads)),
            Self::Log(log) => (LOG, cbor::encode(log)),
            Self::Body(bytes) => (BODY, blob(bytes)),
            Self::Status(status) => (STATUS, cbor::encode(status)),
            Self::Receipt(sealed) => (DEPOSIT, blob(sealed)),
            Self::Digests(buckets) => {
                (DIGESTS, cbor::encode(&Many::<_, { usize::MAX }>(buckets.clone())))
            }
            Self::Sketch(sketch) => (SKETCH, cbor::encode(sketch)),
            Self::Fresh(proofs) => (FRESH, blobs(proofs)),
            Self::Proof(json) => (COSIGN, blob(json)),
            Self::Forks(forks) => (FORKS, notices(forks)),
            Self::Profiles(profiles) => (PROFILES, notices(profiles)),
            Self::Nothing => (NOTHING, cbor::encode(&Empty)),
            Self::Refusal(reason) => (REFUSAL, cbor::encode(reason)),
            Self::Unsupported => (UNSUPPORTED, cbor::encode(&Empty)),
            Self::Lacks(lacks) => (LACKS, cbor::encode(lacks)),
        };
        cbor::encode(&Frame { kind, body })
    }

    /// Tells whether this can be the answer to `request`; a node that answers something else is at
    /// fault.
    #[must_use]
    pub fn answers(&self, request: &Request) -> bool {
        match self {
            Self::Hello(_) => matches!(request, Request::Hello(_)),
            Self::Heads(heads) => {
                matches!(request, Request::Heads(wanted) if wanted.may_be(heads))
            }
            Self::Log(log) => matches!(request, Request::Log(wanted) if wanted.have == log.after),
            Self::Body(bytes) => {
                matches!(request, Request::Body(hash) if *hash == sha256(bytes))
            }
            Self::Status(_) => matches!(request, Request::Status(_)),
            Self::Receipt(_) | Self::Lacks(_) => matches!(request, Request::Deposit(_)),
            Self::Digests(_) => matches!(request, Request::Digests(_)),
            Self::Sketch(sketch) => matches!(request, Request::Sketch(wanted)
                if wanted.skip == sketch.skip && sketch.symbols.len() <= wanted.count),
            Self::Fresh(proofs) => {
                matches!(request, Request::Fresh(scids) if proofs.len() <= scids.len())
            }
            Self::Proof(_) => matches!(request, Request::Cosign(_)),
            Self::Forks(_) => matches!(request, Request::Forks(_)),
            Self::Profiles(_) => matches!(request, Request::Profiles(_)),
            Self::Nothing | Self::Refusal(_) | Self::Unsupported => true,
        }
    }
}

/// The bytes are not a request or a response this node knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum ExchangeError {
    /// A later version's kind. Nobody's fault; a request is answered with `Unsupported`.
    #[error("kind {kind} is not known here")]
    Unsupported { kind: u64 },
    /// Malformed, or over a bound. Fault of the peer that sent it.
    #[error(transparent)]
    Record(#[from] CborError),
}

impl ExchangeError {
    /// Says what to do with the peer that sent it.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Unsupported { .. } => Verdict::Ignore,
            Self::Record(_) => Verdict::Reject,
        }
    }
}

fn read<R: Record>(body: &[u8]) -> Result<R, CborError> {
    // The frame was within its bound, so its body is.
    cbor::decode(body, usize::MAX)
}

/// What stands around every request and response.
struct Frame {
    kind: u64,
    body: Vec<u8>,
}

impl Record for Frame {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.unsigned(self.kind);
        to.bytes(&self.body);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        Ok(Self { kind: from.unsigned()?, body: from.bytes()?.to_vec() })
    }
}

/// A body that is one hash.
struct Hash([u8; 32]);

impl Record for Hash {
    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.fixed().map(Self)
    }
}

/// A body that is one byte string of at most `BOUND` bytes.
struct Blob<const BOUND: usize>(Vec<u8>);

impl<const BOUND: usize> Record for Blob<BOUND> {
    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        bytes_up_to(from, BOUND).map(Self)
    }
}

/// A body that is at most `MOST` byte strings of at most `BOUND` bytes each.
struct Blobs<const MOST: usize, const BOUND: usize>(Vec<Vec<u8>>);

impl<const MOST: usize, const BOUND: usize> Record for Blobs<MOST, BOUND> {
    fn write(&self, to: &mut Writer) {
        write_many_bytes(to, &self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        many_bytes(from, MOST, BOUND).map(Self)
    }
}

/// A body that is at most `MOST` records.
struct Many<R, const MOST: usize>(Vec<R>);

impl<R: Record, const MOST: usize> Record for Many<R, MOST> {
    fn write(&self, to: &mut Writer) {
        to.records(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.records(MOST).map(Self)
    }
}

/// A body that says nothing.
struct Empty;

impl Record for Empty {
    fn write(&self, to: &mut Writer) {
        to.array(0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(0).map(|()| Self)
    }
}

const HELLO: u64 = 1;
const HEADS: u64 = 2;
const LOG: u64 = 3;
const BODY: u64 = 4;
const STATUS: u64 = 5;
const DEPOSIT: u64 = 6;
const DIGESTS: u64 = 7;
const SKETCH: u64 = 8;
const FRESH: u64 = 9;
const COSIGN: u64 = 10;
const FORKS: u64 = 11;
const PROFILES: u64 = 12;
const NOTHING: u64 = 20;
const REFUSAL: u64 = 21;
const UNSUPPORTED: u64 = 22;
const LACKS: u64 = 23;

#[cfg(test)]
mod tests;
