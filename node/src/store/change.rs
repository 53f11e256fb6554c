//! What can be written: the effects of an engine that must be remembered, in the node's words.

use core::fmt;
use countersign_protocol::{did::Scid, engine::effect::BodyKind, time::Timestamp};

/// One thing to write. What a change expects to find is part of it.
///
/// It prints only what it is about: some changes carry what nobody may read in a log.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant says what its fields are")]
pub enum Change {
    /// Appends `line` to the log of `scid`, which must be exactly `length` entries long.
    Append { scid: Scid, length: u64, line: Vec<u8> },
    /// Puts the witness file of `scid` in place of the one before.
    Witnesses { scid: Scid, file: Vec<u8> },
    /// Makes the log of `scid`, at least `keep` entries long, its first `keep` and then `lines`.
    ///
    /// Only a fork makes a log shorter: the branch that was held is not the one that stands.
    Log { scid: Scid, keep: u64, lines: Vec<Vec<u8>> },
    /// Puts the newest head of `scid`, as the caller writes it, in place of the one before.
    Head { scid: Scid, bytes: Vec<u8> },
    /// Puts the newest freshness of `scid`, with its proof, in place of the one before.
    Freshness { scid: Scid, bytes: Vec<u8> },
    /// Adds a body, known by its SHA-256 hash, that belongs to `owner`.
    Body { owner: Scid, kind: BodyKind, bytes: Vec<u8> },
    /// Adds a body and removes all others of its kind that belong to `owner`: the newest showcase.
    OnlyBody { owner: Scid, kind: BodyKind, bytes: Vec<u8> },
    /// Removes a body of `owner`; nothing happens if it is not there.
    DropBody { owner: Scid, kind: BodyKind, hash: [u8; 32] },
    /// Puts status list `list` of `issuer`, as it was at statement `number`, in place of the one
    /// before.
    List { issuer: Scid, list: u64, number: u64, bytes: Vec<u8> },
    /// Adds a sealed status statement. Unless the one with its number is the same, that one and all behind it
    /// are removed: whoever writes one holds all that leads to it, and what stood there leads nowhere.
    Statement { issuer: Scid, list: u64, number: u64, sealed: Vec<u8> },
    /// Removes the statements of `list` below `number`, which a list that is held whole replaces.
    DropStatements { issuer: Scid, list: u64, below: u64 },
    /// Puts the newest word that nothing changed on `list` of `issuer` in place of the one before.
    Heartbeat { issuer: Scid, list: u64, sealed: Vec<u8> },
    /// Removes the newest word that nothing changed on `list` of `issuer`.
    DropHeartbeat { issuer: Scid, list: u64 },
    /// Makes `scid` durable with all that belongs to it. Own stays own; a promise only grows.
    Keep { scid: Scid, keep: Keep },
    /// Makes `scid` an identity like any other: cached, and forgotten when there is no room.
    Release { scid: Scid },
    /// Forgets all that is cached of `scid`; nothing happens if it is kept.
    Forget { scid: Scid },
    /// Raises the highest seen of `scid`; a lower one changes nothing.
    Seen { scid: Scid, highest: Highest },
    /// Adds a fork proof about `scid`, known by its SHA-256 hash as a body is, for ever.
    Fork { scid: Scid, proof: Vec<u8> },
    /// Puts a sealed secret in place of the one of this name.
    Secret { name: Vec<u8>, expect: Expect, sealed: Vec<u8> },
    /// Removes a sealed secret.
    EraseSecret { name: Vec<u8> },
    /// Adds an event under the next number.
    Event { bytes: Vec<u8> },
    /// Removes the events up to and including number `through`; their numbers are never given again.
    DropEvents { through: u64 },
    /// Puts a setting in place of the one of this name.
    Setting { name: String, bytes: Vec<u8> },
    /// Puts row `key` of the durable table `table`, which must be as `expect` says.
    Row { table: String, key: Vec<u8>, expect: Expect, bytes: Vec<u8> },
    /// Removes row `key` of the durable table `table`, which must be as `expect` says.
    RemoveRow { table: String, key: Vec<u8>, expect: Expect },
    /// Adds a link to the durable chain `chain`, which must be exactly `length` links long.
    Link { chain: String, length: u64, bytes: Vec<u8> },
}

impl fmt::Debug for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Change({})", self.kind())
    }
}

impl Change {
    /// Gives the word for this kind of change.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Append { .. } => "append",
            Self::Witnesses { .. } => "witnesses",
            Self::Log { .. } => "log",
            Self::Head { .. } => "head",
            Self::Freshness { .. } => "freshness",
            Self::Body { .. } => "body",
            Self::OnlyBody { .. } => "only body",
            Self::DropBody { .. } => "drop body",
            Self::List { .. } => "list",
            Self::Statement { .. } => "statement",
            Self::DropStatements { .. } => "drop statements",
            Self::Heartbeat { .. } => "heartbeat",
            Self::DropHeartbeat { .. } => "drop heartbeat",
            Self::Keep { .. } => "keep",
            Self::Release { .. } => "release",
            Self::Forget { .. } => "forget",
            Self::Seen { .. } => "seen",
            Self::Fork { .. } => "fork",
            Self::Secret { .. } => "secret",
            Self::EraseSecret { .. } => "erase secret",
            Self::Event { .. } => "event",
            Self::DropEvents { .. } => "drop events",
            Self::Setting { .. } => "setting",
            Self::Row { .. } => "row",
            Self::RemoveRow { .. } => "remove row",
            Self::Link { .. } => "link",
        }
    }
}

/// Why an identity is durable here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is one of this node's own.
    Own,
    /// This node gave a receipt that says it keeps it until then.
    Promised(Timestamp),
}

/// What a row must be before it is changed.
#[derive(Clone, PartialEq, Eq)]
pub enum Expect {
    /// Whatever it is.
    Anything,
    /// Not there.
    Nothing,
    /// Exactly these bytes.
    Exactly(Vec<u8>),
}

/// The highest a node ever saw of an identity; nothing lower is accepted again.
///
/// Ordered by the version of the log first, then by the head's own sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Highest {
    /// The version number of the log.
    pub version: u64,
    /// The sequence of the head.
    pub sequence: u64,
    /// The hash of the entry or head that was seen there.
    pub digest: [u8; 32],
}

impl Highest {
    /// Tells whether this is above `other`. Two heads of one version and sequence are not above each
    /// other, whatever their hashes: the one seen first stays.
    #[must_use]
    pub fn is_above(&self, other: &Self) -> bool {
        (self.version, self.sequence) > (other.version, other.sequence)
    }
}

/// A status list that is held whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The number of the last statement that is in it.
    pub number: u64,
    /// Its bytes, as the caller wrote them.
    pub bytes: Vec<u8>,
}
