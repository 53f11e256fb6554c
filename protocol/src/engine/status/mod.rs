//! What attestors took back: the status lists of all attestors this node knows, folded as they change.
//!
//! A list is read once as a whole and then follows its statements, each a few bytes of gossip. A gap
//! is pulled from whoever showed it. A statement counts if its key stands in `assertionMethod` of the
//! attestor's newest known document.

mod list;

pub(super) use list::Origin;

use super::command::{Outcome, Refusal};
use super::effect::{Change, Effect, Fault, Load, Notice};
use super::forks::Evidence;
use super::identity::Identity;
use super::pace::Saying;
use super::{Engine, Then, asking};
use crate::did::Scid;
use crate::key::PublicKey;
use crate::status::ledger::{Fork, Ledger, LedgerError};
use crate::status::list::List;
use crate::status::statement::{Signed, Statement};
use crate::time::Timestamp;
use crate::verdict::Verdict;
use crate::wire::peer::Peer;
use crate::wire::topic::Kind;
use std::collections::BTreeMap;

/// The lists that are followed.
#[derive(Debug, Default)]
pub(super) struct Statuses {
    lists: BTreeMap<(Scid, u64), Followed>,
    /// The keys that may sign for an attestor, as its newest known document says.
    keys: BTreeMap<Scid, Vec<PublicKey>>,
    /// The list behind which the next peer is asked for what is newer.
    refreshed: Option<(Scid, u64)>,
}

#[derive(Debug, Default)]
struct Followed {
    ledger: Option<Ledger>,
    list: Option<Begun>,
    stage: Stage,
    waiting: Vec<Pending>,
    /// Statements that came with the name of a list which is still being fetched.
    pulled: Vec<Vec<u8>>,
    commands: Vec<(u64, u64)>,
    /// Commands that want what is known here, and wait for the disk alone.
    looks: Vec<u64>,
    /// When the last heartbeat was passed on, and for which sequence.
    beat: Option<(u64, u64)>,
    /// Peers that were asked and have not answered.
    open: usize,
    /// How many were asked at once, the last time that was more than the one who told of it.
    heard: usize,
    since_ms: u64,
}

/// The list a ledger began with. All but its hash is known once it is read.
#[derive(Debug, Clone, Copy)]
struct Begun {
    hash: [u8; 32],
    sequence: u64,
    issued: Timestamp,
    key: Option<PublicKey>,
}

impl Begun {
    const fn unread(hash: [u8; 32]) -> Self {
        Self { hash, sequence: 0, issued: Timestamp::from_seconds(0), key: None }
    }

    fn read(hash: [u8; 32], list: &List) -> Self {
        let (sequence, issued, key) = (list.sequence(), list.issued(), Some(*list.key()));
        Self { hash, sequence, issued, key }
    }
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

/// A statement that waits for its list, its attestor's keys, or what comes before it.
#[derive(Debug)]
struct Pending {
    signed: Signed,
    source: Source,
    /// Whoever brought it was asked for what comes before it.
    asked: bool,
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
        let followed = |hash| Followed { list: Some(Begun::unread(hash)), ..Followed::default() };
        let lists = lists.into_iter().map(|(scid, list, hash)| ((scid, list), followed(hash)));
        Self { lists: lists.collect(), ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.lists.len()
    }

    /// Tells whether a list of this attestor that is followed began with the one of this hash.
    pub(super) fn begins_with(&self, issuer: &Scid, hash: &[u8; 32]) -> bool {
        let mut theirs = self.lists.range((*issuer, 0)..=(*issuer, u64::MAX));
        theirs.any(|(_, followed)| followed.list.is_some_and(|begun| begun.hash == *hash))
    }

    /// Tells whether this is a whole list that is held.
    pub(super) fn holds(&self, hash: &[u8; 32]) -> bool {
        self.lists.values().any(|followed| followed.list.is_some_and(|begun| begun.hash == *hash))
    }

    /// Gives a list as it is known now.
    #[cfg(test)]
    pub(super) fn known(&self, issuer: &Scid, list: u64) -> Option<&crate::status::ledger::State> {
        self.lists.get(&(*issuer, list))?.ledger.as_ref().map(Ledger::state)
    }

    /// Tells whether any list of this attestor is followed.
    fn follows(&self, issuer: &Scid) -> bool {
        self.lists.range((*issuer, 0)..=(*issuer, u64::MAX)).next().is_some()
    }

    /// Tells whether there is room for the bits of attestors that do not matter here.
    fn has_room(&self) -> bool {
        let ledgers = self.lists.values().filter_map(|followed| followed.ledger.as_ref());
        let bits = ledgers.map(|ledger| ledger.state().bits().count() / 8);
        bits.fold(0, u64::saturating_add) < ROOM
    }

    /// Gives what is kept of a list, and a new one if there is room. Lists of whoever matters here take
    /// the place of others; of anybody else there are few, for anybody can sign a thousand.
    fn follow(
        &mut self,
        issuer: Scid,
        list: u64,
        matters: impl Fn(&Scid) -> bool,
    ) -> (Option<&mut Followed>, Option<Change>) {
        let mut gone = None;
        if !self.lists.contains_key(&(issuer, list)) {
            let theirs = (issuer, 0)..=(issuer, u64::MAX);
            let many = self.lists.range(theirs).count() >= MAX_LISTS_OF_ONE;
            if !matters(&issuer) && (many || self.lists.len() >= MAX_LISTS) {
                return (None, None);
            }
            if self.lists.len() >= MAX_LISTS {
                let idle = |followed: &Followed| followed.is_idle();
                let mut others = self.lists.iter();
                let other = others.find(|((whose, _), one)| !matters(whose) && idle(one));
                let Some((issuer, list)) = other.map(|(key, _)| *key) else { return (None, None) };
                let begun = self.lists.remove(&(issuer, list)).and_then(|other| other.list);
                let hash = begun.map(|begun| begun.hash);
                gone = Some(Change::DropList { issuer, list, hash });
            }
        }
        (Some(self.lists.entry((issuer, list)).or_default()), gone)
    }

    /// Lets go of the lists of an attestor that is not held any more, but for those somebody waits for,
    /// and names them.
    pub(super) fn forget(&mut self, issuer: &Scid) -> Vec<u64> {
        let theirs = (*issuer, 0)..=(*issuer, u64::MAX);
        let numbers: Vec<u64> = self.lists.range(theirs).map(|((_, list), _)| *list).collect();
        for number in &numbers {
            let key = (*issuer, *number);
            let Some(followed) = self.lists.get_mut(&key) else { continue };
            followed.list = None;
            if followed.is_idle() {
                self.lists.remove(&key);
            }
        }
        self.keys.remove(issuer);
        numbers
    }
}

impl Followed {
    /// Tells whether this is a heartbeat a moment after another one for the same sequence. What changes
    /// the list is never too soon, nor the first heartbeat behind it.
    fn is_too_soon(&self, statement: &Statement, source: &Source, now_ms: u64) -> bool {
        let again = |(at_ms, sequence): (u64, u64)| {
            sequence == statement.body().to && now_ms.saturating_sub(at_ms) < BETWEEN_BEATS_MS
        };
        matches!(source, Source::Gossip { .. })
            && statement.body().is_heartbeat()
            && self.beat.is_some_and(again)
    }

    /// Notes a heartbeat that others hear of from here.
    const fn note_beat(&mut self, statement: &Statement, source: &Source, now_ms: u64) {
        let told = matches!(source, Source::Gossip { .. } | Source::Owner(_));
        if told && statement.body().is_heartbeat() {
            self.beat = Some((now_ms, statement.body().to));
        }
    }

    /// Tells whether nobody waits for it.
    const fn is_idle(&self) -> bool {
        let unasked = self.commands.is_empty() && self.looks.is_empty();
        unasked && self.waiting.is_empty() && self.open == 0
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
            let origin = Origin::Owner;
            self.with_identity(issuer, Then::List { list: number, bytes, origin });
        }
        self.statement(signed, Source::Owner(command));
    }

    /// Gives what is kept of a list, or begins to keep it if there is room.
    fn follow(&mut self, issuer: Scid, list: u64) -> Option<&mut Followed> {
        let (own, trust, watched) = (&self.config.own, &self.config.trust, &self.watched);
        let matters =
            |scid: &Scid| own.contains(scid) || trust.contains(scid) || watched.contains(scid);
        let (followed, gone) = self.statuses.follow(issuer, list, matters);
        self.effects.extend(gone.map(Effect::Save));
        followed
    }

    /// Lines a statement up for its list.
    fn statement(&mut self, signed: Signed, source: Source) {
        let (issuer, list) = (signed.unauthorized().issuer, signed.unauthorized().list);
        let followed = self.follow(issuer, list);
        match followed.filter(|followed| followed.waiting.len() < MAX_WAITING) {
            Some(followed) => followed.waiting.push(Pending { signed, source, asked: false }),
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
            Some(identity) if self.statuses.follows(&issuer) => {
                let keys = identity.history().document().assertion_keys().copied().collect();
                self.statuses.keys.insert(issuer, keys);
            }
            Some(_) => return,
            // Nobody can tell what an unknown attestor may sign: get to know it for the next time.
            None => self.find_out(issuer, None),
        }
        let range = (issuer, 0)..=(issuer, u64::MAX);
        let lists: Vec<u64> =
            self.statuses.lists.range(range).map(|((_, list), _)| *list).collect();
        for list in lists {
            match identity {
                Some(_) => self.proceed(issuer, list),
                None => self.drop_waiting(issuer, list),
            }
        }
    }

    /// Sees to a list until it is at hand, and then to the statements that wait for it.
    fn proceed(&mut self, issuer: Scid, list: u64) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        let waits = !followed.waiting.is_empty()
            || !followed.commands.is_empty()
            || !followed.looks.is_empty();
        match followed.stage {
            Stage::Ready => self.settle_list(issuer, list),
            Stage::Reading | Stage::Fetching => {}
            Stage::Unknown => match followed.list {
                Some(begun) if waits => {
                    followed.stage = Stage::Reading;
                    self.load(Load::Body(begun.hash), asking::Reading::List(issuer, list));
                }
                _ => self.fetch_list(issuer, list),
            },
        }
    }

    fn drop_waiting(&mut self, issuer: Scid, list: u64) {
        self.answer_looks(issuer, list);
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        let waiting = core::mem::take(&mut followed.waiting);
        if followed.ledger.is_none() && followed.list.is_none() && followed.commands.is_empty() {
            self.statuses.lists.remove(&(issuer, list));
            let others = (issuer, 0)..=(issuer, u64::MAX);
            if self.statuses.lists.range(others).next().is_none() {
                self.statuses.keys.remove(&issuer);
            }
        }
        for pending in waiting {
            self.close_statement(&pending.source, Verdict::Ignore, None);
        }
    }

    /// Lines statements up, in order, before those that wait, and adds them.
    fn follow_all(&mut self, issuer: Scid, list: u64, statements: &[Vec<u8>], source: &Source) {
        let network = self.config.network.id().as_str();
        let signed = statements.iter().filter_map(|bytes| Signed::parse(bytes, network).ok());
        let of_this = signed.filter(|signed| {
            let body = signed.unauthorized();
            (body.issuer, body.list) == (issuer, list)
        });
        let pending = |signed| Pending { signed, source: source.clone(), asked: false };
        if let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) {
            followed.waiting.splice(0..0, of_this.map(pending));
        }
        self.drain(issuer, list);
    }

    /// Adds what waits, in order; what does not follow is left. The attestor's keys are read first if
    /// its document changed.
    fn drain(&mut self, issuer: Scid, list: u64) {
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        if followed.waiting.is_empty() {
            return;
        }
        if !self.statuses.keys.contains_key(&issuer) {
            return self.with_identity(issuer, Then::Issuer);
        }
        for pending in core::mem::take(&mut followed.waiting) {
            self.add(pending);
        }
    }

    /// Adds one statement to its list, which is at hand.
    fn add(&mut self, pending: Pending) {
        let Pending { signed, source, asked } = pending;
        let (issuer, list) = (signed.unauthorized().issuer, signed.unauthorized().list);
        let keys = self.statuses.keys.get(&issuer);
        let Ok(statement) = signed.authorize(|_, key| keys.is_some_and(|keys| keys.contains(key)))
        else {
            return self.close_statement(&source, Verdict::Ignore, None);
        };
        let Some(followed) = self.statuses.lists.get_mut(&(issuer, list)) else { return };
        let Some(ledger) = &followed.ledger else { return };
        let now_ms = self.now.monotonic_ms;
        let changes = !statement.body().is_heartbeat();
        let hurries = match source {
            Source::Gossip { .. } => {
                changes && !self.pace.allows(&issuer, Saying::Statement, now_ms)
            }
            Source::Pulled | Source::Disk | Source::Owner(_) => false,
        };
        // Until a whole list makes the way from the one held short again, nothing is put on top.
        let too_many = match source {
            Source::Gossip { .. } | Source::Pulled => changes && followed.way() >= MOST_KEPT,
            Source::Disk | Source::Owner(_) => false,
        };
        if hurries || too_many {
            return self.close_statement(&source, Verdict::Ignore, None);
        }
        match ledger.append(&statement, self.now.wall) {
            // It says once more what was just said, and everybody would pass it on.
            Ok(_) if followed.is_too_soon(&statement, &source, now_ms) => {
                self.close_statement(&source, Verdict::Ignore, None);
            }
            Ok(ledger) => {
                followed.ledger = Some(ledger);
                followed.note_beat(&statement, &source, now_ms);
                self.added(&statement, &source);
            }
            Err(LedgerError::Gap { .. }) if !asked && matches!(source, Source::Gossip { .. }) => {
                // Pull what is between, then try once more, and only once.
                let signed = Signed::parse(statement.sealed(), self.config.network.id().as_str());
                let again = |signed| Pending { signed, source, asked: true };
                followed.waiting.extend(signed.ok().map(again));
                if followed.open == 0 {
                    self.fetch_list(issuer, list);
                }
            }
            Err(LedgerError::Forked(fork)) => {
                self.status_fork(issuer, *fork);
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
            let flipped = body.flips.iter().map(|flip| flip.index).collect();
            self.notify(&issuer, Notice::Status { issuer, list, sequence, flipped });
        }
        if let (Source::Gossip { peer, .. }, false) = (source, body.is_heartbeat()) {
            self.pace.count(issuer, Saying::Statement, self.now.monotonic_ms);
            self.shorten_way(issuer, list, peer);
        }
        self.close_statement(source, Verdict::Accept, Some(statement));
    }

    /// Tells whoever brought a statement what became of it.
    fn close_statement(&mut self, source: &Source, verdict: Verdict, known: Option<&Statement>) {
        match (source, known) {
            (Source::Gossip { token, .. }, Some(statement)) if statement.body().is_heartbeat() => {
                self.judge_for_others(*token, verdict);
            }
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

    /// Keeps the proof that an attestor signed two histories of one list.
    fn status_fork(&mut self, issuer: Scid, fork: Fork) {
        let evidence = Evidence::Status([fork.first, fork.second]);
        let _kept = self.record_fork(issuer, &evidence, true);
    }
}

/// Lists followed at all.
const MAX_LISTS: usize = 1024;

/// Lists followed of one attestor that does not matter here: a million claims.
const MAX_LISTS_OF_ONE: usize = 8;

/// Bytes of bits beyond which only lists of attestors that matter here are begun: a thousand lists of
/// the usual 16 KiB fit twice, and one attestor's megabytes push nobody out.
const ROOM: u64 = 32 * 1024 * 1024;

/// Between two heartbeats of one list that are passed on: attestors send one every fifteen minutes, and
/// once more when they start.
const BETWEEN_BEATS_MS: u64 = 60_000;

/// Changes kept behind a whole list, half a megabyte at most: a newer list, which its attestor signs long
/// before, takes their place. Suspensions come and go, so the size of the list bounds nothing.
pub(super) const MOST_KEPT: u64 = 512;

/// Statements that wait for one list.
const MAX_WAITING: usize = 32;
