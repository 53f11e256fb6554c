//! Where an attestor learns something about a person, and what it remembers of it.
//!
//! A *source* is a configuration file ([`settings`]), never code for one company. A *kind* of source
//! is code: so far [`oidc`], a sign-in at an OpenID provider. What comes out is [`Seen`]: holding one
//! is the proof that the account's owner signed in just now and that every rule of the file was met.
//! Where a person of the attestor looks herself, there is no source: [`manual`].

pub mod manual;
pub mod oidc;
pub mod outbound;
pub mod rule;
pub mod settings;

use crate::evidence::oidc::id_token::IdTokenError;
use crate::evidence::oidc::token::TokenError;
use crate::evidence::oidc::userinfo::UserinfoError;
use crate::evidence::outbound::OutboundError;
use crate::evidence::settings::Settings;
use async_trait::async_trait;
use core::fmt;
use countersign_protocol::time::Timestamp;
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

/// Asks one source about one person.
#[async_trait]
pub trait Evidence: Send + Sync {
    /// Gives the file this source was made from.
    fn settings(&self) -> &Settings;

    /// Gives the address the provider sends the browser back to.
    fn callback(&self) -> &Url;

    /// Begins a sign-in: where the browser goes, and what must be remembered meanwhile.
    ///
    /// # Errors
    ///
    /// Returns [`EvidenceError`] if the provider cannot be reached or describes itself in a way the
    /// file does not allow.
    async fn begin(&self, now: Timestamp) -> Result<SignIn, EvidenceError>;

    /// Gives what time it was by the provider's clock when it answered last; nothing if it did not say.
    fn told_time(&self) -> Option<Timestamp> {
        None
    }

    /// Ends a sign-in with what the provider told the browser.
    ///
    /// # Errors
    ///
    /// Returns [`EvidenceError`] if the person refused, an answer breaks a rule of OpenID Connect or
    /// of the file, or the account is not what the claim says.
    async fn finish(
        &self,
        pending: Pending,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<Seen, EvidenceError>;

    /// Asks again without the person, with what an earlier sign-in left.
    ///
    /// # Errors
    ///
    /// Returns [`EvidenceError`] if the token was not exchanged, and is as good as before.
    async fn again(
        &self,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<AskedAgain, EvidenceError>;
}

/// What asking again brought.
#[derive(Debug)]
pub struct AskedAgain {
    /// The token for the next time, whatever else came of this one: a provider may take each once.
    pub refresh: RefreshToken,
    /// What was seen.
    pub seen: Result<Seen, EvidenceError>,
}

/// A sign-in that just began.
#[derive(Debug)]
pub struct SignIn {
    /// Where the browser goes.
    pub url: Url,
    /// What [`Evidence::finish`] needs.
    pub pending: Pending,
}

/// What is remembered of a sign-in while the person is at the provider.
pub struct Pending {
    pub(crate) state: CsrfToken,
    pub(crate) nonce: Nonce,
    pub(crate) verifier: PkceCodeVerifier,
}

impl Pending {
    /// Gives the state the provider will repeat, to find the request again.
    #[must_use]
    pub fn state(&self) -> &str {
        self.state.secret()
    }

    #[cfg(test)]
    pub(crate) fn random() -> Self {
        Self {
            state: CsrfToken::new_random(),
            nonce: Nonce::new_random(),
            verifier: PkceCodeVerifier::new(String::new()),
        }
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pending(..)")
    }
}

/// What the provider told the browser to bring: the query of the callback.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Answer {
    /// Repeats what the sign-in began with.
    pub state: Option<String>,
    /// Is exchanged for tokens, once.
    pub code: Option<String>,
    /// Says which provider answers (RFC 9207).
    pub iss: Option<String>,
    /// Says why there is no code.
    pub error: Option<String>,
}

/// What was seen at the provider, after every check.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Names the account.
    pub account: Account,
    /// What a person recognises the account by; shown to its owner, never kept.
    pub display: Option<String>,
    /// The claim's properties, those the file fixes and those that were read.
    pub properties: Map<String, Value>,
    /// When the provider was asked.
    pub at: Timestamp,
    /// Lets the attestor ask again, if the file wants that and the provider offers it.
    pub refresh: Option<RefreshToken>,
}

/// Names an account at a provider. Personal data: it prints as nothing and only its HMAC is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The provider's issuer.
    pub issuer: String,
    /// The provider's stable id for the account, never an e-mail address.
    pub id: Zeroizing<String>,
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Account({}, ..)", self.issuer)
    }
}

/// Lets the attestor ask a provider again. A secret.
#[derive(Clone)]
pub struct RefreshToken(pub(crate) Zeroizing<String>);

impl RefreshToken {
    /// Takes a token that was kept, sealed, since an earlier sign-in.
    #[must_use]
    pub const fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// Gives the token, to seal and keep it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshToken(..)")
    }
}

/// Why a source gave no evidence.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum EvidenceError {
    /// The person said no at the provider. Nobody's fault.
    #[error("the sign-in was refused by the person who was asked")]
    Refused,
    /// The answer belongs to another sign-in, or to another browser's. Fault of whoever made the
    /// link, or nobody's.
    #[error("the answer belongs to another sign-in")]
    WrongState,
    /// RFC 9207: the answer comes from another provider. Fault of that one.
    #[error("the answer comes from another provider than the one that was asked")]
    WrongIssuer,
    /// RFC 9207: the file requires that the answer names its provider. Fault of the provider.
    #[error("the answer does not say which provider it comes from")]
    NoIssuer,
    /// Neither a code nor an error. Fault of the provider.
    #[error("the answer has no code")]
    NoCode,
    /// The provider would not go on; the code is one of OAuth's. Fault of the provider or the file.
    #[error("the provider answered `{code}`")]
    Declined { code: String },
    /// The provider describes endpoints the file does not allow. Fault of the provider or the file.
    #[error("the provider describes itself in a way the file does not allow: {cause}")]
    Discovery { cause: oidc::endpoints::EndpointsError },
    /// The provider was not reached, or its answer was never read. Nobody's fault, or the
    /// provider's.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The token endpoint's answer breaks a rule. Fault of the provider.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The id_token breaks a rule. Fault of the provider.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    /// Userinfo breaks a rule, or says no. Fault of the provider, or nobody's.
    #[error(transparent)]
    Userinfo(#[from] UserinfoError),
    /// The file asks for no refresh, or the provider gave none. Nobody's fault.
    #[error("this source cannot be asked again without the person")]
    NotRefreshable,
    /// A person looked, and no program can. Nobody's fault.
    #[error("a person of the attestor looked at it, and nobody else can be asked again")]
    ByHand,
}

impl EvidenceError {
    /// Gives a short word for it, to count by.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused => "declined",
            Self::WrongState => "wrong-state",
            Self::WrongIssuer | Self::NoIssuer => "issuer",
            Self::NoCode | Self::Declined { .. } => "no-code",
            Self::Discovery { .. } => "discovery",
            Self::Outbound(_) => "unreachable",
            Self::Token(_) => "token",
            Self::IdToken(_) => "id-token",
            Self::Userinfo(UserinfoError::NotMet { .. }) => "no-claim",
            Self::Userinfo(_) => "userinfo",
            Self::NotRefreshable => "not-refreshable",
            Self::ByHand => "by-hand",
        }
    }

    /// Gives the account of which the provider was asked and said that the claim does not hold; nothing if it
    /// said anything else, or nothing.
    ///
    /// Only then is an earlier claim revoked: a provider that is down has said nothing.
    #[must_use]
    pub const fn denied(&self) -> Option<&Account> {
        match self {
            Self::Userinfo(UserinfoError::NotMet { account, .. }) => Some(account),
            _ => None,
        }
    }

    /// Tells whether the provider was asked and said that the claim does not hold.
    #[must_use]
    pub const fn is_a_no(&self) -> bool {
        self.denied().is_some()
    }
}
