//! How an attestor stands behind another one: a claim that a person decides on, signed like any other.

use super::signing_in::checked;
use super::{Office, OfficeError};
use crate::evidence::{Account, manual};
use crate::ground::Attestor;
use crate::ledger::{Issued, Order, Outcome, Renewed, Second};
use crate::revocation::Pen;
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::policy::accreditation::{MOST_REACH, TYPE, Terms};
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// What a person of the attestor decided after she looked at another attestor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accrediting {
    /// The other one: a name, a DID or the beginning of one, or the name it gives itself.
    pub attestor: String,
    /// The types of claims it may be believed.
    pub claims: BTreeSet<String>,
    /// How many steps of accreditations may follow.
    pub may_accredit: u64,
    /// How many seconds it counts.
    pub valid_for: u64,
    /// What was looked at, for the books alone.
    pub note: String,
}

/// What was signed of another attestor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accredited {
    /// The name of the claim.
    pub id: String,
    /// The other attestor.
    pub attestor: Did,
    /// The name it gives itself.
    pub name: String,
    /// A few characters of its identity, to compare.
    pub fingerprint: String,
    /// The types of claims it may be believed.
    pub claims: BTreeSet<String>,
    /// How many steps of accreditations may follow.
    pub may_accredit: u64,
    /// Until when.
    pub valid_until: Timestamp,
    /// The accreditation it takes the place of.
    pub renews: Option<String>,
    /// Those of the types that it does not sign itself.
    pub does_not_sign: Vec<String>,
    /// The claim, as it is signed.
    pub credential: Value,
}

impl Accrediting {
    /// Gives what the claim says, if some policy could make use of it.
    fn terms(&self) -> Result<Terms, OfficeError> {
        let is_type = |claim: &String| {
            (1..=LONGEST_TYPE).contains(&claim.len())
                && claim.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let some = (1..=MOST_TYPES).contains(&self.claims.len());
        if !some || !self.claims.iter().all(is_type) {
            return Err(OfficeError::Malformed { member: "claims" });
        }
        if !(1..=LONGEST).contains(&self.valid_for) {
            return Err(OfficeError::Malformed { member: "valid_for" });
        }
        if self.may_accredit > MOST_REACH {
            return Err(OfficeError::TooFar { most: MOST_REACH });
        }
        Ok(Terms { claims: self.claims.clone(), may_accredit: self.may_accredit })
    }
}

impl Office {
    /// Accredits another attestor; an accreditation that stands and says no more makes room for it.
    pub(crate) async fn accredit(&self, asked: Accrediting) -> Result<Accredited, OfficeError> {
        let _alone = self.accrediting.lock().await;
        let terms = asked.terms()?;
        let other = self.ground.attestor(&asked.attestor).await?;
        let pen = self.list_pen().await?;
        let silent_on = fit(&other, &terms, pen.did.scid())?;
        let before = self.accreditation_of(other.history.scid(), pen.now).await?;
        if let Some(old) = &before
            && !terms.include(&said(old))
        {
            return Err(OfficeError::SaysMore { id: old.id.clone(), until: old.valid_until });
        }
        let did = other.history.did().clone();
        let order = self.order(&other, &terms, &asked, pen.now);
        let before = before.map(|old| old.id);
        let issued = self.signed(order, before.clone(), pen).await?;
        Ok(Accredited {
            id: issued.id.clone(),
            name: other.profile.name,
            fingerprint: did.scid().fingerprint(),
            attestor: did,
            claims: terms.claims,
            may_accredit: terms.may_accredit,
            valid_until: issued.valid_until,
            renews: before,
            does_not_sign: silent_on,
            credential: checked(issued)?,
        })
    }

    /// Signs what was decided on, in place of what was signed before.
    async fn signed(
        &self,
        order: Order,
        before: Option<String>,
        pen: Pen,
    ) -> Result<Issued, OfficeError> {
        let (claim, tell) = if let Some(old) = before {
            let renewed =
                self.on_disk(move |ledger| ledger.succeed(&old, &order, &pen, &mut rand::random));
            let Renewed { claim, tell } = renewed.await?;
            (claim, tell)
        } else {
            let outcome = self.on_disk(move |ledger| ledger.issue(&order, &pen, &mut rand::random));
            let Outcome::Issued { claim, tell } = outcome.await? else {
                return Err(OfficeError::Taken);
            };
            (*claim, tell)
        };
        self.tell(tell).await;
        Ok(claim)
    }

    fn order(&self, other: &Attestor, terms: &Terms, asked: &Accrediting, now: Timestamp) -> Order {
        // It rests on the attestor itself: what is taken back together is what is said of it.
        let id = Zeroizing::new(other.history.scid().to_string());
        let account = Account { issuer: ATTESTORS.to_owned(), id };
        Order {
            account: self.accounts.names(&account),
            subject: other.history.did().clone(),
            source: manual::SLUG.to_owned(),
            claim: TYPE.to_owned(),
            says: terms.to_subject(),
            evidence: manual::looked(&self.rules.name, now),
            demands: None,
            evidence_at: now,
            valid_until: now.plus(asked.valid_for),
            refresh: None,
            second: Second::Reject,
            wait: 0,
            note: asked.note.clone(),
        }
    }

    /// Gives the accreditation of an attestor that stands, if nothing took its place.
    async fn accreditation_of(
        &self,
        attestor: Scid,
        now: Timestamp,
    ) -> Result<Option<Issued>, OfficeError> {
        let found = self.on_disk(move |ledger| {
            let is_one = |issued: &Issued| {
                let accredits = issued.source == manual::SLUG && issued.claim == TYPE;
                accredits && issued.stands(now) && issued.renewed_by.is_none()
            };
            Ok(ledger.about(attestor)?.into_iter().find(is_one))
        });
        found.await
    }
}

/// Tells whether an attestor can be accredited like this, and gives the types it does not sign itself:
/// that makes sense for one that stands behind others.
fn fit(other: &Attestor, terms: &Terms, own: Scid) -> Result<Vec<String>, OfficeError> {
    let Attestor { history, profile } = other;
    if history.scid() == own {
        return Err(OfficeError::Itself);
    }
    if history.is_deactivated() {
        return Err(OfficeError::Ended { attestor: profile.name.clone() });
    }
    let offers: BTreeSet<&str> = profile.offers.iter().map(|offer| offer.claim.as_str()).collect();
    let silent_on = terms.claims.iter().filter(|claim| !offers.contains(claim.as_str()));
    let silent_on: Vec<String> = silent_on.cloned().collect();
    match silent_on.first() {
        Some(claim) if terms.may_accredit == 0 => Err(OfficeError::OffersNot {
            attestor: profile.name.clone(),
            claim: claim.clone(),
            offers: if offers.is_empty() {
                "nothing".to_owned()
            } else {
                offers.into_iter().collect::<Vec<_>>().join(", ")
            },
        }),
        _ => Ok(silent_on),
    }
}

/// Gives what an accreditation in the books says.
fn said(issued: &Issued) -> Terms {
    let says = issued.credential.get("credentialSubject").and_then(Value::as_object);
    says.map(Terms::read).unwrap_or_default()
}

/// Where an account's provider is named, for attestors that were looked at.
const ATTESTORS: &str = "countersign:attestors";
/// More types than any attestor signs, and a claim that stays small.
const MOST_TYPES: usize = 32;
const LONGEST_TYPE: usize = 64;
/// Seconds an accreditation counts at most, five years: nobody remembers longer what was looked at.
const LONGEST: u64 = 5 * 365 * 86_400;

#[cfg(test)]
mod tests;
