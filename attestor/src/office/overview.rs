//! How much there is of everything, for whoever looks after an attestor and for whatever measures it.

use super::query::State;
use super::{Office, OfficeError};
use crate::ledger::{Ledger, LedgerError};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::bounds;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much there is of everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// Claims, by what became of them.
    pub claims: BTreeMap<State, u64>,
    /// Standing claims that end within a month.
    pub due: u64,
    /// Claims signed in the last day.
    pub signed_today: u64,
    /// Accounts that came for a second identity, and got nothing.
    pub refused_twice: u64,
    /// Links of the audit chain.
    pub links: u64,
    /// The status lists.
    pub lists: Vec<Room>,
    /// Sign-ins that gave no evidence since the start, by the code of the reason.
    pub refusals: BTreeMap<String, u64>,
    /// Requests under way now.
    pub under_way: u64,
    /// The names of the sources.
    pub sources: Vec<String>,
    /// When this was counted.
    pub at: Timestamp,
    /// Seconds between two heartbeats.
    pub heartbeat: u64,
    /// Whether the clock is one to sign by.
    pub clock: bool,
}

impl Overview {
    /// Gives how many claims became `state`.
    #[must_use]
    pub fn count(&self, state: State) -> u64 {
        self.claims.get(&state).copied().unwrap_or_default()
    }
}

/// How much room a status list has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Its number.
    pub list: u64,
    /// Places that were given out.
    pub used: u64,
    /// Places there are.
    pub size: u64,
    /// Whether claims still get places in it.
    pub open: bool,
    /// Changes it has seen.
    pub changes: u64,
    /// When it was last said to stand.
    pub said: Timestamp,
}

/// The status lists alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rooms {
    /// Each of them.
    pub lists: Vec<Room>,
}

impl Office {
    /// Says how much there is of everything.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if the books cannot be read.
    pub async fn overview(&self) -> Result<Overview, OfficeError> {
        let (now, before) = (self.now(), self.figures().clone());
        let counted = self.on_disk(move |ledger| {
            let figures = before.brought_up(ledger, now)?;
            Ok((rooms(ledger)?, figures))
        });
        let (lists, figures) = counted.await?;
        let clock = self.ground.check_clock().await.is_ok();
        *self.figures() = figures.clone();
        Ok(Overview {
            claims: figures.claims,
            due: figures.due,
            signed_today: figures.today,
            refused_twice: figures.refused,
            links: figures.links,
            lists,
            refusals: self.refusals(),
            under_way: u64::try_from(self.desk().under_way()).unwrap_or(u64::MAX),
            sources: self.sources.keys().cloned().collect(),
            at: now,
            heartbeat: self.beat().as_secs(),
            clock,
        })
    }

    /// Says of every status list how much room is left.
    pub(super) async fn rooms(&self) -> Result<Rooms, OfficeError> {
        Ok(Rooms { lists: self.on_disk(rooms).await? })
    }
}

fn rooms(ledger: &Ledger) -> Result<Vec<Room>, LedgerError> {
    let room = |list: &crate::ledger::row::ListRow| Room {
        list: list.number,
        used: list.used,
        size: bounds::STATUS_ENTRIES,
        open: list.open,
        changes: list.sequence,
        said: list.said,
    };
    Ok(ledger.list_rows()?.iter().map(room).collect())
}
