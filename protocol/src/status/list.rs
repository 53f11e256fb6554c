//! A whole status list: the credential an attestor signs over all its bits.
//!
//! - Standard: Bitstring Status List v1.0, section 2.2. `sequence` and `statement` in the subject are
//!   ours: they say after which statement the bits stood like this.

use super::bits::{Bits, BitsError};
use super::{Purpose, list_number};
use crate::credential::claim::Claim;
use crate::credential::{Credential, draft};
use crate::did::{Did, Scid};
use crate::encoding::base64url;
use crate::key::{PublicKey, SecretKey};
use crate::time::Timestamp;
use crate::verdict::Verdict;
use serde_json::{Value, json};
use std::sync::Arc;

/// A status list its attestor signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    pub(super) issuer: Scid,
    pub(super) number: u64,
    pub(super) purpose: Purpose,
    pub(super) bits: Arc<Bits>,
    pub(super) sequence: u64,
    pub(super) statement: Option<[u8; 32]>,
    pub(super) issued: Timestamp,
    pub(super) valid_until: Timestamp,
    pub(super) key: PublicKey,
    pub(super) signed: Arc<[u8]>,
}

impl List {
    /// Reads the list out of a verified claim.
    ///
    /// # Errors
    ///
    /// Returns [`ListError`] if the claim is no list, or one this network cannot use.
    pub fn read(claim: &Claim) -> Result<Self, ListError> {
        let Says { number, purpose, bits, sequence, statement } = Says::read(claim)?;
        let period = claim.period();
        let (issued, valid_until) = period.from.zip(period.until).ok_or(ListError::NoPeriod)?;
        Ok(Self {
            issuer: claim.issuer().scid(),
            number,
            purpose,
            bits: Arc::new(bits),
            sequence,
            statement,
            issued,
            valid_until,
            key: *claim.key(),
            signed: draft::to_bytes(&claim.to_value()).into(),
        })
    }

    /// Gives whose list it is.
    #[must_use]
    pub const fn issuer(&self) -> Scid {
        self.issuer
    }

    /// Gives its number among those of its issuer.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Gives how many changes it has seen.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Gives the moment of signing.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.issued
    }

    /// Gives the key that signed it.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Gives its bits.
    #[must_use]
    pub fn bits(&self) -> &Bits {
        &self.bits
    }

    /// Gives the signed credential, as the bytes that are hashed and travel.
    #[must_use]
    pub fn signed(&self) -> &[u8] {
        &self.signed
    }
}

/// What the subject of a list says, whoever signed it.
pub(super) struct Says {
    pub(super) number: u64,
    pub(super) purpose: Purpose,
    pub(super) bits: Bits,
    pub(super) sequence: u64,
    pub(super) statement: Option<[u8; 32]>,
}

impl Says {
    pub(super) fn read(credential: &Credential) -> Result<Self, ListError> {
        let says = credential.says();
        let text = |member| says.get(member).and_then(Value::as_str);
        if !credential.is_a(CREDENTIAL_TYPE) || text("type") != Some(LIST_TYPE) {
            return Err(ListError::NotAList);
        }
        let purpose = text("statusPurpose").and_then(Purpose::parse);
        let bits = Bits::decode(text("encodedList").ok_or(ListError::NotAList)?)?;
        let sequence = says.get("sequence").and_then(Value::as_u64);
        let sequence = sequence.ok_or(ListError::NoSequence)?;
        let statement = match says.get("statement") {
            None => None,
            Some(hash) => Some(
                hash.as_str()
                    .and_then(base64url::decode)
                    .and_then(|hash| hash.try_into().ok())
                    .ok_or(ListError::NoSequence)?,
            ),
        };
        // The bits of sequence zero were made by no statement, all others by one.
        if (sequence == 0) != statement.is_none() {
            return Err(ListError::NoSequence);
        }
        Ok(Self {
            number: credential.id().and_then(list_number).ok_or(ListError::NoNumber)?,
            purpose: purpose.ok_or(ListError::UnknownPurpose)?,
            bits,
            sequence,
            statement,
        })
    }
}

/// A status list before it is signed.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    /// Whose list it is.
    pub issuer: &'a Did,
    /// Where others find it: `https://<attestor>/status/<n>`, see [`super::list_url`].
    pub url: &'a str,
    /// What a set bit means.
    pub purpose: Purpose,
    /// The bits.
    pub bits: &'a Bits,
    /// How many changes they have seen.
    pub sequence: u64,
    /// The content hash of the statement that made the last change; none at sequence zero.
    pub statement: Option<[u8; 32]>,
    /// When it is signed.
    pub issued: Timestamp,
    /// Until when it may be relied on.
    pub valid_until: Timestamp,
}

impl Draft<'_> {
    /// Signs the list with one of the issuer's assertion keys.
    #[must_use]
    pub fn sign(&self, key: &SecretKey) -> Value {
        let mut subject = serde_json::Map::new();
        let mut put = |name: &str, value: Value| drop(subject.insert(name.to_owned(), value));
        put("id", json!(format!("{}#list", self.url)));
        put("type", json!(LIST_TYPE));
        put("statusPurpose", json!(self.purpose.as_str()));
        put("encodedList", json!(self.bits.encode()));
        put("sequence", json!(self.sequence));
        if let Some(statement) = self.statement {
            put("statement", json!(base64url::encode(&statement)));
        }
        let credential = draft::Draft {
            id: Some(self.url.to_owned()),
            types: vec![CREDENTIAL_TYPE.to_owned()],
            issuer: self.issuer.clone(),
            subject,
            valid_from: self.issued,
            valid_until: self.valid_until,
            status: Vec::new(),
            evidence: Vec::new(),
        };
        credential.sign(key, self.issued)
    }
}

/// A signed claim is not a list this network can use. Fault of its issuer, visible to whoever
/// relayed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Not a `BitstringStatusListCredential` with a `BitstringStatusList` in it.
    #[error("not a status list")]
    NotAList,
    /// Neither revocation nor suspension.
    #[error("the purpose of the list is neither revocation nor suspension")]
    UnknownPurpose,
    /// Its `id` does not end in `/status/<n>`.
    #[error("the list has no number")]
    NoNumber,
    /// It does not say which statement made it.
    #[error("the list does not say after which statement it stood like this")]
    NoSequence,
    /// It has no beginning or no end.
    #[error("the list does not say from when until when it may be relied on")]
    NoPeriod,
    /// Its bits cannot be read.
    #[error(transparent)]
    Bits(#[from] BitsError),
}

impl ListError {
    /// Says what a peer deserves that sent this.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        Verdict::Reject
    }
}

/// What a status list is, besides a credential.
pub const CREDENTIAL_TYPE: &str = "BitstringStatusListCredential";
const LIST_TYPE: &str = "BitstringStatusList";
