//! What goes into the DHT, and when: the first head of an identity at once, what follows a while later, and
//! what is promised again and again.
//!
//! The DHT is asked when gossip and keepers do not answer. There an identity is found from its beginning;
//! that its news stands there a moment later costs nobody anything. But one put is dozens of questions
//! to other nodes, many times what the announcement itself is: put at once, they would stand in its way
//! on every computer. What follows in that while takes the place of what waits: the newest head is put,
//! once.
//!
//! A record ends 48 hours after it was put, and an owner may sleep for a month. So whoever promised to keep
//! an identity puts its newest head again, and a node that is no home that of its own: twice in the time
//! a record has, each at a moment of its own that a start draws anew. A home puts nothing: a record says
//! who put it, and where that is.

use super::config::Role;
use super::directory::tie;
use super::effect::Effect;
use super::{Chore, Engine};
use crate::did::Scid;
use crate::wire::head::{Position, Signed};
use std::collections::BTreeMap;

/// A head that waits to be put.
#[derive(Debug)]
struct Waiting {
    head: Vec<u8>,
    due_ms: u64,
}

/// What waits to be put, and whose turn comes again.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// By whose head it is.
    waiting: BTreeMap<Scid, Waiting>,
    turns: Option<Turns>,
}

/// When heads are put again.
#[derive(Debug, Clone, Copy)]
struct Turns {
    /// Makes the moments ones that nobody outside can foresee.
    salt: u64,
    /// Until when everybody had a turn that was due.
    until_ms: u64,
}

impl Turns {
    /// Tells whether the turn of an identity comes in a round that ends at `end_ms`.
    fn comes(self, scid: &Scid, end_ms: u64, period_ms: u64) -> bool {
        let period_ms = period_ms.max(1);
        let turn_ms = tie(scid, self.salt).checked_rem(period_ms).unwrap_or(0);
        let ago = end_ms.saturating_add(period_ms).saturating_sub(turn_ms).checked_rem(period_ms);
        ago.is_some_and(|ago| ago < end_ms.saturating_sub(self.until_ms))
    }
}

impl Records {
    /// Gives whose head is due first.
    fn first(&self) -> Option<Scid> {
        self.waiting.iter().min_by_key(|(_, waiting)| waiting.due_ms).map(|(scid, _)| *scid)
    }
}

impl Engine {
    /// Puts `head` into the DHT: at once if it is the first of its identity, or else in a while, in place
    /// of an older one that waits.
    pub(super) fn put_in_time(&mut self, head: &Signed) {
        let first = head.head().position() == FIRST;
        let (scid, head) = (head.head().scid, head.bytes().to_vec());
        if first {
            return self.effects.push(Effect::Put { scid, head });
        }
        if let Some(waiting) = self.records.waiting.get_mut(&scid) {
            let longest_ms = WAIT_MS.saturating_add(SPREAD_MS);
            waiting.due_ms = waiting.due_ms.min(self.now.monotonic_ms.saturating_add(longest_ms));
            waiting.head = head;
            return;
        }
        let wait_ms = WAIT_MS.saturating_add(self.dice.below(SPREAD_MS));
        self.let_wait(scid, head, wait_ms);
    }

    fn let_wait(&mut self, scid: Scid, head: Vec<u8>, wait_ms: u64) {
        if self.records.waiting.len() >= MOST
            && let Some(first) = self.records.first()
        {
            self.put(first);
        }
        let due_ms = self.now.monotonic_ms.saturating_add(wait_ms);
        self.records.waiting.insert(scid, Waiting { head, due_ms });
    }

    /// Puts again whatever this node answers for and whose turn has come.
    pub(super) fn put_again(&mut self) {
        if self.config.role != Role::Keeper || !self.due(Chore::Records, ROUND_MS) {
            return;
        }
        let end_ms = self.now.monotonic_ms;
        let Some(turns) = self.records.turns else {
            self.records.turns = Some(Turns { salt: self.dice.roll(), until_ms: end_ms });
            return;
        };
        self.records.turns = Some(Turns { until_ms: end_ms, ..turns });
        let all = self.config.own.len().saturating_add(self.promises.len());
        let all_ms = EACH_MS.saturating_mul(u64::try_from(all).unwrap_or(u64::MAX));
        let period_ms = PERIOD_MS.max(all_ms);
        let due: Vec<Scid> = self
            .answered_for()
            .filter(|scid| !self.records.waiting.contains_key(scid))
            .filter(|scid| turns.comes(scid, end_ms, period_ms))
            .collect();
        for scid in due {
            let head = self.directory.get(&scid).and_then(|listing| listing.head.clone());
            if let Some(head) = head {
                let wait_ms = self.dice.below(ROUND_MS);
                self.let_wait(scid, head, wait_ms);
            }
        }
    }

    /// Lists whose records this node renews: its own, and while there are bytes left what it promised.
    fn answered_for(&self) -> impl Iterator<Item = Scid> {
        let promised = self.promises.keys().filter(|_| !self.traffic.is_spent());
        let promised =
            promised.filter(|scid| self.is_kept(scid) && !self.config.own.contains(scid));
        self.config.own.iter().chain(promised).copied()
    }

    /// Puts what has waited long enough.
    pub(super) fn put_what_is_due(&mut self) {
        let now_ms = self.now.monotonic_ms;
        let waiting = self.records.waiting.iter();
        let due: Vec<Scid> = waiting
            .filter(|(_, waiting)| waiting.due_ms <= now_ms)
            .map(|(scid, _)| *scid)
            .take(AT_ONCE)
            .collect();
        for scid in due {
            self.put(scid);
        }
    }

    fn put(&mut self, scid: Scid) {
        if let Some(Waiting { head, .. }) = self.records.waiting.remove(&scid) {
            self.effects.push(Effect::Put { scid, head });
        }
    }
}

/// Where everybody begins.
const FIRST: Position = Position { version: 1, sequence: 1 };
/// How long a head waits at least: an announcement has gone everywhere long before.
const WAIT_MS: u64 = 5000;
/// Within which keepers of one identity, and those of many, come one after the other.
const SPREAD_MS: u64 = 10_000;
/// As many wait, with a head of a few hundred bytes each; beyond that the first is put early.
const MOST: usize = 1024;
/// How often it is seen whose turn has come; they are put within as long.
const ROUND_MS: u64 = 60_000;
/// How often a head is put again: twice in the 48 hours a record has, so that one of the two may be lost.
const PERIOD_MS: u64 = 20 * 3_600_000;
/// How long one put keeps others waiting: with more than 288,000 to put, the period is longer.
const EACH_MS: u64 = 250;
/// As many are put in one tick.
const AT_ONCE: usize = 8;
