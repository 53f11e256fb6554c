//! What an owner can ask of an attestor: once, for the command line and the owner's door.

use super::query::Query;
use super::upkeep::Again;
use super::{Accrediting, Office, OfficeError, TakenBack};
use crate::ledger::{Reason, Standing, audit};
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One thing an owner can ask.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each variant says what its fields are")]
pub enum Verb {
    /// Lists the claims a query means, the newest first.
    Find { query: Query, offset: u64, limit: Option<u64> },
    /// Shows one claim, by its name or the beginning of it.
    Show { id: String },
    /// Takes a claim back: why, what else to write in the books, and since when it is not true.
    Revoke { id: String, reason: Why, note: String, effective: Option<Timestamp> },
    /// Says which standing claims a query means, and takes none back.
    Preview { query: Query },
    /// Takes back the standing claims a query means, if they are as many as was confirmed.
    RevokeMany {
        query: Query,
        reason: Why,
        note: String,
        effective: Option<Timestamp>,
        confirmed: u64,
    },
    /// Stands behind another attestor: signs a claim that it may be believed.
    Accredit(Accrediting),
    /// Asks the provider again and signs a claim that takes the place of this one.
    Renew { id: String },
    /// Signs every standing claim again with the newest key.
    Reissue,
    /// Checks the audit chain against the books.
    Audit,
    /// Gives up to `limit` links of the audit chain before one of them, the newest first.
    Log { before: Option<u64>, limit: u64 },
    /// Says how much there is of everything.
    Overview,
    /// Says how much room the status lists have left.
    Lists,
    /// Lists accounts that were seen with more than one identity.
    Duplicates,
    /// Gives what a doctor must ask a running attestor: the digest of what each rule demands that ever
    /// signed, what the node finds, and the replaced keys that no claim needs.
    Examine,
    /// Says of each assertion key how many claims stand that it signed, and until when.
    Keys,
}

/// What asking a provider again came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewed {
    /// Whether the claim still holds.
    pub holds: bool,
    /// The claim that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed: Option<String>,
    /// The claim, if it was taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<String>,
}

/// What was signed again with the newest key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reissued {
    /// How many claims.
    pub reissued: u64,
}

/// What the audit chain says of the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Audited {
    /// Whether both say the same.
    pub holds: bool,
    /// Links of the chain.
    pub links: u64,
    /// Claims that were signed.
    pub claims: usize,
    /// Claims that were taken back.
    pub revoked: usize,
    /// Bits that two claims have.
    pub indexes_used_twice: Vec<Twofold>,
    /// Claims of which the chain says something else than the books, or nothing.
    pub unaccounted: Vec<String>,
}

/// A bit that two claims have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twofold {
    /// The status list.
    pub list: u64,
    /// The bit.
    pub index: u64,
    /// The two.
    pub claims: [String; 2],
}

impl Office {
    /// Does what its owner asks, and gives the answer as JSON.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if it cannot be done.
    pub async fn perform(&self, verb: Verb) -> Result<Value, OfficeError> {
        match verb {
            Verb::Find { query, offset, limit } => {
                Ok(json!(self.found(query, offset, limit).await?))
            }
            Verb::Show { id } => Ok(json!(self.show(id).await?)),
            Verb::Revoke { id, reason, note, effective } => {
                Ok(json!(self.take_back(id, reason, note, effective).await?))
            }
            Verb::Preview { query } => Ok(json!(self.preview(query).await?)),
            Verb::RevokeMany { query, reason: why, note, effective, confirmed } => {
                let effective = self.effective(effective)?;
                let reason = Reason { why, note, effective };
                Ok(json!(self.revoke_many(query, reason, confirmed).await?))
            }
            Verb::Accredit(asked) => Ok(json!(self.accredit(asked).await?)),
            Verb::Renew { id } => Ok(json!(self.again(id).await?)),
            Verb::Reissue => Ok(json!(Reissued { reissued: self.reissue().await? })),
            Verb::Audit => Ok(json!(self.audit().await?)),
            Verb::Log { before, limit } => Ok(json!(self.log(before, limit).await?)),
            Verb::Overview => Ok(json!(self.overview().await?)),
            Verb::Lists => Ok(json!(self.rooms().await?)),
            Verb::Duplicates => Ok(json!(self.twice().await?)),
            Verb::Examine => self.examine().await,
            Verb::Keys => Ok(json!(self.keys().await?)),
        }
    }

    /// Takes back the one claim whose name begins like `id`, and what goes with it.
    pub(crate) async fn take_back(
        &self,
        id: String,
        why: Why,
        note: String,
        effective: Option<Timestamp>,
    ) -> Result<TakenBack, OfficeError> {
        let id = self.full_name(id, LEAST).await?;
        let effective = self.effective(effective)?;
        let revoked = self.revoke(&id, Reason { why, note, effective }).await?;
        Ok(TakenBack { revoked })
    }

    /// Asks the provider again about the one claim whose name begins like `id`.
    pub(crate) async fn again(&self, id: String) -> Result<Renewed, OfficeError> {
        let id = self.full_name(id, LEAST).await?;
        Ok(match self.renew(&id).await? {
            Again::Holds(renewed) => Renewed { holds: true, renewed, revoked: Vec::new() },
            Again::Revoked => Renewed { holds: false, renewed: None, revoked: vec![id] },
        })
    }

    /// Finds the one claim whose name begins like this, with or without `urn:uuid:`, and with `least`
    /// characters of its own.
    pub(super) async fn full_name(&self, id: String, least: usize) -> Result<String, OfficeError> {
        let own = id.strip_prefix(UUID).unwrap_or(&id);
        if own.len() < least {
            return Err(OfficeError::TooShort { least });
        }
        let begins = format!("{UUID}{own}");
        let mut found = self.on_disk(move |ledger| ledger.named(&begins, 2)).await?;
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(one),
            (Some(_), false) => Err(OfficeError::Ambiguous { id }),
            (None, _) => Err(crate::ledger::LedgerError::Unknown { id }.into()),
        }
    }

    /// Gives since when claims that are taken back now are not true.
    pub(crate) fn effective(&self, said: Option<Timestamp>) -> Result<Timestamp, OfficeError> {
        let now = self.now();
        match said {
            Some(at) if at > now => Err(OfficeError::NotYet { at }),
            said => Ok(said.unwrap_or(now)),
        }
    }

    /// Follows the chain and compares what it says with the books.
    pub(crate) async fn audit(&self) -> Result<Audited, OfficeError> {
        let checked = self.on_disk(|ledger| {
            let mut bits: BTreeMap<(u64, u64), String> = BTreeMap::new();
            let (mut signed, mut revoked) = (BTreeSet::new(), BTreeSet::new());
            let mut twice = Vec::new();
            let mut note = |id: String, list, index| {
                if let Some(first) = bits.insert((list, index), id.clone()) {
                    twice.push(Twofold { list, index, claims: [first, id.clone()] });
                }
                signed.insert(id);
            };
            let links = audit::verify(ledger.books(), |link| match link.deed {
                audit::Deed::Issued { id, list, index, .. }
                | audit::Deed::Renewed { id, list, index, .. } => note(id, list, index),
                audit::Deed::Revoked { ids, .. } => revoked.extend(ids),
                audit::Deed::Moving { revoked: ids, .. } => revoked.extend(ids),
                audit::Deed::Opened { .. }
                | audit::Deed::Defined { .. }
                | audit::Deed::Reissued { .. }
                | audit::Deed::Refused { .. } => {}
            })?;
            let mut unaccounted = Vec::new();
            ledger.each(|issued| {
                let taken_back = matches!(issued.standing, Standing::Revoked { .. });
                if !signed.contains(&issued.id) || taken_back != revoked.contains(&issued.id) {
                    unaccounted.push(issued.id);
                }
            })?;
            Ok(Audited {
                holds: twice.is_empty() && unaccounted.is_empty(),
                links,
                claims: signed.len(),
                revoked: revoked.len(),
                indexes_used_twice: twice,
                unaccounted,
            })
        });
        checked.await
    }
}

/// How every name of a claim begins.
const UUID: &str = "urn:uuid:";
/// Characters of a claim's name before anything is done to it: what a variable that was never set names, or a
/// slip of the hand, is not meant.
const LEAST: usize = 4;
