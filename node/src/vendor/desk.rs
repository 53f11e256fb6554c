//! Remembers what was decided, also after a restart, and never about whom.
//!
//! A decision is written down behind the answer it was for: nobody waits for the disk, and what a crash cuts off
//! is missing here and nowhere else.

use crate::node::{Node, stopping};
use crate::problem::Problem;
use crate::records;
use crate::store::{Change as Write, Expect, Store, StoreError};
use crate::verb::desk::{Followed, Made, OnDesk};
use crate::verb::presenting::Answer;
use countersign_protocol::encoding::json;
use countersign_protocol::policy::decision;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The decisions on a vendor's desk, the newest first.
#[derive(Debug, Default)]
pub(crate) struct Lying {
    made: VecDeque<Numbered>,
    /// The number of the first that is not on the disk.
    unsaved: u64,
    /// Whether somebody is writing them down.
    saving: bool,
}

/// A decision as it lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Numbered {
    number: u64,
    made: Made,
}

impl Lying {
    /// Reads those of the last run.
    ///
    /// # Errors
    ///
    /// Returns what the disk returned.
    pub(crate) fn on_disk<S: Store>(store: &S) -> Result<Self, StoreError> {
        let rows = records::rows(store, DECISIONS)?;
        let read = |(_, bytes): (_, Vec<u8>)| {
            let value = json::parse(&bytes, LONGEST).ok()?;
            serde_json::from_value::<Numbered>(value).ok()
        };
        let mut made: Vec<Numbered> = rows.into_iter().filter_map(read).collect();
        made.sort_by_key(|made| core::cmp::Reverse(made.number));
        let unsaved = made.first().map_or(0, |newest| newest.number.saturating_add(1));
        Ok(Self { made: made.into(), unsaved, saving: false })
    }

    fn add(&mut self, made: Made) {
        let newest = self.made.front().map(|newest| newest.number.saturating_add(1));
        self.made.push_front(Numbered { number: newest.unwrap_or(self.unsaved), made });
        self.made.truncate(usize::from(MOST));
    }

    /// Gives what is to be written down, each in the place of the one that went for it.
    fn drain_unsaved(&mut self) -> Vec<Write> {
        let new = self.made.iter().take_while(|made| made.number >= self.unsaved);
        let row = |made: &Numbered| Write::Row {
            table: DECISIONS.to_owned(),
            key: (made.number % u64::from(MOST)).to_be_bytes().to_vec(),
            expect: Expect::Anything,
            bytes: serde_json::to_vec(made).unwrap_or_default(),
        };
        let rows = new.map(row).collect();
        self.unsaved = self.made.front().map_or(0, |newest| newest.number.saturating_add(1));
        rows
    }
}

impl Node {
    /// Remembers a decision.
    pub(super) fn remember(&self, decided: &decision::Decision) {
        let answer = |answer| match answer {
            decision::Answer::Accepted => Answer::Accepted,
            decision::Answer::Refused => Answer::Refused,
            decision::Answer::Unknown => Answer::Unknown,
        };
        let open = decided.checks().iter();
        let open = open.filter(|named| named.result != decision::Answer::Accepted);
        let made = Made {
            when: self.now().to_string(),
            policy: decided.policy().to_owned(),
            answer: answer(decided.answer()),
            failed: open.map(|named| named.name.clone()).take(MOST_REASONS).collect(),
        };
        let Ok(mut lying) = self.inner().desk.lock() else { return };
        lying.add(made);
        if !core::mem::replace(&mut lying.saving, true) {
            let node = self.clone();
            self.inner().tasks.spawn(async move { node.save_decisions().await });
        }
    }

    /// Writes decisions down until nothing is left: those of a busy moment in one step.
    async fn save_decisions(&self) {
        while let Some(changes) = self.unsaved_decisions() {
            if let Err(problem) = self.write(changes).await {
                tracing::warn!(%problem, "a decision was not written down");
            }
        }
    }

    fn unsaved_decisions(&self) -> Option<Vec<Write>> {
        let mut lying = self.inner().desk.lock().ok()?;
        let changes = lying.drain_unsaved();
        lying.saving = !changes.is_empty();
        lying.saving.then_some(changes)
    }

    /// Gives what was decided, and who is followed.
    pub(crate) async fn desk(&self) -> Result<OnDesk, Problem> {
        let followed = self.followed().await?;
        let followed = followed.iter().take(usize::from(MOST)).map(|scid| Followed {
            name: self.name_of(&scid.to_did()),
            fingerprint: scid.fingerprint(),
        });
        let followed = followed.collect();
        let lying = self.inner().desk.lock().map_err(|_| stopping())?;
        Ok(OnDesk { decisions: lying.made.iter().map(|one| one.made.clone()).collect(), followed })
    }
}

/// The table of decisions, by the rest of their number.
const DECISIONS: &str = "decisions";
/// What a person scrolls through.
const MOST: u16 = 500;
/// A time, the names of a policy and of what it checks.
const LONGEST: usize = 64 * 1024;
/// A policy checks a handful of things.
const MOST_REASONS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::Memory;

    #[test]
    fn the_newest_stay_and_the_disk_holds_no_more_of_them() {
        let (store, mut lying) = (Memory::default(), Lying::default());
        let made = |policy: usize| Made {
            when: "2026-01-02T03:04:05Z".to_owned(),
            policy: policy.to_string(),
            answer: Answer::Refused,
            failed: Vec::new(),
        };
        let most = usize::from(MOST);
        // Also where more were made in one moment than stay, and after a restart.
        for (from, to) in [(0, 3), (3, most + 20), (most + 20, most + 21)] {
            (from..to).for_each(|policy| lying.add(made(policy)));
            store.commit(&lying.drain_unsaved()).unwrap();
            assert!(lying.drain_unsaved().is_empty(), "each is written once");
            let before = lying.made;
            lying = Lying::on_disk(&store).unwrap();
            assert_eq!(lying.made, before);
            assert_eq!((lying.made.len(), &lying.made[0].made), (to.min(most), &made(to - 1)));
        }
    }
}
