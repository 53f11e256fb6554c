//! Taking many claims back at once: first counted, then confirmed by the count, then done.

use super::look::{Summary, meant, summary};
use super::query::{Query, State};
use super::{Office, OfficeError};
use crate::ledger::Reason;
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Standing claims a query means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub first: Vec<Summary>,
}

/// Claims that were taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// Their names.
    pub revoked: Vec<String>,
}

impl Office {
    /// Says which standing claims a query means, and takes none of them back.
    pub(crate) async fn preview(&self, query: Query) -> Result<Counted, OfficeError> {
        let now = self.now();
        let counted = self.on_disk(move |ledger| {
            let named = standing(ledger, &query, now)?;
            let first = named.iter().take(SHOWN).map(|id| Ok(summary(&ledger.get(id)?, now)));
            let first = first.collect::<Result<Vec<Summary>, crate::ledger::LedgerError>>()?;
            Ok(Counted { count: named.len(), first })
        });
        counted.await
    }

    /// Takes back exactly the standing claims a query means, if they are as many as was confirmed.
    pub(crate) async fn revoke_many(
        &self,
        query: Query,
        reason: Reason,
        confirmed: u64,
    ) -> Result<TakenBack, OfficeError> {
        if query.is_everything() {
            return Err(OfficeError::NoQuery);
        }
        let pen = self.list_pen().await?;
        let revoked = self.on_disk(move |ledger| {
            let named = standing(ledger, &query, pen.now)?;
            let found = u64::try_from(named.len()).unwrap_or(u64::MAX);
            if found != confirmed {
                return Ok(Err(found));
            }
            let notices = ledger.revoke(&named, &reason, &pen)?;
            Ok(Ok((named, notices)))
        });
        let (named, notices) =
            revoked.await?.map_err(|found| OfficeError::OtherCount { confirmed, found })?;
        self.tell(notices).await;
        self.sweep_tokens().await;
        Ok(TakenBack { revoked: named })
    }
}

/// Gives the names of the standing claims a query means: taking back what ended says nothing.
fn standing(
    ledger: &crate::ledger::Ledger,
    query: &Query,
    now: Timestamp,
) -> Result<Vec<String>, crate::ledger::LedgerError> {
    let mut named = Vec::new();
    for (_, id) in meant(ledger, query, now)? {
        if matches!(State::of(&ledger.get(&id)?, now), State::Standing | State::Renewed) {
            named.push(id);
        }
    }
    Ok(named)
}

/// Enough to see whether the query means what it should.
const SHOWN: usize = 20;
