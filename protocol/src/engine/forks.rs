//! What shows that somebody signed two things where there may be one.
//!
//! Evidence is verified before it is believed, saved before it is told, told before anything else, and
//! kept for ever. With the same evidence every node decides alike: of two histories the one stands
//! that alone is witnessed to its threshold, else what both begin with; of two heads in one place the
//! one with the lower hash.
//!
//! The identity is flagged in every case. The flag of two heads is settled by the next entry of its
//! log, which a copied hot key cannot sign; that of two words on a status list once its document lists no
//! longer both of the keys that signed them.

mod evidence;
mod shared;

pub use evidence::Evidence;

use super::directory::Listing;
use super::effect::{Change, Effect, Fault, Load, Loaded, Notice as Told};
use super::gossip::Announced;
use super::identity::Identity;
use super::intake::{IntakeError, Offer};
use super::{Engine, Then, asking};
use crate::did::Scid;
use crate::did::fork::{self, ForkProof};
use crate::did::log::History;
use crate::did::log::witness::File;
use crate::encoding::multihash::sha256;
use crate::key::PublicKey;
use crate::policy::standing::Fork;
use crate::verdict::Verdict;
use crate::wire::exchange::{Request, Response, want};
use crate::wire::head::Head;
use crate::wire::notice::Notice;
use crate::wire::peer::Peer;
use crate::wire::topic::Kind;
use evidence::Place;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The evidence that is held.
#[derive(Debug, Default)]
pub(super) struct Forks {
    known: BTreeSet<Notice>,
    hashes: BTreeSet<[u8; 32]>,
    /// Of these, what is on the disk and was not read yet: an identity's are read before its log is.
    unread: BTreeSet<Notice>,
    /// The forked logs among it, to hold every further entry against.
    logs: BTreeMap<Scid, Vec<ForkProof>>,
    /// What all of it is about.
    places: BTreeMap<Scid, BTreeMap<Place, Vec<PublicKey>>>,
    /// Other spellings of what is held, so that none is fetched twice.
    needless: BTreeSet<Notice>,
    /// Whose log is being pulled because of a proof, and from whom.
    pulling: BTreeSet<(Scid, Peer)>,
}

impl Forks {
    pub(super) fn new(known: Vec<(Scid, [u8; 32])>) -> Self {
        let mut forks = Self::default();
        known.into_iter().for_each(|(scid, hash)| {
            let notice = Notice { scid, hash };
            forks.unread.insert(notice);
            forks.insert(notice);
        });
        forks
    }

    fn insert(&mut self, notice: Notice) {
        self.hashes.insert(notice.hash);
        self.known.insert(notice);
    }

    /// Tells whether there is nothing to fetch: the proof is held, or another of the same.
    pub(super) fn holds(&self, notice: &Notice) -> bool {
        self.keeps(notice) || self.needless.contains(notice)
    }

    /// Tells whether this very proof is held, for whoever asks for it.
    pub(super) fn keeps(&self, notice: &Notice) -> bool {
        self.known.contains(notice)
    }

    /// Tells whether a proof adds nothing to what is held; `flagged` says whether anything could.
    fn is_needless(&self, scid: &Scid, evidence: &Evidence, flagged: bool) -> bool {
        let Some((place, _)) = Place::of(evidence) else { return true };
        let Some(places) = self.places.get(scid) else { return false };
        let alike = |held: &&Place| !held.is_of_a_log();
        let full = || flagged && places.keys().filter(alike).count() >= MAX_PLACES;
        places.contains_key(&place) || (!place.is_of_a_log() && full())
    }

    /// Tells whether enough forks of a log are held that a further one has to change something.
    fn has_many(&self, scid: &Scid) -> bool {
        self.logs.get(scid).is_some_and(|held| held.len() >= MAX_LOG_FORKS)
    }

    fn pass_over(&mut self, notice: Notice) {
        if self.keeps(&notice) {
            return;
        }
        if self.needless.len() >= MAX_NEEDLESS {
            self.needless.clear();
        }
        self.needless.insert(notice);
    }

    pub(super) fn knows(&self, hash: &[u8; 32]) -> bool {
        self.hashes.contains(hash)
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Lists the proofs about one identity.
    pub(super) fn about(&self, scid: &Scid) -> Vec<[u8; 32]> {
        let range = Notice { scid: *scid, hash: [0; 32] }..=Notice { scid: *scid, hash: [255; 32] };
        self.known.range(range).map(|notice| notice.hash).collect()
    }

    /// Counts the proofs about one identity.
    pub(super) fn count(&self, scid: &Scid) -> usize {
        self.about(scid).len()
    }

    pub(super) fn after(&self, after: Option<Notice>) -> impl Iterator<Item = Notice> {
        self.known.iter().filter(move |notice| Some(**notice) > after).copied()
    }

    /// Gives the next proof about one identity that is still to be read from the disk.
    fn unread(&self, scid: &Scid) -> Option<[u8; 32]> {
        let first = Notice { scid: *scid, hash: [0; 32] };
        let next = self.unread.range(first..).next().filter(|notice| notice.scid == *scid);
        next.map(|notice| notice.hash)
    }

    /// Takes in what the disk gave of a proof. One that cannot be read is held no more, so that peers
    /// can give it back.
    fn read(&mut self, notice: Notice, evidence: Option<&Evidence>) {
        if !self.unread.remove(&notice) {
            return;
        }
        match evidence {
            Some(evidence) => self.remember(notice.scid, evidence),
            None => {
                self.known.remove(&notice);
                self.hashes.remove(&notice.hash);
            }
        }
    }

    fn remember(&mut self, scid: Scid, evidence: &Evidence) {
        if let Some((place, keys)) = Place::of(evidence) {
            self.places.entry(scid).or_default().insert(place, keys);
        }
        if let Evidence::Log(proof) = evidence {
            self.logs.entry(proof.scid()).or_default().push(proof.clone());
        }
    }

    /// Says how an identity stands whose histories give `history`, undecided or not.
    fn state(&self, history: &History, undecided: bool) -> Fork {
        let mut places = self.places.get(&history.scid()).into_iter().flatten();
        if undecided || places.any(|(place, keys)| place.weighs(keys, history)) {
            Fork::Open
        } else if self.about(&history.scid()).is_empty() {
            Fork::None
        } else {
            Fork::Settled
        }
    }

    /// Gives the other histories that are known of an identity.
    fn branches(&self, history: &History) -> Vec<History> {
        let proofs = self.logs.get(&history.scid()).map_or(&[][..], Vec::as_slice);
        let forks = proofs.iter().filter_map(|proof| proof.verify(history).ok());
        forks.flat_map(|fork| fork.branches().clone()).collect()
    }
}

/// Evidence that waits for the log it is checked against.
#[derive(Debug, Clone)]
pub(super) struct Alleged {
    announced: Announced,
    peer: Peer,
    evidence: Evidence,
}

impl Engine {
    /// Reads the proofs held about one identity, and then goes on with its log, if `then` says so. Tells
    /// whether there are any to be read first.
    pub(super) fn read_forks(&mut self, scid: &Scid, then: Option<&Then>) -> bool {
        let Some(hash) = self.forks.unread(scid) else { return false };
        let notice = Notice { scid: *scid, hash };
        self.load(Load::Body(hash), asking::Reading::Fork(notice, then.cloned()));
        true
    }

    pub(super) fn fork_loaded(&mut self, notice: Notice, then: Option<Then>, loaded: &Loaded) {
        let bytes = if let Loaded::Body(bytes) = loaded { bytes.as_deref() } else { None };
        let evidence = bytes.and_then(|bytes| Evidence::parse(bytes).ok());
        self.forks.read(notice, evidence.as_ref());
        match then {
            Some(then) => self.with_identity(notice.scid, then),
            None => drop(self.read_forks(&notice.scid, None)),
        }
    }

    /// Takes a fork proof that was announced and fetched.
    pub(super) fn fork_proof(&mut self, announced: Announced, peer: &Peer, bytes: &[u8]) {
        let scid = announced.notice.scid;
        match Evidence::parse(bytes) {
            Ok(evidence) => {
                let alleged = Alleged { announced, peer: peer.clone(), evidence };
                self.with_identity(scid, Then::Fork(alleged));
            }
            Err(_) => {
                self.judge_announced(&announced, Verdict::Reject);
                self.fault(peer, Fault::Malformed);
            }
        }
    }

    pub(super) fn judge_fork(
        &mut self,
        scid: Scid,
        alleged: Alleged,
        identity: Option<&Arc<Identity>>,
    ) {
        // Without the log up to where it parts nobody can tell.
        let Some(identity) = identity.filter(|identity| alleged.evidence.reaches(identity)) else {
            return self.pull_shared(scid, alleged);
        };
        let Alleged { announced, peer, evidence } = alleged;
        if let Err(verdict) = evidence.verify(identity.history(), &self.config.network) {
            if verdict == Verdict::Reject {
                self.fault(&peer, Fault::BadSignature);
            }
            return self.judge_announced(&announced, verdict);
        }
        // What is not kept is not told on: nobody could have it from here.
        if !self.record_about(&evidence, identity, None, announced.token.is_none()) {
            return self.judge_announced(&announced, Verdict::Ignore);
        }
        self.judge_announced(&announced, Verdict::Accept);
        if let Evidence::Log(_) = evidence {
            // What we hold may be the wrong branch: only the other one, with its witnesses, tells.
            let wanted = want::Log { scid, have: 0 };
            self.ask(&peer, Request::Log(wanted), asking::Purpose::Branch(scid));
        }
        self.restand(identity, None);
    }

    /// Takes the log of the other branch.
    pub(super) fn branch_pulled(&mut self, scid: Scid, response: Option<Response>) {
        let Some(Response::Log(log)) = response else { return };
        let read = Identity::read(&log.lines, log.witness.as_deref(), self.now.wall);
        let Some(ours) = self.shelf.get(&scid) else { return };
        if let Some(theirs) = read.ok().filter(|theirs| theirs.scid() == scid) {
            self.restand(&ours, Some(&theirs));
        }
    }

    /// Keeps the proof that there are two histories, and tells whether it is theirs that stands.
    pub(super) fn second_child(&mut self, ours: &Identity, theirs: &Identity) -> bool {
        let Some(fork) = fork::Fork::between(ours.history(), theirs.history()) else {
            return false;
        };
        let _kept = self.record_about(&Evidence::Log(fork.to_proof()), ours, Some(theirs), true);
        let [_, child] = fork.branches();
        let stands = self.stands(ours, Some(theirs));
        stands.is_some_and(|(stands, _)| stands.holds(child.version_id()))
    }

    /// Gives what stands of an identity, of all that is known of it.
    ///
    /// What witnesses signed of either side goes with it, also where neither stands: with the words of one
    /// side alone that side would stand the next time somebody asks, here, and wherever this log goes.
    pub(super) fn stands(
        &self,
        ours: &Identity,
        theirs: Option<&Identity>,
    ) -> Option<(Identity, Fork)> {
        let mut histories = vec![ours.history().clone()];
        histories.extend(theirs.map(|theirs| theirs.history().clone()));
        histories.extend(self.forks.branches(ours.history()));
        histories.extend(theirs.iter().flat_map(|theirs| self.forks.branches(theirs.history())));
        let file = files(ours, theirs);
        let standing = fork::standing(&histories, &file)?;
        let fork = self.forks.state(standing.history(), standing.is_flagged());
        let version = standing.history().version_id();
        let holder = [Some(ours), theirs].into_iter().flatten().find(|one| one.holds(version));
        let stands = match holder {
            Some(holder) => holder.up_to(version.number),
            // Of the branch that stands only the proof is held: until its log comes, the prefix.
            None => ours.up_to(ours.history().common_prefix(standing.history())?.number()),
        }?;
        Some((if theirs.is_some() { stands.told(&file) } else { stands }, fork))
    }

    /// Goes over to the branch that stands, if it is not the one that is held.
    pub(super) fn restand(&mut self, ours: &Identity, theirs: Option<&Identity>) {
        let Some((stands, fork)) = self.stands(ours, theirs) else { return };
        let scid = ours.scid();
        if self.stand(stands, fork, Some(ours)) {
            self.find(None, scid, super::command::Freshness::Peers);
        }
    }

    /// Holds what stands of an identity in the place of `base`; tells whether that is another entry.
    fn stand(&mut self, stands: Identity, fork: Fork, base: Option<&Identity>) -> bool {
        let scid = stands.scid();
        let class = self.class(&scid);
        let version = stands.history().version_id();
        let held = self.directory.get(&scid).cloned();
        if let Some(held) = held.filter(|held| held.version() == version) {
            // A witness's proof may have come along that was not known here.
            if base.is_some_and(|base| base.witnesses() != stands.witnesses()) {
                self.save_log(Arc::new(stands), base, class);
            }
            self.list(Listing { fork, ..held }, class);
            return false;
        }
        let listing = Listing { fork, ..Listing::of(stands.history(), None) };
        self.save_log(Arc::new(stands), base, class);
        self.list(listing, class);
        true
    }

    /// Two heads in one place: the proof is kept, and the one with the lower hash.
    pub(super) fn conflicting(&mut self, offer: Offer) {
        let head = offer.head.head();
        let scid = head.scid;
        let listing = self.directory.get(&scid);
        let held = listing.and_then(|listing| Some((listing.head.clone()?, listing.head_hash?)));
        let theirs = listing.is_some_and(|listing| listing.keys.contains(&head.key));
        let Some((held, hash)) = held.filter(|_| theirs) else {
            return self.settle(offer, Err(IntakeError::NotTheirKey));
        };
        let length = Head::parse(&held).ok().map(|held| held.unverified().log_length);
        let evidence = Evidence::Heads([held, offer.head.bytes().to_vec()]);
        let _kept = self.record_fork(scid, &evidence, true);
        if offer.head.hash() < hash && length == Some(offer.head.head().log_length) {
            self.update(offer);
        } else if offer.head.hash() < hash {
            // About another log than the one that is held, or about none.
            self.begin(offer);
        } else {
            self.settle(offer, Err(IntakeError::Forked));
        }
    }

    /// Does [`Self::record_fork`], unless enough proofs of forks are held and this one changes nothing.
    pub(super) fn record_about(
        &mut self,
        evidence: &Evidence,
        ours: &Identity,
        theirs: Option<&Identity>,
        announce: bool,
    ) -> bool {
        let scid = ours.scid();
        if self.forks.has_many(&scid) && !self.turns(evidence, ours, theirs) {
            let notice = Notice { scid, hash: sha256(&evidence.to_bytes()) };
            self.forks.pass_over(notice);
            return self.forks.keeps(&notice);
        }
        self.record_fork(scid, evidence, announce)
    }

    /// Tells whether `ours` stands elsewhere, or in another way, with this proof than without.
    fn turns(&self, evidence: &Evidence, ours: &Identity, theirs: Option<&Identity>) -> bool {
        let Evidence::Log(proof) = evidence else { return true };
        let mut sides = [Some(ours), theirs].into_iter().flatten();
        let fork = sides.find_map(|side| proof.verify(side.history()).ok());
        let Some(fork) = fork else { return false };
        let files = files(ours, theirs);
        let stands = |histories: &[History]| {
            let standing = fork::standing(histories, &files)?;
            Some((standing.history().version_id(), standing.is_flagged()))
        };
        let mut histories = vec![ours.history().clone()];
        histories.extend(self.forks.branches(ours.history()));
        let without = stands(&histories);
        histories.extend(fork.branches().clone());
        stands(&histories) != without
    }

    /// Keeps a verified proof, tells of it, and flags the identity. Tells whether it is held now, and not
    /// another of the same.
    pub(super) fn record_fork(&mut self, scid: Scid, evidence: &Evidence, announce: bool) -> bool {
        let bytes = evidence.to_bytes();
        let hash = sha256(&bytes);
        let notice = Notice { scid, hash };
        let listing = self.directory.get(&scid);
        let flagged = listing.is_some_and(|listing| listing.fork == Fork::Open);
        if self.forks.is_needless(&scid, evidence, flagged) {
            self.forks.pass_over(notice);
            return self.forks.keeps(&notice);
        }
        self.forks.insert(notice);
        self.forks.remember(scid, evidence);
        self.save(Change::Fork { scid, hash, bytes });
        if announce {
            self.announce(Kind::Fork, notice.to_bytes());
        }
        if let Some(listing) = self.directory.get(&scid).cloned() {
            let class = self.class(&scid);
            self.list(Listing { fork: Fork::Open, ..listing }, class);
        }
        self.effects.push(Effect::Notify(Told::Forked { scid, proof: hash }));
        true
    }
}

/// Gives all that witnesses signed of either.
fn files(ours: &Identity, theirs: Option<&Identity>) -> File {
    let file = |identity: &Identity| identity.witnesses().and_then(|file| File::parse(file).ok());
    let files = file(ours).unwrap_or_default();
    theirs.and_then(file).map_or(files.clone(), |other| files.merge(&other))
}

/// Proofs beside those of logs that are kept of one identity that is flagged anyway: its owner could
/// sign two heads for every sequence there is.
const MAX_PLACES: usize = 64;

/// Other spellings remembered; forgotten all at once, they are merely fetched again.
const MAX_NEEDLESS: usize = 1024;

/// Forks of one log that are kept whatever they show; any two children of one entry can be a proof, so
/// there is no end of them. Beyond these one is kept if the identity stands elsewhere with it than without.
///
/// So every node decides as if it held all proofs there ever were, whichever came to it first. Of a log
/// without witnesses the earliest parting decides, and an earlier one is always kept. At a parting that
/// witnesses decide only a side that they signed counts, and one that gains their signatures later comes
/// with its log, whose proof changes what stands then. And those that are kept come to an end: each moves
/// what stands back along one log, or has the threshold of its witnesses sign once more.
const MAX_LOG_FORKS: usize = 8;
