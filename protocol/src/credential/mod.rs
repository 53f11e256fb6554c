//! Claims, presentations and showcases.
//!
//! A [`Credential`] is a W3C Verifiable Credential whose shape is right; nothing is said about its
//! signature. A [`claim::Claim`] is one whose signature was checked against its issuer's keys, and
//! only that check makes it. [`presentation::Shown`] proves that a holder controls an identity, for
//! one challenge and one domain; [`showcase::Showcase`] is what somebody chose to show the world;
//! [`profile::Profile`] is what an attestor says of itself. [`draft`] writes all of these.
//!
//! - Standard: W3C Verifiable Credentials Data Model 2.0. Nothing is fetched: contexts come from a
//!   known set or stand inline ([`context`]), schemas are named and not followed.

pub mod claim;
pub mod context;
pub mod draft;
mod error;
pub mod evidence;
mod member;
pub mod presentation;
pub mod profile;
pub mod showcase;

pub use error::CredentialError;

use crate::did::Did;
use crate::encoding::json;
use crate::key::PublicKey;
use crate::proof::{Proof, Purpose};
use crate::status::Entry;
use crate::time::Timestamp;
use crate::wire::bounds;
use evidence::Evidence;
use serde_json::{Map, Value};

/// Finds the key behind the URL of a verification method, if the identity it belongs to is known
/// and its newest document lists it for this purpose.
pub type Keys<'a> = dyn Fn(Purpose, &str) -> Option<PublicKey> + 'a;

/// A credential that was read and whose signature is still to be checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Credential {
    unsecured: Map<String, Value>,
    proof: Proof,
    id: Option<String>,
    types: Vec<String>,
    issuer: Did,
    period: Period,
    subject_id: Option<String>,
    subject: Option<Did>,
    says: Map<String, Value>,
    status: Vec<Entry>,
    evidence: Vec<Evidence>,
}

impl Credential {
    /// Reads a credential of at most [`bounds::CREDENTIAL`] bytes.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialError`] for what is not one credential with one proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, CredentialError> {
        Self::parse_within(bytes, bounds::CREDENTIAL)
    }

    /// Reads a credential of at most `bound` bytes: status lists and profiles have their own.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialError`] as [`Self::parse`] does.
    pub fn parse_within(bytes: &[u8], bound: usize) -> Result<Self, CredentialError> {
        Self::from_value(json::parse(bytes, bound)?)
    }

    /// Reads a credential that stands inside another document.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialError`] as [`Self::parse`] does.
    pub fn from_value(value: Value) -> Result<Self, CredentialError> {
        let mut unsecured = member::into_object(value)?;
        let proof = member::take_proof(&mut unsecured)?;
        let document = &unsecured;
        context::check(document)?;
        let types = member::types(document, "VerifiableCredential")?;
        // VC Data Model 2.0, section 4.8: one subject or several; here a claim is about one.
        let subject = member::only_object(document, "credentialSubject")?;
        if subject.is_empty() {
            return Err(CredentialError::Missing { member: "credentialSubject" });
        }
        let subject_id = member::optional_url(subject, "id")?.map(str::to_owned);
        member::check_typed_objects(document, "credentialSchema", true)?;
        for member in ["evidence", "termsOfUse", "refreshService"] {
            member::check_typed_objects(document, member, false)?;
        }
        let status = member::objects(document, "credentialStatus")?
            .into_iter()
            .filter_map(|entry| Entry::read(entry).transpose())
            .collect::<Result<_, _>>()?;
        Ok(Self {
            id: member::optional_url(document, "id")?.map(str::to_owned),
            issuer: member::party(document, "issuer")?,
            period: Period::read(document, &proof)?,
            subject: subject_id.as_deref().and_then(|id| id.parse().ok()),
            evidence: member::objects(document, "evidence")?
                .into_iter()
                .map(Evidence::read)
                .collect::<Result<_, _>>()?,
            says: subject.clone(),
            subject_id,
            types,
            status,
            proof,
            unsecured,
        })
    }

    /// Gives the credential's own name, if it has one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Gives its types, `VerifiableCredential` among them.
    #[must_use]
    pub fn types(&self) -> &[String] {
        &self.types
    }

    /// Tells whether it is of this type.
    #[must_use]
    pub fn is_a(&self, kind: &str) -> bool {
        self.types.iter().any(|name| name == kind)
    }

    /// Gives who is said to have signed it.
    #[must_use]
    pub const fn issuer(&self) -> &Did {
        &self.issuer
    }

    /// Gives from when until when it means something.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// Gives whom it is about, if that is an identity of this network.
    #[must_use]
    pub const fn subject(&self) -> Option<&Did> {
        self.subject.as_ref()
    }

    /// Gives the `id` of what it is about, as it is written.
    #[must_use]
    pub fn subject_id(&self) -> Option<&str> {
        self.subject_id.as_deref()
    }

    /// Gives what it says, the subject's `id` included.
    #[must_use]
    pub const fn says(&self) -> &Map<String, Value> {
        &self.says
    }

    /// Gives the bits that can take it back.
    #[must_use]
    pub fn status(&self) -> &[Entry] {
        &self.status
    }

    /// Gives what it rests on.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// Gives its proof, not yet verified.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Gives the document without its proof, as it was received.
    #[must_use]
    pub const fn unsecured(&self) -> &Map<String, Value> {
        &self.unsecured
    }

    /// Gives the whole document, as it was received.
    #[must_use]
    pub fn to_value(&self) -> Value {
        member::with_proof(&self.unsecured, self.proof.raw())
    }
}

/// From when until when a signed document means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first moment; without it, always.
    pub from: Option<Timestamp>,
    /// The last moment; without it, for ever.
    pub until: Option<Timestamp>,
}

impl Period {
    /// Says where `now` stands. Tolerance for clocks is the caller's: it knows its own.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Moment {
        match *self {
            Self { until: Some(until), .. } if until <= now => Moment::After { until },
            Self { from: Some(from), .. } if now < from => Moment::Before { from },
            Self { .. } => Moment::Within,
        }
    }

    /// Reads `validFrom` and `validUntil`, and the earlier end if the proof has one.
    fn read(document: &Map<String, Value>, proof: &Proof) -> Result<Self, CredentialError> {
        let from = member::time(document, "validFrom")?;
        let until = member::time(document, "validUntil")?;
        // VC Data Model 2.0, section 4.9.
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            return Err(CredentialError::EndsBeforeItBegins);
        }
        let until = until.into_iter().chain(proof.expires()).min();
        Ok(Self { from, until })
    }
}

/// Where a moment stands to a [`Period`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the period")]
pub enum Moment {
    /// The period has not begun.
    Before { from: Timestamp },
    /// The period runs.
    Within,
    /// The period is over.
    After { until: Timestamp },
}

/// The type of a claim that a provider says a payment account is verified:
/// `{id, provider, verified}`. Claim types are open: any other name is as good.
pub const PAYMENT_ACCOUNT_VERIFIED: &str = "PaymentAccountVerified";

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
