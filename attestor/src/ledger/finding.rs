//! Finding claims without reading all of them: by their name, by whom they are about, by the account.
//!
//! Who a claim is about stands in a table of its own, written in the step that signs the claim. It says
//! nothing that the claims do not say: a start makes it whole again, for books that an older program wrote.

use super::row::{Issued, Reservation, Standing, read};
use super::{ACCOUNTS, ISSUED, Ledger, LedgerError, PAGE};
use crate::ground::books::{Change, Expect};
use countersign_protocol::did::Scid;
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An account that backs more than one identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// Their SCIDs.
    pub subjects: Vec<String>,
    /// The names of the claims about them.
    pub claims: Vec<String>,
}

impl Ledger {
    /// Gives every claim about `subject` that was ever signed.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn about(&self, subject: Scid) -> Result<Vec<Issued>, LedgerError> {
        let begins = subject.digest().as_slice();
        let mut claims = Vec::new();
        let mut after = begins.to_vec();
        loop {
            let rows = self.books.rows(SUBJECTS, Some(&after), PAGE)?;
            let theirs = rows.iter().filter_map(|(key, _)| key.strip_prefix(begins));
            let names: Vec<String> =
                theirs.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
            for id in &names {
                claims.push(self.get(id)?);
            }
            match rows.last() {
                Some((last, _)) if names.len() == PAGE => after.clone_from(last),
                Some(_) | None => return Ok(claims),
            }
        }
    }

    /// Gives up to `most` names of claims that begin with `begins`.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn named(&self, begins: &str, most: usize) -> Result<Vec<String>, LedgerError> {
        let key = begins.as_bytes();
        if self.books.row(ISSUED, key)?.is_some() {
            return Ok(vec![begins.to_owned()]);
        }
        let rows = self.books.rows(ISSUED, Some(key), most)?;
        let names = rows.into_iter().map(|(name, _)| name).take_while(|name| name.starts_with(key));
        Ok(names.map(|name| String::from_utf8_lossy(&name).into_owned()).collect())
    }

    /// Gives the names of all standing claims about the account `id` rests on, for one identity:
    /// what is taken back together. `id` itself is among them unless it was taken back before.
    ///
    /// # Errors
    ///
    /// Returns [`LedgerError::Unknown`] if it was never signed here, or what the books return.
    pub fn family(&self, id: &str, now: Timestamp) -> Result<Vec<String>, LedgerError> {
        let one = self.get(id)?;
        let mut family = Vec::new();
        for issued in self.about(one.subject.scid())? {
            let same = issued.account == one.account && issued.claim == one.claim;
            let named = issued.id == one.id && matches!(issued.standing, Standing::Live);
            if same && (issued.stands(now) || named) {
                family.push(issued.id);
            }
        }
        Ok(family)
    }

    /// Gives the accounts that back more than one identity.
    pub(crate) fn shared(&self) -> Result<Vec<Shared>, LedgerError> {
        let (mut shared, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let rows = self.books.rows(ACCOUNTS, after.as_deref(), PAGE)?;
            let Some((last, _)) = rows.last() else { return Ok(shared) };
            after = Some(last.clone());
            for (_, bytes) in rows {
                let Reservation { holders, .. } = read(&bytes, "an account")?;
                if holders.len() > 1 {
                    let subjects = holders.iter().map(|holder| holder.subject.clone()).collect();
                    let claims = holders.into_iter().flat_map(|holder| holder.claims).collect();
                    shared.push(Shared { subjects, claims });
                }
            }
        }
    }

    /// Writes down whom claims are about where that is missing: an older program did not.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn find_subjects(&self) -> Result<(), LedgerError> {
        let _writer = self.write_alone();
        let mut missing = Vec::new();
        let mut failed = Ok(());
        self.each(|issued| {
            let change = found_by(issued.subject.scid(), &issued.id);
            match self.books.row(SUBJECTS, key_of(&change)) {
                Ok(Some(_)) => {}
                Ok(None) => missing.push(change),
                Err(error) => failed = Err(error),
            }
        })?;
        failed?;
        while !missing.is_empty() {
            let rest = missing.split_off(missing.len().min(AT_ONCE));
            self.books.write(core::mem::replace(&mut missing, rest))?;
        }
        Ok(())
    }
}

/// Makes the change by which the claim `id` about `subject` is found.
pub(super) fn found_by(subject: Scid, id: &str) -> Change {
    let key = [subject.digest().as_slice(), id.as_bytes()].concat();
    Change::Put { table: SUBJECTS, key, expect: Expect::Anything, bytes: Vec::new() }
}

fn key_of(change: &Change) -> &[u8] {
    match change {
        Change::Put { key, .. } => key,
        Change::Link { .. } => &[],
    }
}

/// It is in no backup: a start writes it anew.
pub(super) const SUBJECTS: &str = "attestor.subjects";

/// Rows that are written in one step.
const AT_ONCE: usize = 1000;
