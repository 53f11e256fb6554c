//! Gets the whole of a status list: from the disk, or from whoever has it.

use super::super::command::{Outcome, Refusal};
use super::super::effect::{BodyKind, Change, Class, Load, Loaded};
use super::super::identity::Identity;
use super::super::profiles::verified;
use super::super::{Engine, Then, asking, exchange};
use super::{Begun, Followed, Source, Stage};
use crate::credential::Credential;
use crate::did::Scid;
use crate::encoding::multihash::sha256;
use crate::key::PublicKey;
use crate::status::ledger::{Ledger, State};
use crate::status::list::List;
use crate::wire::bounds;
use crate::wire::exchange::{Request, Response, give, want};
use crate::wire::peer::Peer;
use core::ops::Bound;

impl Engine {
    /// Asks whoever told of a list for the whole of it, else any peers.
    pub(super) fn fetch_list(&mut self, issuer: Scid, list: u64) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        let teller = followed.waiting.iter().rev().find_map(|pending| match &pending.source {
            Source::Gossip { peer, .. } => Some(peer.clone()),
            Source::Pulled | Source::Disk | Source::Owner(_) => None,
        });
        let asked = match teller {
            Some(peer) if followed.commands.is_empty() => vec![peer],
            Some(_) | None => {
                let asked = self.peers.some(&mut self.dice, ASKED, &[]);
                followed.heard = asked.len();
                asked
            }
        };
        let have = followed.ledger.as_ref().map(|ledger| ledger.state().sequence());
        let from = have.map_or(0, |have| have.saturating_add(1));
        followed.open = asked.len();
        if asked.is_empty() {
            return self.give_up_list(issuer, list);
        }
        if followed.stage == Stage::Unknown {
            followed.stage = Stage::Fetching;
        }
        for peer in asked {
            let wanted = want::Status { issuer, list, from };
            self.ask(&peer, Request::Status(wanted), asking::Purpose::Statements(issuer, list));
        }
    }

    pub(in crate::engine) fn statements(
        &mut self,
        issuer: Scid,
        list: u64,
        peer: &Peer,
        response: Option<Response>,
    ) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        followed.open = followed.open.saturating_sub(1);
        if let Some(Response::Status(status)) = response {
            let keys = self.statuses.keys.get(&issuer).map(Vec::as_slice);
            match status.list.filter(|whole| followed.lacks(whole, keys)) {
                // What leads there is in the list: only the whole of it does.
                Some(whole) => {
                    followed.pulled = status.statements;
                    followed.open = followed.open.saturating_add(1);
                    let purpose = asking::Purpose::List(issuer, list);
                    self.ask(peer, Request::Body(whole.hash), purpose);
                }
                None => self.follow_all(issuer, list, &status.statements, &Source::Pulled),
            }
        }
        self.settle_list(issuer, list);
    }

    /// Asks whoever brought a change for the whole list, if many changes came since the one held.
    pub(super) fn shorten_way(&mut self, issuer: Scid, list: u64, peer: &Peer) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        let way = followed.way();
        if !followed.is_long() || !way.is_multiple_of(LONGEST_WAY) || followed.open > 0 {
            return;
        }
        followed.open = 1;
        let have = followed.ledger.as_ref().map_or(0, |ledger| ledger.state().sequence());
        let wanted = want::Status { issuer, list, from: have.saturating_add(1) };
        self.ask(peer, Request::Status(wanted), asking::Purpose::Statements(issuer, list));
    }

    pub(in crate::engine) fn list_body(
        &mut self,
        issuer: Scid,
        list: u64,
        response: Option<Response>,
    ) {
        if let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) {
            followed.open = followed.open.saturating_sub(1);
        }
        match response {
            Some(Response::Body(bytes)) => {
                let origin = Origin::Peer;
                self.with_identity(issuer, Then::List { list, bytes, origin });
            }
            Some(_) | None => self.settle_list(issuer, list),
        }
    }

    pub(in crate::engine) fn list_loaded(&mut self, issuer: Scid, list: u64, loaded: Loaded) {
        if let Loaded::Body(Some(bytes)) = loaded {
            let origin = Origin::Disk;
            return self.with_identity(issuer, Then::List { list, bytes, origin });
        }
        self.lose_list(issuer, list);
    }

    /// Our copy is gone, or counts no more: as if we had never had it.
    fn lose_list(&mut self, issuer: Scid, list: u64) {
        if let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) {
            followed.list = None;
            followed.stage = Stage::Unknown;
        }
        self.answer_looks(issuer, list);
        self.fetch_list(issuer, list);
    }

    /// Begins with a whole list that its attestor signed.
    pub(in crate::engine) fn start_list(
        &mut self,
        issuer: Scid,
        number: u64,
        bytes: Vec<u8>,
        origin: Origin,
        identity: Option<&Identity>,
    ) {
        let read = identity.and_then(|identity| read_list(&bytes, identity));
        let list = read.filter(|list| list.number() == number && list.issuer() == issuer);
        if let (None, Origin::Disk) = (&list, origin) {
            return self.disown_list(issuer, number, &bytes, identity);
        }
        let class = if origin == Origin::Owner { Class::Kept } else { self.class(&issuer) };
        let list = list.filter(|_| self.is_wanted(&issuer) || self.statuses.has_room());
        let keys: Vec<PublicKey> = identity.map(signers).unwrap_or_default();
        let Some(followed) = self.follow(issuer, number) else { return };
        let Some(list) = list else { return self.settle_list(issuer, number) };
        let ledger = followed.ledger.as_ref();
        if let Some(fork) = ledger.and_then(|ledger| ledger.contradicted_by(&list)) {
            self.status_fork(issuer, fork);
            return self.settle_list(issuer, number);
        }
        let useless = match origin {
            Origin::Owner => followed.leads_to(&list),
            Origin::Peer => followed.is_ahead_of(&list, &keys),
            Origin::Disk => false,
        };
        if useless {
            return self.settle_list(issuer, number);
        }
        if followed.is_told_more_by(&list, &keys) {
            followed.ledger = Some(match &followed.ledger {
                Some(before) => before.restart(&list),
                None => Ledger::start(&list),
            });
        }
        let pulled = core::mem::take(&mut followed.pulled);
        if origin == Origin::Disk {
            followed.list = followed.list.map(|begun| Begun::read(begun.hash, &list));
            let from = list.sequence().saturating_add(1);
            let what = Load::Statements { issuer, list: number, from };
            return self.load(what, asking::Reading::Statements(issuer, number));
        }
        followed.stage = Stage::Ready;
        let before = followed.list.map(|begun| begun.hash);
        let hash = self.save_body(issuer, BodyKind::StatusList, bytes, class);
        if let Some(followed) = self.statuses.lists.get_mut(&(issuer, number)) {
            followed.list = Some(Begun::read(hash, &list));
        }
        let sequence = list.sequence();
        self.save(Change::List { issuer, list: number, sequence, hash, before, class });
        self.follow_all(issuer, number, &pulled, &Source::Pulled);
        self.settle_list(issuer, number);
    }

    /// The list on the disk does not verify any more: its key was taken away, and nobody can use it. It
    /// goes, unless it is our own disk that cannot say who signs.
    fn disown_list(&mut self, issuer: Scid, list: u64, bytes: &[u8], identity: Option<&Identity>) {
        if identity.is_some() {
            let hash = Some(sha256(bytes));
            self.save(Change::DropList { issuer, list, hash });
        }
        self.lose_list(issuer, list);
    }

    pub(in crate::engine) fn statements_loaded(&mut self, issuer: Scid, list: u64, loaded: Loaded) {
        if let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) {
            followed.stage = Stage::Ready;
        }
        let held = if let Loaded::Statements(held) = loaded { held } else { Vec::new() };
        self.follow_all(issuer, list, &held, &Source::Disk);
        self.settle_looks(issuer, list);
        // Something may have been taken back while this node was off, however young our word is.
        self.fetch_list(issuer, list);
    }

    /// Asks a peer for what is newer of the lists in use, some of them at a time: a change that gossip
    /// did not bring here would show only with the next heartbeat.
    pub(in crate::engine) fn refresh_lists(&mut self, peer: &Peer) {
        self.take_up_lists();
        let next = self.statuses.refreshed.map_or(Bound::Unbounded, Bound::Excluded);
        let in_use = |(key, followed): (&(Scid, u64), &Followed)| {
            let at_hand = followed.stage == Stage::Ready && followed.open == 0;
            let state = followed.ledger.as_ref().map(Ledger::state);
            state.filter(|_| at_hand).map(|state| (*key, state.sequence()))
        };
        let lists = self.statuses.lists.range((next, Bound::Unbounded));
        let chosen: Vec<((Scid, u64), u64)> = lists.filter_map(in_use).take(REFRESHED).collect();
        // Behind the last one it begins again with the first.
        let last = chosen.last().map(|(key, _)| *key);
        self.statuses.refreshed = last.filter(|_| chosen.len() == REFRESHED);
        for ((issuer, list), have) in chosen {
            if let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) {
                followed.open = 1;
            }
            let wanted = want::Status { issuer, list, from: have.saturating_add(1) };
            self.ask(peer, Request::Status(wanted), asking::Purpose::Statements(issuer, list));
        }
    }

    /// Takes up lists of attestors that matter here and lie on the disk since before this node started:
    /// whoever watches one is told what was taken back meanwhile, and need not ask.
    fn take_up_lists(&mut self) {
        let resting = |(issuer, _): &(Scid, u64), followed: &Followed| {
            let begun = followed.list.filter(|_| followed.stage == Stage::Unknown)?;
            self.is_wanted(issuer).then_some(begun.hash)
        };
        let lists = self.statuses.lists.iter();
        let found = lists.filter_map(|(key, followed)| Some((*key, resting(key, followed)?)));
        let chosen: Vec<((Scid, u64), [u8; 32])> = found.take(REFRESHED).collect();
        for ((issuer, list), hash) in chosen {
            if let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) {
                followed.stage = Stage::Reading;
            }
            self.load(Load::Body(hash), asking::Reading::List(issuer, list));
        }
    }

    /// Gives a list to the owner, asking peers first if it is older than the owner allows, or the word of one who
    /// may keep to itself what was taken back.
    pub(in crate::engine) fn ask_status(
        &mut self,
        command: u64,
        issuer: Scid,
        list: u64,
        max_age: u64,
    ) {
        let oldest = self.now.wall.minus(max_age);
        let since_ms = self.now.monotonic_ms;
        let known = self.statuses.keys.contains_key(&issuer);
        let connected = self.peers.len();
        let Some(followed) = self.follow(issuer, list) else {
            return self.answer(command, Outcome::Refused(Refusal::Busy));
        };
        let state = followed.ledger.as_ref().map(Ledger::state);
        let by_one = max_age != WHATEVER && followed.is_word_of_few(connected);
        if let Some(state) = state.filter(|state| state.as_of() >= oldest && !by_one) {
            let outcome = Outcome::Status(Box::new(state.clone()));
            return self.answer(command, outcome);
        }
        followed.commands.push((command, max_age));
        followed.since_ms = since_ms;
        match followed.stage {
            Stage::Ready if followed.open == 0 => self.fetch_list(issuer, list),
            Stage::Unknown if known => self.proceed(issuer, list),
            Stage::Unknown => self.with_identity(issuer, Then::Issuer),
            Stage::Ready | Stage::Reading | Stage::Fetching => {}
        }
    }

    /// Gives a list to the owner as it is known here; what is not known is fetched behind the answer.
    pub(in crate::engine) fn status_here(&mut self, command: u64, issuer: Scid, list: u64) {
        let known = self.statuses.keys.contains_key(&issuer);
        let Some(followed) = self.follow(issuer, list) else {
            return self.answer(command, Outcome::Refused(Refusal::UnknownList));
        };
        followed.looks.push(command);
        match followed.stage {
            Stage::Unknown if known => self.proceed(issuer, list),
            Stage::Unknown => self.with_identity(issuer, Then::Issuer),
            Stage::Ready | Stage::Reading | Stage::Fetching => {}
        }
        self.settle_looks(issuer, list);
    }

    /// Answers those who want what is known here, unless the disk is still being read.
    fn settle_looks(&mut self, issuer: Scid, list: u64) {
        let known = self.statuses.keys.contains_key(&issuer);
        let Some(followed) = self.statuses.lists.get(&(issuer, list)) else { return };
        let reads = match followed.stage {
            Stage::Reading => true,
            Stage::Unknown => followed.list.is_some(),
            Stage::Fetching => false,
            // The attestor's keys are being read, and what they signed comes after them.
            Stage::Ready => !known && !followed.waiting.is_empty(),
        };
        if !reads {
            self.answer_looks(issuer, list);
        }
    }

    /// Answers those who want what is known here.
    pub(super) fn answer_looks(&mut self, issuer: Scid, list: u64) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        let looks = core::mem::take(&mut followed.looks);
        let state = followed.ledger.as_ref().map(|ledger| ledger.state().clone());
        for command in looks {
            self.answer(command, told(state.as_ref()));
        }
    }

    /// Goes on after an answer: adds what waits, and once nobody is left to answer, tells the owner.
    pub(super) fn settle_list(&mut self, issuer: Scid, list: u64) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        if followed.ledger.is_some() && followed.stage != Stage::Reading {
            followed.stage = Stage::Ready;
            self.drain(issuer, list);
        }
        self.settle_looks(issuer, list);
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        let wanted = followed.commands.iter().any(|(_, max_age)| *max_age != WHATEVER);
        if followed.open == 0 && wanted && followed.is_word_of_few(self.peers.len()) {
            self.fetch_list(issuer, list);
        } else if followed.open == 0 {
            self.give_up_list(issuer, list);
        }
    }

    /// Tells the owner what is known, and lets go of what waits in vain.
    pub(super) fn give_up_list(&mut self, issuer: Scid, list: u64) {
        let known = self.statuses.keys.contains_key(&issuer);
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        if followed.ledger.is_some() && !known && !followed.waiting.is_empty() {
            // The attestor's keys are being read, and what they signed comes after them.
            return;
        }
        if followed.ledger.is_none() {
            followed.stage = Stage::Unknown;
        }
        let commands = core::mem::take(&mut followed.commands);
        let state = followed.ledger.as_ref().map(|ledger| ledger.state().clone());
        for (command, _) in commands {
            self.answer(command, told(state.as_ref()));
        }
        self.drop_waiting(issuer, list);
    }

    pub(in crate::engine) fn hurry_statuses(&mut self) {
        let now_ms = self.now.monotonic_ms;
        let late = |followed: &Followed| {
            !followed.commands.is_empty() && now_ms.saturating_sub(followed.since_ms) > LONGEST_MS
        };
        let lists = self.statuses.lists.iter();
        let late: Vec<(Scid, u64)> =
            lists.filter(|(_, followed)| late(followed)).map(|(key, _)| *key).collect();
        for (issuer, list) in late {
            self.give_up_list(issuer, list);
        }
    }

    /// Answers a peer that wants the statements of a list.
    pub(in crate::engine) fn give_statements(&mut self, token: u64, wanted: want::Status) {
        let want::Status { issuer, list, from } = wanted;
        let followed = self.statuses.lists.get(&(issuer, list));
        let Some(begun) = followed.and_then(|followed| followed.list) else {
            return self.respond(token, &Response::Nothing);
        };
        let Begun { hash, sequence, .. } = begun;
        // What led to the list we hold is in the list.
        let from = from.max(sequence.saturating_add(1));
        // A list whose key was taken away is of no use to anybody.
        let keys = self.statuses.keys.get(&issuer);
        let list_held = Some(give::Whole { sequence, hash })
            .filter(|_| !keys.is_some_and(|keys| begun.is_disowned(keys)));
        let serving = exchange::Serving::Statements { token, list: list_held };
        let what = Load::Statements { issuer, list, from };
        self.load(what, asking::Reading::Serve(serving));
    }
}

/// Where a whole list came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Origin {
    /// It was kept here.
    Disk,
    /// A peer gave it.
    Peer,
    /// Its attestor is this node's owner.
    Owner,
}

/// Reads a list that one of its attestor's keys signed.
fn read_list(bytes: &[u8], identity: &Identity) -> Option<List> {
    let credential = Credential::parse_within(bytes, bounds::STATUS_LIST).ok()?;
    List::read(&verified(credential, identity).ok()?).ok()
}

fn signers(identity: &Identity) -> Vec<PublicKey> {
    identity.history().document().assertion_keys().copied().collect()
}

impl Begun {
    /// Tells whether its attestor took the key away that signed it.
    fn is_disowned(&self, keys: &[PublicKey]) -> bool {
        self.key.is_some_and(|key| !keys.contains(&key))
    }
}

impl Followed {
    /// Tells whether fewer were asked for it at once than a cold look-up asks, and more are connected by now.
    const fn is_word_of_few(&self, connected: usize) -> bool {
        self.heard < ENOUGH && self.heard < connected
    }

    /// Counts the changes since the whole list that is held: at least as many as are kept.
    pub(super) fn way(&self) -> u64 {
        let (Some(ledger), Some(begun)) = (&self.ledger, self.list) else { return 0 };
        ledger.state().sequence().saturating_sub(begun.sequence)
    }

    /// Tells whether a newer whole list is worth its bytes: attestors sign one after half of this.
    fn is_long(&self) -> bool {
        self.way() >= 2 * LONGEST_WAY
    }

    /// Tells whether a whole list that a peer holds is worth fetching: it knows more than is known here,
    /// it may be signed anew where ours counts no more, or it makes a long way short.
    fn lacks(&self, whole: &give::Whole, keys: Option<&[PublicKey]>) -> bool {
        let (Some(ledger), Some(begun)) = (&self.ledger, self.list) else { return true };
        let disowned = keys.is_some_and(|keys| begun.is_disowned(keys)) && begun.hash != whole.hash;
        let shorter = self.is_long() && begun.sequence < whole.sequence;
        ledger.state().sequence() < whole.sequence || disowned || shorter
    }

    /// Tells whether the whole list held here is newer than `list`, and counts.
    fn is_ahead_of(&self, list: &List, keys: &[PublicKey]) -> bool {
        let counts = |begun: &Begun| begun.key.is_some() && !begun.is_disowned(keys);
        self.list.filter(counts).is_some_and(|begun| begun.sequence > list.sequence())
    }

    /// Tells whether `list` knows more than is known here, or says the same anew under a key that counts.
    fn is_told_more_by(&self, list: &List, keys: &[PublicKey]) -> bool {
        let Some(state) = self.ledger.as_ref().map(Ledger::state) else { return true };
        let anew = !keys.contains(state.key()) && state.as_of() < list.issued();
        state.sequence() < list.sequence() || (state.sequence() == list.sequence() && anew)
    }

    /// Tells whether the statements held here lead to what `list` says, or the next one will. Then the
    /// list held stays, and peers are told in a few bytes what changed since; not under another key,
    /// nor when it is a day old, nor when the way from it grows long.
    fn leads_to(&self, list: &List) -> bool {
        let (Some(ledger), Some(begun)) = (&self.ledger, self.list) else { return false };
        let state = ledger.state();
        list.sequence() <= state.sequence().saturating_add(1)
            && list.sequence().saturating_sub(begun.sequence) < LONGEST_WAY
            && list.issued() < begun.issued.plus(OLDEST)
            && list.key() == state.key()
    }
}

fn told(state: Option<&State>) -> Outcome {
    match state {
        Some(state) => Outcome::Status(Box::new(state.clone())),
        None => Outcome::Refused(Refusal::UnknownList),
    }
}

/// Changes after a list of our own before a newer one takes its place: half of what one answer holds.
const LONGEST_WAY: u64 = 64;

/// Seconds before a newer list of our own takes the place of one in any case.
const OLDEST: u64 = 86_400;

/// The age of a list that its owner wants whatever it is: nobody is asked for what is at hand.
const WHATEVER: u64 = u64::MAX;

/// Peers that are asked at once before what is known of a list is given: of so many, one is honest.
const ENOUGH: usize = 3;

/// Peers asked for a list that a command wants newer.
const ASKED: usize = 8;

/// Lists asked about with one peer: a few kilobytes, and all of most nodes'.
const REFRESHED: usize = 64;

/// How long a command waits for a list.
const LONGEST_MS: u64 = 8_000;
