//! What a look-up asks about forks: before it answers, and where nobody names a head.

use super::super::gossip::Announced;
use super::super::{Engine, asking};
use super::Stage;
use crate::did::Scid;
use crate::wire::exchange::{Request, Response, want};
use crate::wire::notice::Notice;
use crate::wire::peer::Peer;
use crate::wire::topic::Kind;

impl Engine {
    /// Nobody names a head that holds. Of an identity with two histories that exclude each other there is
    /// none; what stands of it is found by the proof. Nobody is asked for whom only peers speak of.
    pub(super) fn lookup_shared(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        if lookup.asked_forks || lookup.curious {
            return self.lookup_end(id);
        }
        lookup.stage = Stage::Shared;
        // What is held of them is at hand before anybody answers.
        let scid = lookup.scid;
        let _reading = self.read_forks(&scid, None);
        self.lookup_ask_forks(id);
        self.lookup_judged(id);
    }

    /// Asks those who were asked for a head which forks of the identity they know: what was told of it
    /// while it was a stranger here could not be judged.
    pub(super) fn lookup_ask_forks(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        if core::mem::replace(&mut lookup.asked_forks, true) {
            return;
        }
        let after = Some(Notice { scid: lookup.scid, hash: [0; 32] });
        let asked = lookup.asked.clone();
        lookup.forks = asked.len();
        for peer in asked {
            self.ask(&peer, Request::Forks(want::Page { after }), asking::Purpose::Forks(id));
        }
    }

    pub(in super::super) fn lookup_forks(
        &mut self,
        id: u64,
        peer: &Peer,
        response: Option<Response>,
    ) {
        let notices = match response {
            Some(Response::Forks(notices)) => notices,
            Some(_) | None => Vec::new(),
        };
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        let (scid, stage) = (lookup.scid, lookup.stage);
        let about: Vec<Notice> = notices.into_iter().filter(|it| it.scid == scid).collect();
        let (held, news): (Vec<Notice>, Vec<Notice>) =
            about.into_iter().partition(|notice| self.forks.holds(notice));
        let news: Vec<Notice> = news.into_iter().take(MAX_PROOFS).collect();
        lookup.forks = lookup.forks.saturating_sub(1).saturating_add(news.len());
        for notice in news {
            let announced = Announced { kind: Kind::Fork, notice, token: None };
            let purpose = asking::Purpose::Proof(id, announced);
            self.ask(peer, Request::Body(notice.hash), purpose);
        }
        if let (Stage::Shared, Some(notice)) = (stage, held.first()) {
            self.pull_known(*notice, peer);
        }
        self.lookup_judged(id);
    }

    pub(in super::super) fn lookup_proof(
        &mut self,
        id: u64,
        announced: Announced,
        peer: &Peer,
        response: Option<Response>,
    ) {
        self.announced_body(announced, peer, response);
        if let Some(lookup) = self.lookups.open.get_mut(&id) {
            lookup.forks = lookup.forks.saturating_sub(1);
        }
        self.lookup_judged(id);
    }

    /// Goes on with what waited for the last question about forks, and for the logs that prove them.
    fn lookup_judged(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get(&id) else { return };
        if lookup.forks > 0 || self.forks.pulls(&lookup.scid) {
            return;
        }
        match lookup.stage {
            Stage::Shared => self.lookup_settled(id),
            Stage::Forks => self.lookup_answer(id),
            Stage::Asking
            | Stage::Taking
            | Stage::Locating
            | Stage::Log
            | Stage::Fresh
            | Stage::Showcase
            | Stage::Missing => {}
        }
    }

    /// A log that a proof was checked against has come, or does not come.
    pub(in super::super) fn lookups_judged(&mut self, scid: &Scid) {
        let theirs = self.lookups.open.iter().filter(|(_, lookup)| lookup.scid == *scid);
        for id in theirs.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.lookup_judged(id);
        }
    }
}

/// Proofs of forks taken from one peer for one look-up: one is enough to flag the identity.
const MAX_PROOFS: usize = 4;
