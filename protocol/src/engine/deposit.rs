//! How a home has its objects kept: by three keepers of different prefixes, each given what it lacks.
//!
//! What a keeper holds is known from its receipts, so that usually only the newest entry travels, in
//! one round trip. A keeper of which nothing is known gets the whole of a short log, and of a long one
//! the newest entry, because keepers follow gossip; if it holds something else it says what. A
//! keeper that refuses for now is asked again after a pause that grows, and others instead of it at
//! once.

use super::command::Outcome;
use super::config::Role;
use super::effect::{Change, Fault, Load, Loaded};
use super::identity::Identity;
use super::{Chore, Engine, Then, asking};
use crate::did::Scid;
use crate::did::log::entry::VersionId;
use crate::encoding::multihash::sha256;
use crate::wire::exchange::deposit::{Deposit, Lacks, Reason};
use crate::wire::exchange::hello::Roles;
use crate::wire::exchange::{Request, Response};
use crate::wire::head::HeadHash;
use crate::wire::peer::Peer;
use crate::wire::receipt::Receipt;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What of our own waits for keepers, and what they hold.
#[derive(Debug, Default)]
pub(super) struct Deposits {
    open: BTreeMap<Scid, Depositing>,
    held: BTreeMap<(Scid, Peer), Held>,
}

#[derive(Debug)]
struct Depositing {
    /// What is deposited; none while it is read from the disk, and once there are enough receipts.
    goods: Option<Goods>,
    hash: HeadHash,
    receipts: Vec<Vec<u8>>,
    keepers: BTreeMap<Peer, Turn>,
    commands: Vec<u64>,
    since_ms: u64,
}

#[derive(Debug)]
struct Goods {
    identity: Arc<Identity>,
    head: Vec<u8>,
    showcase: Option<Vec<u8>>,
}

/// Where it stands with one keeper.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// It was asked. `told` if it said what it holds: it is not believed twice.
    Asked { told: bool, pause_ms: u64 },
    /// It promised.
    Kept,
    /// It may be asked again then, and waits longer the next time.
    Later { at_ms: u64, pause_ms: u64 },
    /// It will not, however often it is asked.
    Never,
}

/// What a keeper holds of one of our own, as it said or promised.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    version: Option<VersionId>,
    /// SHA-256 of the witness file and of the showcase it was given.
    witness: Option<[u8; 32]>,
    showcase: Option<[u8; 32]>,
}

impl Deposits {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    fn hold(&mut self, scid: Scid, keeper: Peer, held: Held) {
        if self.held.len() >= MAX_HELD {
            // Forgotten, it costs one more round trip.
            self.held.clear();
        }
        self.held.insert((scid, keeper), held);
    }
}

impl Goods {
    fn scid(&self) -> Scid {
        self.identity.scid()
    }

    /// Says what a keeper holds once it has promised.
    fn held(&self) -> Held {
        Held {
            version: Some(self.identity.history().version_id()),
            witness: self.identity.witnesses().map(sha256),
            showcase: self.showcase.as_deref().map(sha256),
        }
    }

    /// Gives what a keeper lacks that holds `held`, as far as that is known.
    fn parcel(&self, held: Option<&Held>) -> Deposit {
        let all = self.held();
        let after = match held {
            Some(held) => held.version.filter(|version| self.identity.holds(*version)),
            None if self.identity.log().len() <= SMALL => None,
            None => self.identity.history().parent().map(|parent| parent.version_id()),
        };
        let log = self.identity.lines_after(after.map_or(0, |version| version.number)).to_vec();
        let has_file = held.is_some_and(|held| held.witness == all.witness);
        let has_showcase = held.is_some_and(|held| held.showcase == all.showcase);
        Deposit {
            after,
            witness: self.identity.witnesses().filter(|_| !has_file).map(<[u8]>::to_vec),
            head: self.head.clone(),
            showcase: self.showcase.clone().filter(|_| !has_showcase),
            log,
        }
    }
}

impl Depositing {
    fn asked(&self) -> usize {
        self.keepers.values().filter(|turn| matches!(turn, Turn::Asked { .. })).count()
    }

    fn missing(&self) -> usize {
        RECEIPTS.saturating_sub(self.receipts.len()).saturating_sub(self.asked())
    }

    /// Lists the keepers whose turn comes again.
    fn due(&self, now_ms: u64) -> Vec<Peer> {
        let due = |turn: &Turn| matches!(turn, Turn::Later { at_ms, .. } if *at_ms <= now_ms);
        self.keepers.iter().filter(|(_, turn)| due(turn)).map(|(peer, _)| peer.clone()).collect()
    }

    /// Gives how long a keeper paused before.
    fn pause(&self, peer: &Peer) -> u64 {
        match self.keepers.get(peer) {
            Some(Turn::Asked { pause_ms, .. } | Turn::Later { pause_ms, .. }) => *pause_ms,
            Some(Turn::Kept | Turn::Never) | None => 0,
        }
    }
}

impl Engine {
    /// Begins to deposit the newest of one of our own.
    pub(super) fn begin_deposit(&mut self, scid: Scid, hash: HeadHash, command: Option<u64>) {
        let earlier = self.deposits.open.remove(&scid);
        let mut commands = earlier.map(|earlier| earlier.commands).unwrap_or_default();
        commands.extend(command);
        let since_ms = self.now.monotonic_ms;
        let depositing = Depositing {
            goods: None,
            hash,
            receipts: Vec::new(),
            keepers: BTreeMap::new(),
            commands,
            since_ms,
        };
        self.deposits.open.insert(scid, depositing);
        // With nobody there the owner need not wait; with somebody, a keeper may show in a moment.
        self.answer_deposit(scid, self.peers.len() == 0);
        self.with_identity(scid, Then::Deposit);
    }

    pub(super) fn deposit_identity(&mut self, scid: Scid, identity: Option<Arc<Identity>>) {
        let listing = self.directory.get(&scid);
        let head = listing.and_then(|listing| listing.head.clone());
        let (Some(identity), Some(head)) = (identity, head) else { return };
        let showcase = listing.and_then(|listing| listing.showcase);
        let Some(depositing) = self.deposits.open.get_mut(&scid) else { return };
        // A newer one was published meanwhile, and is deposited itself.
        if depositing.hash != HeadHash::of(&head) {
            return;
        }
        depositing.goods = Some(Goods { identity, head, showcase: None });
        match showcase {
            Some(hash) => self.load(Load::Body(hash), asking::Reading::Deposit(scid)),
            None => self.deposit_with(scid),
        }
    }

    pub(super) fn deposit_loaded(&mut self, scid: Scid, loaded: Loaded) {
        let depositing = self.deposits.open.get_mut(&scid);
        let goods = depositing.and_then(|depositing| depositing.goods.as_mut());
        if let (Some(goods), Loaded::Body(showcase)) = (goods, loaded) {
            goods.showcase = showcase;
        }
        self.deposit_with(scid);
    }

    /// Asks as many keepers as receipts are missing: first those never asked, then those whose turn
    /// comes again.
    fn deposit_with(&mut self, scid: Scid) {
        let Some(depositing) = self.deposits.open.get(&scid) else { return };
        let missing = depositing.missing();
        if depositing.goods.is_none() || missing == 0 {
            return;
        }
        let asked: Vec<Peer> = depositing.keepers.keys().cloned().collect();
        let due = depositing.due(self.now.monotonic_ms);
        let mut keepers = self.peers.with_role(&mut self.dice, missing, &asked, Roles::KEEPER);
        let here = due.into_iter().filter(|peer| self.peers.prefix(peer).is_some());
        keepers.extend(here.take(missing.saturating_sub(keepers.len())));
        for keeper in keepers {
            let pause_ms = self.deposits.open.get(&scid).map_or(0, |it| it.pause(&keeper));
            self.bring(scid, keeper, Turn::Asked { told: false, pause_ms });
        }
    }

    /// Tells whether this showcase is being deposited with `peer`, or was.
    pub(super) fn brings(&self, peer: &Peer, showcase: &[u8; 32]) -> bool {
        let shown = |scid: &Scid| self.directory.get(scid).and_then(|listing| listing.showcase);
        let mut open = self.deposits.open.iter();
        let mut held = self.deposits.held.iter();
        open.any(|(scid, it)| it.keepers.contains_key(peer) && shown(scid) == Some(*showcase))
            || held.any(|((_, keeper), held)| {
                keeper == peer && held.showcase.as_ref() == Some(showcase)
            })
    }

    /// Brings a keeper what it lacks.
    fn bring(&mut self, scid: Scid, keeper: Peer, turn: Turn) {
        let held = self.deposits.held.get(&(scid, keeper.clone()));
        let Some(depositing) = self.deposits.open.get_mut(&scid) else { return };
        let Some(goods) = &depositing.goods else { return };
        let request = Request::Deposit(goods.parcel(held));
        let purpose = asking::Purpose::Deposit(scid, depositing.hash);
        depositing.keepers.insert(keeper.clone(), turn);
        self.ask(&keeper, request, purpose);
    }

    pub(super) fn deposited(
        &mut self,
        scid: Scid,
        hash: HeadHash,
        peer: &Peer,
        response: Option<Response>,
    ) {
        let open = &self.deposits.open;
        // An answer about what a newer deposit replaced meanwhile is of no use to anybody.
        let Some(depositing) = open.get(&scid).filter(|it| it.hash == hash) else { return };
        let turn = depositing.keepers.get(peer).copied();
        let Some(Turn::Asked { told, pause_ms }) = turn else { return };
        match response {
            Some(Response::Receipt(bytes)) => self.promised(scid, hash, peer, bytes),
            Some(Response::Lacks(Lacks { held })) if !told => {
                self.deposits.hold(scid, peer.clone(), Held { version: held, ..Held::default() });
                self.bring(scid, peer.clone(), Turn::Asked { told: true, pause_ms });
            }
            // It knows something newer in our name: look at it, and tell the owner if it is true.
            Some(Response::Refusal(Reason::Stale)) => {
                self.ask_later(scid, peer, pause_ms);
                self.find(None, scid, super::command::Freshness::Peers);
            }
            Some(Response::Refusal(reason)) if is_final(reason) => {
                self.turn(scid, peer, Turn::Never);
            }
            None if self.peers.prefix(peer).is_none() => {
                // Whoever went away may not have got it: it is asked again when it is back.
                if let Some(depositing) = self.deposits.open.get_mut(&scid) {
                    depositing.keepers.remove(peer);
                }
            }
            Some(Response::Refusal(_) | Response::Lacks(_)) | None => {
                self.ask_later(scid, peer, pause_ms);
            }
            Some(_) => self.turn(scid, peer, Turn::Never),
        }
        self.deposit_with(scid);
        self.answer_deposit(scid, false);
    }

    /// Takes a keeper's promise.
    fn promised(&mut self, scid: Scid, hash: HeadHash, peer: &Peer, bytes: Vec<u8>) {
        let network = self.config.network.id();
        if Receipt::open(&bytes, network, peer, &scid, &hash).is_err() {
            self.turn(scid, peer, Turn::Never);
            return self.fault(peer, Fault::BadSignature);
        }
        self.turn(scid, peer, Turn::Kept);
        let Some(depositing) = self.deposits.open.get_mut(&scid) else { return };
        depositing.receipts.push(bytes.clone());
        let held = depositing.goods.as_ref().filter(|goods| goods.scid() == scid).map(Goods::held);
        if let Some(held) = held {
            self.deposits.hold(scid, peer.clone(), held);
        }
        self.save(Change::Receipt { scid, keeper: peer.clone(), bytes });
    }

    fn turn(&mut self, scid: Scid, peer: &Peer, turn: Turn) {
        if let Some(depositing) = self.deposits.open.get_mut(&scid) {
            depositing.keepers.insert(peer.clone(), turn);
        }
    }

    /// Lets a keeper pause, twice as long as the last time and not to the second, so that a thousand
    /// homes do not come back at once.
    fn ask_later(&mut self, scid: Scid, peer: &Peer, before_ms: u64) {
        let pause_ms = before_ms.saturating_mul(2).clamp(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
        let pause = pause_ms.saturating_add(self.dice.below(pause_ms / 2));
        let at_ms = self.now.monotonic_ms.saturating_add(pause);
        self.turn(scid, peer, Turn::Later { at_ms, pause_ms });
    }

    /// Answers the owner once there are enough receipts, nobody is left to ask, or it took too long.
    fn answer_deposit(&mut self, scid: Scid, late: bool) {
        let Some(depositing) = self.deposits.open.get_mut(&scid) else { return };
        let enough = depositing.receipts.len() >= RECEIPTS;
        let nobody_left = depositing.asked() == 0 && !depositing.keepers.is_empty();
        if enough {
            depositing.goods = None;
        }
        if !(enough || late || nobody_left) {
            return;
        }
        let receipts = depositing.receipts.clone();
        for command in core::mem::take(&mut depositing.commands) {
            let receipts = receipts.clone();
            self.answer(command, Outcome::Published { receipts, announced: false });
        }
    }

    /// A keeper came: whatever still waits for one is deposited.
    pub(super) fn deposit_more(&mut self) {
        let waiting: Vec<Scid> = self.deposits.open.keys().copied().collect();
        for scid in waiting {
            self.deposit_with(scid);
        }
    }

    /// Deposits again what is our own, for keepers promise for a month only.
    pub(super) fn renew_deposits(&mut self) {
        let first = self.deposits.is_empty() && self.publishing.is_empty();
        if self.config.role != Role::Home || !(self.due(Chore::Deposit, RENEW_MS) || first) {
            return;
        }
        let own: Vec<Scid> = self.config.own.iter().copied().collect();
        for scid in own {
            let hash = self.directory.get(&scid).and_then(|listing| listing.head_hash);
            let Some(hash) = hash else { continue };
            // Whether it came back before we stopped is not known: the next sync shows it.
            self.publishing.note(scid, hash);
            self.begin_deposit(scid, hash, None);
        }
    }

    /// Answers commands that have waited long enough, and asks keepers whose turn comes again.
    pub(super) fn hurry_deposits(&mut self) {
        let now_ms = self.now.monotonic_ms;
        let late = |depositing: &Depositing| {
            !depositing.commands.is_empty()
                && now_ms.saturating_sub(depositing.since_ms) > PATIENCE_MS
        };
        let all = self.deposits.open.iter();
        let late: Vec<Scid> = all.filter(|(_, one)| late(one)).map(|(scid, _)| *scid).collect();
        for scid in late {
            self.answer_deposit(scid, true);
        }
        let again = self.deposits.open.iter().filter(|(_, one)| !one.due(now_ms).is_empty());
        let again: Vec<Scid> = again.map(|(scid, _)| *scid).collect();
        for scid in again {
            self.deposit_with(scid);
        }
    }
}

/// Tells whether asking again is of no use.
const fn is_final(reason: Reason) -> bool {
    match reason {
        Reason::NotOffered | Reason::Invalid | Reason::Forked => true,
        Reason::Busy
        | Reason::Full
        | Reason::TooMuch
        | Reason::Stale
        | Reason::Incomplete
        | Reason::Clock
        | Reason::Unnamed(_) => false,
    }
}

/// Keepers that each object of our own is deposited with.
const RECEIPTS: usize = 3;

/// How long the owner waits for receipts; more are collected afterwards.
const PATIENCE_MS: u64 = 4_000;

/// How often a home that never stops deposits again: twice in the time keepers promise.
const RENEW_MS: u64 = 15 * 86_400 * 1000;

/// The first pause of a keeper that refused: what it is busy with takes about as long.
const FIRST_PAUSE_MS: u64 = 2_000;

/// The longest: a keeper that is full may have room an hour later.
const LONGEST_PAUSE_MS: u64 = 3_600_000;

/// A log this short is brought whole: five entries, less than a round trip is worth.
const SMALL: usize = 8 * 1024;

/// Keepers of which it is known what they hold, for all of our own.
const MAX_HELD: usize = 1024;
