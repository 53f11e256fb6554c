//! Why something is not taken in, and whose fault that is.

use crate::did::log::error::LogError;
use crate::verdict::Verdict;
use crate::wire::exchange::deposit::Reason;
use crate::wire::head::HeadError;
use std::sync::Arc;

/// What was offered is not taken in.
#[derive(Debug, Clone, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum IntakeError {
    /// The bytes are no head of this network. Fault of whoever sent it.
    #[error(transparent)]
    Head(HeadError),
    /// The log breaks a rule.
    #[error(transparent)]
    Log(Arc<LogError>),
    /// It belongs to another identity than the one asked for. Fault of whoever sent it.
    #[error("it belongs to another identity")]
    AnotherIdentity,
    /// The witness file is none. Fault of whoever sent it.
    #[error("its witness file cannot be read")]
    BadWitnessFile,
    /// The head is not signed by a key of the identity's document. Fault of whoever sent it, who had
    /// the document.
    #[error("the head is not signed by an authentication key of the identity")]
    NotTheirKey,
    /// The head says another length than the log has. Fault of whoever signed it; a relay could see
    /// it.
    #[error("the log has another length than the head says")]
    WrongLength,
    /// The entries held here are spelled in another way than those that what came follows. Nobody's
    /// fault: the whole log has to come.
    #[error("the entries held before these are spelled in another way")]
    Respelled,
    /// The head names an entry that is not in the log that came with it. Perhaps there are two logs.
    #[error("the head names an entry that is not in the log")]
    NoSuchEntry,
    /// The showcase is not the one the head names. Fault of whoever sent it.
    #[error("the showcase is not the one the head names")]
    WrongShowcase,
    /// The entry still waits for its witnesses. Nobody's fault.
    #[error("the entry is not witnessed as its log asks")]
    NotWitnessed,
    /// Something higher was seen. Nobody's fault: news travels at different speeds.
    #[error("entry {number}, head {sequence} was seen already")]
    Older { number: u64, sequence: u64 },
    /// Entries are missing between what is held and what came. Nobody's fault.
    #[error("entries before these are missing here")]
    Incomplete,
    /// Whoever offered it does not give the log. Nobody's fault for certain.
    #[error("whoever offered it does not give the log")]
    Withheld,
    /// There are two of what there may be one of; the proof is kept. Fault of the controller.
    #[error("it is one of two, and the proof of that is kept")]
    Forked,
    /// It changes more often than others pass on. Fault of the controller; the newest comes later.
    #[error("its identity changes too often")]
    TooOften,
    /// There is too much to do. Our own fault.
    #[error("too much is being taken in already")]
    Busy,
}

impl IntakeError {
    pub(in crate::engine) fn log(cause: LogError) -> Self {
        Self::Log(Arc::new(cause))
    }

    /// Says what to do with the peer that sent it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Head(error) => error.verdict(),
            Self::Log(error) => error.verdict(),
            Self::AnotherIdentity
            | Self::BadWitnessFile
            | Self::NotTheirKey
            | Self::WrongLength
            | Self::WrongShowcase => Verdict::Reject,
            Self::NoSuchEntry
            | Self::NotWitnessed
            | Self::Older { .. }
            | Self::Incomplete
            | Self::Respelled
            | Self::Withheld
            | Self::Forked
            | Self::TooOften
            | Self::Busy => Verdict::Ignore,
        }
    }

    /// Says the same to a peer that deposited it.
    pub(in crate::engine) fn reason(&self) -> Reason {
        match self {
            Self::Log(error) if matches!(**error, LogError::OutOfTime { .. }) => Reason::Clock,
            Self::Log(error) if matches!(**error, LogError::OutOfOrder { .. }) => {
                Reason::Incomplete
            }
            Self::Log(error) if matches!(**error, LogError::Forked { .. }) => Reason::Forked,
            Self::Head(_)
            | Self::Log(_)
            | Self::AnotherIdentity
            | Self::BadWitnessFile
            | Self::NotTheirKey
            | Self::WrongLength
            | Self::NoSuchEntry
            | Self::WrongShowcase
            | Self::NotWitnessed => Reason::Invalid,
            Self::Older { .. } => Reason::Stale,
            Self::Incomplete | Self::Respelled | Self::Withheld => Reason::Incomplete,
            Self::Forked => Reason::Forked,
            Self::TooOften => Reason::TooMuch,
            Self::Busy => Reason::Busy,
        }
    }
}
