//! Why the office did not do what was asked, and whether that is a no or no answer.

use crate::evidence::EvidenceError;
use crate::ground::GroundError;
use crate::issuance::IssuanceError;
use crate::issuance::no::{Cause, No};
use crate::ledger::LedgerError;
use countersign_node::Problem;
use countersign_node::problem::Kind;
use countersign_protocol::credential::CredentialError;
use countersign_protocol::did::Scid;
use countersign_protocol::time::Timestamp;
use std::path::PathBuf;

/// The office did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum OfficeError {
    /// Fault of whoever asked: the profile says what is offered.
    #[error("no claim `{claim}` is offered here")]
    NotOffered { claim: String },
    /// Fault of whoever asked.
    #[error("several claims begin with `{id}`")]
    Ambiguous { id: String },
    /// Fault of whoever asked: a name that was left out is no claim's.
    #[error("at least {least} characters of a claim's name are needed here")]
    TooShort { least: usize },
    /// Fault of whoever asked.
    #[error("`{text}` is no day; write it like 2026-11-22, or 2026-11-22T07:30:00Z")]
    NoDay { text: String },
    /// The books were put back, and nobody is there who knows what they lack. Nobody's fault.
    #[error("the books were put back, and nobody was asked yet what they lack")]
    Alone,
    /// Fault of whoever asked: everything is never meant.
    #[error("the query says nothing, and not every claim can be meant")]
    NoQuery,
    /// Fault of whoever asked: a revocation counts at once, so a claim cannot be true until later.
    #[error("{at} is still to come, and a revocation counts at once")]
    NotYet { at: Timestamp },
    /// Claims came or went since they were counted. Nobody's fault.
    #[error("the query means {found} claims now, and {confirmed} were confirmed")]
    OtherCount { confirmed: u64, found: u64 },
    /// A name nobody has: it ended, or it was guessed.
    #[error("there is no such request here, or it has ended")]
    NoRequest,
    /// Fault of whoever asked, or of a flood.
    #[error("too many requests are under way")]
    Full,
    /// The node that asked sent something that cannot be read. Its fault.
    #[error("`{member}` cannot be used")]
    Malformed { member: &'static str },
    /// A step out of order, another browser, a wrong code.
    #[error(transparent)]
    Issuance(#[from] IssuanceError),
    /// The presentation does not hold. Fault of the node that asked.
    #[error("the presentation is not accepted: {0}")]
    Presentation(#[from] CredentialError),
    /// The identity ended, or its key was replaced meanwhile. Fault of whoever asked.
    #[error("{scid} is not what it was when the request began")]
    Changed { scid: Scid },
    /// The provider gave no evidence.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// Fault of whoever asked: its own word says nothing about an attestor.
    #[error("an attestor does not accredit itself")]
    Itself,
    /// Fault of whoever asked.
    #[error("the identity of {attestor} was ended by its owner")]
    Ended { attestor: String },
    /// Fault of whoever asked: no policy follows so many steps.
    #[error("at most {most} steps may follow an accreditation: no policy follows more")]
    TooFar { most: u64 },
    /// Fault of whoever asked, or the other attestor has yet to say what it signs.
    #[error("{attestor} does not sign `{claim}`: its profile offers {offers}")]
    OffersNot { attestor: String, claim: String, offers: String },
    /// Fault of whoever asked: the one that stands would go on saying what is no longer meant.
    #[error("accreditation {id} stands until {until} and says more")]
    SaysMore { id: String, until: Timestamp },
    /// The account backs another identity already.
    #[error("this account already backs another identity")]
    Taken,
    /// Fault of whoever changed the file: what the rule's name and version mean would not be one thing.
    #[error("the rule {rule} signed claims before, and {} demands something else by now", file.display())]
    RuleChanged { rule: String, file: PathBuf },
    /// What was seen is too old to sign a claim on it.
    #[error("the evidence is older than the rule allows")]
    Stale,
    /// The books.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The node underneath.
    #[error(transparent)]
    Ground(#[from] GroundError),
    /// The program ends.
    #[error("the attestor is stopping")]
    Stopping,
}

impl OfficeError {
    /// Says to the attestor's owner what to do about it.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Ledger(LedgerError::Unknown { .. }) => {
                "`countersign-attestor issued list --all` prints every claim. One that was signed after \
                 the backup these books came from is missing, and ends with the key that signed it: \
                 `countersign id rotate --key assertion --stolen`, then `countersign-attestor reissue \
                 --key` for those that are not"
            }
            Self::Ledger(LedgerError::NotLive { .. }) => {
                "`countersign-attestor issued list --all` prints every claim"
            }
            Self::RuleChanged { .. } | Self::Ledger(LedgerError::RuleChanged { .. }) => RAISE,
            Self::Itself => "name another attestor: `countersign attestors` lists them",
            Self::OffersNot { .. } => {
                "`countersign attestors` lists who signs what; --may-accredit is for one that signs \
                 nothing of the kind itself and stands behind others"
            }
            Self::SaysMore { .. } => {
                "take it back first, with `countersign-attestor revoke`: vendors know within seconds; \
                 then accredit anew"
            }
            Self::Evidence(EvidenceError::ByHand) => {
                "look at it again; then `countersign-attestor accredit` signs one in its place"
            }
            Self::Evidence(EvidenceError::NotRefreshable) => {
                "the provider gave no token to ask again with: the customer signs in anew"
            }
            Self::Ground(GroundError::Locked) => {
                "the passphrase opens them: --passphrase-file FILE; an attestor's identity is made \
                 by `countersign init --attests`"
            }
            Self::Ambiguous { .. } | Self::TooShort { .. } => "type more of it",
            Self::Alone => {
                "`countersign-attestor run` asks the first peer it meets; `countersign doctor` says \
                 why it meets none"
            }
            Self::NoQuery => "say which: --rule, --since, --before",
            Self::NotYet { .. } => "say since when it is not true: now, or a time that has passed",
            Self::OtherCount { .. } => "run it again without --confirm, and look at the new count",
            _ => return None,
        })
    }

    /// Tells the attestor's owner what was not done, why, and what to do about it: the same at its running
    /// door as on a command line that opened the folder itself.
    #[must_use]
    pub fn told(&self) -> Problem {
        if let Self::Ground(error) = self
            && let Some(problem) = error.problem()
        {
            return problem.clone();
        }
        let kind = match self {
            Self::Ledger(LedgerError::Unknown { .. } | LedgerError::NotLive { .. })
            | Self::Evidence(EvidenceError::NotRefreshable)
            | Self::Ground(GroundError::NotFound { .. })
            | Self::NotOffered { .. }
            | Self::Ended { .. } => Kind::NotFound,
            Self::Ground(GroundError::Locked) => Kind::Locked,
            Self::Ambiguous { .. }
            | Self::NoQuery
            | Self::NotYet { .. }
            | Self::TooShort { .. }
            | Self::NoDay { .. }
            | Self::Malformed { .. }
            | Self::Itself
            | Self::RuleChanged { .. }
            | Self::Ledger(LedgerError::RuleChanged { .. })
            | Self::TooFar { .. }
            | Self::OffersNot { .. } => Kind::Invalid,
            Self::Alone => Kind::Unavailable,
            Self::OtherCount { .. }
            | Self::SaysMore { .. }
            | Self::Evidence(EvidenceError::ByHand) => Kind::Conflict,
            Self::Evidence(_) => Kind::Unavailable,
            _ => Kind::Internal,
        };
        let problem = Problem::new(kind, "the attestor did not do it").because(self);
        match self.hint() {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }

    /// Gives what the node that asked is told when this ended its request.
    pub(super) fn no(&self) -> No {
        let cause = match self {
            Self::Evidence(EvidenceError::Refused) => Cause::Declined,
            Self::Evidence(error) if error.is_a_no() => Cause::NoClaim,
            Self::Evidence(_) => Cause::Provider,
            Self::Taken => Cause::AlreadyAttested,
            Self::Changed { .. } => Cause::IdentityChanged,
            Self::Stale => Cause::Stale,
            _ => Cause::Internal,
        };
        No { cause, why: self.to_string() }
    }
}

impl From<OfficeError> for Problem {
    fn from(error: OfficeError) -> Self {
        error.told()
    }
}

/// Says what to do about a rule that was changed and kept its version.
pub const RAISE: &str = "raise `version` of the rule in that file, so that nobody takes one rule for another; or put \
                         back what it demanded";
