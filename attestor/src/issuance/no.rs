//! Why a request ended without a claim, in a word that the node which asked understands.

use core::fmt;

/// Why there is no claim. The cause decides what a person reads at home; the reason is for her too, in
/// words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct No {
    /// The cause.
    pub cause: Cause,
    /// The reason.
    pub why: String,
}

/// The causes, as the answer's `type` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The person said no on the page, or at the provider.
    Declined,
    /// The provider said that it is not so.
    NoClaim,
    /// The account backs another identity.
    AlreadyAttested,
    /// The identity is not what it was when the request began.
    IdentityChanged,
    /// The evidence became too old.
    Stale,
    /// Too many wrong codes came.
    Guessed,
    /// The provider's answer broke a rule, or it did not answer.
    Provider,
    /// The attestor itself failed.
    Internal,
}

impl Cause {
    /// Gives the word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::NoClaim => "no-claim",
            Self::AlreadyAttested => "already-attested",
            Self::IdentityChanged => "identity-changed",
            Self::Stale => "stale",
            Self::Guessed => "guessed",
            Self::Provider => "provider",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for No {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.why)
    }
}
