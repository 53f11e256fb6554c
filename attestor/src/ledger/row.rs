//! What stands in the books, and how it is written: canonical JSON, read by the strict parser.

use super::LedgerError;
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::encoding::{base64url, jcs, json};
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One claim that was signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Issued {
    /// The credential's own name, `urn:uuid:…`.
    pub id: String,
    /// Whom it is about.
    pub subject: Did,
    /// The account it rests on, as [`super::account`] names it; not the account's id.
    pub account: String,
    /// The source of evidence.
    pub source: String,
    /// The type of the claim.
    pub claim: String,
    /// The status list its bit is in.
    pub list: u64,
    /// The bit.
    pub index: u64,
    /// When it was signed first.
    pub issued: Timestamp,
    /// Until when it is valid.
    pub valid_until: Timestamp,
    /// When the provider was asked.
    pub evidence_at: Timestamp,
    /// The key it is signed with now.
    pub key: String,
    /// What became of it.
    pub standing: Standing,
    /// The claim that took its place, after a renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed_by: Option<String>,
    /// The name under which the token to ask the provider again with is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
    /// The credential as it is signed now.
    pub credential: Value,
}

impl Issued {
    /// Tells whether the claim still counts for anything.
    #[must_use]
    pub fn stands(&self, now: Timestamp) -> bool {
        matches!(self.standing, Standing::Live) && now < self.valid_until
    }

    /// Gives the rule it was signed by, as `name/version`; empty if its evidence names none.
    #[must_use]
    pub fn rule(&self) -> String {
        let evidence = self.credential.get("evidence");
        let first = evidence.and_then(|found| found.get(0).or(Some(found)));
        let rule = first.and_then(|evidence| evidence.get("rule"));
        let name = rule.and_then(|rule| rule.get("name")).and_then(Value::as_str);
        let version = rule.and_then(|rule| rule.get("version")).and_then(Value::as_u64);
        match (name, version) {
            (Some(name), Some(version)) => format!("{name}/{version}"),
            _ => String::new(),
        }
    }
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It was not taken back.
    Live,
    /// It was taken back.
    Revoked {
        /// When.
        at: Timestamp,
        /// Since when it is not true.
        effective: Timestamp,
        /// For which of the causes everybody may know; books of before have none.
        #[serde(default)]
        why: Why,
        /// What else there was to say.
        #[serde(default, alias = "reason")]
        note: String,
    },
}

/// One account and the identities it backs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reservation {
    /// Whom it backs, each with the names of the claims that were signed.
    pub(crate) holders: Vec<Holder>,
    /// Set while the account moves from one identity to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) moving: Option<Moving>,
}

/// One identity an account backs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    /// Its SCID.
    pub(crate) subject: String,
    /// The names of the claims.
    pub(crate) claims: Vec<String>,
}

/// An account on its way to another identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moving {
    /// The SCID it goes to.
    pub(crate) to: String,
    /// When the old claims were revoked.
    pub(crate) since: Timestamp,
}

impl Reservation {
    /// Notes a claim about `subject`, and that the account has arrived.
    pub(crate) fn add(&mut self, subject: Scid, claim: String) {
        let subject = subject.to_string();
        self.moving = None;
        match self.holders.iter_mut().find(|holder| holder.subject == subject) {
            Some(holder) => holder.claims.push(claim),
            None => self.holders.push(Holder { subject, claims: vec![claim] }),
        }
    }
}

/// What a rule demands, since it signed first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RuleRow {
    /// The digest of it.
    pub(crate) digest: String,
}

/// One status list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListRow {
    /// Its number.
    pub(crate) number: u64,
    /// How many changes it has seen.
    pub(crate) sequence: u64,
    /// The content hash of the statement that made the last change.
    #[serde(default, with = "hash")]
    pub(crate) tip: Option<[u8; 32]>,
    /// When something was signed about it last.
    pub(crate) said: Timestamp,
    /// How many of its indexes were given out.
    pub(crate) used: u64,
    /// Whether claims still get indexes in it.
    pub(crate) open: bool,
}

mod hash {
    use super::base64url;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(
        hash: &Option<[u8; 32]>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        hash.map(|hash| base64url::encode(&hash)).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<[u8; 32]>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let bytes = base64url::decode(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Some).ok_or_else(|| D::Error::custom("not a hash"))
    }
}

/// Writes a row.
pub(crate) fn write<T: Serialize>(row: &T) -> Result<Vec<u8>, LedgerError> {
    let value = serde_json::to_value(row).map_err(|_| LedgerError::Damaged { what: "a row" })?;
    Ok(jcs::to_vec(&value))
}

/// Reads a row.
pub(crate) fn read<T: DeserializeOwned>(
    bytes: &[u8],
    what: &'static str,
) -> Result<T, LedgerError> {
    let damaged = || LedgerError::Damaged { what };
    let value = json::parse(bytes, bytes.len()).map_err(|_| damaged())?;
    serde_json::from_value(value).map_err(|_| damaged())
}

/// Keys of rows about a list sort by its number.
pub(crate) fn list_key(list: u64, within: Option<u64>) -> Vec<u8> {
    let mut key = list.to_be_bytes().to_vec();
    if let Some(within) = within {
        key.extend_from_slice(&within.to_be_bytes());
    }
    key
}
