//! The heads that were named to a look-up, and in which order they are tried.
//!
//! A head that verifies by itself may still be false: whoever looks at it has to fetch its log first, from
//! whoever named it, who may not answer. A liar makes as many of them as it likes, as high as it likes, with
//! a stamp it copied. So the head that most prefixes speak for is tried first, and each holder that gave no
//! log is one voice less; among equals the highest. Something true is then held soon, and what claims to be
//! higher is tried after it.

use super::super::Engine;
use super::super::directory::{Listing, Place};
use super::super::event::Located;
use super::super::intake::{IntakeError, Offer, Taken, Waiter};
use super::Stage;
use crate::policy::PEERS;
use crate::wire::head::Signed;
use crate::wire::peer::Peer;
use std::collections::VecDeque;

/// What was named and not tried yet.
#[derive(Debug, Default)]
pub(super) struct Candidates(Vec<Candidate>);

#[derive(Debug)]
struct Candidate {
    head: Signed,
    /// Whom to pull from, one after the other.
    holders: VecDeque<Peer>,
    /// How many prefixes speak for it, without those of holders that were tried.
    corners: usize,
}

impl Candidates {
    /// Tells whether nothing is left to be tried.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a head that one of those named who were asked; they have different prefixes where there are
    /// enough of them.
    pub(super) fn named(&mut self, head: Signed, peer: Peer) {
        match self.0.iter_mut().find(|it| it.head.hash() == head.hash()) {
            Some(known) => {
                known.holders.push_back(peer);
                known.corners = known.corners.saturating_add(1);
            }
            None => self.0.push(Candidate { head, holders: [peer].into(), corners: 1 }),
        }
    }

    /// Adds a head with all who hold it for the DHT.
    fn located(&mut self, head: Signed, holders: Vec<Peer>, corners: usize) {
        self.0.push(Candidate { head, holders: holders.into(), corners });
    }

    /// Takes out the head to try next, and whom to ask for its log.
    fn next(&mut self) -> Option<(Signed, Peer)> {
        loop {
            let order = |it: &Candidate| (it.corners, it.head.head().position(), it.head.hash());
            let (at, _) = self.0.iter().enumerate().max_by_key(|(_, it)| order(it))?;
            let candidate = self.0.get_mut(at)?;
            candidate.corners = candidate.corners.saturating_sub(1);
            match candidate.holders.pop_front() {
                Some(holder) => return Some((candidate.head.clone(), holder)),
                None => drop(self.0.swap_remove(at)),
            }
        }
    }
}

impl Engine {
    /// Takes in one head after the other, until none that was named is higher than what is held.
    pub(super) fn lookup_decide(&mut self, id: u64) {
        loop {
            let now_ms = self.now.monotonic_ms;
            let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
            if self.directory.get(&lookup.scid).is_some_and(Listing::is_usable) {
                lookup.held_ms.get_or_insert(now_ms);
            }
            let Some((head, peer)) = lookup.candidates.next() else {
                return self.lookup_settled(id);
            };
            if matches!(self.directory.place(&head), Place::Same | Place::Older) {
                self.lookup_confirmed(id, &peer);
                continue;
            }
            lookup.stage = Stage::Taking;
            lookup.taking = Some(peer.clone());
            let waiters = vec![Waiter::Lookup(id)];
            return self.offer(Offer { head, from: Some(peer), supplied: None, waiters });
        }
    }

    pub(in super::super) fn lookup_taken(&mut self, id: u64, result: &Result<Taken, IntakeError>) {
        let taking = |lookup: &&mut super::Lookup| lookup.stage == Stage::Taking;
        let Some(lookup) = self.lookups.open.get_mut(&id).filter(taking) else { return };
        let whose = lookup.taking.take();
        if let (Some(peer), Ok(_)) = (whose, result) {
            self.lookup_confirmed(id, &peer);
        }
        // Whatever became of it: what may be higher than what is held now comes next.
        self.lookup_decide(id);
    }

    pub(in super::super) fn lookup_located(
        &mut self,
        id: u64,
        mut found: Vec<Located>,
        paths: u32,
    ) {
        found.sort_by_key(|located| core::cmp::Reverse(located.corners));
        found.truncate(MAX_LOCATED);
        let opened = found.into_iter().filter_map(|located| {
            let Located { head, holders, corners } = located;
            Some((self.open_head(&head).ok()?, holders, corners))
        });
        let opened: Vec<(Signed, Vec<Peer>, usize)> = opened.collect();
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        for (head, holders, corners) in opened {
            if head.head().scid != lookup.scid {
                continue;
            }
            // Whoever has its record may know more of it than those who were asked before.
            let other = holders.iter().find(|holder| !lookup.asked.contains(holder));
            let other = other.filter(|_| lookup.asked.len() < PEERS.saturating_mul(2));
            lookup.asked.extend(other.cloned());
            lookup.candidates.located(head, holders, corners);
        }
        lookup.paths = paths;
        if lookup.stage == Stage::Locating {
            self.lookup_decide(id);
        }
    }
}

/// Heads taken from the DHT for one look-up, those that most prefixes gave: as many as one walk gives.
const MAX_LOCATED: usize = 64;
