//! What shows that somebody signed two things where there may be one.
//!
//! Evidence is verified before it is believed, saved before it is told, told before anything else, and
//! kept for ever. With the same evidence every node decides alike: of two histories the one stands
//! that alone is witnessed to its threshold, else what both begin with; of two heads in one place the
//! one with the lower hash.
//!
//! The identity is flagged in every case. The flag of two heads is settled by the next entry of its
//! log, which a copied hot key cannot sign; that of two statements once its document lists no longer
//! both of the keys that signed them.

use super::directory::Listing;
use super::effect::{Change, Effect, Fault, Load, Loaded, Notice as Told};
use super::gossip::Announced;
use super::identity::Identity;
use super::intake::{IntakeError, Offer};
use super::{Engine, Then, asking};
use crate::did::Scid;
use crate::did::fork::{self, ForkProof, Siblings};
use crate::did::log::History;
use crate::did::log::entry::VersionId;
use crate::did::log::witness::File;
use crate::encoding::cbor::{self, CborError, Reader, Record, Writer};
use crate::encoding::multihash::sha256;
use crate::key::PublicKey;
use crate::policy::standing::Fork;
use crate::status::statement;
use crate::verdict::Verdict;
use crate::wire::bounds;
use crate::wire::exchange::{Request, Response, want};
use crate::wire::head::{Head, Position, Signed};
use crate::wire::network::Parameters;
use crate::wire::notice::Notice;
use crate::wire::peer::Peer;
use crate::wire::topic::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Two signed things of which there may be one. Holding it proves nothing yet.
#[derive(Debug, Clone)]
pub enum Evidence {
    /// Two entries that follow the same entry.
    Log(ForkProof),
    /// Two heads in one place, each as it travelled.
    Heads([Vec<u8>; 2]),
    /// Two status statements for one sequence, each as it travelled.
    Statements([Vec<u8>; 2]),
}

impl Evidence {
    /// Reads a fork proof of any kind.
    ///
    /// # Errors
    ///
    /// Returns [`CborError`] for bytes that are none. Fault of whoever sent them.
    pub fn parse(bytes: &[u8]) -> Result<Self, CborError> {
        if let Ok(proof) = ForkProof::parse(bytes) {
            return Ok(Self::Log(proof));
        }
        let pair: Pair = cbor::decode(bytes, bounds::FORK_PROOF)?;
        match pair.kind {
            HEADS => Ok(Self::Heads(pair.sides)),
            STATEMENTS => Ok(Self::Statements(pair.sides)),
            _ => Err(CborError::NotDeterministic),
        }
    }

    /// Writes the fork proof; which side was found first makes no difference.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let pair = |kind, [one, other]: &[Vec<u8>; 2]| {
            let sides = if one <= other { [one, other] } else { [other, one] };
            cbor::encode(&Pair { kind, sides: sides.map(Vec::clone) })
        };
        match self {
            Self::Log(proof) => proof.to_bytes(),
            Self::Heads(sides) => pair(HEADS, sides),
            Self::Statements(sides) => pair(STATEMENTS, sides),
        }
    }

    /// Checks it against the log of the identity it is about.
    fn verify(&self, identity: &Identity, network: &Parameters) -> Result<(), Verdict> {
        let reject = Err(Verdict::Reject);
        match self {
            Self::Log(ForkProof::Log(siblings)) => {
                siblings.verify(identity.history()).map(drop).map_err(|error| error.verdict())
            }
            Self::Heads([one, other]) => {
                let open = |bytes: &[u8]| Signed::open(bytes, network);
                let (Ok(one), Ok(other)) = (open(one), open(other)) else { return reject };
                let (one, other) = (one.head(), other.head());
                let conflict = one.position() == other.position() && one != other;
                if !conflict || one.scid != other.scid || one.scid != identity.scid() {
                    return reject;
                }
                let both = speaks(one, identity) && speaks(other, identity);
                if both { Ok(()) } else { Err(Verdict::Ignore) }
            }
            Self::Statements([one, other]) => {
                // Also with a key that is gone since: what was signed stays signed.
                let keys = |key: &PublicKey| ever_listed(identity.history(), key);
                let read = |bytes: &[u8]| {
                    let signed = statement::Signed::parse(bytes, network.id().as_str()).ok()?;
                    signed.authorize(|_, key| keys(key)).ok()
                };
                let (Some(one), Some(other)) = (read(one), read(other)) else {
                    return Err(Verdict::Ignore);
                };
                let ours = one.body().issuer == identity.scid();
                if ours && one.conflicts_with(&other) { Ok(()) } else { reject }
            }
        }
    }
}

/// Tells whether the key of `head` stood in the document at the entry it names. Heads of two branches
/// are in two places: of them the proof of the two entries decides.
fn speaks(head: &Head, identity: &Identity) -> bool {
    let named = VersionId { number: head.version, digest: head.version_digest };
    let at = identity.history().at_version_id(named);
    at.is_some_and(|at| at.document().authentication_keys().any(|key| *key == head.key))
}

/// Tells whether any document of a history lists `key` for assertions.
fn ever_listed(history: &History, key: &PublicKey) -> bool {
    core::iter::successors(Some(history.clone()), History::parent)
        .any(|at| at.document().assertion_keys().any(|listed| listed == key))
}

/// What evidence is about. One proof of it is enough: there are as many spellings as somebody cares
/// to sign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// These two entries follow that one.
    Log { parent: VersionId, children: [VersionId; 2] },
    /// There are two heads here.
    Head(Position),
    /// This list stands in two ways after so many changes.
    Status { list: u64, sequence: u64 },
}

impl Place {
    /// Gives the place, and the keys that signed what weighs for as long as they are listed.
    fn of(evidence: &Evidence) -> Option<(Self, Vec<PublicKey>)> {
        Some(match evidence {
            Evidence::Log(ForkProof::Log(siblings)) => {
                let children = siblings.children().each_ref().map(|child| child.version_id());
                (Self::Log { parent: siblings.parent(), children }, Vec::new())
            }
            Evidence::Heads([head, _]) => {
                (Self::Head(Head::parse(head).ok()?.unverified().position()), Vec::new())
            }
            Evidence::Statements([one, other]) => {
                let (body, key) = statement::peek(one).ok()?;
                let keys = vec![key, statement::peek(other).ok()?.1];
                (Self::Status { list: body.list, sequence: body.to }, keys)
            }
        })
    }

    /// Tells whether the identity is still flagged for it, beside what its histories say.
    fn weighs(&self, keys: &[PublicKey], history: &History) -> bool {
        match self {
            // The histories themselves say whether they are settled.
            Self::Log { .. } => false,
            Self::Head(position) => position.version >= history.number(),
            Self::Status { .. } => {
                let listed =
                    |key: &PublicKey| history.document().assertion_keys().any(|one| one == key);
                keys.iter().all(listed)
            }
        }
    }

    const fn is_of_a_log(&self) -> bool {
        match self {
            Self::Log { .. } => true,
            Self::Head(_) | Self::Status { .. } => false,
        }
    }
}

struct Pair {
    kind: u64,
    sides: [Vec<u8>; 2],
}

impl Record for Pair {
    fn write(&self, to: &mut Writer) {
        to.array(3);
        to.unsigned(self.kind);
        self.sides.iter().for_each(|side| to.bytes(side));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(3)?;
        let kind = from.unsigned()?;
        let sides = [from.bytes()?.to_vec(), from.bytes()?.to_vec()];
        let [one, other] = &sides;
        // One fork has one spelling.
        if one >= other {
            Err(from.malformed("two sides in order"))
        } else {
            Ok(Self { kind, sides })
        }
    }
}

/// The evidence that is held.
#[derive(Debug, Default)]
pub(super) struct Forks {
    known: BTreeSet<Notice>,
    hashes: BTreeSet<[u8; 32]>,
    /// The forked logs among it, to hold every further entry against.
    logs: BTreeMap<Scid, Vec<Siblings>>,
    /// What all of it is about.
    places: BTreeMap<Scid, BTreeMap<Place, Vec<PublicKey>>>,
    /// Other spellings of what is held, so that none is fetched twice.
    needless: BTreeSet<Notice>,
}

impl Forks {
    pub(super) fn new(known: Vec<(Scid, [u8; 32])>) -> Self {
        let mut forks = Self::default();
        known.into_iter().for_each(|(scid, hash)| {
            forks.insert(Notice { scid, hash });
        });
        forks
    }

    fn insert(&mut self, notice: Notice) -> bool {
        self.hashes.insert(notice.hash);
        self.known.insert(notice)
    }

    /// Tells whether there is nothing to fetch: the proof is held, or another of the same.
    pub(super) fn holds(&self, notice: &Notice) -> bool {
        self.known.contains(notice) || self.needless.contains(notice)
    }

    /// Tells whether a proof adds nothing to what is held; `flagged` says whether anything could.
    fn is_needless(&self, scid: &Scid, evidence: &Evidence, flagged: bool) -> bool {
        let Some((place, _)) = Place::of(evidence) else { return true };
        let Some(places) = self.places.get(scid) else { return false };
        let alike = |held: &&Place| !held.is_of_a_log();
        let full = || flagged && places.keys().filter(alike).count() >= MAX_PLACES;
        places.contains_key(&place) || (!place.is_of_a_log() && full())
    }

    fn pass_over(&mut self, notice: Notice) {
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

    pub(super) fn after(&self, after: Option<Notice>) -> impl Iterator<Item = Notice> {
        self.known.iter().filter(move |notice| Some(**notice) > after).copied()
    }

    fn remember(&mut self, scid: Scid, evidence: &Evidence) {
        if let Some((place, keys)) = Place::of(evidence) {
            self.places.entry(scid).or_default().insert(place, keys);
        }
        if let Evidence::Log(proof @ ForkProof::Log(siblings)) = evidence {
            let held = self.logs.entry(proof.scid()).or_default();
            if held.len() < MAX_LOG_FORKS {
                held.push(siblings.clone());
            }
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
        let siblings = self.logs.get(&history.scid()).map_or(&[][..], Vec::as_slice);
        let forks = siblings.iter().filter_map(|siblings| siblings.verify(history).ok());
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
    /// Reads the fork proofs held, so that every further entry is held against them.
    pub(super) fn load_forks(&mut self) {
        let hashes: Vec<[u8; 32]> = self.forks.hashes.iter().take(MAX_LOADED).copied().collect();
        for hash in hashes {
            self.load(Load::Fork(hash), asking::Reading::Fork);
        }
    }

    pub(super) fn fork_loaded(&mut self, loaded: &Loaded) {
        if let Loaded::Fork(Some(bytes)) = loaded
            && let Ok(evidence) = Evidence::parse(bytes)
        {
            let hash = sha256(bytes);
            let about = self.forks.known.iter().filter(|notice| notice.hash == hash);
            for scid in about.map(|notice| notice.scid).collect::<Vec<_>>() {
                self.forks.remember(scid, &evidence);
            }
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
        let Alleged { announced, peer, evidence } = alleged;
        // Without the log nobody can tell; it comes, and then the proof is asked for again.
        let Some(identity) = identity else {
            return self.judge_announced(&announced, Verdict::Ignore);
        };
        if let Err(verdict) = evidence.verify(identity, &self.config.network) {
            if verdict == Verdict::Reject {
                self.fault(&peer, Fault::BadSignature);
            }
            return self.judge_announced(&announced, verdict);
        }
        self.record_fork(scid, &evidence, announced.token.is_none());
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
        self.record_fork(ours.scid(), &Evidence::Log(fork.to_proof()), true);
        let [_, child] = fork.branches();
        let stands = self.stands(ours, Some(theirs));
        stands.is_some_and(|(stands, _)| stands.holds(child.version_id()))
    }

    /// Gives what stands of an identity, of all that is known of it.
    pub(super) fn stands(
        &self,
        ours: &Identity,
        theirs: Option<&Identity>,
    ) -> Option<(Identity, Fork)> {
        let mut histories = vec![ours.history().clone()];
        histories.extend(theirs.map(|theirs| theirs.history().clone()));
        histories.extend(self.forks.branches(ours.history()));
        let file =
            |identity: &Identity| identity.witnesses().and_then(|file| File::parse(file).ok());
        let files = file(ours).unwrap_or_default();
        let files = theirs.and_then(file).map_or(files.clone(), |other| files.merge(&other));
        let standing = fork::standing(&histories, &files)?;
        let fork = self.forks.state(standing.history(), standing.is_flagged());
        let version = standing.history().version_id();
        let holder = [Some(ours), theirs].into_iter().flatten().find(|one| one.holds(version));
        let stands = match holder {
            Some(holder) => holder.up_to(version.number),
            // Of the branch that stands only the proof is held: until its log comes, the prefix.
            None => ours.up_to(ours.history().common_prefix(standing.history())?.number()),
        };
        Some((stands?, fork))
    }

    /// Goes over to the branch that stands, if it is not the one that is held.
    pub(super) fn restand(&mut self, ours: &Identity, theirs: Option<&Identity>) {
        let Some((stands, fork)) = self.stands(ours, theirs) else { return };
        let scid = ours.scid();
        let class = self.class(&scid);
        let version = stands.history().version_id();
        let held = self.directory.get(&scid).cloned();
        if let Some(held) =
            held.filter(|it| (it.number, it.digest) == (version.number, version.digest))
        {
            // A witness's proof may have come along that was not known here.
            return self.list(Listing { fork, ..held }, class);
        }
        self.save_log(&stands, Some(ours), class);
        let listing = Listing { fork, ..Listing::of(stands.history(), None) };
        self.shelf.put(Arc::new(stands));
        self.list(listing, class);
        self.find(None, scid, super::command::Freshness::Peers);
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
        let evidence = Evidence::Heads([held, offer.head.bytes().to_vec()]);
        self.record_fork(scid, &evidence, true);
        if offer.head.hash() < hash {
            self.update(offer);
        } else {
            self.settle(offer, Err(IntakeError::Forked));
        }
    }

    /// Keeps a verified proof, tells of it, and flags the identity.
    pub(super) fn record_fork(&mut self, scid: Scid, evidence: &Evidence, announce: bool) {
        let bytes = evidence.to_bytes();
        let hash = sha256(&bytes);
        let notice = Notice { scid, hash };
        let listing = self.directory.get(&scid);
        let flagged = listing.is_some_and(|listing| listing.fork == Fork::Open);
        if self.forks.is_needless(&scid, evidence, flagged) {
            return self.forks.pass_over(notice);
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
    }
}

/// Kinds of fork proofs beside that of a log, which is 1.
const HEADS: u64 = 2;
const STATEMENTS: u64 = 3;

/// Proofs beside those of logs that are kept of one identity that is flagged anyway: its owner could
/// sign two heads for every sequence there is.
const MAX_PLACES: usize = 64;

/// Other spellings remembered; forgotten all at once, they are merely fetched again.
const MAX_NEEDLESS: usize = 1024;

/// Forks of one log that further entries are held against: more make nothing clearer.
const MAX_LOG_FORKS: usize = 8;

/// Fork proofs read at the start: 20 MiB at most, and each was paid for with a key.
const MAX_LOADED: usize = 1024;
