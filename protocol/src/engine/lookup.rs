//! How an identity is found.
//!
//! What is held answers at once. Else three peers of different prefixes are asked and the highest head
//! that verifies is taken, with its log and its showcase; the DHT is the fallback. A peer that lies can
//! only tell of something lower, and one honest answer among three is higher; or of something that does not
//! verify, which is not waited for once something is held that does. The same peers are asked
//! whether it is forked, and no answer leaves before they said so or took too long. Nobody can prove that
//! an identity does not exist: the answer then says how many were asked.

mod candidates;
mod forks;
mod whom;

use super::command::{Found, Freshness, Outcome, Refusal};
use super::directory::Listing;
use super::effect::{Change, Effect, Fault, Load, Loaded};
use super::event::Prefix;
use super::identity::Identity;
use super::intake::{IntakeError, Offer, Taken, Waiter};
use super::{Engine, Then, asking};
use crate::did::Scid;
use crate::policy::PEERS;
use crate::verdict::Verdict;
use crate::wire::exchange::hello::Roles;
use crate::wire::exchange::{Request, Response};
use crate::wire::freshness::{self, FreshnessError};
use crate::wire::head::Signed;
use crate::wire::peer::Peer;
use candidates::Candidates;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The look-ups under way.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    next: u64,
    open: BTreeMap<u64, Lookup>,
    /// Equal questions are asked once.
    same: BTreeMap<(Scid, Freshness), u64>,
}

#[derive(Debug)]
struct Lookup {
    scid: Scid,
    freshness: Freshness,
    /// Nobody here wants to know: something a peer said names this identity.
    curious: bool,
    /// Whoever told of it, to be asked first.
    named_by: Option<Peer>,
    /// The commands it answers; none if the engine itself wants to know.
    commands: Vec<u64>,
    stage: Stage,
    /// Questions of this stage without an answer.
    open: usize,
    asked: Vec<Peer>,
    /// Where those are who said which head they hold.
    answered: BTreeSet<Prefix>,
    /// Since when those are waited for who were asked last.
    asked_ms: u64,
    /// Where those are who knew nothing higher than what is held.
    confirmed: BTreeSet<Prefix>,
    candidates: Candidates,
    /// Whose head is being taken in.
    taking: Option<Peer>,
    /// Since when something is held that others only claim to be higher than.
    held_ms: Option<u64>,
    paths: u32,
    located: bool,
    since_ms: u64,
    identity: Option<Arc<Identity>>,
    showcase: Option<Vec<u8>>,
    fresh: Vec<Vec<u8>>,
    /// Questions about forks without an answer, beside those of the stage.
    forks: usize,
    /// Peers were asked about forks.
    asked_forks: bool,
    /// Since when nothing else is waited for.
    forks_since_ms: u64,
}

/// What a look-up waits for, in the order in which it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Peers say which head they hold.
    Asking,
    /// The highest head is being taken in.
    Taking,
    /// The DHT is walked.
    Locating,
    /// Peers that hold no head say whether it is forked, prove it, and give what both histories share.
    Shared,
    /// The log is read.
    Log,
    /// Witnesses say how new the head is.
    Fresh,
    /// The showcase is read.
    Showcase,
    /// The showcase is fetched.
    Missing,
    /// Peers say whether it is forked, and prove it.
    Forks,
}

impl Lookups {
    /// Tells whether anybody is looking for this identity, for whatever reason.
    pub(super) fn look_for(&self, scid: &Scid) -> bool {
        self.open.values().any(|lookup| lookup.scid == *scid)
    }

    /// Tells whether somebody here is looking for this identity: what peers speak of is not wanted yet.
    pub(super) fn wants(&self, scid: &Scid) -> bool {
        let theirs = self.same.range((*scid, Freshness::Held)..);
        let mut theirs = theirs.take_while(|((wanted, _), _)| wanted == scid);
        theirs.any(|(_, id)| self.open.get(id).is_some_and(|lookup| !lookup.curious))
    }
}

impl Engine {
    /// Looks for an identity; `command` is answered.
    pub(super) fn find(&mut self, command: Option<u64>, scid: Scid, freshness: Freshness) {
        if let Some(lookup) = self.lookups.same.get(&(scid, freshness)) {
            let lookup = self.lookups.open.get_mut(lookup);
            return lookup.map_or((), |lookup| {
                lookup.commands.extend(command);
                lookup.curious = false;
            });
        }
        if self.lookups.open.len() >= MAX_LOOKUPS {
            return command.map_or((), |id| self.answer(id, Outcome::Refused(Refusal::Busy)));
        }
        self.begin_lookup(command, scid, freshness, false, None);
    }

    /// Looks for an identity because a peer named it, if there are not many such look-ups already: a
    /// peer can name identities that do not exist as fast as it can sign.
    /// Who named it is asked first: whoever tells of an attestor holds its log.
    pub(super) fn find_out(&mut self, scid: Scid, whose_word: Option<&Peer>) {
        let asked = self.lookups.same.contains_key(&(scid, Freshness::Held));
        let curious = self.lookups.open.values().filter(|lookup| lookup.curious).count();
        if !asked && (self.is_wanted(&scid) || curious < MAX_CURIOUS) {
            let wanted = self.is_wanted(&scid);
            self.begin_lookup(None, scid, Freshness::Held, !wanted, whose_word.cloned());
        }
    }

    fn begin_lookup(
        &mut self,
        command: Option<u64>,
        scid: Scid,
        freshness: Freshness,
        curious: bool,
        named_by: Option<Peer>,
    ) {
        self.lookups.next = self.lookups.next.saturating_add(1);
        let id = self.lookups.next;
        let lookup = Lookup {
            scid,
            freshness,
            curious,
            named_by,
            commands: command.into_iter().collect(),
            stage: Stage::Asking,
            open: 0,
            asked: Vec::new(),
            answered: BTreeSet::new(),
            asked_ms: self.now.monotonic_ms,
            confirmed: BTreeSet::new(),
            candidates: Candidates::default(),
            taking: None,
            held_ms: None,
            paths: 0,
            located: false,
            since_ms: self.now.monotonic_ms,
            identity: None,
            showcase: None,
            fresh: Vec::new(),
            forks: 0,
            asked_forks: false,
            forks_since_ms: 0,
        };
        self.lookups.open.insert(id, lookup);
        self.lookups.same.insert((scid, freshness), id);
        let held = self.directory.get(&scid).is_some_and(Listing::is_usable);
        if held && matches!(freshness, Freshness::Held | Freshness::Here) {
            self.lookup_log(id);
        } else {
            self.lookup_ask(id);
        }
    }

    /// Answers with what is held, and looks for the rest behind the answer.
    fn lookup_behind(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get(&id) else { return };
        let scid = lookup.scid;
        self.lookup_answer(id);
        self.find(None, scid, Freshness::Held);
    }

    pub(super) fn lookup_heads(&mut self, id: u64, peer: &Peer, response: Option<Response>) {
        let heads = match response {
            Some(Response::Heads(heads)) => Some(heads),
            Some(_) | None => None,
        };
        let opened =
            heads.as_ref().and_then(|heads| heads.first()).map(|head| self.open_head(head));
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        if lookup.stage != Stage::Asking {
            return;
        }
        lookup.open = lookup.open.saturating_sub(1);
        let sense = match &opened {
            Some(Ok(head)) => head.head().scid == lookup.scid,
            Some(Err(_)) => false,
            None => heads.is_some(),
        };
        lookup.answered.extend(self.peers.prefix(peer).filter(|_| sense));
        // Who is silent is not waited for once others answered in their place.
        let replaced = lookup.asked.len() > PEERS && lookup.answered.len() >= PEERS;
        let done = lookup.open == 0 || replaced;
        match opened {
            Some(Ok(head)) if head.head().scid == lookup.scid => {
                lookup.candidates.named(head, peer.clone());
            }
            Some(Ok(_)) => self.fault(peer, Fault::WrongAnswer),
            Some(Err(error)) => self.fault(peer, error.fault()),
            None if heads.is_some() => self.lookup_confirmed(id, peer),
            None => {}
        }
        if done {
            self.lookup_enough(id);
        }
    }

    /// Counts that a peer knew nothing higher than what is held now.
    fn lookup_confirmed(&mut self, id: u64, peer: &Peer) {
        let prefix = self.peers.prefix(peer);
        if let Some(lookup) = self.lookups.open.get_mut(&id) {
            lookup.confirmed.extend(prefix);
        }
    }

    /// All who were asked have answered and the highest is held, if anything is.
    fn lookup_settled(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        let scid = lookup.scid;
        if self.directory.get(&scid).is_some_and(Listing::is_usable) {
            return self.lookup_log(id);
        }
        if lookup.located {
            return self.lookup_shared(id);
        }
        lookup.located = true;
        lookup.stage = Stage::Locating;
        self.locate(scid, id);
    }

    /// Takes a record that a peer wants held for the DHT: a head like any other.
    pub(super) fn record_offered(&mut self, peer: Peer, bytes: &[u8]) {
        let head = match self.open_head(bytes) {
            Ok(head) => head,
            Err(error) => return self.fault(&peer, error.fault()),
        };
        let scid = head.head().scid;
        self.came_back(&head);
        if self.directory.highest(&scid).is_some() || self.may_introduce(&peer, &scid) {
            let waiters = vec![Waiter::Record];
            self.offer(Offer { head, from: Some(peer), supplied: None, waiters });
        }
    }

    /// Holds it once it is in the directory, so that the DHT never knows what this node does not.
    pub(super) fn record_taken(&mut self, head: &Signed, result: &Result<Taken, IntakeError>) {
        if result.is_ok() {
            let (scid, head) = (head.head().scid, head.bytes().to_vec());
            self.effects.push(Effect::Hold { scid, head });
        }
    }

    fn lookup_log(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        lookup.stage = Stage::Log;
        let scid = lookup.scid;
        self.with_identity(scid, Then::Lookup(id));
    }

    pub(super) fn lookup_identity(&mut self, id: u64, identity: Option<Arc<Identity>>) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        let Some(identity) = identity else {
            // It is listed and cannot be read: as good as not held.
            let scid = lookup.scid;
            self.directory.remove(&scid);
            return if lookup.asked.is_empty() {
                self.lookup_restart(id)
            } else {
                self.lookup_end(id)
            };
        };
        lookup.identity = Some(identity);
        let freshness = lookup.freshness;
        self.lookup_ask_forks(id);
        match freshness {
            Freshness::Witnessed { .. } => self.lookup_witnesses(id),
            Freshness::Here | Freshness::Held | Freshness::Peers => self.lookup_showcase(id),
        }
    }

    fn lookup_restart(&mut self, id: u64) {
        if let Some(lookup) = self.lookups.open.get_mut(&id) {
            lookup.stage = Stage::Asking;
            self.lookup_ask(id);
        }
    }

    /// Asks witnesses how new the head is.
    fn lookup_witnesses(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        let scid = lookup.scid;
        let peers = self.peers.with_role(&mut self.dice, WITNESSES, &[], Roles::WITNESS);
        lookup.stage = Stage::Fresh;
        lookup.open = peers.len();
        let own =
            self.own_freshness(&scid).filter(|proof| self.open_freshness(&scid, proof).is_ok());
        if let Some(lookup) = self.lookups.open.get_mut(&id) {
            lookup.fresh.extend(own);
        }
        if peers.is_empty() {
            return self.load(Load::Freshness(scid), asking::Reading::Lookup(id));
        }
        for peer in peers {
            self.ask(&peer, Request::Fresh(vec![scid]), asking::Purpose::Fresh(id));
        }
    }

    pub(super) fn lookup_fresh(&mut self, id: u64, peer: &Peer, response: Option<Response>) {
        let proofs = match response {
            Some(Response::Fresh(proofs)) => proofs,
            Some(_) | None => Vec::new(),
        };
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        if lookup.stage != Stage::Fresh {
            return;
        }
        let scid = lookup.scid;
        lookup.open = lookup.open.saturating_sub(1);
        let done = lookup.open == 0;
        for proof in proofs {
            match self.open_freshness(&scid, &proof) {
                Ok(()) => {
                    self.save(Change::Freshness { scid, bytes: proof.clone() });
                    if let Some(lookup) = self.lookups.open.get_mut(&id) {
                        lookup.fresh.push(proof);
                    }
                }
                Err(error) if error.verdict() == Verdict::Reject => {
                    self.fault(peer, Fault::BadSignature);
                }
                Err(_) => {}
            }
        }
        if done {
            self.lookup_showcase(id);
        }
    }

    fn open_freshness(&self, scid: &Scid, proof: &[u8]) -> Result<(), FreshnessError> {
        let hash = self.directory.get(scid).and_then(|listing| listing.head_hash);
        let hash = hash.ok_or(FreshnessError::OtherHead)?;
        let network = self.config.network.id();
        freshness::open(proof, network, scid, &hash, self.now.wall).map(drop)
    }

    fn lookup_showcase(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        let showcase = self.directory.get(&lookup.scid).and_then(|listing| listing.showcase);
        let Some(hash) = showcase else { return self.lookup_end(id) };
        lookup.stage = Stage::Showcase;
        self.load(Load::Body(hash), asking::Reading::Lookup(id));
    }

    pub(super) fn lookup_loaded(&mut self, id: u64, loaded: Loaded) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        let (stage, scid) = (lookup.stage, lookup.scid);
        match (stage, loaded) {
            (Stage::Fresh, Loaded::Freshness(proof)) => {
                let proof = proof.filter(|proof| self.open_freshness(&scid, proof).is_ok());
                if let Some(lookup) = self.lookups.open.get_mut(&id) {
                    lookup.fresh.extend(proof);
                }
                self.lookup_showcase(id);
            }
            (Stage::Fresh, _) => self.lookup_showcase(id),
            (Stage::Showcase, Loaded::Body(Some(bytes))) => {
                lookup.showcase = Some(bytes);
                self.lookup_end(id);
            }
            (Stage::Showcase, _) => {
                lookup.asked.clear();
                self.lookup_missing(id);
            }
            (_, _) => {}
        }
    }

    /// Asks one peer after the other for the showcase.
    fn lookup_missing(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        if lookup.freshness == Freshness::Here {
            return self.lookup_behind(id);
        }
        lookup.stage = Stage::Missing;
        let hash = self.directory.get(&lookup.scid).and_then(|listing| listing.showcase);
        let peer = self.peers.some(&mut self.dice, 1, &lookup.asked).pop();
        match (hash, peer) {
            (Some(hash), Some(peer)) if lookup.asked.len() < HOLDERS => {
                lookup.asked.push(peer.clone());
                self.ask(&peer, Request::Body(hash), asking::Purpose::Missing(id));
            }
            (_, _) => self.lookup_end(id),
        }
    }

    pub(super) fn lookup_body(&mut self, id: u64, response: Option<Response>) {
        let Some(Response::Body(bytes)) = response else { return self.lookup_missing(id) };
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        if lookup.stage != Stage::Missing {
            return;
        }
        let scid = lookup.scid;
        lookup.showcase = Some(bytes.clone());
        let class = self.class(&scid);
        self.hold_showcase(scid, bytes, class);
        self.lookup_end(id);
    }

    /// Answers once it is known whether the identity is forked, which could turn every decision.
    fn lookup_end(&mut self, id: u64) {
        let Some(lookup) = self.lookups.open.get_mut(&id) else { return };
        let waits = lookup.forks > 0 || self.forks.pulls(&lookup.scid);
        if lookup.identity.is_some() && waits {
            if lookup.stage != Stage::Forks {
                lookup.forks_since_ms = self.now.monotonic_ms;
            }
            lookup.stage = Stage::Forks;
            return;
        }
        self.lookup_answer(id);
    }

    /// Answers with what is held, though somebody is still waited for.
    fn lookup_late(&mut self, id: u64) {
        match self.lookups.open.get(&id).map(|lookup| lookup.stage) {
            Some(Stage::Asking | Stage::Taking | Stage::Locating | Stage::Shared) => {
                self.lookup_held(id);
            }
            Some(_) => self.lookup_answer(id),
            None => {}
        }
    }

    /// Goes on with what is held, if anything is: what others claim to be higher is still being taken in.
    fn lookup_held(&mut self, id: u64) {
        let scid = self.lookups.open.get(&id).map(|lookup| lookup.scid);
        let listing = scid.and_then(|scid| self.directory.get(&scid));
        match listing.is_some_and(Listing::is_usable) {
            true => self.lookup_log(id),
            false => self.lookup_answer(id),
        }
    }

    /// Answers everybody who asked.
    fn lookup_answer(&mut self, id: u64) {
        let Some(mut lookup) = self.lookups.open.remove(&id) else { return };
        if lookup.stage == Stage::Forks {
            // A proof may have brought another branch, or less of this one.
            lookup.identity = self.shelf.get(&lookup.scid).or(lookup.identity);
        }
        let Lookup { scid, freshness, commands, .. } = lookup;
        self.lookups.same.remove(&(scid, freshness));
        self.rank(&scid);
        let listing = self.directory.get(&scid);
        let confirmed = u32::try_from(lookup.confirmed.len()).unwrap_or(u32::MAX);
        let newest = lookup.identity.as_ref().map(|identity| identity.history().version_id());
        let outcome = match (lookup.identity, listing) {
            (Some(identity), Some(listing)) => Outcome::Found(Box::new(Found {
                scid,
                identity,
                head: listing.head.clone(),
                showcase: lookup.showcase,
                freshness: lookup.fresh,
                confirmed,
                fork: listing.fork,
                forks: self.forks.about(&scid),
            })),
            (_, _) => Outcome::NotFound { paths: confirmed.saturating_add(lookup.paths) },
        };
        if let Some(newest) = newest.filter(|_| confirmed > 0) {
            self.looked_up(scid, newest);
        }
        for command in commands {
            self.answer(command, outcome.clone());
        }
        self.profile_looked_for(scid);
    }

    /// Stops waiting for those who are slow, once somebody has answered; and for all in the end.
    pub(super) fn hurry_lookups(&mut self) {
        let now_ms = self.now.monotonic_ms;
        let waited = |lookup: &Lookup| now_ms.saturating_sub(lookup.since_ms);
        let slow = |lookup: &Lookup| {
            lookup.stage == Stage::Asking
                && !lookup.candidates.is_empty()
                && now_ms.saturating_sub(lookup.asked_ms) > PATIENCE_MS
        };
        let held = |lookup: &Lookup| {
            let since = |held_ms: u64| now_ms.saturating_sub(held_ms) > HIGHER_MS;
            lookup.stage == Stage::Taking && lookup.held_ms.is_some_and(since)
        };
        let pick = |wanted: &dyn Fn(&Lookup) -> bool, open: &BTreeMap<u64, Lookup>| -> Vec<u64> {
            open.iter().filter(|(_, lookup)| wanted(lookup)).map(|(id, _)| *id).collect()
        };
        let over = |lookup: &Lookup| {
            let forks = now_ms.saturating_sub(lookup.forks_since_ms);
            match lookup.stage {
                Stage::Forks => forks > LONGEST_FORKS_MS,
                Stage::Asking
                | Stage::Taking
                | Stage::Locating
                | Stage::Shared
                | Stage::Log
                | Stage::Fresh
                | Stage::Showcase
                | Stage::Missing => waited(lookup) > LONGEST_MS,
            }
        };
        let over = pick(&over, &self.lookups.open);
        let slow = pick(&slow, &self.lookups.open);
        let held = pick(&held, &self.lookups.open);
        for id in over {
            self.lookup_late(id);
        }
        for id in held {
            self.lookup_held(id);
        }
        for id in slow {
            self.lookup_enough(id);
        }
    }
}

/// Peers asked for a showcase, one after the other: many hold it, but the same three may be chosen each time.
const HOLDERS: usize = 9;

/// Witnesses asked for one identity.
const WITNESSES: usize = 3;

/// Look-ups at once; beyond that the owner is told to wait.
const MAX_LOOKUPS: usize = 4096;

/// Look-ups at once for what only peers speak of: they cost questions to three peers each.
const MAX_CURIOUS: usize = 64;

/// How long slow peers are waited for when others have answered.
const PATIENCE_MS: u64 = 1_000;

/// How long something that is claimed to be higher than what is held is waited for: an answer of a few
/// kilobytes, from whoever gives one.
const HIGHER_MS: u64 = 6_000;

/// How long a look-up that has all else takes at most, where a peer does not say what forks it knows.
const LONGEST_FORKS_MS: u64 = 5_000;

/// How long a look-up takes at most, until it has all else.
const LONGEST_MS: u64 = 20_000;
