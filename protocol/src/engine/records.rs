//! What goes into the DHT, and when: the first head of an identity at once, what follows a while later.
//!
//! The DHT is asked when gossip and keepers do not answer. There an identity is found from its beginning;
//! that its news stands there a moment later costs nobody anything. But one put is dozens of questions
//! to other nodes, many times what the announcement itself is: put at once, they would stand in its way
//! on every computer. What follows in that while takes the place of what waits: the newest head is put,
//! once.

use super::Engine;
use super::effect::Effect;
use crate::did::Scid;
use crate::wire::head::{Position, Signed};
use std::collections::BTreeMap;

/// A head that waits to be put.
#[derive(Debug)]
struct Waiting {
    head: Vec<u8>,
    due_ms: u64,
}

/// What waits to be put, by whose head it is.
#[derive(Debug, Default)]
pub(super) struct Records(BTreeMap<Scid, Waiting>);

impl Records {
    /// Gives whose head is due first.
    fn first(&self) -> Option<Scid> {
        self.0.iter().min_by_key(|(_, waiting)| waiting.due_ms).map(|(scid, _)| *scid)
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
        if let Some(waiting) = self.records.0.get_mut(&scid) {
            waiting.head = head;
            return;
        }
        if self.records.0.len() >= MOST
            && let Some(first) = self.records.first()
        {
            self.put(first);
        }
        let wait_ms = WAIT_MS.saturating_add(self.dice.below(SPREAD_MS));
        let due_ms = self.now.monotonic_ms.saturating_add(wait_ms);
        self.records.0.insert(scid, Waiting { head, due_ms });
    }

    /// Puts what has waited long enough.
    pub(super) fn put_what_is_due(&mut self) {
        let now_ms = self.now.monotonic_ms;
        let waiting = self.records.0.iter();
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
        if let Some(Waiting { head, .. }) = self.records.0.remove(&scid) {
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
/// As many are put in one tick.
const AT_ONCE: usize = 8;
