//! What a node does next: events and a time go in, effects come out.
//!
//! The [`Engine`] is the node as a state machine. It has no sockets, files, clocks, threads or
//! randomness but a small generator seeded by its caller, and it never waits: what is not here yet
//! is asked for by an effect that carries an id, and comes back as an event that repeats it. So one
//! engine runs alike over libp2p, in a simulation of a thousand nodes, and in a test of three.
//!
//! ```text
//!  network ──Connected, Gossip, Request, Response──▶ ┌────────┐ ──Judge, Publish, Request, Respond──▶ network
//!  disk    ──Loaded────────────────────────────────▶ │ Engine │ ──Save, Load──────────────────────▶ disk
//!  user    ──Command───────────────────────────────▶ └────────┘ ──Answer, Notify──────────────────▶ user
//! ```
//!
//! Two promises hold between the engine and whoever drives it:
//!
//! 1. **Effects are performed in order, and a [`Save`](effect::Effect::Save) has reached the disk
//!    before any effect after it is performed.** That is how the engine is durable before every
//!    answer, receipt, witness signature and publication. A driver may save earlier than a save's
//!    place, never later: so it can handle a hundred events and commit once. A
//!    [`Judge`](effect::Effect::Judge) alone may come before the saves: it promises nothing of ours, and says
//!    only that somebody else's message holds.
//! 2. **A driver that cannot save stops.** The engine holds for true what it asked to be saved.

pub mod clock;
pub mod command;
pub mod config;
pub mod directory;
pub mod effect;
pub mod event;
pub mod forks;
pub mod identity;
pub mod intake;
pub mod peers;
pub mod reconcile;
pub mod traffic;

mod asking;
mod deposit;
mod dice;
mod exchange;
mod gossip;
mod lookup;
mod pace;
mod profiles;
mod publish;
mod reconciling;
mod records;
mod shelf;
mod status;
mod watch;
mod witness;

#[cfg(test)]
mod tests;

use crate::did::Scid;
use crate::time::Timestamp;
use crate::wire::topic::{Shard, Topic};
use asking::Asking;
use clock::Clock;
use command::{Command, Outcome, Refusal, Statistics};
use config::{Config, Role, Snapshot};
use deposit::Deposits;
use dice::Dice;
use directory::Directory;
use effect::{Change, Effect, Load, Notice};
use event::{Event, Now};
use forks::Forks;
use identity::Identity;
use intake::Intake;
use lookup::Lookups;
use pace::Pace;
use peers::Peers;
use publish::Publishing;
use reconciling::Reconciling;
use records::Records;
use shelf::Shelf;
use status::Statuses;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use traffic::Traffic;
use witness::Witness;

/// A node's whole state, and everything it decides.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    now: Now,
    dice: Dice,
    effects: Vec<Effect>,
    // What it knows.
    directory: Directory,
    shelf: Shelf,
    forks: Forks,
    profiles: BTreeMap<Scid, ([u8; 32], Timestamp)>,
    statuses: Statuses,
    promises: BTreeMap<Scid, Timestamp>,
    watched: BTreeSet<Scid>,
    clock: Clock,
    witness: Witness,
    traffic: Traffic,
    pace: Pace,
    // Whom it talks to, and where it listens.
    peers: Peers,
    shards: BTreeSet<Shard>,
    home_shards: BTreeSet<Shard>,
    subscribed: BTreeSet<Topic>,
    // What it waits for.
    asking: Asking,
    intakes: BTreeMap<Scid, Intake>,
    lookups: Lookups,
    publishing: Publishing,
    deposits: Deposits,
    /// How many deposits of others are being taken in.
    taking: usize,
    reconciling: Reconciling,
    records: Records,
    bodies: BTreeMap<u64, [u8; 32]>,
    /// Profiles that wait until their attestor's log is known.
    unread_profiles: BTreeMap<Scid, profiles::Offered>,
    chores: BTreeMap<Chore, u64>,
}

/// What is done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Chore {
    Seek,
    Deposit,
    Reconcile,
    Freshness,
    Refresh,
    Records,
    Wanted,
    Forgive,
}

/// Who wants a log that has to be read from the disk first.
#[derive(Debug, Clone)]
enum Then {
    /// A peer asked for the entries after the first `have`.
    Serve { token: u64, have: u64 },
    /// It is being continued.
    Intake,
    /// A look-up answers with it.
    Lookup(u64),
    /// It has the keys that sign status statements.
    Issuer,
    /// It has the keys that signed two things where there may be one.
    Fork(forks::Alleged),
    /// It is less than what a peer gave of it, or nothing, and a fork of it is proved.
    Shared { alleged: Box<forks::Alleged>, theirs: Arc<Identity> },
    /// It has the key that signed a status list.
    List { list: u64, bytes: Vec<u8>, origin: status::Origin },
    /// It has the key that signed a profile.
    Profile(profiles::Offered),
    /// It is our own and is deposited.
    Deposit,
    /// A witness holds what it is to cosign against it.
    Cosign(u64),
}

impl Engine {
    /// Makes a node that remembers `snapshot`. `seed` is for choices that an attacker should not
    /// foresee and a simulation has to repeat.
    #[must_use]
    pub fn new(config: Config, snapshot: Snapshot, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let salt = dice.roll();
        let mut engine = Self {
            now: Now::default(),
            effects: Vec::new(),
            directory: Directory::new(snapshot.listings, snapshot.highest, salt),
            shelf: Shelf::default(),
            forks: Forks::new(snapshot.forks),
            profiles: snapshot
                .profiles
                .into_iter()
                .map(|(scid, hash, at)| (scid, (hash, at)))
                .collect(),
            statuses: Statuses::new(snapshot.lists),
            promises: snapshot.promises.into_iter().collect(),
            watched: BTreeSet::new(),
            clock: Clock::new(snapshot.signed),
            witness: Witness::default(),
            traffic: Traffic::new(snapshot.traffic),
            pace: Pace::default(),
            peers: Peers::default(),
            shards: BTreeSet::new(),
            home_shards: BTreeSet::new(),
            subscribed: BTreeSet::new(),
            asking: Asking::default(),
            intakes: BTreeMap::new(),
            lookups: Lookups::default(),
            publishing: Publishing::default(),
            deposits: Deposits::default(),
            taking: 0,
            reconciling: Reconciling::default(),
            records: Records::default(),
            bodies: BTreeMap::new(),
            unread_profiles: BTreeMap::new(),
            chores: BTreeMap::new(),
            config,
            dice,
        };
        engine.choose_shards();
        let known: Vec<Scid> = engine.directory.iter().map(|listing| listing.scid).collect();
        known.iter().for_each(|scid| engine.rank(scid));
        engine
    }

    /// Takes in what happened and says what to do, in this order.
    #[must_use]
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        self.now = now;
        match event {
            Event::Start => self.start(),
            Event::Connected { peer, prefix, outbound } => self.connected(peer, prefix, outbound),
            Event::Disconnected { peer } => self.disconnected(&peer),
            Event::Gossip { token, peer, topic, bytes } => self.gossip(token, peer, &topic, &bytes),
            Event::Request { token, peer, bytes } => self.serve(token, peer, &bytes),
            Event::Response { id, outcome } => self.responded(id, outcome),
            Event::Located { id, heads, paths } => self.located(id, heads, paths),
            Event::Offered { peer, head } => self.record_offered(peer, &head),
            Event::Faulted { peer, fault } => self.fault(&peer, fault),
            Event::Loaded { id, loaded } => self.read(id, loaded),
            Event::Command { id, command } => self.command(id, command),
            Event::Traffic(counted) => self.count_traffic(counted),
            Event::Tick => self.tick(),
            Event::Stop => self.save_traffic(),
        }
        core::mem::take(&mut self.effects)
    }

    fn start(&mut self) {
        self.start_traffic();
        self.subscribe();
        self.want_watched();
        self.renew_deposits();
    }

    fn tick(&mut self) {
        self.give_up(None);
        self.pull_waiting();
        self.hurry_lookups();
        self.hurry_deposits();
        self.hurry_cosigning();
        self.hurry_statuses();
        self.tend_peers();
        self.reconcile_now_and_then();
        self.sign_freshness();
        self.renew_deposits();
        self.put_again();
        self.put_what_is_due();
        if self.due(Chore::Wanted, WANTED_MS) {
            self.end_promises();
            self.pace.rest(self.now.monotonic_ms);
            self.want_watched();
        }
        if let Some(report) = self.clock.news(self.now) {
            self.effects.push(Effect::Notify(Notice::Clock(report)));
        }
    }

    fn command(&mut self, id: u64, command: Command) {
        match command {
            Command::Find { scid, freshness } => self.find(Some(id), scid, freshness),
            Command::Publish(publication) => self.publish(id, *publication),
            Command::TakeIn(brought) => self.take_in(id, *brought),
            Command::Cosign { log, file, witnesses } => {
                self.seek_cosigning(id, log, file, &witnesses)
            }
            Command::PublishStatement { statement, list } => {
                self.publish_statement(id, statement, list);
            }
            Command::PublishProfile { scid, profile } => self.publish_profile(id, scid, profile),
            Command::Status { issuer, list, max_age } => self.ask_status(id, issuer, list, max_age),
            Command::StatusHere { issuer, list } => self.status_here(id, issuer, list),
            Command::Body { hash } => self.find_body(id, hash),
            Command::BodyHere { hash } => {
                self.load(Load::Body(hash), asking::Reading::BodyHere(id));
            }
            Command::Profiles => {
                let profiles =
                    self.profiles.iter().map(|(scid, (hash, _))| (*scid, *hash)).collect();
                self.answer(id, Outcome::Profiles(profiles));
            }
            Command::AskAround => self.ask_around(id),
            Command::Watch { scids } => {
                self.watch(&scids);
                self.answer(id, Outcome::Done);
            }
            Command::Unwatch { scids } => {
                self.unwatch(&scids);
                self.answer(id, Outcome::Done);
            }
            Command::Trust { attestors } => {
                self.trust(attestors);
                self.answer(id, Outcome::Done);
            }
            Command::Limit { head_budget, traffic, peers } => {
                self.config.head_budget = head_budget;
                self.config.traffic = traffic;
                self.config.peers = peers;
                self.make_room();
                self.heed_cap();
                self.answer(id, Outcome::Done);
            }
            Command::Own { scids } => {
                self.own(&scids);
                self.answer(id, Outcome::Done);
            }
            Command::ClockStatus => self.answer(id, Outcome::Clock(self.clock.report(self.now))),
            Command::Signing { at } => self.signing(id, at),
            Command::Peers => self.report_peers(id),
            Command::Statistics => self.answer(id, Outcome::Statistics(self.statistics())),
        }
    }

    fn answer(&mut self, id: u64, outcome: Outcome) {
        self.effects.push(Effect::Answer { id, outcome });
    }

    /// Notes that the owner's keys are about to sign, unless the clock is not to be trusted.
    fn signing(&mut self, id: u64, at: Timestamp) {
        let report = self.clock.report(Now { wall: at, ..self.now });
        if !report.may_sign() {
            return self.answer(id, Outcome::Refused(Refusal::Clock { report }));
        }
        self.sign_at(at);
        self.answer(id, Outcome::Clock(report));
    }

    /// Notes, durably, that something is signed at `at`.
    fn sign_at(&mut self, at: Timestamp) {
        if self.clock.sign(at) {
            self.save(Change::Signed(at));
        }
    }

    /// Gives the log of an identity to `then`: at once if it is at hand, else after it was read. Whoever
    /// has it knows what stands of it, so the proofs of its forks come first.
    fn with_identity(&mut self, scid: Scid, then: Then) {
        if self.read_forks(&scid, Some(&then)) {
            return;
        }
        match self.shelf.get(&scid) {
            Some(identity) => self.go_on(scid, then, Some(identity)),
            None if self.directory.get(&scid).is_none() => self.go_on(scid, then, None),
            None => self.load(Load::Log(scid), asking::Reading::Log(scid, then)),
        }
    }

    fn go_on(&mut self, scid: Scid, then: Then, identity: Option<Arc<Identity>>) {
        match then {
            Then::Serve { token, have } => self.respond_log(token, identity.as_deref(), have),
            Then::Intake => self.intake_identity(scid, identity),
            Then::Lookup(lookup) => self.lookup_identity(lookup, identity),
            Then::Issuer => self.issuer_identity(scid, identity.as_deref()),
            Then::Fork(alleged) => self.judge_fork(scid, alleged, identity.as_ref()),
            Then::Shared { alleged, theirs } => {
                self.shared_identity(scid, &alleged, &theirs, identity.as_deref());
            }
            Then::List { list, bytes, origin } => {
                self.start_list(scid, list, bytes, origin, identity.as_deref());
            }
            Then::Profile(offered) => self.judge_profile(offered, identity.as_deref()),
            Then::Deposit => self.deposit_identity(scid, identity),
            Then::Cosign(id) => self.cosign_beside(id),
        }
    }

    /// Tells whether it is time for a chore, and begins the wait for the next time.
    fn due(&mut self, chore: Chore, every_ms: u64) -> bool {
        let now_ms = self.now.monotonic_ms;
        let last = self.chores.get(&chore).copied();
        let due = last.is_none_or(|last| now_ms.saturating_sub(last) >= every_ms);
        if due {
            self.chores.insert(chore, now_ms);
        }
        due
    }

    /// A keeper listens to all shards; a home to half of them, among which are those of what it cares
    /// about, so that its choice says little.
    fn choose_shards(&mut self) {
        let shards = self.config.network.shards();
        let mut all: Vec<Shard> = shards.all().collect();
        if self.config.role == Role::Keeper {
            self.shards.extend(all);
            return;
        }
        let cared = self.watched.iter().chain(&self.config.own).chain(&self.config.trust);
        self.shards.extend(cared.map(|scid| shards.of(scid)));
        self.dice.shuffle(&mut all);
        let half = all.len().div_ceil(2);
        let missing = half.saturating_sub(self.shards.len());
        let others: Vec<Shard> =
            all.into_iter().filter(|shard| !self.shards.contains(shard)).take(missing).collect();
        self.shards.extend(others);
        self.home_shards.clone_from(&self.shards);
    }

    fn statistics(&self) -> Statistics {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Statistics {
            peers: count(self.peers.len()),
            heads: count(self.directory.len()),
            head_bytes: self.directory.bytes(),
            disk_bytes: self.directory.held().disk,
            lists: count(self.statuses.len()),
            forks: count(self.forks.len()),
            pulling: count(self.intakes.len()),
            traffic: self.traffic_report(),
        }
    }
}

/// How often what is watched and not held is looked for.
const WANTED_MS: u64 = 60_000;
