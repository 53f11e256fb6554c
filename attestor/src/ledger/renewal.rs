//! Renewing: a claim takes the place of another, and says what was seen this time.

use super::audit::{self, Deed};
use super::finding::found_by;
use super::row::{Issued, Reservation, Standing, read};
use super::{
    ACCOUNTS, Became, ISSUED, Ledger, LedgerError, Notice, Order, Reason, Second, expect, new_id,
    put, sign,
};
use crate::ground::books::Expect;
use crate::revocation::Pen;
use countersign_protocol::credential::evidence::Evidence;
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use serde_json::{Map, Value};

/// What was seen when a provider was asked again.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// What the claim says now, besides whom it is about.
    pub says: Map<String, Value>,
    /// What it rests on now.
    pub evidence: Evidence,
    /// The digest of what its rule demands now.
    pub demands: Option<String>,
    /// When the provider was asked.
    pub evidence_at: Timestamp,
    /// Until when it is valid.
    pub valid_until: Timestamp,
    /// What the audit log notes of it.
    pub note: String,
}

/// A claim that took the place of another.
#[derive(Debug, Clone)]
pub struct Renewed {
    /// The new claim.
    pub claim: Issued,
    /// What is to be told now.
    pub tell: Vec<Notice>,
}

impl Ledger {
    /// Signs a claim that takes the place of a live one and says what was seen this time. What said something
    /// else is taken back first: two claims that contradict each other never stand together.
    ///
    /// # Errors
    ///
    /// Returns [`LedgerError::NotLive`] if the old one does not stand, or what the books return.
    pub fn renew(
        &self,
        id: &str,
        fresh: &Fresh,
        pen: &Pen,
        draw: &mut dyn FnMut() -> u64,
    ) -> Result<Renewed, LedgerError> {
        let _writer = self.write_alone();
        let order = order(&self.check_live(id, pen.now)?, fresh);
        self.check_order(&order)?;
        let (_, mut tell) = self.take_back_contradicted(id, &fresh.says, pen)?;
        let (claim, more) = self.replace(id, &order, pen, draw)?;
        tell.extend(more);
        Ok(Renewed { claim, tell })
    }

    /// Signs what a person decided on in place of a live claim, which stands until it ends: whoever decides
    /// sees to it that the two do not contradict each other.
    ///
    /// # Errors
    ///
    /// Returns [`LedgerError::NotLive`] if the old one does not stand, or what the books return.
    pub fn succeed(
        &self,
        id: &str,
        order: &Order,
        pen: &Pen,
        draw: &mut dyn FnMut() -> u64,
    ) -> Result<Renewed, LedgerError> {
        let _writer = self.write_alone();
        self.check_live(id, pen.now)?;
        self.check_order(order)?;
        let (claim, tell) = self.replace(id, order, pen, draw)?;
        Ok(Renewed { claim, tell })
    }

    /// Gives a claim that stands, and whose place nothing took.
    fn check_live(&self, id: &str, now: Timestamp) -> Result<Issued, LedgerError> {
        let (_, old) = self.row(id)?;
        old.check_live(now)?;
        Ok(old)
    }

    /// Takes back what `says` contradicts: the claim `id`, and those of its family. Gives their names and what
    /// is to be told.
    ///
    /// # Errors
    ///
    /// Returns [`LedgerError::Unknown`] if it was never signed here, or what the books return.
    pub fn revoke_contradicted(
        &self,
        id: &str,
        says: &Map<String, Value>,
        pen: &Pen,
    ) -> Result<(Vec<String>, Vec<Notice>), LedgerError> {
        let _writer = self.write_alone();
        self.take_back_contradicted(id, says, pen)
    }

    fn take_back_contradicted(
        &self,
        id: &str,
        says: &Map<String, Value>,
        pen: &Pen,
    ) -> Result<(Vec<String>, Vec<Notice>), LedgerError> {
        let mut family = Vec::new();
        for id in self.family(id, pen.now)? {
            family.push(self.get(&id)?);
        }
        self.take_back_those(family, |one| one.is_contradicted_by(says), pen)
    }

    /// Takes back those of some claims that `is_wrong`, for the provider says something else now.
    pub(super) fn take_back_those(
        &self,
        claims: Vec<Issued>,
        is_wrong: impl Fn(&Issued) -> bool,
        pen: &Pen,
    ) -> Result<(Vec<String>, Vec<Notice>), LedgerError> {
        let wrong = claims.into_iter().filter(is_wrong).map(|issued| issued.id);
        let wrong: Vec<String> = wrong.collect();
        let note = "the provider says something else now".to_owned();
        let reason = Reason { why: Why::NoLongerTrue, note, effective: pen.now };
        let notices = self.revoke_alone(&wrong, &reason, pen)?;
        Ok((wrong, notices))
    }

    /// Signs what takes the place of the claim `id`, whatever became of that one.
    fn replace(
        &self,
        id: &str,
        order: &Order,
        pen: &Pen,
        draw: &mut dyn FnMut() -> u64,
    ) -> Result<(Issued, Vec<Notice>), LedgerError> {
        let (bytes, mut old) = self.row(id)?;
        let (seat, new) = (self.seat(pen, draw)?, new_id());
        let issued = sign(order, pen, &old.account, new.clone(), seat.entry.clone())?;
        let name = old.account.clone().into_bytes();
        let found = self.books.row(ACCOUNTS, &name)?;
        let mut reservation = found.as_deref().map_or_else(
            || Ok(Reservation::default()),
            |bytes| read::<Reservation>(bytes, "an account"),
        )?;
        reservation.add(old.subject.scid(), new.clone());
        old.renewed_by = Some(new.clone());
        // The token lives in one row: the newest.
        old.refresh = None;
        let (list, index) = (issued.list, issued.index);
        let deed = Deed::Renewed {
            id: new.clone(),
            old: id.to_owned(),
            list,
            index,
            note: order.note.clone(),
        };
        let mut end = audit::End::of(&*self.books, pen.by)?;
        let mut changes = self.defined(order, &mut end, pen.now)?;
        let tell = seat.write_with(&mut changes, deed, end, pen.now)?;
        changes.push(put(ISSUED, id.as_bytes().to_vec(), Expect::Exactly(bytes), &old)?);
        changes.push(found_by(old.subject.scid(), &new));
        changes.push(put(ISSUED, new.into_bytes(), Expect::Nothing, &issued)?);
        changes.push(put(ACCOUNTS, name, expect(found), &reservation)?);
        self.books.write(changes)?;
        Ok((issued, tell))
    }
}

impl Issued {
    /// Checks that it stands, and that nothing took its place.
    ///
    /// # Errors
    ///
    /// Returns [`LedgerError::NotLive`] with what became of it.
    pub fn check_live(&self, now: Timestamp) -> Result<(), LedgerError> {
        let became = match (&self.standing, &self.renewed_by) {
            (Standing::Revoked { at, .. }, _) => Became::Revoked { at: *at },
            (Standing::Live, Some(by)) => Became::Renewed { by: by.clone() },
            (Standing::Live, None) if now < self.valid_until => return Ok(()),
            (Standing::Live, None) => Became::Ended { until: self.valid_until },
        };
        Err(LedgerError::NotLive { id: self.id.clone(), became })
    }

    /// Tells whether `says` gives a property of this claim another value. What only one of the two speaks of
    /// contradicts nothing: a file may ask for more than it did, or for less.
    #[must_use]
    pub fn is_contradicted_by(&self, says: &Map<String, Value>) -> bool {
        let subject = self.credential.get("credentialSubject").and_then(Value::as_object);
        let mut said = subject.into_iter().flatten().filter(|(name, _)| *name != "id");
        said.any(|(name, value)| says.get(name).is_some_and(|now| now != value))
    }
}

/// Gives the order for what takes the place of `old`: the account and the identity are the same.
fn order(old: &Issued, fresh: &Fresh) -> Order {
    let Fresh { says, evidence, demands, evidence_at, valid_until, note } = fresh.clone();
    Order {
        account: Vec::new(),
        subject: old.subject.clone(),
        source: old.source.clone(),
        claim: old.claim.clone(),
        says,
        evidence,
        demands,
        evidence_at,
        valid_until,
        refresh: old.refresh.clone(),
        second: Second::Allow,
        wait: 0,
        note,
    }
}
