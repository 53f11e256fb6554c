//! Why a signed JSON document of this module was refused, and whose fault that is.

use crate::encoding::json::JsonError;
use crate::proof::ProofError;
use crate::status::EntryError;
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// The document is not what it should be, or does not hold.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum CredentialError {
    /// Not JSON that has one meaning. Fault of the sender.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Something else stands where an object was expected. Fault of the sender.
    #[error("not a JSON object")]
    NotAnObject,
    /// A member that must be there is not. Fault of the sender.
    #[error("`{member}` is missing")]
    Missing { member: &'static str },
    /// A member is not what the standard says it is. Fault of the sender.
    #[error("`{member}` is not what it should be")]
    Malformed { member: &'static str },
    /// The first `@context` is another, or one is neither known nor inline. Fault of the sender.
    #[error("an @context is neither known nor inline, or the first is not that of the standard")]
    UnknownContext,
    /// `validUntil` is before `validFrom`. Fault of the issuer, visible to the sender.
    #[error("it ends before it begins")]
    EndsBeforeItBegins,
    /// There are more of them than anybody needs. Fault of the sender.
    #[error("`{member}` has more than {most} members")]
    TooMany { member: &'static str, most: usize },
    /// A status that nobody here can check. Fault of the issuer, visible to the sender.
    #[error(transparent)]
    Status(#[from] EntryError),
    /// Its proof is malformed or does not hold. Whose fault, the proof's error says.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A key signed for another purpose than this document needs. Fault of the sender.
    #[error("the proof's purpose is not {expected}")]
    WrongPurpose { expected: &'static str },
    /// Signed with the key of somebody else than it says. Fault of the sender.
    #[error("the key that signed is not one of the identity that is named")]
    NotTheirKey,
    /// Not of the type that was expected. Fault of the sender.
    #[error("not a {expected}")]
    WrongType { expected: &'static str },
    /// A document about oneself names another, or shows a claim about another. Fault of the sender.
    #[error("it is about somebody else than its signer")]
    AboutAnother,
    /// Made for another challenge: shown before, or to somebody else. Nobody's fault here.
    #[error("made for another challenge")]
    WrongChallenge,
    /// Made for another vendor or another use. Nobody's fault here.
    #[error("made for {found}, not for {expected}")]
    WrongDomain { expected: String, found: String },
    /// It does not say until when it may be used, as it must. Fault of the sender.
    #[error("it does not say when it ends")]
    NoEnd,
    /// It is over. Nobody's fault.
    #[error("it ended at {until}")]
    Ended { until: Timestamp },
    /// It lasts longer than its kind may. Nobody's fault: a clock may be wrong.
    #[error("it lasts until {until}, longer than it may")]
    TooLong { until: Timestamp },
}

impl CredentialError {
    /// Says what a peer deserves that sent this.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Proof(error) => error.verdict(),
            Self::WrongChallenge
            | Self::WrongDomain { .. }
            | Self::Ended { .. }
            | Self::TooLong { .. } => Verdict::Ignore,
            Self::Json(_)
            | Self::NotAnObject
            | Self::Missing { .. }
            | Self::Malformed { .. }
            | Self::UnknownContext
            | Self::EndsBeforeItBegins
            | Self::TooMany { .. }
            | Self::Status(_)
            | Self::WrongPurpose { .. }
            | Self::NotTheirKey
            | Self::WrongType { .. }
            | Self::AboutAnother
            | Self::NoEnd => Verdict::Reject,
        }
    }
}
