//! Taking claims back: bits, rows and the audit link in one step.

use super::account::AccountName;
use super::audit::{self, Deed};
use super::row::{Issued, Standing};
use super::{ISSUED, Ledger, LedgerError, Notice, put};
use crate::ground::books::{Change, Expect};
use crate::revocation::{self, Pen};
use countersign_protocol::status::statement::{Flip, MOST_FLIPS};
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Why and since when claims are taken back.
#[derive(Debug, Clone)]
pub struct Reason {
    /// Why, for everybody: the network learns this and nothing more.
    pub why: Why,
    /// What else there is to say, for the books alone.
    pub note: String,
    /// Since when they are not true.
    pub effective: Timestamp,
}

impl Ledger {
    /// Takes claims back, and gives what is to be told. Those taken back before are left alone.
    ///
    /// # Errors
    ///
    /// Returns [`LedgerError::Unknown`] if one was never signed here, or what the books return.
    pub fn revoke(
        &self,
        ids: &[String],
        reason: &Reason,
        pen: &Pen,
    ) -> Result<Vec<Notice>, LedgerError> {
        let _writer = self.write_alone();
        self.revoke_alone(ids, reason, pen)
    }

    /// Takes back a claim and its [`Self::family`], and gives their names and what is to be told.
    ///
    /// # Errors
    ///
    /// Returns [`LedgerError`] as [`Self::revoke`] does.
    pub fn revoke_family(
        &self,
        id: &str,
        reason: &Reason,
        pen: &Pen,
    ) -> Result<(Vec<String>, Vec<Notice>), LedgerError> {
        // Nobody signs a claim of the family between the looking and the taking back.
        let _writer = self.write_alone();
        let family = self.family(id, pen.now)?;
        let notices = self.revoke_alone(&family, reason, pen)?;
        Ok((family, notices))
    }

    /// Takes back every standing claim by the rule called `rule`, as `name/version`, that rests on `account`,
    /// whomever it is about. Gives their names and what is to be told.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn revoke_denied(
        &self,
        account: &[AccountName],
        rule: &str,
        reason: &Reason,
        pen: &Pen,
    ) -> Result<(Vec<String>, Vec<Notice>), LedgerError> {
        let _writer = self.write_alone();
        let (_, _, reservation) = self.reservation(account)?;
        let standing = self.standing_of(&reservation, |_| true, pen.now)?;
        let denied = standing.into_iter().filter(|issued| issued.rule() == rule);
        let denied: Vec<String> = denied.map(|issued| issued.id).collect();
        let notices = self.revoke_alone(&denied, reason, pen)?;
        Ok((denied, notices))
    }

    /// Takes claims back. Whoever calls it is the one writer, and stays it: what is read here is still so
    /// when it is written.
    pub(super) fn revoke_alone(
        &self,
        ids: &[String],
        reason: &Reason,
        pen: &Pen,
    ) -> Result<Vec<Notice>, LedgerError> {
        let claims = ids.iter().map(|id| self.get(id)).collect::<Result<Vec<_>, _>>()?;
        let mut notices = Vec::new();
        for claims in by_list(claims) {
            let deed = Deed::Revoked {
                ids: names(&claims),
                why: reason.why,
                note: reason.note.clone(),
                effective: reason.effective,
            };
            let (mut changes, notice) = self.take_back(&claims, reason, pen)?;
            changes.push(audit::link(&*self.books, pen.by, pen.now, deed)?);
            self.books.write(changes)?;
            notices.push(notice);
        }
        Ok(notices)
    }

    /// Takes back what other identities hold of an account, in the step that begins its move.
    pub(super) fn move_away(
        &self,
        claims: &[Issued],
        to: String,
        moved: Change,
        pen: &Pen,
    ) -> Result<Vec<Notice>, LedgerError> {
        let (why, note) = (Why::AccountMoved, String::new());
        let reason = Reason { why, note, effective: pen.now };
        let (mut notices, groups) = (Vec::new(), by_list(claims.to_vec()));
        let last = groups.len().saturating_sub(1);
        let mut moved = Some((moved, to));
        for (at, claims) in groups.into_iter().enumerate() {
            let (mut changes, notice) = self.take_back(&claims, &reason, pen)?;
            let ids = names(&claims);
            // The account moves with the last of them: cut short before, nothing has moved yet.
            let deed = match moved.take_if(|_| at == last) {
                Some((moved, to)) => {
                    changes.push(moved);
                    Deed::Moving { to, revoked: ids }
                }
                None => {
                    Deed::Revoked { ids, why, note: String::new(), effective: reason.effective }
                }
            };
            changes.push(audit::link(&*self.books, pen.by, pen.now, deed)?);
            self.books.write(changes)?;
            notices.push(notice);
        }
        Ok(notices)
    }

    fn take_back(
        &self,
        claims: &[Issued],
        reason: &Reason,
        pen: &Pen,
    ) -> Result<(Vec<Change>, Notice), LedgerError> {
        let damaged = || LedgerError::Damaged { what: "a status list" };
        let number = claims.first().map(|claim| claim.list).ok_or_else(damaged)?;
        let bits = claims.iter().map(|claim| claim.index).collect();
        let (mut changes, notice) = self.set(number, bits, reason, pen)?;
        for claim in claims {
            let (bytes, mut issued) = self.row(&claim.id)?;
            issued.standing = Standing::Revoked {
                at: pen.now,
                effective: reason.effective,
                why: reason.why,
                note: reason.note.clone(),
            };
            issued.refresh = None;
            let key = claim.id.clone().into_bytes();
            changes.push(put(ISSUED, key, Expect::Exactly(bytes), &issued)?);
        }
        Ok((changes, notice))
    }

    /// Sets bits of a list, and gives what has to be written and told.
    fn set(
        &self,
        number: u64,
        bits: BTreeSet<u64>,
        reason: &Reason,
        pen: &Pen,
    ) -> Result<(Vec<Change>, Notice), LedgerError> {
        let damaged = || LedgerError::Damaged { what: "a status list" };
        let found = self.lists()?.into_iter().find(|(_, row)| row.number == number);
        let (bytes, row) = found.ok_or_else(damaged)?;
        let code = reason.why.code();
        let flips: Vec<Flip> = bits.into_iter().map(|index| Flip { index, code }).collect();
        let said = revocation::set(&row, self.bits(number)?, &flips, reason.effective, pen);
        let said = said.ok_or_else(damaged)?;
        let changes = self.store(&said, Expect::Exactly(bytes))?;
        Ok((changes, Notice { statement: said.statement, list: said.list }))
    }

    /// Gives the claims that were taken back and whose bit is not set: books that were put back said so where
    /// nobody heard it, beside what everybody had heard and they took over since.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn unheard(&self) -> Result<Vec<Issued>, LedgerError> {
        let mut lists = BTreeMap::new();
        for number in self.list_numbers()? {
            lists.insert(number, self.bits(number)?);
        }
        let mut unheard = Vec::new();
        self.each(|issued| {
            let is_set = lists.get(&issued.list).and_then(|bits| bits.is_set(issued.index));
            if matches!(issued.standing, Standing::Revoked { .. }) && is_set == Some(false) {
                unheard.push(issued);
            }
        })?;
        Ok(unheard)
    }

    /// Sets the bits of [`Self::unheard`] again, each since when and for the cause the books have, and gives
    /// what is to be told.
    ///
    /// # Errors
    ///
    /// Returns what the books return; what was set before that stays set.
    pub fn say_again(&self, pen: &Pen) -> Result<Vec<Notice>, LedgerError> {
        let _writer = self.write_alone();
        let mut groups: BTreeMap<(u64, Timestamp, Why), Vec<Issued>> = BTreeMap::new();
        for issued in self.unheard()? {
            if let Standing::Revoked { effective, why, .. } = &issued.standing {
                let group = (issued.list, *effective, *why);
                groups.entry(group).or_default().push(issued);
            }
        }
        let mut notices = Vec::new();
        for ((list, effective, why), claims) in groups {
            for claims in claims.chunks(MOST_FLIPS) {
                let note = UNHEARD.to_owned();
                let reason = Reason { why, note: note.clone(), effective };
                let bits = claims.iter().map(|claim| claim.index).collect();
                let (mut changes, notice) = self.set(list, bits, &reason, pen)?;
                let deed = Deed::Revoked { ids: names(claims), why, note, effective };
                changes.push(audit::link(&*self.books, pen.by, pen.now, deed)?);
                self.books.write(changes)?;
                notices.push(notice);
            }
        }
        Ok(notices)
    }
}

/// Groups live claims by list, and into as many as one statement can flip.
fn by_list(claims: Vec<Issued>) -> Vec<Vec<Issued>> {
    let mut lists: BTreeMap<u64, BTreeMap<u64, Issued>> = BTreeMap::new();
    for claim in claims {
        if matches!(claim.standing, Standing::Live) {
            lists.entry(claim.list).or_default().insert(claim.index, claim);
        }
    }
    let rising = lists.into_values().map(|list| list.into_values().collect::<Vec<_>>());
    rising
        .flat_map(|list| list.chunks(MOST_FLIPS).map(<[Issued]>::to_vec).collect::<Vec<_>>())
        .collect()
}

fn names(claims: &[Issued]) -> Vec<String> {
    claims.iter().map(|claim| claim.id.clone()).collect()
}

/// What the books say of a claim that is taken back once more.
const UNHEARD: &str = "said again: nobody had heard it";
