//! How a head from outside becomes part of what this node knows.
//!
//! A head is *offered*: by gossip, in a deposit, by a look-up, by reconciliation or by the owner. If
//! the entry it names is not held, the log is pulled from whoever offered it and verified; then its
//! showcase; and only then is it saved, and everybody who waits for it told. One identity is taken in
//! at a time, further offers for it wait in line, and both lines are short.
//!
//! While a peer or the disk is waited for, a proof may cut the identity short, or it may be let go of. What
//! was verified against something that is known no more is offered once more, from the beginning.

mod error;
mod pulling;

pub use error::IntakeError;

use super::command::{Outcome, Publication};
use super::directory::{Held, Listing, MAX_KEYS, Place};
use super::effect::{BodyKind, Class, Fault};
use super::identity::Identity;
use super::pace::Saying;
use super::{Engine, Then};
use crate::did::Scid;
use crate::did::log::entry::VersionId;
use crate::encoding::multihash::sha256;
use crate::policy::standing::Fork;
use crate::time::Timestamp;
use crate::verdict::Verdict;
use crate::wire::bounds;
use crate::wire::exchange::hello::Roles;
use crate::wire::exchange::patience::BESIDE_A_LOG;
use crate::wire::head::{Head, Signed};
use crate::wire::peer::Peer;
use std::collections::VecDeque;
use std::sync::Arc;

/// A head somebody wants taken in.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) head: Signed,
    /// Whom to pull from.
    pub(super) from: Option<Peer>,
    /// What came with it.
    pub(super) supplied: Option<Supplied>,
    /// Who wants to know what becomes of it.
    pub(super) waiters: Vec<Waiter>,
}

/// What a deposit or the owner brings along.
#[derive(Debug)]
pub(super) struct Supplied {
    /// The newest entry the log that comes with it follows; none if it comes whole.
    pub(super) after: Option<VersionId>,
    pub(super) log: Vec<u8>,
    pub(super) witness: Option<Vec<u8>>,
    pub(super) showcase: Option<Vec<u8>>,
}

/// Who waits for an intake.
#[derive(Debug, Clone)]
pub(super) enum Waiter {
    /// A message of gossip, to be judged.
    Gossip { token: u64 },
    /// A deposit, to be answered.
    Deposit { token: u64 },
    /// A look-up, to go on.
    Lookup(u64),
    /// The owner's command.
    Publish(u64),
    /// The DHT, to hold it.
    Record,
    /// A command, to go on.
    Command(u64),
}

/// An identity being taken in.
#[derive(Debug)]
pub(super) struct Intake {
    offer: Offer,
    /// What is held of it, if it was needed and there.
    base: Option<Arc<Identity>>,
    /// What was verified of what came.
    taken: Option<Arc<Identity>>,
    /// The whole log was asked for, because what came did not continue what is held.
    whole: bool,
    /// What is known of a second history of it.
    fork: Fork,
    /// What it was last held against.
    known: Known,
    /// Who told of the same head meanwhile, and was not asked for its log.
    tellers: VecDeque<Peer>,
    /// Who was asked for its log, the last of them at the end.
    asked: Vec<Peer>,
    /// Who was asked for its showcase.
    asked_to_show: Vec<Peer>,
    next: VecDeque<Offer>,
}

/// What an offer is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    /// The entry that stands here.
    listed: Option<VersionId>,
    /// How many proofs of forks there are; none ever goes.
    proofs: usize,
}

/// What became of an offer that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is new, and saved.
    New,
    /// It was held already.
    Same,
}

impl Engine {
    /// Offers bytes that should be a head of `scid`; tells at once if they are none.
    pub(super) fn open_head(&self, bytes: &[u8]) -> Result<Signed, IntakeError> {
        Signed::open(bytes, &self.config.network).map_err(IntakeError::Head)
    }

    /// Opens what a command brings along: its head, and all that comes with it.
    pub(super) fn open_publication(
        &self,
        brought: Publication,
    ) -> Result<(Signed, Supplied), IntakeError> {
        let Publication { scid, log, witnesses, head, showcase } = brought;
        let head = self.open_head(&head)?;
        if head.head().scid != scid {
            return Err(IntakeError::AnotherIdentity);
        }
        Ok((head, Supplied { after: None, log, witness: witnesses, showcase }))
    }

    /// Takes in what a command brought along.
    pub(super) fn take_in(&mut self, command: u64, brought: Publication) {
        match self.open_publication(brought) {
            Ok((head, supplied)) => {
                let (supplied, waiters) = (Some(supplied), vec![Waiter::Command(command)]);
                self.offer(Offer { head, from: None, supplied, waiters });
            }
            Err(_) => self.answer(command, Outcome::Done),
        }
    }

    /// Begins to take in a head, or lines up behind what is being taken in.
    pub(super) fn offer(&mut self, offer: Offer) {
        let scid = offer.head.head().scid;
        if let Some(intake) = self.intakes.get_mut(&scid) {
            if intake.offer.head.hash() == offer.head.hash() && offer.supplied.is_none() {
                intake.told_too(offer.from);
                intake.offer.waiters.extend(offer.waiters);
            } else if offer.is_asked_for() {
                // Before what others spoke of, of which there may be as much as they like.
                let others = intake.next.iter().position(|next| !next.is_asked_for());
                intake.next.insert(others.unwrap_or(intake.next.len()), offer);
            } else if intake.next.len() < MAX_IN_LINE {
                intake.next.push_back(offer);
            } else {
                self.settle(offer, Err(IntakeError::Busy));
            }
            return;
        }
        match self.directory.place(&offer.head) {
            Place::Same => self.settle(offer, Ok(Taken::Same)),
            Place::Older => {
                let error = self.older(&scid);
                self.settle(offer, Err(error));
            }
            Place::Update if self.hurries(&offer, Saying::Head) => {
                self.settle(offer, Err(IntakeError::TooOften));
            }
            Place::Update => self.update(offer),
            Place::Conflicting => self.conflicting(offer),
            Place::Elsewhere if self.hurries(&offer, Saying::Entry) => {
                self.settle(offer, Err(IntakeError::TooOften));
            }
            Place::Elsewhere => self.begin(offer),
        }
    }

    /// Tells whether one more identity may be taken in, of which whoever offers it may hold up half.
    fn may_take_in(&self, from: Option<&Peer>) -> bool {
        let theirs = |intake: &&Intake| from.is_some() && intake.offer.from.as_ref() == from;
        self.intakes.len() < MAX_INTAKES
            && self.intakes.values().filter(theirs).count() < MAX_INTAKES / 2
    }

    /// Tells whether an identity says more than its share. What the owner publishes or looks for is
    /// always taken.
    fn hurries(&self, offer: &Offer, saying: Saying) -> bool {
        let scid = offer.head.head().scid;
        !offer.is_asked_for() && !self.pace.allows(&scid, saying, self.now.monotonic_ms)
    }

    fn older(&self, scid: &Scid) -> IntakeError {
        let highest = self.directory.highest(scid);
        let (number, sequence) = highest.map_or((0, 0), |seen| (seen.number, seen.sequence));
        IntakeError::Older { number, sequence }
    }

    /// Takes in a newer head at the entry that is held: its keys are known already.
    pub(super) fn update(&mut self, offer: Offer) {
        let head = offer.head.head();
        let Some(listing) = self.directory.get(&head.scid) else { return };
        if !listing.keys.contains(&head.key) {
            return self.settle(offer, Err(IntakeError::NotTheirKey));
        }
        let scid = head.scid;
        self.intakes.insert(scid, Intake::new(offer, self.known(&scid)));
        self.show(scid);
    }

    /// Begins with what is held of the log, if anything is.
    pub(super) fn begin(&mut self, offer: Offer) {
        if !self.may_take_in(offer.from.as_ref()) {
            return self.settle(offer, Err(IntakeError::Busy));
        }
        let scid = offer.head.head().scid;
        self.intakes.insert(scid, Intake::new(offer, self.known(&scid)));
        self.with_identity(scid, Then::Intake);
    }

    pub(super) fn intake_identity(&mut self, scid: Scid, identity: Option<Arc<Identity>>) {
        let known = self.known(&scid);
        let Some(intake) = self.intakes.get_mut(&scid) else { return };
        intake.known = known;
        intake.base = identity;
        self.fetch(scid);
    }

    /// Reads what came with the offer, or asks whoever made it for the log.
    fn fetch(&mut self, scid: Scid) {
        let Some(intake) = self.intakes.get_mut(&scid) else { return };
        if let Some(supplied) = &mut intake.offer.supplied {
            let now = self.now.wall;
            let read = read_supplied(supplied, intake.base.as_deref(), now);
            let head = intake.offer.head.head();
            let strange = read.as_ref().is_ok_and(|identity| !speaks_of(head, identity));
            let from = intake.offer.from.clone().filter(|_| strange);
            // What was read is not kept twice while its showcase is on the way.
            supplied.log = Vec::new();
            if supplied.after.is_some() && intake.is_of_another_length(&read) {
                return self.finish(scid, Err(IntakeError::Respelled));
            }
            if let Some(peer) = from {
                // It could see for itself that its head names nothing in its log.
                self.fault(&peer, Fault::Withheld);
            }
            return self.verified(scid, read);
        }
        self.pull_log(scid);
    }

    /// Holds a verified log against ours and against the head.
    fn verified(&mut self, scid: Scid, read: Result<Identity, IntakeError>) {
        let identity = match read {
            Ok(identity) if identity.scid() == scid => identity,
            Ok(_) => return self.finish(scid, Err(IntakeError::AnotherIdentity)),
            Err(error) => return self.finish(scid, Err(error)),
        };
        let known = self.known(&scid);
        let Some(intake) = self.intakes.get_mut(&scid) else { return };
        if intake.known != known {
            intake.taken = Some(Arc::new(identity));
            return self.offer_again(scid, None);
        }
        if let Some(base) = intake.base.clone() {
            let ours = base.history();
            let forked =
                !ours.is_prefix_of(identity.history()) && !identity.history().is_prefix_of(ours);
            if forked && !self.second_child(&base, &identity) {
                self.finish(scid, Err(IntakeError::Forked));
                return self.restand(&base, Some(&identity));
            }
        }
        // Evidence that came before holds against what comes now, and so does what witnesses signed of it.
        let base = self.intakes.get(&scid).and_then(|intake| intake.base.clone());
        let base = base.filter(|_| self.forks.count(&scid) > 0);
        let Some((identity, fork)) = self.stands(&identity, base.as_deref()) else {
            return self.finish(scid, Err(IntakeError::NotWitnessed));
        };
        let known = self.known(&scid);
        let Some(intake) = self.intakes.get_mut(&scid) else { return };
        intake.known = known;
        match stands(intake.offer.head.head(), identity) {
            Ok(identity) => {
                intake.fork = fork;
                intake.taken = Some(Arc::new(identity));
                self.show(scid);
            }
            Err(error) => self.finish(scid, Err(error)),
        }
    }

    /// Sees to the showcase the head names.
    fn show(&mut self, scid: Scid) {
        let Some(intake) = self.intakes.get(&scid) else { return };
        let Some(showcase) = intake.offer.head.head().showcase else {
            return self.keep(scid, None);
        };
        let supplied =
            intake.offer.supplied.as_ref().and_then(|supplied| supplied.showcase.clone());
        if let Some(bytes) = supplied {
            if sha256(&bytes) != showcase.hash {
                return self.finish(scid, Err(IntakeError::WrongShowcase));
            }
            return self.keep(scid, Some(bytes));
        }
        let held = self.directory.get(&scid).and_then(|listing| listing.showcase);
        let wanted = held != Some(showcase.hash) && self.keeps_showcase(&scid);
        match intake.giver().filter(|_| wanted) {
            Some(peer) => {
                let deposited = intake.offer.is_kept();
                let Some(peer) = self.holder(peer, deposited) else { return self.keep(scid, None) };
                self.pull_showcase(scid, peer, showcase.hash);
            }
            None => self.keep(scid, None),
        }
    }

    /// Chooses whom to ask for a showcase: whoever told of it, unless that is a home, which gives none
    /// but its own to those it deposits with.
    fn holder(&mut self, teller: Peer, deposited: bool) -> Option<Peer> {
        if deposited || !self.peers.is_home(&teller) {
            return Some(teller);
        }
        self.peers.with_role(&mut self.dice, 1, &[teller], Roles::KEEPER).pop()
    }

    /// Saves all that was verified.
    fn keep(&mut self, scid: Scid, showcase: Option<Vec<u8>>) {
        let known = self.known(&scid);
        let Some(intake) = self.intakes.get_mut(&scid) else { return };
        if intake.known != known {
            return self.offer_again(scid, showcase);
        }
        let (taken, base) = (intake.taken.take(), intake.base.clone());
        let saying = if taken.is_some() { Saying::Entry } else { Saying::Head };
        let head = intake.offer.head.clone();
        let (wanted, fork) = (intake.offer.is_kept(), intake.fork);
        let mut listing = match (&taken, self.directory.get(&scid)) {
            (Some(identity), held) => {
                let of = Listing::of(identity.history(), Some(&head));
                let showcase = held.map_or(0, |held| held.held.showcase);
                let file = identity.witnesses().map_or(0, <[u8]>::len);
                let file = u64::try_from(file).unwrap_or(u64::MAX);
                let log = of.held.log.saturating_add(file);
                let vouched = held.is_some_and(|held| held.vouched);
                Listing { fork, vouched, held: Held { log, showcase }, ..of }
            }
            (None, Some(held)) => held.with_head(&head),
            (None, None) => return self.finish(scid, Err(IntakeError::Busy)),
        };
        let class = if wanted || self.is_kept(&scid) { Class::Kept } else { Class::Cached };
        if let Some(identity) = taken {
            self.save_log(identity, base.as_deref(), class);
        }
        if let Some(bytes) = showcase {
            listing.vouched = self.vouches(&scid, &bytes);
            listing.held.showcase = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.save_body(scid, BodyKind::Showcase, bytes, class);
        }
        self.list(listing, class);
        self.pace.count(scid, saying, self.now.monotonic_ms);
        self.finish(scid, Ok(Taken::New));
    }

    fn known(&self, scid: &Scid) -> Known {
        let listed = self.directory.get(scid).map(Listing::version);
        Known { listed, proofs: self.forks.count(scid) }
    }

    /// Begins anew with an offer that was held against something else than what is known now. What came
    /// of it already is not asked for again.
    fn offer_again(&mut self, scid: Scid, showcase: Option<Vec<u8>>) {
        let Some(Intake { mut offer, taken, next, .. }) = self.intakes.remove(&scid) else {
            return;
        };
        if let Some(identity) = taken {
            let before = offer.supplied.take().and_then(|supplied| supplied.showcase);
            offer.supplied = Some(Supplied {
                after: None,
                log: identity.log().to_vec(),
                witness: identity.witnesses().map(<[u8]>::to_vec),
                showcase: showcase.or(before),
            });
        }
        for offer in core::iter::once(offer).chain(next) {
            self.offer(offer);
        }
    }

    /// Ends an intake, tells those who waited, and turns to the next in line.
    fn finish(&mut self, scid: Scid, result: Result<Taken, IntakeError>) {
        let Some(intake) = self.intakes.remove(&scid) else { return };
        let known = result.is_ok();
        self.settle(intake.offer, result);
        for offer in intake.next {
            self.offer(offer);
        }
        if known {
            self.read_profile(scid);
        }
    }

    /// Tells those who waited for an offer what became of it.
    pub(super) fn settle(&mut self, mut offer: Offer, result: Result<Taken, IntakeError>) {
        let verdict = match &result {
            Ok(_) => Verdict::Accept,
            Err(error) => error.verdict(),
        };
        if let (Verdict::Reject, Some(peer)) = (verdict, &offer.from) {
            let peer = peer.clone();
            self.fault(&peer, Fault::BadSignature);
        }
        for waiter in core::mem::take(&mut offer.waiters) {
            match waiter {
                Waiter::Gossip { token } => self.judge_for_others(token, verdict),
                Waiter::Deposit { token } => {
                    self.receipt(token, &offer.head, &result);
                }
                Waiter::Lookup(lookup) => self.lookup_taken(lookup, &result),
                Waiter::Publish(command) => self.published(command, &offer.head, &result),
                Waiter::Record => self.record_taken(&offer.head, &result),
                Waiter::Command(command) => self.answer(command, Outcome::Done),
            }
        }
    }
}

impl Offer {
    /// Tells whether somebody here wants it.
    fn is_asked_for(&self) -> bool {
        self.waiters.iter().any(|waiter| match waiter {
            Waiter::Lookup(_) | Waiter::Publish(_) | Waiter::Command(_) => true,
            Waiter::Gossip { .. } | Waiter::Deposit { .. } | Waiter::Record => false,
        })
    }

    /// What somebody deposits and what is our own is kept hard from the start.
    fn is_kept(&self) -> bool {
        self.waiters.iter().any(|waiter| match waiter {
            Waiter::Deposit { .. } | Waiter::Publish(_) => true,
            Waiter::Gossip { .. } | Waiter::Lookup(_) | Waiter::Record | Waiter::Command(_) => {
                false
            }
        })
    }
}

impl Intake {
    fn new(offer: Offer, known: Known) -> Self {
        Self {
            offer,
            base: None,
            taken: None,
            whole: false,
            fork: Fork::None,
            known,
            tellers: VecDeque::new(),
            asked: Vec::new(),
            asked_to_show: Vec::new(),
            next: VecDeque::new(),
        }
    }

    fn have(&self) -> u64 {
        self.base.as_ref().map_or(0, |base| base.history().number())
    }

    /// Counts the bytes of log that are missing here, as the head says, and of what comes with them.
    fn missing(&self) -> usize {
        let length = usize::try_from(self.offer.head.head().log_length).unwrap_or(usize::MAX);
        let held = self.base.as_ref().filter(|_| !self.whole);
        let held = held.map_or(0, |base| base.history().length());
        length.min(bounds::LOG).saturating_sub(held).saturating_add(BESIDE_A_LOG)
    }

    /// Tells whether the head says another length than the log has up to the entry it names: the entries
    /// that were held already may be spelled in another way than those of whoever offers the rest.
    fn is_of_another_length(&self, read: &Result<Identity, IntakeError>) -> bool {
        let head = self.offer.head.head();
        let at = read.as_ref().ok().and_then(|read| read.history().at_number(head.version));
        at.is_some_and(|at| u64::try_from(at.length()) != Ok(head.log_length))
    }

    /// Tells whether the head names another entry than the one that was read has in its place.
    fn sibling_of_head(&self, read: &Result<Identity, IntakeError>) -> bool {
        let named = self.offer.head.head().version_id();
        read.as_ref().is_ok_and(|identity| !identity.holds(named))
    }
}

/// Reads what came with an offer, behind the entry it says it follows.
fn read_supplied(
    supplied: &Supplied,
    base: Option<&Identity>,
    now: Timestamp,
) -> Result<Identity, IntakeError> {
    let witness = supplied.witness.as_deref();
    let Some(after) = supplied.after else {
        return Identity::read(&supplied.log, witness, now);
    };
    let base = base.filter(|base| base.holds(after)).ok_or(IntakeError::Incomplete)?;
    let start = base.up_to(after.number).ok_or(IntakeError::Incomplete)?;
    start.extend(&supplied.log, witness, now)
}

/// Tells whether the entry that `head` names is in the log, or would come after it.
fn speaks_of(head: &Head, identity: &Identity) -> bool {
    identity.history().number() < head.version || identity.holds(head.version_id())
}

/// Checks that `head` speaks for the identity, and gives the identity up to the entry it names.
fn stands(head: &Head, identity: Identity) -> Result<Identity, IntakeError> {
    if identity.history().number() < head.version {
        return Err(IntakeError::Incomplete);
    }
    if !identity.holds(head.version_id()) {
        return Err(IntakeError::NoSuchEntry);
    }
    if identity.standing().is_none_or(|standing| standing.number() < head.version) {
        return Err(IntakeError::NotWitnessed);
    }
    let identity = identity.up_to(head.version).ok_or(IntakeError::Incomplete)?;
    let history = identity.history();
    if u64::try_from(history.length()) != Ok(head.log_length) {
        return Err(IntakeError::WrongLength);
    }
    // The same few that a listing keeps, so that all nodes judge the next head alike.
    if !history.document().authentication_keys().take(MAX_KEYS).any(|key| *key == head.key) {
        return Err(IntakeError::NotTheirKey);
    }
    Ok(identity)
}

/// Identities taken in at once: what a node with 32 peers hears in the time one pull takes.
pub(super) const MAX_INTAKES: usize = 1024;

/// Offers of others in line behind one that is being taken in. Of those that somebody here wants there are no
/// more than look-ups and commands that run.
const MAX_IN_LINE: usize = 4;
