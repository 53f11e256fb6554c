//! What this node cares about, and what it tells its owner of it.

use super::Engine;
use super::config::Role;
use super::directory::{Held, Listing, Rank};
use super::effect::{BodyKind, Change, Class, Effect, Notice};
use crate::did::Scid;
use std::collections::BTreeSet;

impl Engine {
    /// Enters what was verified into the directory, saves it, and tells who watches.
    pub(super) fn list(&mut self, listing: Listing, class: Class) {
        let scid = listing.scid;
        let before = self.directory.get(&scid).map(|before| (before.head_hash, before.deactivated));
        if self.directory.raise(listing.highest()) {
            self.save(Change::Highest(listing.highest()));
        }
        self.save(Change::Listing(Box::new(listing.clone()), class));
        let (number, sequence, deactivated) =
            (listing.number, listing.sequence, listing.deactivated);
        let hash = listing.head_hash;
        let rank = self.rank_of(&scid, listing.vouched);
        self.directory.insert(listing, rank);
        self.outdates_round(scid);
        self.issuer_changed(&scid);
        if let Some(hash) =
            hash.filter(|hash| before.is_none_or(|(before, _)| before != Some(*hash)))
        {
            self.count_taken();
            self.suspect(scid, hash, number, sequence);
            self.notify(&scid, Notice::Changed { scid, number, sequence });
        }
        if deactivated && !before.is_some_and(|(_, deactivated)| deactivated) {
            self.notify(&scid, Notice::Deactivated { scid });
        }
        self.make_room();
    }

    /// Evicts what there is no room for.
    pub(super) fn make_room(&mut self) {
        for scid in self.directory.evict(self.config.head_budget) {
            self.forget(scid);
        }
    }

    /// Lets go of all that belongs to an identity which was evicted: its log, what it shows, and what
    /// it says as an attestor. The highest seen of it, and proofs of its forks, stay.
    fn forget(&mut self, scid: Scid) {
        self.shelf.remove(&scid);
        self.asking.outdate(&scid);
        self.profiles.remove(&scid);
        let lists = self.statuses.forget(&scid);
        self.save(Change::Forget { scid, lists });
    }

    /// Keeps what somebody shows, and counts what it takes.
    pub(super) fn hold_showcase(&mut self, scid: Scid, bytes: Vec<u8>, class: Class) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let hash = self.save_body(scid, BodyKind::Showcase, bytes, class);
        let listing = self.directory.get(&scid).filter(|listing| listing.showcase == Some(hash));
        if let Some(listing) = listing.cloned() {
            let held = Held { showcase: length, ..listing.held };
            self.list(Listing { held, ..listing }, class);
        }
    }

    pub(super) fn notify(&mut self, scid: &Scid, notice: Notice) {
        if self.is_watched(scid) {
            self.effects.push(Effect::Notify(notice));
        }
    }

    fn is_watched(&self, scid: &Scid) -> bool {
        self.watched.contains(scid)
            || self.config.own.contains(scid)
            || self.config.trust.contains(scid)
    }

    /// Tells whether this identity is let in whatever else is going on.
    pub(super) fn is_wanted(&self, scid: &Scid) -> bool {
        self.is_watched(scid) || self.lookups.wants(scid)
    }

    /// Tells whether what is held of this identity must not be lost. A promise lasts until
    /// [`Self::end_promises`] ends it.
    pub(super) fn is_kept(&self, scid: &Scid) -> bool {
        self.config.own.contains(scid) || self.promises.contains_key(scid)
    }

    /// Tells whether one more identity may be promised to be kept. What is promised is never evicted,
    /// so it may take half of the room and no more; whoever matters here is always taken.
    pub(super) fn has_room_to_promise(&self, scid: &Scid) -> bool {
        self.is_kept(scid)
            || self.is_wanted(scid)
            || self.directory.kept().fits(self.config.head_budget / 2)
    }

    /// Lets go of promises that are over, by a clock that is to be trusted.
    pub(super) fn end_promises(&mut self) {
        if !self.clock.report(self.now).may_sign() {
            return;
        }
        let now = self.now.wall;
        let over = self.promises.iter().filter(|(_, until)| **until <= now);
        let over: Vec<Scid> = over.map(|(scid, _)| *scid).collect();
        for scid in over {
            self.promises.remove(&scid);
            self.rank(&scid);
            if !self.config.own.contains(&scid) {
                self.save(Change::Release { scid });
            }
        }
        self.make_room();
    }

    pub(super) fn class(&self, scid: &Scid) -> Class {
        if self.is_kept(scid) { Class::Kept } else { Class::Cached }
    }

    /// Keepers hold showcases for others, everybody those that matter here.
    pub(super) fn keeps_showcase(&self, scid: &Scid) -> bool {
        self.config.role == Role::Keeper || self.is_wanted(scid)
    }

    fn rank_of(&self, scid: &Scid, vouched: bool) -> Rank {
        if self.is_watched(scid) || self.is_kept(scid) {
            Rank::Kept
        } else if vouched || self.lookups.wants(scid) {
            // Who is being looked for stays until whoever looks has the answer.
            Rank::Vouched
        } else if self.home_shards.contains(&self.config.network.shards().of(scid)) {
            Rank::Neighbour
        } else {
            Rank::Stranger
        }
    }

    /// Weighs an identity anew after something about it changed.
    pub(super) fn rank(&mut self, scid: &Scid) {
        if let Some(vouched) = self.directory.get(scid).map(|listing| listing.vouched) {
            let rank = self.rank_of(scid, vouched);
            self.directory.set_rank(scid, rank);
        }
    }

    pub(super) fn watch(&mut self, scids: &BTreeSet<Scid>) {
        let room = MAX_WATCHED.saturating_sub(self.watched.len());
        self.watched.extend(scids.iter().copied().take(room));
        self.weigh(scids);
    }

    pub(super) fn unwatch(&mut self, scids: &BTreeSet<Scid>) {
        self.watched.retain(|scid| !scids.contains(scid));
        self.weigh(scids);
    }

    pub(super) fn trust(&mut self, attestors: BTreeSet<Scid>) {
        let before = core::mem::replace(&mut self.config.trust, attestors);
        self.weigh(&before.union(&self.config.trust).copied().collect());
    }

    pub(super) fn own(&mut self, scids: &BTreeSet<Scid>) {
        self.config.own.extend(scids);
        self.weigh(scids);
    }

    /// Weighs anew those about whom this node's mind changed, and looks for those it lacks.
    fn weigh(&mut self, concerned: &BTreeSet<Scid>) {
        concerned.iter().for_each(|scid| self.rank(scid));
        self.choose_shards();
        self.subscribe();
        self.want_watched();
    }

    /// Looks for what is watched and not held.
    pub(super) fn want_watched(&mut self) {
        let missing = |scid: &&Scid| self.directory.get(scid).is_none();
        let cared = self.watched.iter().chain(&self.config.trust).chain(&self.config.own);
        let missing: Vec<Scid> = cared.filter(missing).copied().take(MAX_WANTED).collect();
        for scid in missing {
            self.find(None, scid, super::command::Freshness::Held);
        }
    }
}

/// Identities one node watches; none of them is ever evicted.
const MAX_WATCHED: usize = 65_536;

/// Look-ups of our own begun at once.
const MAX_WANTED: usize = 64;
