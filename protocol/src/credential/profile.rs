//! What an attestor says of itself, in a credential about itself.
//!
//! A profile tells people what a claim of this attestor is worth before they ask for one or trust
//! one: what it signs, what each claim rests on, what it keeps, and where to reach it.

use super::claim::Claim;
use super::evidence::Rule;
use super::{CredentialError, member};
use crate::encoding::base64url;
use crate::status::Purpose;
use serde_json::{Map, Value, json};

/// A profile whose attestor signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What the attestor calls itself.
    pub name: String,
    /// What it signs.
    pub offers: Vec<Offer>,
    /// The status lists it keeps.
    pub lists: Vec<List>,
    /// Where to reach it.
    pub reach: Vec<Reach>,
}

/// One kind of claim an attestor signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The type of the claim.
    pub claim: String,
    /// What it rests on, in words.
    pub evidence: String,
    /// What the attestor keeps after signing, in words.
    pub kept: Vec<String>,
    /// The version of the rule it now decides by.
    pub rule: Rule,
}

/// One status list of an attestor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// Its number.
    pub number: u64,
    /// What a bit in it means.
    pub purpose: Purpose,
}

/// One address of an attestor's service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Where it is: an `https` URL.
    pub url: String,
    /// The SHA-256 of the public key (SPKI) of its TLS certificate, where no authority vouches
    /// for it.
    pub spki_sha256: Option<[u8; 32]>,
}

impl Profile {
    /// Reads the profile out of a verified claim.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialError`] if it is no profile, or an attestor's about another.
    pub fn read(claim: &Claim) -> Result<Self, CredentialError> {
        if !claim.is_a(TYPE) {
            return Err(CredentialError::WrongType { expected: TYPE });
        }
        if claim.subject().map(crate::did::Did::scid) != Some(claim.issuer().scid()) {
            return Err(CredentialError::AboutAnother);
        }
        let says = claim.says();
        let each = |member| member::objects(says, member);
        Ok(Self {
            name: member::text(says, "name")?.to_owned(),
            offers: each("offers")?.into_iter().map(Offer::read).collect::<Result<_, _>>()?,
            lists: each("lists")?.into_iter().map(List::read).collect::<Result<_, _>>()?,
            reach: each("reach")?.into_iter().map(Reach::read).collect::<Result<_, _>>()?,
        })
    }

    /// Writes what the credential says: its `credentialSubject`, but for the `id`.
    #[must_use]
    pub fn to_subject(&self) -> Map<String, Value> {
        let mut subject = Map::new();
        subject.insert("name".to_owned(), json!(self.name));
        let offers: Vec<_> = self.offers.iter().map(Offer::to_value).collect();
        subject.insert("offers".to_owned(), Value::Array(offers));
        let lists: Vec<_> = self.lists.iter().copied().map(List::to_value).collect();
        subject.insert("lists".to_owned(), Value::Array(lists));
        let reach: Vec<_> = self.reach.iter().map(Reach::to_value).collect();
        subject.insert("reach".to_owned(), Value::Array(reach));
        subject
    }
}

impl Offer {
    fn read(offer: &Map<String, Value>) -> Result<Self, CredentialError> {
        let rule = offer.get("rule").ok_or(CredentialError::Missing { member: "rule" })?;
        Ok(Self {
            claim: member::text(offer, "claim")?.to_owned(),
            evidence: member::text(offer, "evidence")?.to_owned(),
            kept: member::texts(offer, "kept")?,
            rule: Rule::read(rule)?,
        })
    }

    fn to_value(&self) -> Value {
        json!({
            "claim": self.claim, "evidence": self.evidence, "kept": self.kept,
            "rule": self.rule.to_value(),
        })
    }
}

impl List {
    fn read(list: &Map<String, Value>) -> Result<Self, CredentialError> {
        let number = list.get("number").and_then(Value::as_u64);
        let purpose = Purpose::parse(member::text(list, "statusPurpose")?);
        number
            .zip(purpose)
            .map(|(number, purpose)| Self { number, purpose })
            .ok_or(CredentialError::Malformed { member: "lists" })
    }

    fn to_value(self) -> Value {
        json!({ "number": self.number, "statusPurpose": self.purpose.as_str() })
    }
}

impl Reach {
    fn read(reach: &Map<String, Value>) -> Result<Self, CredentialError> {
        let malformed = || CredentialError::Malformed { member: "reach" };
        let url = member::text(reach, "url")?;
        if !url.starts_with("https://") {
            return Err(malformed());
        }
        let spki_sha256 = match member::optional_text(reach, "spkiSha256")? {
            None => None,
            Some(text) => Some(
                base64url::decode(text)
                    .and_then(|bytes| bytes.try_into().ok())
                    .ok_or_else(malformed)?,
            ),
        };
        Ok(Self { url: url.to_owned(), spki_sha256 })
    }

    fn to_value(&self) -> Value {
        let mut reach = json!({ "url": self.url });
        if let (Some(hash), Some(members)) = (&self.spki_sha256, reach.as_object_mut()) {
            members.insert("spkiSha256".to_owned(), Value::from(base64url::encode(hash)));
        }
        reach
    }
}

/// What a profile is, besides a credential.
pub const TYPE: &str = "AttestorProfile";
