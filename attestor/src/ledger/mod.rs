//! The books of an attestor: what was signed, about which account, and what became of it.
//!
//! Reservation of the account, status index, the row itself and the audit link are written in one
//! step, before the claim leaves. An index is drawn at random and never given twice: it is looked up
//! among all that were ever used, and when the books were put back to an older state a new list is
//! opened, because nobody knows which ones the lost days used.

pub mod account;
mod asking;
pub mod audit;
mod finding;
mod incarnation;
mod lists;
mod renewal;
pub(crate) mod row;
mod rules;
mod taking_back;

#[cfg(test)]
pub(crate) mod tests;

pub use finding::Shared;
pub use renewal::{Fresh, Renewed};
pub use row::{Issued, Standing};
pub use taking_back::Reason;

use crate::ground::books::{Books, BooksError, Change, Expect};
use crate::revocation::Pen;
use account::AccountName;
use audit::Deed;
use countersign_protocol::credential::draft::Draft;
use countersign_protocol::credential::evidence::Evidence;
use countersign_protocol::credential::{Credential, CredentialError};
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::status::{Entry, Purpose, list_url};
use countersign_protocol::time::Timestamp;
use row::{Moving, Reservation, read, write};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The books, with one writer.
pub struct Ledger {
    books: Arc<dyn Books>,
    writer: Mutex<()>,
}

/// A claim that is to be signed.
#[derive(Debug, Clone)]
pub struct Order {
    /// The names of the account, the newest first.
    pub account: Vec<AccountName>,
    /// Whom it is about.
    pub subject: Did,
    /// The source of evidence.
    pub source: String,
    /// The type of the claim.
    pub claim: String,
    /// What it says, besides whom it is about.
    pub says: Map<String, Value>,
    /// What it rests on.
    pub evidence: Evidence,
    /// The digest of what its rule demands; nothing where a person looked.
    pub demands: Option<String>,
    /// When the provider was asked.
    pub evidence_at: Timestamp,
    /// Until when it is valid.
    pub valid_until: Timestamp,
    /// The name under which the token to ask again with is kept.
    pub refresh: Option<String>,
    /// What happens if the account backs another identity.
    pub second: Second,
    /// Seconds between the end of the old claim and a new one, when an account moves.
    pub wait: u64,
    /// What else there is to say of it, for the books alone.
    pub note: String,
}

/// What happens when an account signs in for a second identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Second {
    /// It gets no claim.
    #[default]
    Reject,
    /// The first one's claims are revoked, and after a while the second gets one.
    Move,
    /// Both have claims.
    Allow,
}

/// What came of an order.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was signed.
    Issued {
        /// The claim.
        claim: Box<Issued>,
        /// What is to be told now: what was taken back for it, and the list that was opened with it, if one was.
        tell: Vec<Notice>,
    },
    /// The account backs another identity.
    Taken,
    /// The account is on its way: ask again then. What was revoked for it is to be published.
    Moving {
        /// When the new claim can be had.
        ready: Timestamp,
        /// What is to be told now.
        tell: Vec<Notice>,
    },
}

/// A statement that is durable and should be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The sealed statement.
    pub statement: Vec<u8>,
    /// The list it leads to.
    pub list: Vec<u8>,
}

impl Ledger {
    /// Opens the books.
    #[must_use]
    pub fn new(books: Arc<dyn Books>) -> Self {
        Self { books, writer: Mutex::new(()) }
    }

    /// Gives the books underneath.
    #[must_use]
    pub fn books(&self) -> &dyn Books {
        &*self.books
    }

    /// Signs a claim, if the account may have one for this identity. What it contradicts, of the same account
    /// and identity, is taken back first. It blocks on the disk.
    ///
    /// # Errors
    ///
    /// Returns [`LedgerError`] if the books cannot be read or written.
    pub fn issue(
        &self,
        order: &Order,
        pen: &Pen,
        draw: &mut dyn FnMut() -> u64,
    ) -> Result<Outcome, LedgerError> {
        let _writer = self.write_alone();
        self.check_order(order)?;
        let (name, found, mut reservation) = self.reservation(&order.account)?;
        let to = order.subject.scid().to_string();
        if let Some(moving) = &reservation.moving {
            let ready = moving.since.plus(order.wait);
            if moving.to == to && pen.now < ready {
                return Ok(Outcome::Moving { ready, tell: Vec::new() });
            }
            if moving.to != to && pen.now < ready.plus(FETCHING) {
                return self.refuse(to, &[], pen.now);
            }
        }
        let others = self.standing_of(&reservation, |holder| holder != to, pen.now)?;
        match (others.is_empty(), order.second) {
            (true, _) | (false, Second::Allow) => {}
            (false, Second::Reject) => return self.refuse(to, &others, pen.now),
            (false, Second::Move) => {
                reservation.moving = Some(Moving { to: to.clone(), since: pen.now });
                let moved = put(ACCOUNTS, name.into_bytes(), expect(found), &reservation)?;
                let tell = self.move_away(&others, to, moved, pen)?;
                return Ok(Outcome::Moving { ready: pen.now.plus(order.wait), tell });
            }
        }
        let wrong = |one: &Issued| one.claim == order.claim && one.is_contradicted_by(&order.says);
        let own = self.standing_of(&reservation, |holder| holder == to, pen.now)?;
        let (_, mut tell) = self.take_back_those(own, wrong, pen)?;
        let (seat, id) = (self.seat(pen, draw)?, new_id());
        let issued = sign(order, pen, &name, id.clone(), seat.entry.clone())?;
        reservation.add(order.subject.scid(), id.clone());
        let deed = Deed::Issued {
            id: id.clone(),
            list: issued.list,
            index: issued.index,
            subject: to,
            rule: rule(&order.evidence),
            note: order.note.clone(),
        };
        let mut end = audit::End::of(&*self.books, pen.by)?;
        let mut changes = self.defined(order, &mut end, pen.now)?;
        tell.extend(seat.write_with(&mut changes, deed, end, pen.now)?);
        changes.push(finding::found_by(order.subject.scid(), &id));
        changes.push(put(ISSUED, id.into_bytes(), Expect::Nothing, &issued)?);
        changes.push(put(ACCOUNTS, name.into_bytes(), expect(found), &reservation)?);
        self.books.write(changes)?;
        Ok(Outcome::Issued { claim: Box::new(issued), tell })
    }

    /// Tells whether an account gets no claim about `subject` because it backs another identity, and
    /// then writes down that it came.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn turns_away(
        &self,
        account: &[AccountName],
        subject: Scid,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let _writer = self.write_alone();
        let (_, _, reservation) = self.reservation(account)?;
        let to = subject.to_string();
        let others = self.standing_of(&reservation, |holder| holder != to, now)?;
        if others.is_empty() {
            return Ok(false);
        }
        self.refuse(to, &others, now)?;
        Ok(true)
    }

    /// Writes down that an account came for a second identity: its operator should see a pattern.
    fn refuse(
        &self,
        subject: String,
        others: &[Issued],
        now: Timestamp,
    ) -> Result<Outcome, LedgerError> {
        let holds = others.iter().map(|issued| issued.id.clone()).collect();
        let deed = Deed::Refused { subject, holds };
        self.books.write(vec![audit::link(&*self.books, None, now, deed)?])?;
        Ok(Outcome::Taken)
    }

    /// Signs every standing claim again with the pen's key, and gives how many there were.
    ///
    /// What a claim says does not change, nor its name or its bit.
    ///
    /// # Errors
    ///
    /// Returns what the books return; claims signed before that stay signed.
    pub fn reissue(&self, pen: &Pen) -> Result<u64, LedgerError> {
        let key = pen.key.public().to_multikey();
        let mut count = 0_u64;
        let mut ids = Vec::new();
        self.each(|issued| {
            if issued.stands(pen.now) && issued.key != key {
                ids.push(issued.id);
            }
        })?;
        for id in ids {
            let _writer = self.write_alone();
            let (bytes, mut issued) = self.row(&id)?;
            issued.credential = redraft(&issued.credential, pen)?.sign(&pen.key, pen.now);
            issued.key.clone_from(&key);
            let deed = Deed::Reissued { id: id.clone(), key: key.clone() };
            self.books.write(vec![
                put(ISSUED, id.into_bytes(), Expect::Exactly(bytes), &issued)?,
                audit::link(&*self.books, pen.by, pen.now, deed)?,
            ])?;
            count = count.saturating_add(1);
        }
        Ok(count)
    }

    /// Gives one claim by its name.
    ///
    /// # Errors
    ///
    /// Returns [`LedgerError::Unknown`] if there is none, or what the books return.
    pub fn get(&self, id: &str) -> Result<Issued, LedgerError> {
        Ok(self.row(id)?.1)
    }

    /// Calls `each` with every claim that was ever signed.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn each(&self, mut each: impl FnMut(Issued)) -> Result<(), LedgerError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let rows = self.books.rows(ISSUED, after.as_deref(), PAGE)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = Some(last.clone());
            for (_, bytes) in rows {
                each(read(&bytes, "a claim")?);
            }
        }
    }

    fn row(&self, id: &str) -> Result<(Vec<u8>, Issued), LedgerError> {
        let bytes = self.books.row(ISSUED, id.as_bytes())?;
        let bytes = bytes.ok_or_else(|| LedgerError::Unknown { id: id.to_owned() })?;
        let issued = read(&bytes, "a claim")?;
        Ok((bytes, issued))
    }

    /// Finds the account under whichever key named it first.
    fn reservation(
        &self,
        names: &[AccountName],
    ) -> Result<(String, Option<Vec<u8>>, Reservation), LedgerError> {
        for name in names {
            if let Some(bytes) = self.books.row(ACCOUNTS, name.as_str().as_bytes())? {
                let reservation = read(&bytes, "an account")?;
                return Ok((name.as_str().to_owned(), Some(bytes), reservation));
            }
        }
        let name = names.first().ok_or(LedgerError::Damaged { what: "the account keys" })?;
        Ok((name.as_str().to_owned(), None, Reservation::default()))
    }

    /// Gives the standing claims about those of the identities that are `meant`.
    fn standing_of(
        &self,
        reservation: &Reservation,
        meant: impl Fn(&str) -> bool,
        now: Timestamp,
    ) -> Result<Vec<Issued>, LedgerError> {
        let meant = reservation.holders.iter().filter(|holder| meant(&holder.subject));
        let mut standing = Vec::new();
        for id in meant.flat_map(|holder| &holder.claims) {
            let (_, issued) = self.row(id)?;
            if issued.stands(now) {
                standing.push(issued);
            }
        }
        Ok(standing)
    }

    /// One writer at a time; the books would refuse a second one, this makes it wait.
    fn write_alone(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl core::fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Ledger")
    }
}

fn sign(
    order: &Order,
    pen: &Pen,
    account: &str,
    id: String,
    entry: Entry,
) -> Result<Issued, LedgerError> {
    let draft = Draft {
        id: Some(id.clone()),
        types: vec![order.claim.clone()],
        issuer: pen.did.clone(),
        subject: about(&order.subject, order.says.clone()),
        valid_from: pen.now,
        valid_until: order.valid_until,
        status: vec![entry.clone()],
        evidence: vec![order.evidence.clone()],
    };
    let credential = draft.sign(&pen.key, pen.now);
    // What would not be read is not signed.
    Credential::from_value(credential.clone())?;
    Ok(Issued {
        id,
        subject: order.subject.clone(),
        account: account.to_owned(),
        source: order.source.clone(),
        claim: order.claim.clone(),
        list: entry.list,
        index: entry.index,
        issued: pen.now,
        valid_until: order.valid_until,
        evidence_at: order.evidence_at,
        key: pen.key.public().to_multikey(),
        standing: Standing::Live,
        renewed_by: None,
        refresh: order.refresh.clone(),
        credential,
    })
}

/// Names whom a claim is about in what it says.
fn about(subject: &Did, mut says: Map<String, Value>) -> Map<String, Value> {
    says.insert("id".to_owned(), Value::String(subject.to_string()));
    says
}

/// Makes the draft of a claim that was signed before.
fn redraft(credential: &Value, pen: &Pen) -> Result<Draft, LedgerError> {
    let old = Credential::from_value(credential.clone())?;
    let types = old.types().iter().filter(|kind| *kind != "VerifiableCredential").cloned();
    Ok(Draft {
        id: old.id().map(str::to_owned),
        types: types.collect(),
        issuer: pen.did.clone(),
        subject: old.says().clone(),
        valid_from: old.period().from.unwrap_or(pen.now),
        valid_until: old.period().until.unwrap_or(pen.now),
        status: old.status().to_vec(),
        evidence: old.evidence().to_vec(),
    })
}

fn rule(evidence: &Evidence) -> String {
    evidence
        .rule
        .as_ref()
        .map_or_else(String::new, |rule| format!("{}/{}", rule.name, rule.version))
}

/// RFC 9562, section 5.4: version 4, all random.
fn new_id() -> String {
    let mut bytes: [u8; 16] = rand::random();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

fn put<T: Serialize>(
    table: &'static str,
    key: Vec<u8>,
    expect: Expect,
    row: &T,
) -> Result<Change, LedgerError> {
    Ok(Change::Put { table, key, expect, bytes: write(row)? })
}

fn expect(found: Option<Vec<u8>>) -> Expect {
    found.map_or(Expect::Nothing, Expect::Exactly)
}

/// Names the bit of a claim.
fn entry(pen: &Pen, list: u64, index: u64) -> Entry {
    Entry { purpose: Purpose::Revocation, list, index, url: list_url(&pen.url, list) }
}

/// The books cannot be used like this.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum LedgerError {
    /// The disk, or a second writer.
    #[error(transparent)]
    Books(#[from] BooksError),
    /// The disk changed what was written.
    #[error("{what} in the books cannot be read")]
    Damaged { what: &'static str },
    /// Somebody changed the chain.
    #[error("link {number} of the audit chain does not follow the one before it")]
    Broken { number: u64 },
    /// No such claim was signed here. Fault of whoever asked.
    #[error("no claim called `{id}` was signed here")]
    Unknown { id: String },
    /// Nothing takes the place of such a claim. Fault of whoever asked.
    #[error("claim {id} {became}")]
    NotLive { id: String, became: Became },
    /// Fault of the source's file.
    #[error("the claim would not be readable: {cause}")]
    Unreadable {
        #[from]
        cause: CredentialError,
    },
    /// Somebody changed what the rule demands and kept its version. Fault of whoever did.
    #[error(
        "the rule {rule} signed claims before, and the file of its source demands something else by now"
    )]
    RuleChanged { rule: String },
    /// Every index that was drawn had been used. Fault of the dice.
    #[error("no free index was drawn in list {list}")]
    NoIndex { list: u64 },
}

/// What became of a claim whose place nothing takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum Became {
    /// It was taken back.
    #[error("was taken back at {at}")]
    Revoked { at: Timestamp },
    /// It was renewed before.
    #[error("was renewed before: {by} took its place")]
    Renewed { by: String },
    /// Its time is over.
    #[error("ended at {until}")]
    Ended { until: Timestamp },
}

const ISSUED: &str = "attestor.issued";
const ACCOUNTS: &str = "attestor.accounts";

const PAGE: usize = 200;

/// Seconds in which whom an account moves to may fetch the new claim; then the account is free again, for an
/// abandoned move locks nobody out.
const FETCHING: u64 = 86_400;
