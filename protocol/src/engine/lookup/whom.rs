//! Whom a look-up asks for the newest head, and whom in the place of those who stay silent.

use super::super::{Engine, asking};
use super::Freshness;
use crate::did::Scid;
use crate::policy::PEERS;
use crate::wire::exchange::{Request, want};
use crate::wire::peer::Peer;

impl Engine {
    /// Asks three peers for the newest head they hold.
    pub(super) fn lookup_ask(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        let scid = lookup.scid;
        if lookup.freshness == Freshness::Here {
            return self.lookup_behind(id);
        }
        let mut peers: Vec<Peer> = lookup.named_by.take().into_iter().collect();
        peers.extend(self.peers.some(&mut self.dice, PEERS, &peers));
        peers.truncate(PEERS);
        lookup.open = 0;
        lookup.asked.clear();
        lookup.answered.clear();
        if peers.is_empty() {
            return self.lookup_decide(id);
        }
        self.lookup_ask_these(id, scid, peers);
    }

    fn lookup_ask_these(&mut self, id: u64, scid: Scid, peers: Vec<Peer>) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        lookup.open = lookup.open.saturating_add(peers.len());
        lookup.asked.extend(peers.iter().cloned());
        lookup.asked_ms = self.now.monotonic_ms;
        for peer in peers {
            let wanted = want::Heads { scids: vec![scid], hashes: Vec::new() };
            self.ask(&peer, Request::Heads(wanted), asking::Purpose::Heads(id));
        }
    }

    /// Where the word of peers counts, asks others in the place of those who stay silent or make no sense, in
    /// parts of the internet that said nothing yet; else goes on with what was said.
    pub(super) fn lookup_enough(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get(&id) else { return };
        let scid = lookup.scid;
        let room = MOST_ASKED.saturating_sub(lookup.asked.len());
        let missing = match lookup.freshness {
            Freshness::Peers => PEERS.saturating_sub(lookup.answered.len()).min(room),
            Freshness::Here | Freshness::Held | Freshness::Witnessed { .. } => 0,
        };
        let (asked, answered) = (&lookup.asked, &lookup.answered);
        let further = self.peers.elsewhere(&mut self.dice, missing, asked, answered);
        if further.is_empty() {
            return self.lookup_decide(id);
        }
        self.lookup_ask_these(id, scid, further);
    }
}

/// Peers asked for one identity, with those in the place of silent ones: a few slow peers cost no answer, and
/// one question no more than nine.
const MOST_ASKED: usize = 3 * PEERS;
