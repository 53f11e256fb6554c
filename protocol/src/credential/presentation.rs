//! What a holder shows one vendor, once: chosen credentials under a proof made for that moment.
//!
//! - Standards: VC Data Model 2.0, section 4.13 "Verifiable Presentations"; Data Integrity 1.0,
//!   section 2.1 for `challenge`, `domain` and `expires`.

use super::claim::Signer;
use super::{Credential, CredentialError, Keys, context, member};
use crate::did::Did;
use crate::did::log::MAX_CLOCK_SKEW;
use crate::encoding::json;
use crate::key::PublicKey;
use crate::proof::{Proof, Purpose};
use crate::time::Timestamp;
use crate::wire::bounds;
use serde_json::{Map, Value};

/// A presentation that was read and whose proof is still to be checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Presentation {
    unsecured: Map<String, Value>,
    proof: Proof,
    types: Vec<String>,
    holder: Did,
    credentials: Vec<Credential>,
}

impl Presentation {
    /// Reads a presentation of at most [`bounds::PRESENTATION`] bytes.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialError`] for what is not one presentation with one proof, or if one of
    /// the credentials in it is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, CredentialError> {
        Self::parse_within(bytes, bounds::PRESENTATION)
    }

    /// Reads a presentation of at most `bound` bytes: a showcase has its own.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialError`] as [`Self::parse`] does.
    pub fn parse_within(bytes: &[u8], bound: usize) -> Result<Self, CredentialError> {
        let mut unsecured = member::into_object(json::parse(bytes, bound)?)?;
        let proof = member::take_proof(&mut unsecured)?;
        context::check(&unsecured)?;
        let types = member::types(&unsecured, "VerifiablePresentation")?;
        member::optional_url(&unsecured, "id")?;
        let credentials = member::objects(&unsecured, CREDENTIALS)?
            .into_iter()
            .map(|credential| Credential::from_value(Value::Object(credential.clone())))
            .collect::<Result<_, _>>()?;
        let holder = member::party(&unsecured, "holder")?;
        Ok(Self { unsecured, proof, types, holder, credentials })
    }

    /// Gives who is said to show it.
    #[must_use]
    pub const fn holder(&self) -> &Did {
        &self.holder
    }

    /// Gives what is shown.
    #[must_use]
    pub fn credentials(&self) -> &[Credential] {
        &self.credentials
    }

    /// Gives its proof, not yet verified.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Gives its types, `VerifiablePresentation` among them.
    #[must_use]
    pub fn types(&self) -> &[String] {
        &self.types
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

    /// Checks that it was made for this challenge and this domain and still counts, and gives until
    /// when: what costs nothing, before a key is looked for. [`Shown::verify`] does so too.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialError`] if it was made for another challenge or domain, has ended or
    /// lasts longer than [`LONGEST`].
    pub fn check_audience(
        &self,
        challenge: &str,
        domain: &str,
        now: Timestamp,
    ) -> Result<Timestamp, CredentialError> {
        // Who made no challenge is answered by nobody, not by who left theirs empty.
        if challenge.is_empty() || self.proof.challenge() != Some(challenge) {
            return Err(CredentialError::WrongChallenge);
        }
        self.check_domain(domain)?;
        self.check_end(now, LONGEST)
    }

    /// Verifies that the holder signed it with a key that stands for them.
    pub(crate) fn verify_holder(&self, keys: &Keys<'_>) -> Result<PublicKey, CredentialError> {
        Signer { purpose: Purpose::Authentication, named: &self.holder }.verify(
            &self.unsecured,
            &self.proof,
            keys,
        )
    }

    /// Checks that it was made for this domain and no other.
    pub(super) fn check_domain(&self, expected: &str) -> Result<(), CredentialError> {
        match self.proof.domain() {
            [only] if only == expected => Ok(()),
            domains => Err(CredentialError::WrongDomain {
                expected: expected.to_owned(),
                found: domains.join(", "),
            }),
        }
    }

    /// Gives its end, which must lie within `longest` seconds of now, and of its beginning.
    pub(super) fn check_end(
        &self,
        now: Timestamp,
        longest: u64,
    ) -> Result<Timestamp, CredentialError> {
        let until = self.proof.expires().ok_or(CredentialError::NoEnd)?;
        if until <= now {
            return Err(CredentialError::Ended { until });
        }
        let life = self.proof.created().map_or(0, |created| until.since(created));
        if life > longest || until.since(now) > longest.saturating_add(MAX_CLOCK_SKEW) {
            return Err(CredentialError::TooLong { until });
        }
        Ok(until)
    }
}

/// Proof that somebody controls an identity: its key answered this challenge, for this domain.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    presentation: Presentation,
    key: PublicKey,
    until: Timestamp,
}

impl Shown {
    /// Verifies that the holder made `presentation` for this challenge, this domain and this hour.
    ///
    /// Whether the challenge is used for the first time is for whoever gave it out to know. What
    /// is shown is still to be verified, credential by credential.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialError`] if it was made for another challenge or domain, has ended or
    /// lasts longer than [`LONGEST`], or its proof does not hold.
    pub fn verify(
        presentation: Presentation,
        challenge: &str,
        domain: &str,
        now: Timestamp,
        keys: &Keys<'_>,
    ) -> Result<Self, CredentialError> {
        let until = presentation.check_audience(challenge, domain, now)?;
        let key = presentation.verify_holder(keys)?;
        Ok(Self { presentation, key, until })
    }

    /// Gives who showed it.
    #[must_use]
    pub const fn holder(&self) -> &Did {
        &self.presentation.holder
    }

    /// Gives the key that answered.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Gives until when the answer counts.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Gives what was shown.
    #[must_use]
    pub fn credentials(&self) -> &[Credential] {
        &self.presentation.credentials
    }

    /// Gives the presentation.
    #[must_use]
    pub const fn presentation(&self) -> &Presentation {
        &self.presentation
    }
}

/// The longest life of a presentation, in seconds: long enough to carry it over, too short to be
/// worth stealing.
pub const LONGEST: u64 = 300;

pub(super) const CREDENTIALS: &str = "verifiableCredential";
