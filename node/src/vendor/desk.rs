//! Remembers what was decided, and never about whom.

use crate::node::{Node, stopping};
use crate::problem::Problem;
use crate::verb::desk::{Followed, Made, OnDesk};
use crate::verb::presenting::Answer;
use countersign_protocol::policy::decision;
use std::collections::VecDeque;

/// The decisions on a vendor's desk; gone when the node stops.
#[derive(Debug, Default)]
pub(crate) struct Lying {
    made: VecDeque<Made>,
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
        lying.made.push_front(made);
        lying.made.truncate(MOST);
    }

    /// Gives what was decided, and who is followed.
    pub(crate) async fn desk(&self) -> Result<OnDesk, Problem> {
        let followed = self.followed().await?;
        let followed = followed.iter().take(MOST).map(|scid| Followed {
            name: self.name_of(&scid.to_did()),
            fingerprint: scid.fingerprint(),
        });
        let followed = followed.collect();
        let lying = self.inner().desk.lock().map_err(|_| stopping())?;
        Ok(OnDesk { decisions: lying.made.iter().cloned().collect(), followed })
    }
}

/// What a person scrolls through.
const MOST: usize = 500;
/// A policy checks a handful of things.
const MOST_REASONS: usize = 16;
