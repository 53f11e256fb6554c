//! What an operator looks at: claims, one claim's history, keys, accounts that came twice, the audit log.

use super::query::{Query, State};
use super::{Office, OfficeError};
use crate::ledger::audit::{self, Deed, Link};
use crate::ledger::{Issued, Ledger, LedgerError, Shared, Standing};
use countersign_protocol::did::Did;
use countersign_protocol::did::log::History;
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is said of a claim in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Its name, `urn:uuid:…`.
    pub id: String,
    /// Whom it is about.
    pub subject: Did,
    /// Its type.
    pub claim: String,
    /// The source of its evidence.
    pub source: String,
    /// The rule it was signed by, as `name/version`.
    pub rule: String,
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
    /// Whether it was taken back, and why.
    pub standing: Standing,
    /// What became of it, in one word.
    pub state: State,
    /// The claim that took its place.
    pub renewed_by: Option<String>,
    /// Whether the provider can be asked about it without the person.
    pub can_be_asked_again: bool,
}

/// Claims a query means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Those that are shown, the newest first.
    pub claims: Vec<Summary>,
    /// How many are meant.
    pub total: usize,
}

/// One claim, what it rests on, and everything that happened to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// What is said of it in a line.
    pub claim: Summary,
    /// The credential as it is signed now.
    pub credential: Value,
    /// The names of those that are taken back with it.
    pub together: Vec<String>,
    /// What was done to it.
    pub history: Vec<Link>,
}

/// The assertion keys the identity lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Each of them, in its order.
    pub keys: Vec<KeyUse>,
}

/// What needs a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// The key.
    pub key: String,
    /// Whether it is the one that signs now.
    pub signs: bool,
    /// How many claims stand that it signed.
    pub claims: u64,
    /// When the last of them ends.
    pub until: Option<Timestamp>,
}

/// Accounts that were seen with more than one identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twice {
    /// Those that came for a second one and got nothing, the newest first.
    pub refused: Vec<Refused>,
    /// Those that back several.
    pub shared: Vec<Shared>,
}

/// An account that came for a second identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// When.
    pub at: Timestamp,
    /// The second identity.
    pub subject: String,
    /// The claims about the first that rest on the account.
    pub holds: Vec<String>,
}

/// A part of the audit log, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// How many links there are.
    pub length: u64,
    /// Some of them.
    pub links: Vec<Link>,
}

impl Keys {
    /// Says of each assertion key that `own` lists how many claims stand that it signed.
    pub(crate) fn of(ledger: &Ledger, own: &History, now: Timestamp) -> Result<Self, LedgerError> {
        let mut signed: BTreeMap<String, (u64, Timestamp)> = BTreeMap::new();
        ledger.each(|issued| {
            if issued.stands(now) {
                let (count, until) = signed.entry(issued.key).or_default();
                *count = count.saturating_add(1);
                *until = issued.valid_until.max(*until);
            }
        })?;
        let listed = own.document().assertion_keys().enumerate();
        let keys = listed.map(|(place, key)| {
            let key = key.to_multikey();
            let (claims, until) = match signed.get(&key) {
                Some((count, until)) => (*count, Some(*until)),
                None => (0, None),
            };
            KeyUse { key, signs: place == 0, claims, until }
        });
        Ok(Self { keys: keys.collect() })
    }

    /// Gives the replaced keys that no claim needs any more.
    pub(crate) fn idle(&self) -> Vec<String> {
        let idle = self.keys.iter().filter(|key| !key.signs && key.claims == 0);
        idle.map(|key| key.key.clone()).collect()
    }
}

impl Office {
    /// Lists the claims a query means, the newest first; without a limit, all behind `offset`.
    pub(crate) async fn found(
        &self,
        query: Query,
        offset: u64,
        limit: Option<u64>,
    ) -> Result<Claims, OfficeError> {
        let now = self.now();
        let found = self.on_disk(move |ledger| {
            let mut named = meant(ledger, &query, now)?;
            named.sort_by(|one, other| other.cmp(one));
            let total = named.len();
            let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
            let most = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(MOST));
            let shown = named.into_iter().skip(skipped).take(most);
            let rows = shown.map(|(_, id)| Ok(summary(&ledger.get(&id)?, now)));
            let claims = rows.collect::<Result<Vec<Summary>, LedgerError>>()?;
            Ok(Claims { claims, total })
        });
        found.await
    }

    /// Shows one claim, by its name or the beginning of it: what it rests on, and everything that happened to it.
    pub(crate) async fn show(&self, id: String) -> Result<Shown, OfficeError> {
        let (id, now) = (self.full_name(id, 1).await?, self.now());
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
            let (claim, credential) = (summary(&issued, now), issued.credential);
            Ok(Shown { claim, credential, together: family, history })
        });
        shown.await
    }

    /// Says of each assertion key the identity lists how many claims stand that it signed.
    pub(crate) async fn keys(&self) -> Result<Keys, OfficeError> {
        let now = self.now();
        let own = self.ground.own().await?;
        self.on_disk(move |ledger| Keys::of(ledger, &own, now)).await
    }

    /// Lists accounts that came for a second identity, and those that back more than one.
    pub(crate) async fn twice(&self) -> Result<Twice, OfficeError> {
        self.on_disk(twice).await
    }

    /// Gives up to `limit` links of the audit chain before number `before`, the newest first.
    pub(crate) async fn log(&self, before: Option<u64>, limit: u64) -> Result<Log, OfficeError> {
        let read = self.on_disk(move |ledger| {
            let length = ledger.books().length(audit::CHAIN)?;
            let end = before.unwrap_or(length).min(length);
            let from = end.saturating_sub(limit.min(MOST_LINKS));
            let count = usize::try_from(end.saturating_sub(from)).unwrap_or_default();
            let mut links: Vec<Link> = audit::read_links(ledger.books(), from, count)?;
            links.reverse();
            Ok(Log { length, links })
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

fn twice(ledger: &Ledger) -> Result<Twice, LedgerError> {
    let mut refused = Vec::new();
    let _links = audit::verify(ledger.books(), |link| {
        if let Deed::Refused { subject, holds } = link.deed {
            refused.push(Refused { at: link.at, subject, holds });
        }
    })?;
    refused.reverse();
    // The account's name stays in the books: what it backs says enough.
    Ok(Twice { refused, shared: ledger.shared()? })
}

/// Says of a claim what fits into a line.
pub(super) fn summary(issued: &Issued, now: Timestamp) -> Summary {
    Summary {
        id: issued.id.clone(),
        subject: issued.subject.clone(),
        claim: issued.claim.clone(),
        source: issued.source.clone(),
        rule: issued.rule(),
        list: issued.list,
        index: issued.index,
        issued: issued.issued,
        valid_until: issued.valid_until,
        evidence_at: issued.evidence_at,
        key: issued.key.clone(),
        standing: issued.standing.clone(),
        state: State::of(issued, now),
        renewed_by: issued.renewed_by.clone(),
        can_be_asked_again: issued.refresh.is_some(),
    }
}

/// Claims that end within a month are due.
pub(crate) const DUE: u64 = 30 * 86_400;
/// More than anybody reads at once.
const MOST: usize = 100_000;
const MOST_LINKS: u64 = 1000;
