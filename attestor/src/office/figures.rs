//! How much there is of everything, counted once for as long as nothing changes.
//!
//! Whoever reads the figures every few seconds must not have all books read as often. Every claim that
//! is signed, or taken back, adds a link to the audit chain: while the chain is as long as it was, only time
//! changes what was counted.

use super::look::DUE;
use super::query::State;
use crate::ledger::audit::{self, Deed};
use crate::ledger::{Ledger, LedgerError};
use countersign_protocol::time::Timestamp;
use std::collections::BTreeMap;

/// What was counted, and when.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    at: Option<Timestamp>,
    /// Links of the chain that were counted.
    pub(super) links: u64,
    /// Those of them that refused an account a second identity.
    pub(super) refused: u64,
    pub(super) claims: BTreeMap<State, u64>,
    pub(super) due: u64,
    pub(super) today: u64,
}

impl Figures {
    /// Counts what is new since, and the claims again where something changed or a while has passed.
    pub(super) fn brought_up(
        mut self,
        ledger: &Ledger,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let before = self.links;
        loop {
            let links = audit::read_links(ledger.books(), self.links, PAGE)?;
            if links.is_empty() {
                break;
            }
            for link in links {
                self.links = self.links.saturating_add(1);
                let refused = matches!(link.deed, Deed::Refused { .. });
                self.refused = self.refused.saturating_add(u64::from(refused));
            }
        }
        let fresh = self.at.is_some_and(|at| at <= now && now.since(at) < GOOD);
        if self.links != before || !fresh {
            self.count(ledger, now)?;
        }
        Ok(self)
    }

    fn count(&mut self, ledger: &Ledger, now: Timestamp) -> Result<(), LedgerError> {
        let soon = now.plus(DUE);
        let (mut due, mut today) = (0_u64, 0_u64);
        let mut claims: BTreeMap<State, u64> =
            State::ALL.into_iter().map(|state| (state, 0)).collect();
        ledger.each(|issued| {
            let state = State::of(&issued, now);
            let count = claims.entry(state).or_default();
            *count = count.saturating_add(1);
            due += u64::from(state == State::Standing && issued.valid_until < soon);
            today += u64::from(issued.issued.plus(DAY) > now);
        })?;
        (self.at, self.claims, self.due, self.today) = (Some(now), claims, due, today);
        Ok(())
    }
}

const DAY: u64 = 86_400;
/// Seconds in which time alone changes nothing anybody acts on.
const GOOD: u64 = 60;
/// Links that are read at once.
const PAGE: usize = 500;
