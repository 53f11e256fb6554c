//! How this node's own identities reach the others.
//!
//! A keeper saves and announces. A home saves, *deposits* with three keepers of different prefixes and
//! collects their receipts; they announce. Until a head of its own has come back to it from the
//! network, a home does not give it to anybody who asks; and when it comes, the home asks for the log
//! like everybody else before it passes the head on. So listening to it tells nobody whose home it is.

use super::command::{Outcome, Publication, Refusal};
use super::config::Role;
use super::directory::Place;
use super::effect::{Change, Effect, Load, Loaded, Notice};
use super::identity::Identity;
use super::intake::{IntakeError, Offer, Supplied, Taken, Waiter};
use super::{Chore, Engine, Then, asking};
use crate::did::Scid;
use crate::wire::exchange::deposit::{Deposit, Reason};
use crate::wire::exchange::hello::Roles;
use crate::wire::exchange::{Request, Response};
use crate::wire::head::{HeadHash, Signed};
use crate::wire::peer::Peer;
use crate::wire::receipt::Receipt;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What of our own waits for keepers, and what waits to come back.
#[derive(Debug, Default)]
pub(super) struct Publishing {
    deposits: BTreeMap<Scid, Depositing>,
    unannounced: BTreeMap<Scid, Unannounced>,
    /// The newest we published of each of our own.
    published: BTreeMap<Scid, HeadHash>,
}

/// A head of our own that nobody told us of yet.
#[derive(Debug)]
struct Unannounced {
    hash: HeadHash,
    /// Whoever hears of it has to ask for the log, because it names an entry that is new.
    with_entry: bool,
}

#[derive(Debug)]
struct Depositing {
    /// What is deposited; none while it is read from the disk.
    deposit: Option<Deposit>,
    hash: HeadHash,
    receipts: Vec<Vec<u8>>,
    asked: Vec<Peer>,
    open: usize,
    commands: Vec<u64>,
    since_ms: u64,
}

impl Engine {
    /// Takes in, saves and publishes what the owner made.
    pub(super) fn publish(&mut self, command: u64, publication: Publication) {
        let Publication { scid, log, witnesses, head, showcase } = publication;
        let head = match self.open_head(&head) {
            Ok(head) if head.head().scid == scid => head,
            Ok(_) => return self.refuse(command, IntakeError::AnotherIdentity),
            Err(error) => return self.refuse(command, error),
        };
        self.config.own.insert(scid);
        self.publishing.published.insert(scid, head.hash());
        if self.config.role == Role::Home {
            let with_entry = matches!(self.directory.place(&head), Place::Elsewhere);
            self.publishing.unannounced.insert(scid, Unannounced { hash: head.hash(), with_entry });
        }
        let supplied = Some(Supplied { after: 0, log, witness: witnesses, showcase });
        let waiters = vec![Waiter::Publish(command)];
        self.offer(Offer { head, from: None, supplied, waiters });
    }

    fn refuse(&mut self, command: u64, cause: IntakeError) {
        let refusal = if let IntakeError::Older { number, sequence } = cause {
            Refusal::NotNewer { number, sequence }
        } else {
            Refusal::DoesNotVerify { cause }
        };
        self.answer(command, Outcome::Refused(refusal));
    }

    /// Our own identity is saved here, or was refused.
    pub(super) fn published(
        &mut self,
        command: u64,
        head: &Signed,
        supplied: Option<Supplied>,
        result: &Result<Taken, IntakeError>,
    ) {
        let scid = head.head().scid;
        if let Err(error) = result {
            self.publishing.unannounced.remove(&scid);
            return self.refuse(command, error.clone());
        }
        if self.config.role == Role::Keeper {
            self.spread(head);
            return self
                .answer(command, Outcome::Published { receipts: Vec::new(), announced: true });
        }
        let deposit = supplied.map(|supplied| Deposit {
            after: 0,
            log: supplied.log,
            witness: supplied.witness,
            head: head.bytes().to_vec(),
            showcase: supplied.showcase,
        });
        self.begin_deposit(scid, head.hash(), deposit, Some(command));
    }

    fn begin_deposit(
        &mut self,
        scid: Scid,
        hash: HeadHash,
        deposit: Option<Deposit>,
        command: Option<u64>,
    ) {
        let earlier = self.publishing.deposits.remove(&scid);
        let mut commands = earlier.map(|earlier| earlier.commands).unwrap_or_default();
        commands.extend(command);
        let since_ms = self.now.monotonic_ms;
        let depositing = Depositing {
            deposit,
            hash,
            receipts: Vec::new(),
            asked: Vec::new(),
            open: 0,
            commands,
            since_ms,
        };
        self.publishing.deposits.insert(scid, depositing);
        self.deposit_with(scid);
        // With nobody there the owner need not wait; with somebody, a keeper may show in a moment.
        self.answer_deposit(scid, self.peers.len() == 0);
    }

    /// Asks as many keepers as receipts are missing.
    fn deposit_with(&mut self, scid: Scid) {
        let Some(depositing) = self.publishing.deposits.get_mut(&scid) else { return };
        let Some(deposit) = &depositing.deposit else { return };
        let missing =
            RECEIPTS.saturating_sub(depositing.receipts.len()).saturating_sub(depositing.open);
        let asked = &depositing.asked;
        let keepers = self.peers.with_role(&mut self.dice, missing, asked, Roles::KEEPER);
        let purpose = asking::Purpose::Deposit(scid, depositing.hash);
        let request = Request::Deposit(deposit.clone());
        depositing.open = depositing.open.saturating_add(keepers.len());
        depositing.asked.extend(keepers.iter().cloned());
        for keeper in keepers {
            self.ask(&keeper, request.clone(), purpose.clone());
        }
    }

    pub(super) fn deposited(
        &mut self,
        scid: Scid,
        hash: HeadHash,
        peer: &Peer,
        response: Option<Response>,
    ) {
        let network = self.config.network.id();
        let deposits = &mut self.publishing.deposits;
        // A receipt for what a newer deposit replaced meanwhile is of no use to anybody.
        let Some(depositing) = deposits.get_mut(&scid).filter(|it| it.hash == hash) else { return };
        depositing.open = depositing.open.saturating_sub(1);
        let silent = response.is_none();
        match response {
            Some(Response::Receipt(bytes)) => {
                if Receipt::open(&bytes, network, peer, &scid, &hash).is_ok() {
                    depositing.receipts.push(bytes.clone());
                    self.save(Change::Receipt { scid, keeper: peer.clone(), bytes });
                } else {
                    self.fault(peer, super::effect::Fault::BadSignature);
                }
            }
            // It knows something newer in our name: look at it, and tell the owner if it is true.
            Some(Response::Refusal(Reason::Stale)) => {
                self.find(None, scid, super::command::Freshness::Peers);
            }
            Some(_) | None => {}
        }
        self.deposit_with(scid);
        self.answer_deposit(scid, false);
        // Whoever went away may not have got it: it is asked again when it is back.
        if let Some(depositing) = self.publishing.deposits.get_mut(&scid)
            && silent
            && self.peers.prefix(peer).is_none()
        {
            depositing.asked.retain(|asked| asked != peer);
        }
    }

    /// Answers the owner once there are enough receipts, nobody is left to ask, or it took too long.
    fn answer_deposit(&mut self, scid: Scid, late: bool) {
        let Some(depositing) = self.publishing.deposits.get_mut(&scid) else { return };
        let enough = depositing.receipts.len() >= RECEIPTS;
        let nobody_left = depositing.open == 0 && !depositing.asked.is_empty();
        if !(enough || late || nobody_left) {
            return;
        }
        let receipts = depositing.receipts.clone();
        let commands = core::mem::take(&mut depositing.commands);
        if enough {
            depositing.deposit = None;
        }
        for command in commands {
            let receipts = receipts.clone();
            self.answer(command, Outcome::Published { receipts, announced: false });
        }
    }

    /// A keeper came: whatever still waits for one is deposited.
    pub(super) fn deposit_more(&mut self) {
        let waiting: Vec<Scid> = self.publishing.deposits.keys().copied().collect();
        for scid in waiting {
            self.deposit_with(scid);
        }
    }

    /// Deposits again what is our own, for keepers promise for a month only.
    pub(super) fn renew_deposits(&mut self) {
        let first = self.publishing.deposits.is_empty() && self.publishing.published.is_empty();
        if self.config.role != Role::Home || !(self.due(Chore::Deposit, RENEW_MS) || first) {
            return;
        }
        let own: Vec<Scid> = self.config.own.iter().copied().collect();
        for scid in own {
            let hash = self.directory.get(&scid).and_then(|listing| listing.head_hash);
            let Some(hash) = hash else { continue };
            self.publishing.published.insert(scid, hash);
            // Whether it came back before we stopped is not known: the next sync shows it.
            // Most have it already, and ask nobody for it.
            let unannounced = Unannounced { hash, with_entry: false };
            self.publishing.unannounced.insert(scid, unannounced);
            self.begin_deposit(scid, hash, None, None);
            self.with_identity(scid, Then::Deposit);
        }
    }

    pub(super) fn deposit_identity(&mut self, scid: Scid, identity: Option<Arc<Identity>>) {
        let listing = self.directory.get(&scid);
        let head = listing.and_then(|listing| listing.head.clone());
        let (Some(identity), Some(head)) = (identity, head) else { return };
        let showcase = listing.and_then(|listing| listing.showcase);
        if let Some(depositing) = self.publishing.deposits.get_mut(&scid) {
            depositing.deposit = Some(Deposit {
                after: 0,
                log: identity.log().to_vec(),
                witness: identity.witnesses().map(<[u8]>::to_vec),
                head,
                showcase: None,
            });
        }
        match showcase {
            Some(hash) => self.load(Load::Body(hash), asking::Reading::Deposit(scid)),
            None => self.deposit_with(scid),
        }
    }

    pub(super) fn deposit_loaded(&mut self, scid: Scid, loaded: Loaded) {
        let depositing = self.publishing.deposits.get_mut(&scid);
        let deposit = depositing.and_then(|depositing| depositing.deposit.as_mut());
        if let (Some(deposit), Loaded::Body(showcase)) = (deposit, loaded) {
            deposit.showcase = showcase;
        }
        self.deposit_with(scid);
    }

    /// Answers commands that have waited long enough.
    pub(super) fn hurry_deposits(&mut self) {
        let now_ms = self.now.monotonic_ms;
        let late = |depositing: &Depositing| {
            !depositing.commands.is_empty()
                && now_ms.saturating_sub(depositing.since_ms) > PATIENCE_MS
        };
        let all = self.publishing.deposits.iter();
        let late: Vec<Scid> = all.filter(|(_, one)| late(one)).map(|(scid, _)| *scid).collect();
        for scid in late {
            self.answer_deposit(scid, true);
        }
    }

    /// Notes that the network brought a head: if it is our own, it is no secret any more. Tells whether
    /// everybody else who hears of it asks for its log before passing it on.
    pub(super) fn came_back(&mut self, head: &Signed) -> bool {
        let scid = head.head().scid;
        let ours = self.publishing.unannounced.remove(&scid);
        match ours {
            Some(ours) if ours.hash == head.hash() => ours.with_entry,
            Some(other) => {
                self.publishing.unannounced.insert(scid, other);
                false
            }
            None => false,
        }
    }

    /// Tells whether giving this away would tell whose home this is.
    pub(super) fn is_unannounced(&self, scid: &Scid) -> bool {
        self.publishing.unannounced.contains_key(scid)
    }

    /// Tells the owner of a head in the owner's name that was not published here.
    pub(super) fn suspect(&mut self, scid: Scid, hash: HeadHash, number: u64, sequence: u64) {
        let ours = self.publishing.published.get(&scid) == Some(&hash);
        if self.config.own.contains(&scid) && !ours {
            self.effects.push(Effect::Notify(Notice::NotByUs { scid, number, sequence }));
        }
    }
}

/// Keepers that each object of our own is deposited with.
const RECEIPTS: usize = 3;

/// How long the owner waits for receipts; more are collected afterwards.
const PATIENCE_MS: u64 = 4_000;

/// How often a home that never stops deposits again: twice in the time keepers promise.
const RENEW_MS: u64 = 15 * 86_400 * 1000;
