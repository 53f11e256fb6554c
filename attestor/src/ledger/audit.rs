//! What the attestor did, in a chain nobody can change in the middle.
//!
//! Each link names the hash of the one before it. A link holds names of claims and times, and nothing
//! about a person that the claim itself does not say.

use super::LedgerError;
use super::row::{read, write};
use crate::ground::books::{Books, Change};
use countersign_protocol::encoding::{base64url, multihash};
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One thing the attestor did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its number, from 0.
    pub number: u64,
    /// The SHA-256 of the link before it; empty in the first.
    pub previous: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub deed: Deed,
    /// Who had it done: nobody of the attestor's where a customer signed in, and in links of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
}

/// Which way somebody of the attestor's had something done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A command, with the owner's token or in the folder itself.
    Command,
    /// Somebody at the operator's pages.
    Page,
    /// Nobody: it was time.
    Schedule,
}

/// What an attestor does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant says what its fields are")]
pub enum Deed {
    /// Opened a status list, and gives no more indexes in the ones before.
    Opened { list: u64, restored: bool },
    /// Signed by a rule first, or found that it had: the digest of what it demands from then on.
    Defined { rule: String, digest: String },
    /// Signed a claim.
    Issued {
        id: String,
        list: u64,
        index: u64,
        subject: String,
        rule: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// Signed a claim that takes the place of another.
    Renewed {
        id: String,
        old: String,
        list: u64,
        index: u64,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// Took claims back.
    Revoked {
        ids: Vec<String>,
        #[serde(default)]
        why: Why,
        #[serde(default, alias = "reason")]
        note: String,
        effective: Timestamp,
    },
    /// Signed a claim again with another key.
    Reissued { id: String, key: String },
    /// Began to move an account from one identity to another.
    Moving { to: String, revoked: Vec<String> },
    /// Gave no claim about this identity, because these claims about another rest on the account.
    Refused { subject: String, holds: Vec<String> },
}

impl Deed {
    /// Tells whether it was done to the claim called `id`.
    #[must_use]
    pub fn is_about(&self, id: &str) -> bool {
        match self {
            Self::Opened { .. } | Self::Defined { .. } => false,
            Self::Issued { id: one, .. } | Self::Reissued { id: one, .. } => one == id,
            Self::Renewed { id: one, old, .. } => one == id || old == id,
            Self::Revoked { ids, .. } => ids.iter().any(|one| one == id),
            Self::Moving { revoked, .. } => revoked.iter().any(|one| one == id),
            Self::Refused { holds, .. } => holds.iter().any(|one| one == id),
        }
    }
}

/// Where the chain ends, and what is added there next.
pub(super) struct End {
    number: u64,
    previous: String,
    by: Option<By>,
}

impl End {
    /// Finds the end of the chain, for what is done in somebody's name.
    pub(super) fn of(books: &dyn Books, by: Option<By>) -> Result<Self, LedgerError> {
        let number = books.length(CHAIN)?;
        let previous = match number.checked_sub(1) {
            None => String::new(),
            Some(last) => {
                let link = books.links(CHAIN, last, 1)?;
                let link = link.first().ok_or(LedgerError::Damaged { what: "the audit chain" })?;
                base64url::encode(&multihash::sha256(link))
            }
        };
        Ok(Self { number, previous, by })
    }

    /// Makes the change that adds a link, and expects that nobody else added one.
    pub(super) fn add(&mut self, at: Timestamp, deed: Deed) -> Result<Change, LedgerError> {
        let length = self.number;
        let previous = core::mem::take(&mut self.previous);
        let bytes = write(&Link { number: length, previous, at, deed, by: self.by })?;
        self.number = length.saturating_add(1);
        self.previous = base64url::encode(&multihash::sha256(&bytes));
        Ok(Change::Link { chain: CHAIN, length, bytes })
    }
}

/// Makes the change that adds one link, as [`End::add`] does.
pub(super) fn link(
    books: &dyn Books,
    by: Option<By>,
    at: Timestamp,
    deed: Deed,
) -> Result<Change, LedgerError> {
    End::of(books, by)?.add(at, deed)
}

/// Reads the whole chain and checks every link.
///
/// # Errors
///
/// Returns [`LedgerError::Broken`] with the first link that does not follow the one before it.
pub fn verify(books: &dyn Books, mut each: impl FnMut(Link)) -> Result<u64, LedgerError> {
    let mut expected = String::new();
    let mut number = 0_u64;
    loop {
        let links = books.links(CHAIN, number, PAGE)?;
        if links.is_empty() {
            break;
        }
        for bytes in links {
            let link: Link = read(&bytes, "a link of the audit chain")?;
            if link.number != number || link.previous != expected {
                return Err(LedgerError::Broken { number });
            }
            expected = base64url::encode(&multihash::sha256(&bytes));
            number = number.saturating_add(1);
            each(link);
        }
    }
    Ok(number)
}

/// Reads up to `count` links from number `from` on, unverified.
///
/// # Errors
///
/// Returns [`LedgerError::Damaged`] for a link that cannot be read, and what the books return.
pub fn read_links(books: &dyn Books, from: u64, count: usize) -> Result<Vec<Link>, LedgerError> {
    let links = books.links(CHAIN, from, count)?;
    links.iter().map(|bytes| read(bytes, "a link of the audit chain")).collect()
}

pub(crate) const CHAIN: &str = "attestor.audit";

const PAGE: usize = 500;
