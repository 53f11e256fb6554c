//! What attestors took back: the status lists of all attestors this node knows, folded as they change.
//!
//! A list is read once as a whole and then follows its statements, each a few bytes of gossip. A gap
//! is pulled from whoever showed it. A statement counts if its key stands in `assertionMethod` of the
//! attestor's newest known document.

use super::command::{Outcome, Refusal};
use super::effect::{Change, Class, Fault, Load, Loaded, Notice};
use super::forks::Evidence;
use super::identity::Identity;
use super::profiles::verified;
use super::{Engine, Then, asking, exchange};
use crate::credential::Credential;
use crate::did::Scid;
use crate::key::PublicKey;
use crate::status::ledger::{Ledger, LedgerError};
use crate::status::list::List;
use crate::status::statement::{Signed, Statement};
use crate::verdict::Verdict;
use crate::wire::bounds;
use crate::wire::exchange::{Request, Response, want};
use crate::wire::peer::Peer;
use crate::wire::topic::Kind;
use std::collections::BTreeMap;

/// The lists that are followed.
#[derive(Debug, Default)]
pub(super) struct Statuses {
    lists: BTreeMap<(Scid, u64), Followed>,
    /// The keys that may sign for an attestor, as its newest known document says.
    keys: BTreeMap<Scid, Vec<PublicKey>>,
}

#[derive(Debug, Default)]
struct Followed {
    ledger: Option<Ledger>,
    /// The list the ledger began with: its hash and sequence. The sequence is known once it is read.
    list: Option<([u8; 32], u64)>,
    stage: Stage,
    waiting: Vec<Pending>,
    /// Statements that came with a list that is still being fetched.
    pulled: Vec<Vec<u8>>,
    commands: Vec<(u64, u64)>,
    /// Peers that were asked and have not answered.
    open: usize,
    since_ms: u64,
}

/// Whether a list is at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    #[default]
    Unknown,
    /// It is being read from the disk.
    Reading,
    /// It is being fetched from a peer.
    Fetching,
    Ready,
}

/// A statement that waits for its list or its attestor's keys.
#[derive(Debug)]
struct Pending {
    signed: Signed,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Gossip { token: u64, peer: Peer },
    Pulled,
    Disk,
    Owner(u64),
}

impl Statuses {
    pub(super) fn new(lists: Vec<(Scid, u64, [u8; 32])>) -> Self {
        let followed = |hash| Followed { list: Some((hash, 0)), ..Followed::default() };
        let lists = lists.into_iter().map(|(scid, list, hash)| ((scid, list), followed(hash)));
        Self { lists: lists.collect(), keys: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.lists.len()
    }

    /// Gives what is kept of a list, and a new one if there is room.
    fn follow(&mut self, issuer: Scid, list: u64) -> Option<&mut Followed> {
        if self.lists.len() >= MAX_LISTS && !self.lists.contains_key(&(issuer, list)) {
            return None;
        }
        Some(self.lists.entry((issuer, list)).or_default())
    }
}

impl Engine {
    pub(super) fn statement_announced(&mut self, token: u64, peer: Peer, bytes: &[u8]) {
        match Signed::parse(bytes, self.config.network.id().as_str()) {
            Ok(signed) => self.statement(signed, Source::Gossip { token, peer }),
            Err(_) => self.reject(token, &peer, Fault::BadSignature),
        }
    }

    pub(super) fn publish_statement(
        &mut self,
        command: u64,
        bytes: Vec<u8>,
        list: Option<Vec<u8>>,
    ) {
        let Ok(signed) = Signed::parse(&bytes, self.config.network.id().as_str()) else {
            return self.answer(command, Outcome::Refused(Refusal::NotAStatement));
        };
        let (issuer, number) = (signed.unauthorized().issuer, signed.unauthorized().list);
        if let Some(bytes) = list {
            self.with_identity(issuer, Then::List { list: number, bytes, ours: true });
        }
        self.statement(signed, Source::Owner(command));
    }

    /// Lines a statement up for its list.
    fn statement(&mut self, signed: Signed, source: Source) {
        let (issuer, list) = (signed.unauthorized().issuer, signed.unauthorized().list);
        let followed = self.statuses.follow(issuer, list);
        match followed.filter(|followed| followed.waiting.len() < MAX_WAITING) {
            Some(followed) => followed.waiting.push(Pending { signed, source }),
            None => return self.close_statement(&source, Verdict::Ignore, None),
        }
        if self.statuses.keys.contains_key(&issuer) {
            self.proceed(issuer, list);
        } else {
            self.with_identity(issuer, Then::Issuer);
        }
    }

    /// The document of an attestor changed: its keys are read again when they are needed.
    pub(super) fn issuer_changed(&mut self, scid: &Scid) {
        self.statuses.keys.remove(scid);
    }

    pub(super) fn issuer_identity(&mut self, issuer: Scid, identity: Option<&Identity>) {
        match identity {
            Some(identity) => {
                let keys = identity.history().document().assertion_keys().copied().collect();
                self.statuses.keys.insert(issuer, keys);
            }
            // Nobody can tell what an unknown attestor may sign: get to know it for the next time.
            None => self.find(None, issuer, super::command::Freshness::Held),
        }
        let range = (issuer, 0)..=(issuer, u64::MAX);
        let lists: Vec<u64> =
            self.statuses.lists.range(range).map(|((_, list), _)| *list).collect();
        for list in lists {
            self.proceed(issuer, list);
        }
    }

    /// Sees to a list until it is at hand, and then to the statements that wait for it.
    fn proceed(&mut self, issuer: Scid, list: u64) {
        let known = self.statuses.keys.contains_key(&issuer);
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        let waits = !followed.waiting.is_empty() || !followed.commands.is_empty();
        match followed.stage {
            Stage::Ready => self.drain(issuer, list),
            Stage::Reading | Stage::Fetching => {}
            Stage::Unknown if !known => self.drop_waiting(issuer, list),
            Stage::Unknown => match followed.list {
                Some((hash, _)) if waits => {
                    followed.stage = Stage::Reading;
                    self.load(Load::Body(hash), asking::Reading::List(issuer, list));
                }
                _ => self.fetch_list(issuer, list),
            },
        }
    }

    fn drop_waiting(&mut self, issuer: Scid, list: u64) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        let waiting = core::mem::take(&mut followed.waiting);
        if followed.ledger.is_none() && followed.list.is_none() && followed.commands.is_empty() {
            self.statuses.lists.remove(&(issuer, list));
        }
        for pending in waiting {
            self.close_statement(&pending.source, Verdict::Ignore, None);
        }
    }

    /// Asks whoever told of a list for the whole of it, else any peers.
    fn fetch_list(&mut self, issuer: Scid, list: u64) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        let teller = followed.waiting.iter().rev().find_map(|pending| match &pending.source {
            Source::Gossip { peer, .. } => Some(peer.clone()),
            Source::Pulled | Source::Disk | Source::Owner(_) => None,
        });
        let asked = match teller {
            Some(peer) if followed.commands.is_empty() => vec![peer],
            Some(_) | None => self.peers.some(&mut self.dice, ASKED, &[]),
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

    pub(super) fn statements(
        &mut self,
        issuer: Scid,
        list: u64,
        peer: &Peer,
        response: Option<Response>,
    ) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        followed.open = followed.open.saturating_sub(1);
        if let Some(Response::Status(status)) = response {
            let state = followed.ledger.as_ref().map(Ledger::state);
            let have = state.map(|state| state.sequence().saturating_add(1));
            let network = self.config.network.id().as_str();
            let first =
                status.statements.first().and_then(|bytes| Signed::parse(bytes, network).ok());
            let gap = first
                .is_some_and(|first| have.is_none_or(|have| first.unauthorized().from >= have));
            match status.list {
                // Only the whole list leads there.
                Some(hash) if gap || have.is_none() => {
                    followed.pulled = status.statements;
                    followed.open = followed.open.saturating_add(1);
                    let purpose = asking::Purpose::List(issuer, list);
                    self.ask(peer, Request::Body(hash), purpose);
                }
                Some(_) | None => {
                    self.follow_all(issuer, list, &status.statements, &Source::Pulled)
                }
            }
        }
        self.settle_list(issuer, list);
    }

    pub(super) fn list_body(&mut self, issuer: Scid, list: u64, response: Option<Response>) {
        if let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) {
            followed.open = followed.open.saturating_sub(1);
        }
        match response {
            Some(Response::Body(bytes)) => {
                self.with_identity(issuer, Then::List { list, bytes, ours: false });
            }
            Some(_) | None => self.settle_list(issuer, list),
        }
    }

    pub(super) fn list_loaded(&mut self, issuer: Scid, list: u64, loaded: Loaded) {
        if let Loaded::Body(Some(bytes)) = loaded {
            return self.with_identity(issuer, Then::List { list, bytes, ours: false });
        }
        // Our copy is gone: as if we had never had it.
        if let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) {
            followed.list = None;
            followed.stage = Stage::Unknown;
        }
        self.fetch_list(issuer, list);
    }

    /// Begins with a whole list that its attestor signed.
    pub(super) fn start_list(
        &mut self,
        issuer: Scid,
        number: u64,
        bytes: Vec<u8>,
        ours: bool,
        identity: Option<&Identity>,
    ) {
        let credential = Credential::parse_within(&bytes, bounds::STATUS_LIST).ok();
        let claim =
            credential.zip(identity).and_then(|(one, identity)| verified(one, identity).ok());
        let list = claim.and_then(|claim| List::read(&claim).ok());
        let list = list.filter(|list| list.number() == number && list.issuer() == issuer);
        let class = if ours { Class::Kept } else { self.class(&issuer) };
        let Some(followed) = self.statuses.follow(issuer, number) else { return };
        let Some(list) = list else { return self.settle_list(issuer, number) };
        let have = followed.ledger.as_ref().map(|ledger| ledger.state().sequence());
        if have.is_none_or(|have| have < list.sequence()) {
            followed.ledger = Some(Ledger::start(&list));
        }
        let from_disk = followed.stage == Stage::Reading;
        let pulled = core::mem::take(&mut followed.pulled);
        if from_disk {
            followed.list = followed.list.map(|(hash, _)| (hash, list.sequence()));
            let from = list.sequence().saturating_add(1);
            let what = Load::Statements { issuer, list: number, from };
            return self.load(what, asking::Reading::Statements(issuer, number));
        }
        followed.stage = Stage::Ready;
        let hash = self.save_body(bytes, class);
        if let Some(followed) = self.statuses.lists.get_mut(&(issuer, number)) {
            followed.list = Some((hash, list.sequence()));
        }
        self.save(Change::List { issuer, list: number, hash, class });
        self.follow_all(issuer, number, &pulled, &Source::Pulled);
        self.settle_list(issuer, number);
    }

    pub(super) fn statements_loaded(&mut self, issuer: Scid, list: u64, loaded: Loaded) {
        if let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) {
            followed.stage = Stage::Ready;
        }
        if let Loaded::Statements(statements) = loaded {
            self.follow_all(issuer, list, &statements, &Source::Disk);
        }
        self.drain(issuer, list);
        // A command may want it newer than it was when we stopped.
        let commands = self.statuses.lists.get_mut(&(issuer, list));
        let commands = commands.map(|followed| core::mem::take(&mut followed.commands));
        for (command, max_age) in commands.unwrap_or_default() {
            self.ask_status(command, issuer, list, max_age);
        }
    }

    /// Adds statements in order; those that do not follow are left.
    fn follow_all(&mut self, issuer: Scid, list: u64, statements: &[Vec<u8>], source: &Source) {
        for bytes in statements {
            let Ok(signed) = Signed::parse(bytes, self.config.network.id().as_str()) else {
                continue;
            };
            let body = signed.unauthorized();
            if (body.issuer, body.list) == (issuer, list) {
                self.add(Pending { signed, source: source.clone() });
            }
        }
    }

    /// Adds what waits.
    fn drain(&mut self, issuer: Scid, list: u64) {
        let followed = self.statuses.lists.get_mut(&(issuer, list));
        let waiting = followed.map(|followed| core::mem::take(&mut followed.waiting));
        for pending in waiting.unwrap_or_default() {
            self.add(pending);
        }
    }

    /// Adds one statement to its list, which is at hand.
    fn add(&mut self, pending: Pending) {
        let Pending { signed, source } = pending;
        let (issuer, list) = (signed.unauthorized().issuer, signed.unauthorized().list);
        let keys = self.statuses.keys.get(&issuer);
        let Ok(statement) = signed.authorize(|_, key| keys.is_some_and(|keys| keys.contains(key)))
        else {
            return self.close_statement(&source, Verdict::Ignore, None);
        };
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        let Some(ledger) = &followed.ledger else { return };
        match ledger.append(&statement, self.now.wall) {
            Ok(ledger) => {
                followed.ledger = Some(ledger);
                self.added(&statement, &source);
            }
            Err(LedgerError::Gap { .. }) if matches!(source, Source::Gossip { .. }) => {
                // Pull what is between, then try once more.
                let signed = Signed::parse(statement.sealed(), self.config.network.id().as_str());
                followed.waiting.extend(signed.ok().map(|signed| Pending { signed, source }));
                if followed.open == 0 {
                    self.fetch_list(issuer, list);
                }
            }
            Err(LedgerError::Forked(fork)) => {
                self.statement_fork(issuer, [fork.first, fork.second]);
                self.close_statement(&source, Verdict::Ignore, None);
            }
            Err(error) => {
                let again = matches!(error, LedgerError::Old { .. });
                let known = again.then_some(&statement);
                self.close_statement(&source, error.verdict(), known);
            }
        }
    }

    /// Saves a statement that follows, and tells of it.
    fn added(&mut self, statement: &Statement, source: &Source) {
        let body = statement.body();
        let (issuer, list, sequence) = (body.issuer, body.list, body.to);
        if !matches!(source, Source::Disk) {
            let class = self.class(&issuer);
            let (heartbeat, bytes) = (body.is_heartbeat(), statement.sealed().to_vec());
            self.save(Change::Statement { issuer, list, sequence, heartbeat, bytes, class });
            let flipped = body.flips.clone();
            self.notify(&issuer, Notice::Status { issuer, list, sequence, flipped });
        }
        self.close_statement(source, Verdict::Accept, Some(statement));
    }

    /// Tells whoever brought a statement what became of it.
    fn close_statement(&mut self, source: &Source, verdict: Verdict, known: Option<&Statement>) {
        match (source, known) {
            (Source::Gossip { token, .. }, _) => self.judge(*token, verdict),
            (Source::Owner(command), Some(statement)) => {
                self.announce(Kind::Status, statement.sealed().to_vec());
                let outcome = Outcome::Published { receipts: Vec::new(), announced: true };
                self.answer(*command, outcome);
            }
            (Source::Owner(command), None) => {
                self.answer(*command, Outcome::Refused(Refusal::NotAStatement));
            }
            (Source::Pulled | Source::Disk, _) => {}
        }
    }

    fn statement_fork(&mut self, issuer: Scid, sides: [Vec<u8>; 2]) {
        // The other side may be a whole list, which is too large for a proof.
        let network = self.config.network.id().as_str();
        if sides.iter().all(|side| Signed::parse(side, network).is_ok()) {
            self.record_fork(issuer, &Evidence::Statements(sides), true);
        }
    }

    /// Gives a list to the owner, asking peers first if it is older than the owner allows.
    pub(super) fn ask_status(&mut self, command: u64, issuer: Scid, list: u64, max_age: u64) {
        let oldest = self.now.wall.minus(max_age);
        let since_ms = self.now.monotonic_ms;
        let known = self.statuses.keys.contains_key(&issuer);
        let Some(followed) = self.statuses.follow(issuer, list) else {
            return self.answer(command, Outcome::Refused(Refusal::Busy));
        };
        let state = followed.ledger.as_ref().map(Ledger::state);
        if let Some(state) = state.filter(|state| state.as_of() >= oldest) {
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

    /// Goes on after an answer: adds what waits, and once nobody is left to answer, tells the owner.
    fn settle_list(&mut self, issuer: Scid, list: u64) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        if followed.ledger.is_some() && followed.stage != Stage::Reading {
            followed.stage = Stage::Ready;
            self.drain(issuer, list);
        }
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        if followed.open == 0 {
            self.give_up_list(issuer, list);
        }
    }

    /// Tells the owner what is known, and lets go of what waits in vain.
    fn give_up_list(&mut self, issuer: Scid, list: u64) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        if followed.ledger.is_none() {
            followed.stage = Stage::Unknown;
        }
        let commands = core::mem::take(&mut followed.commands);
        let state = followed.ledger.as_ref().map(|ledger| ledger.state().clone());
        for (command, _) in commands {
            let outcome = match &state {
                Some(state) => Outcome::Status(Box::new(state.clone())),
                None => Outcome::Refused(Refusal::UnknownList),
            };
            self.answer(command, outcome);
        }
        self.drop_waiting(issuer, list);
    }

    pub(super) fn hurry_statuses(&mut self) {
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
    pub(super) fn give_statements(&mut self, token: u64, wanted: want::Status) {
        let want::Status { issuer, list, from } = wanted;
        let followed = self.statuses.lists.get(&(issuer, list));
        let Some((hash, sequence)) = followed.and_then(|followed| followed.list) else {
            return self.respond(token, &Response::Nothing);
        };
        // What led to the list we hold is in the list.
        let from = from.max(sequence.saturating_add(1));
        let serving = exchange::Serving::Statements { token, list: Some(hash) };
        let what = Load::Statements { issuer, list, from };
        self.load(what, asking::Reading::Serve(serving));
    }
}

/// Lists followed: at 16 KiB of bits each, 16 MiB.
const MAX_LISTS: usize = 1024;

/// Statements that wait for one list.
const MAX_WAITING: usize = 32;

/// Peers asked for a list that a command wants newer.
const ASKED: usize = 3;

/// How long a command waits for a list.
const LONGEST_MS: u64 = 8_000;
