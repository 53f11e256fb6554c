//! What an operator looks at: claims, one claim's history, keys, accounts that came twice, the audit log.

use super::query::{Query, State};
use super::{Office, OfficeError};
use crate::ledger::audit::{self, Deed, Link};
use crate::ledger::{Issued, Ledger, LedgerError, Shared};
use countersign_protocol::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Office {
    /// Lists the claims a query means, the newest first; without a limit, all behind `offset`.
    pub(super) async fn found(
        &self,
        query: Query,
        offset: u64,
        limit: Option<u64>,
    ) -> Result<Value, OfficeError> {
        let now = self.now();
        let found = self.on_disk(move |ledger| {
            let mut named = meant(ledger, &query, now)?;
            named.sort_by(|one, other| other.cmp(one));
            let total = named.len();
            let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
            let most = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(MOST));
            let shown = named.into_iter().skip(skipped).take(most);
            let rows = shown.map(|(_, id)| Ok(summary(&ledger.get(&id)?, now)));
            let rows = rows.collect::<Result<Vec<Value>, LedgerError>>()?;
            Ok(json!({ "claims": rows, "total": total }))
        });
        found.await
    }

    /// Shows one claim, what it rests on, and everything that happened to it.
    pub(super) async fn show(&self, id: String) -> Result<Value, OfficeError> {
        let now = self.now();
        let shown = self.on_disk(move |ledger| {
            let issued = ledger.get(&id)?;
            let family: Vec<String> =
                ledger.family(&id, now)?.into_iter().filter(|one| *one != id).collect();
            let mut history = Vec::new();
            let _links = audit::verify(ledger.books(), |link| {
                if link.deed.is_about(&id) {
                    history.push(link);
                }
            })?;
            Ok(json!({
                "claim": summary(&issued, now), "credential": issued.credential,
                "together": family, "history": history,
            }))
        });
        shown.await
    }

    /// Says of each assertion key the identity lists how many claims stand that it signed.
    pub(super) async fn keys(&self) -> Result<Value, OfficeError> {
        let now = self.now();
        let own = self.ground.own().await?;
        let counted = self.on_disk(move |ledger| {
            let mut signed: BTreeMap<String, (u64, Timestamp)> = BTreeMap::new();
            ledger.each(|issued| {
                if issued.stands(now) {
                    let (count, until) = signed.entry(issued.key).or_default();
                    *count = count.saturating_add(1);
                    *until = issued.valid_until.max(*until);
                }
            })?;
            Ok(signed)
        });
        let signed = counted.await?;
        let listed = own.document().assertion_keys().enumerate();
        let keys: Vec<Value> = listed
            .map(|(place, key)| {
                let key = key.to_multikey();
                let found = signed.get(&key);
                json!({
                    "key": key, "signs": place == 0,
                    "claims": found.map_or(0, |(count, _)| *count),
                    "until": found.map(|(_, until)| until.to_string()),
                })
            })
            .collect();
        Ok(json!({ "keys": keys }))
    }

    /// Lists accounts that came for a second identity, and those that back more than one.
    pub(super) async fn twice(&self) -> Result<Value, OfficeError> {
        let found = self.on_disk(twice).await?;
        Ok(json!({ "refused": found.refused, "shared": found.shared }))
    }

    /// Gives up to `limit` links of the audit chain before number `before`, the newest first.
    pub(super) async fn log(&self, before: Option<u64>, limit: u64) -> Result<Value, OfficeError> {
        let read = self.on_disk(move |ledger| {
            let length = ledger.books().length(audit::CHAIN)?;
            let end = before.unwrap_or(length).min(length);
            let from = end.saturating_sub(limit.min(MOST_LINKS));
            let count = usize::try_from(end.saturating_sub(from)).unwrap_or_default();
            let mut links: Vec<Link> = audit::read_links(ledger.books(), from, count)?;
            links.reverse();
            Ok(json!({ "length": length, "links": links }))
        });
        read.await
    }
}

/// Gives when each claim a query means was signed, and its name.
pub(super) fn meant(
    ledger: &Ledger,
    query: &Query,
    now: Timestamp,
) -> Result<Vec<(Timestamp, String)>, LedgerError> {
    let mut named = Vec::new();
    ledger.each(|issued| {
        if query.means(&issued, now) {
            named.push((issued.issued, issued.id));
        }
    })?;
    Ok(named)
}

/// Accounts that were seen with more than one identity.
struct Twice {
    refused: Vec<Value>,
    shared: Vec<Value>,
}

fn twice(ledger: &Ledger) -> Result<Twice, LedgerError> {
    let mut refused = Vec::new();
    let _links = audit::verify(ledger.books(), |link| {
        if let Deed::Refused { subject, holds } = link.deed {
            refused.push(json!({ "at": link.at, "subject": subject, "holds": holds }));
        }
    })?;
    refused.reverse();
    // The account's name stays in the books: what it backs says enough.
    let shared = ledger.shared()?.into_iter();
    let shared =
        shared.map(|Shared { subjects, claims }| json!({ "subjects": subjects, "claims": claims }));
    Ok(Twice { refused, shared: shared.collect() })
}

/// Says of a claim what fits into a line.
pub(super) fn summary(issued: &Issued, now: Timestamp) -> Value {
    json!({
        "id": issued.id, "subject": issued.subject, "claim": issued.claim,
        "source": issued.source, "rule": issued.rule(), "list": issued.list, "index": issued.index,
        "issued": issued.issued, "validUntil": issued.valid_until,
        "evidenceAt": issued.evidence_at, "key": issued.key, "standing": issued.standing,
        "state": State::of(issued, now), "renewedBy": issued.renewed_by,
        "canBeAskedAgain": issued.refresh.is_some(),
    })
}

/// Claims that end within a month are due.
pub(crate) const DUE: u64 = 30 * 86_400;
/// More than anybody reads at once.
const MOST: usize = 100_000;
const MOST_LINKS: u64 = 1000;
