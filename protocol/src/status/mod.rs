//! Decides whether a claim was taken back.
//!
//! An attestor keeps one bit for each claim it signed. The bits travel as a [`list::List`], signed
//! whole, and change by [`statement::Statement`]s, small enough for gossip. [`ledger::Ledger`] is the
//! fold of a list and the statements after it, and [`ledger::State`] is what it says at a moment.
//! [`word::Word`] is what two of them must agree in.
//! A credential names its bit with an [`Entry`].
//!
//! - Standard: Bitstring Status List v1.0. Lists are located by the issuer's SCID and their number
//!   and are never fetched to check a claim: the statements are this network's own.

pub mod bits;
pub mod ledger;
pub mod list;
pub mod statement;
pub mod why;
pub mod word;

use serde_json::{Map, Value, json};

/// Says what a set bit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// The claim was withdrawn, for ever.
    Revocation,
    /// The claim does not count until the bit is cleared.
    Suspension,
}

impl Purpose {
    /// Gives the word of Bitstring Status List v1.0, section 2.1.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
        }
    }

    /// Reads the word of the standard.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "revocation" => Some(Self::Revocation),
            "suspension" => Some(Self::Suspension),
            _ => None,
        }
    }
}

/// Names the bit of one claim: `credentialStatus` of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the bit means when it is set.
    pub purpose: Purpose,
    /// The number of the list among those of its issuer.
    pub list: u64,
    /// The position of the bit.
    pub index: u64,
    /// Where others than this network's nodes find the list: `https://<attestor>/status/<n>`.
    pub url: String,
}

impl Entry {
    /// Reads one `credentialStatus` object; gives nothing for a purpose that never takes back.
    ///
    /// # Errors
    ///
    /// Returns [`EntryError`] for an entry this network cannot find or does not understand: what
    /// cannot be checked is not ignored.
    pub fn read(entry: &Map<String, Value>) -> Result<Option<Self>, EntryError> {
        let text = |member| entry.get(member).and_then(Value::as_str);
        if text("type") != Some("BitstringStatusListEntry") {
            return Err(EntryError::UnknownType);
        }
        let purpose = match text("statusPurpose").ok_or(EntryError::UnknownPurpose)? {
            // Section 2.1: these two do not touch validity.
            "refresh" | "message" => return Ok(None),
            word => Purpose::parse(word).ok_or(EntryError::UnknownPurpose)?,
        };
        if entry.get("statusSize").is_some_and(|size| size.as_u64() != Some(1)) {
            return Err(EntryError::WrongSize);
        }
        let index = text("statusListIndex").and_then(decimal).ok_or(EntryError::BadIndex)?;
        let url = text("statusListCredential").ok_or(EntryError::BadUrl)?;
        let list = list_number(url).ok_or(EntryError::BadUrl)?;
        Ok(Some(Self { purpose, list, index, url: url.to_owned() }))
    }

    /// Writes the `credentialStatus` object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({
            "type": "BitstringStatusListEntry",
            "statusPurpose": self.purpose.as_str(),
            "statusListIndex": self.index.to_string(),
            "statusListCredential": self.url,
        })
    }
}

/// Reads the number of a list out of its URL, `https://<attestor>/status/<n>`.
#[must_use]
pub fn list_number(url: &str) -> Option<u64> {
    let place = url.strip_prefix("https://")?;
    let (host, number) = place.rsplit_once("/status/")?;
    if host.is_empty() || host.contains(['?', '#', '\\', ' ']) {
        return None;
    }
    decimal(number)
}

/// Writes the URL of list `number` of the attestor at `base`, such as `https://north.example`.
#[must_use]
pub fn list_url(base: &str, number: u64) -> String {
    format!("{}/status/{number}", base.trim_end_matches('/'))
}

/// Reads a number that has one spelling: digits, and no zero before them.
fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A `credentialStatus` cannot be checked in this network. Fault of the issuer, and of whoever
/// relayed it, who could have seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not a Bitstring Status List entry.
    #[error("a credentialStatus is not a BitstringStatusListEntry")]
    UnknownType,
    /// A purpose whose meaning nobody here knows.
    #[error("a statusPurpose is neither revocation nor suspension, refresh nor message")]
    UnknownPurpose,
    /// A status of more than one bit.
    #[error("a statusSize is not 1")]
    WrongSize,
    /// Not a number in base 10.
    #[error("a statusListIndex is not a number in base 10")]
    BadIndex,
    /// The list has no number under which this network knows it.
    #[error("a statusListCredential is not https://<attestor>/status/<number>")]
    BadUrl,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Entry {
        let url = list_url("https://north.example/", 3);
        Entry { purpose: Purpose::Revocation, list: 3, index: 70_000, url }
    }

    fn read_with(member: &str, value: Value) -> Result<Option<Entry>, EntryError> {
        let mut entry = good().to_value().as_object().unwrap().clone();
        entry.insert(member.to_owned(), value);
        Entry::read(&entry)
    }

    #[test]
    fn reads_what_it_writes() {
        assert_eq!(read_with("statusSize", json!(1)), Ok(Some(good())));
        assert_eq!(read_with("statusPurpose", json!("message")), Ok(None));
    }

    #[test]
    fn refuses_what_cannot_be_checked() {
        assert_eq!(read_with("type", json!("StatusList2021Entry")), Err(EntryError::UnknownType));
        assert_eq!(read_with("statusPurpose", json!("mood")), Err(EntryError::UnknownPurpose));
        assert_eq!(read_with("statusSize", json!(2)), Err(EntryError::WrongSize));
        for index in [json!(7), json!("-1"), json!("07"), json!("+7"), json!("")] {
            assert_eq!(read_with("statusListIndex", index), Err(EntryError::BadIndex));
        }
        for url in
            ["https://north.example/lists/3", "http://n.example/status/3", "https:///status/3"]
        {
            assert_eq!(read_with("statusListCredential", json!(url)), Err(EntryError::BadUrl));
        }
    }
}
