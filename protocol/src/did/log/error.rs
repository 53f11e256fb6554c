//! Why an entry does not continue a log, and whose fault that is.

use super::entry::EntryError;
use crate::did::Scid;
use crate::key::PublicKey;
use crate::proof::ProofError;
use crate::time::Timestamp;
use crate::verdict::Verdict;
use crate::wire::bounds;

/// An entry does not continue a log. Each variant says whose fault that is.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum LogError {
    /// The line is no entry. Fault of the peer that relayed it.
    #[error("entry {number}: {cause}")]
    Malformed { number: u64, cause: EntryError },
    /// A log without an entry. Fault of the peer that relayed it.
    #[error("the log is empty")]
    Empty,
    /// The log is longer than any may be. Fault of the peer that relayed it.
    #[error("the log is longer than {most} bytes", most = bounds::LOG)]
    TooLong,
    /// It is a repeat, or entries before it are still on their way. Nobody's fault.
    #[error("entry {found} arrived while entry {expected} was next")]
    OutOfOrder { expected: u64, found: u64 },
    /// The first entry's hash is not the SCID it names. Fault of the peer that relayed it.
    #[error("the first entry does not have the hash that its SCID says")]
    WrongScid,
    /// The first entry's `versionId` is not its hash. Fault of the peer that relayed it.
    #[error("the first entry does not have the hash that its `versionId` says")]
    WrongHash,
    /// It belongs to another identity. Fault of the peer that relayed it.
    #[error("entry {number} belongs to {found}")]
    OtherIdentity { number: u64, found: Scid },
    /// The identity had ended before. Fault of the peer that relayed it.
    #[error("entry {number} follows a deactivation")]
    Deactivated { number: u64 },
    /// No key could sign it: the entry before it froze the log. Fault of the peer that relayed it.
    #[error("entry {number} follows an entry after which nobody may sign")]
    Frozen { number: u64 },
    /// Keys were promised, and it does not say its own or leaves out the next promises. Fault of the
    /// peer that relayed it.
    #[error("entry {number} must name `{name}` itself, because the entry before promised keys")]
    NotExplicit { number: u64, name: &'static str },
    /// It names a key that was not promised. Fault of the peer that relayed it.
    #[error("entry {number} names an update key that the entry before did not promise")]
    Unpromised { number: u64 },
    /// Its key was not allowed. Fault of the peer that relayed it.
    #[error("entry {number} is not signed by a key that may sign it, but by {signer}")]
    Unauthorized { number: u64, signer: Box<PublicKey> },
    /// Its signature does not hold. Fault of the peer that relayed it.
    #[error("entry {number}: {cause}")]
    BadSignature { number: u64, cause: ProofError },
    /// A key that may sign it did, but it continues another history. Nobody's fault but the
    /// controller's: the two histories together may be a fork.
    #[error("entry {number} is signed, and continues another entry than ours")]
    Forked { number: u64 },
    /// It moves to another place, which this identity may not. Fault of the peer that relayed it.
    #[error("entry {number} changes the DID, and the log is not portable")]
    NotPortable { number: u64 },
    /// It moves to another place and keeps silent about the earlier. Fault of the peer that relayed
    /// it.
    #[error("entry {number} changes the DID without the earlier one in `alsoKnownAs`")]
    MovedSilently { number: u64 },
    /// It is not later than the one before it, or too far in the future: a clock is wrong, perhaps
    /// ours.
    #[error("entry {number} says {time}, which is not after the one before it or not yet")]
    OutOfTime { number: u64, time: Timestamp },
}

impl LogError {
    /// Says what a peer deserves that sent this.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::OutOfOrder { .. } | Self::Forked { .. } | Self::OutOfTime { .. } => {
                Verdict::Ignore
            }
            Self::Malformed { .. }
            | Self::Empty
            | Self::TooLong
            | Self::WrongScid
            | Self::WrongHash
            | Self::OtherIdentity { .. }
            | Self::Deactivated { .. }
            | Self::Frozen { .. }
            | Self::NotExplicit { .. }
            | Self::Unpromised { .. }
            | Self::Unauthorized { .. }
            | Self::BadSignature { .. }
            | Self::NotPortable { .. }
            | Self::MovedSilently { .. } => Verdict::Reject,
        }
    }
}
