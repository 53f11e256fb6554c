//! What a witness signs: the first it sees of every version, never two, and what is newest every few
//! minutes.
//!
//! A proof leaves only after it is recorded on the disk, and the record is looked up before anything
//! is signed: so not even a crash between the two makes a witness sign a sibling. Nor does it sign a sibling
//! of what it holds and never signed, be that at hand or on the disk alone.

use super::command::{Cosigning, Freshness, Outcome, Refusal};
use super::directory::Listing;
use super::effect::{Change, Fault, Load, Loaded};
use super::identity::Identity;
use super::pace::Saying;
use super::{Chore, Engine, Then, asking};
use crate::did::Scid;
use crate::did::log::History;
use crate::did::log::entry::VersionId;
use crate::did::log::witness::{self, File};
use crate::key::{PublicKey, SecretKey};
use crate::policy::standing::Fork;
use crate::wire::exchange::deposit::{Cosign, Reason};
use crate::wire::exchange::hello::Roles;
use crate::wire::exchange::{Request, Response};
use crate::wire::freshness::Round;
use crate::wire::head::HeadHash;
use crate::wire::peer::Peer;
use std::collections::{BTreeMap, BTreeSet};

/// The witness role of this node, and our own logs that wait for other witnesses.
#[derive(Debug, Default)]
pub(super) struct Witness {
    next: u64,
    /// Requests to cosign that wait for the disk.
    open: BTreeMap<u64, Cosigned>,
    /// Logs that are being cosigned.
    busy: BTreeSet<Scid>,
    /// The newest that others held of an identity when it was looked up, where this witness came out of a backup.
    looked_up: BTreeMap<Scid, VersionId>,
    round: Option<Round>,
    /// Identities whose head is newer than that round.
    stale: BTreeSet<Scid>,
    /// Our own commands.
    seeking: BTreeMap<u64, Seeking>,
}

#[derive(Debug)]
struct Cosigned {
    identity: Identity,
    version: VersionId,
    reply: Reply,
}

/// Where a log stands to the one that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// It holds that one, or is part of it; or none is held.
    InLine,
    /// They are two branches.
    Sibling,
    /// Only the disk can tell.
    Unread,
}

/// Who wants a proof of ours.
#[derive(Debug, Clone, Copy)]
enum Reply {
    Peer {
        token: u64,
    },
    /// Our own command: the owner's log names our own witness too.
    Owner {
        command: u64,
    },
}

#[derive(Debug)]
struct Seeking {
    version: VersionId,
    wanted: BTreeSet<PublicKey>,
    file: File,
    cosigning: Cosigning,
    open: usize,
    since_ms: u64,
}

impl Engine {
    /// A peer wants the newest entry of a log cosigned: the whole log is verified first.
    pub(super) fn cosign(&mut self, token: u64, peer: &Peer, cosign: &Cosign) {
        if self.config.witness.is_none() {
            return self.respond(token, &Response::Refusal(Reason::NotOffered));
        }
        if !self.clock.report(self.now).may_sign() {
            return self.respond(token, &Response::Refusal(Reason::Clock));
        }
        let identity = match Identity::read(&cosign.log, cosign.witness.as_deref(), self.now.wall) {
            Ok(identity) => identity,
            Err(error) => {
                if error.verdict() == crate::verdict::Verdict::Reject {
                    self.fault(peer, Fault::BadSignature);
                }
                return self.respond(token, &Response::Refusal(error.reason()));
            }
        };
        // Whoever brings a sibling shows a fork, whether we are to sign it or not.
        if self.beside(&identity) == Beside::Sibling {
            return self.respond(token, &Response::Refusal(Reason::Forked));
        }
        if let Some(reason) = self.declines(&identity, peer) {
            return self.respond(token, &Response::Refusal(reason));
        }
        self.consider(identity, Reply::Peer { token });
    }

    /// Says why this witness has nothing to do with a log, or not now. Every entry it signs leaves a row
    /// for ever, so it signs for those that chose it, and takes up so many unknown ones of each peer.
    fn declines(&mut self, identity: &Identity, peer: &Peer) -> Option<Reason> {
        let key = self.config.witness.as_ref().map(SecretKey::public)?;
        if !asks(identity, &key) {
            return Some(Reason::NotOffered);
        }
        let scid = identity.scid();
        if !self.pace.allows(&scid, Saying::Cosigned, self.now.monotonic_ms) {
            return Some(Reason::TooMuch);
        }
        let known = self.directory.highest(&scid).is_some();
        let may = known || self.may_spend_introductions(peer, &scid, NEW_LOG);
        if !may {
            return Some(Reason::TooMuch);
        }
        let unread = self.beside(identity) == Beside::Unread;
        if unread && !self.peers.spend(peer, self.price_of_log(&scid), self.now.monotonic_ms) {
            self.fault(peer, Fault::Greedy);
            return Some(Reason::TooMuch);
        }
        None
    }

    /// Asks the disk what is held of this log, if that is not at hand, and what was cosigned of it before.
    fn consider(&mut self, identity: Identity, reply: Reply) {
        let (scid, version) = (identity.scid(), identity.history().version_id());
        let beside = self.beside(&identity);
        if beside == Beside::Sibling {
            return self.reply_cosign(reply, Response::Refusal(Reason::Forked));
        }
        if let Err(reason) = self.may_have_forgotten(&identity) {
            return self.reply_cosign(reply, Response::Refusal(reason));
        }
        // One at a time for each log, so that what is looked up is still true when it is signed.
        if self.witness.open.len() >= MAX_OPEN || !self.witness.busy.insert(scid) {
            return self.reply_cosign(reply, Response::Refusal(Reason::Busy));
        }
        self.witness.next = self.witness.next.saturating_add(1);
        let id = self.witness.next;
        self.witness.open.insert(id, Cosigned { identity, version, reply });
        match beside {
            Beside::Unread => self.with_identity(scid, Then::Cosign(id)),
            Beside::InLine | Beside::Sibling => {
                self.load(Load::Cosigned(scid), asking::Reading::Cosigned(id));
            }
        }
    }

    /// The disk was asked for what is held of a log that is to be cosigned.
    pub(super) fn cosign_beside(&mut self, id: u64) {
        let Some(cosigned) = self.witness.open.remove(&id) else { return };
        let scid = cosigned.identity.scid();
        if let Some(reason) = self.forbids(&cosigned.identity) {
            self.witness.busy.remove(&scid);
            return self.reply_cosign(cosigned.reply, Response::Refusal(reason));
        }
        self.witness.open.insert(id, cosigned);
        self.load(Load::Cosigned(scid), asking::Reading::Cosigned(id));
    }

    /// Says why what is held forbids to sign a log, now that it was asked for.
    fn forbids(&mut self, identity: &Identity) -> Option<Reason> {
        match self.beside(identity) {
            Beside::InLine => None,
            Beside::Sibling => Some(Reason::Forked),
            // A disk that cannot say is no reason to sign.
            Beside::Unread => Some(Reason::Busy),
        }
    }

    /// Holds a log against the one that is held: of a sibling the proof is kept.
    fn beside(&mut self, identity: &Identity) -> Beside {
        let scid = identity.scid();
        let held = self.directory.get(&scid).map(Listing::version);
        let Some(ours) = self.shelf.get(&scid) else {
            let in_line = held.is_none_or(|held| identity.holds(held));
            return if in_line { Beside::InLine } else { Beside::Unread };
        };
        let (one, other) = (ours.history(), identity.history());
        if one.is_prefix_of(other) || other.is_prefix_of(one) {
            return Beside::InLine;
        }
        self.second_child(&ours, identity);
        self.restand(&ours, Some(identity));
        Beside::Sibling
    }

    /// Refuses what may stand beside something cosigned after the backup this witness came out of, until the
    /// network has said what it holds: whatever was cosigned by enough witnesses was published.
    fn may_have_forgotten(&mut self, identity: &Identity) -> Result<(), Reason> {
        let (scid, version) = (identity.scid(), identity.history().version_id());
        // The SCID is the hash of the first entry: that has no sibling.
        if !self.config.restored || version.number <= 1 {
            return Ok(());
        }
        match self.witness.looked_up.get(&scid) {
            Some(newest) if identity.holds(*newest) => Ok(()),
            Some(newest) if newest.number > version.number => Err(Reason::Stale),
            Some(_) => Err(Reason::Forked),
            None => {
                self.find(None, scid, Freshness::Peers);
                Err(Reason::Busy)
            }
        }
    }

    /// Notes the newest of an identity that others confirmed.
    pub(super) fn looked_up(&mut self, scid: Scid, newest: VersionId) {
        if !self.config.restored || self.config.witness.is_none() {
            return;
        }
        if self.witness.looked_up.len() >= MAX_LOOKED_UP {
            self.witness.looked_up.clear();
        }
        self.witness.looked_up.insert(scid, newest);
    }

    /// The disk says what was cosigned before: everything of it must be part of this log too.
    pub(super) fn cosigned_loaded(&mut self, id: u64, loaded: Loaded) {
        let Some(Cosigned { identity, version, reply }) = self.witness.open.remove(&id) else {
            return;
        };
        self.witness.busy.remove(&identity.scid());
        let Some(key) = self.config.witness.clone() else { return };
        let response = match loaded {
            Loaded::Cosigned(before) => {
                let ours = |one: &super::effect::Cosigned| identity.holds(one.version());
                let newer = |one: &super::effect::Cosigned| one.number > version.number;
                if !before.iter().all(|one| newer(one) || ours(one)) {
                    Response::Refusal(Reason::Forked)
                } else if let Some(same) = before.iter().find(|one| one.version() == version) {
                    // The same again: its maker lost our answer.
                    Response::Proof(same.proof.clone())
                } else if before.iter().any(newer) {
                    // A longer log was cosigned already; whether this one is part of it, it must show.
                    Response::Refusal(Reason::Stale)
                } else if let Some(reason) = self.forbids(&identity) {
                    // It was taken in meanwhile.
                    Response::Refusal(reason)
                } else {
                    self.sign_version(&identity, version, &key)
                }
            }
            // A disk that cannot say is no reason to sign.
            Loaded::Log(_)
            | Loaded::Body(_)
            | Loaded::Statements(_)
            | Loaded::Freshness(_)
            | Loaded::Damaged => Response::Refusal(Reason::Busy),
        };
        self.reply_cosign(reply, response);
    }

    fn reply_cosign(&mut self, reply: Reply, response: Response) {
        match reply {
            Reply::Peer { token } => self.respond(token, &response),
            Reply::Owner { command } => {
                self.cosigned(command, None, Some(response));
            }
        }
    }

    fn sign_version(
        &mut self,
        identity: &Identity,
        version: VersionId,
        key: &SecretKey,
    ) -> Response {
        let now = self.now.wall;
        let proof = witness::cosign(version, key, now).to_string().into_bytes();
        let VersionId { number, digest } = version;
        self.sign_at(now);
        let scid = identity.scid();
        let cosigned = super::effect::Cosigned { number, digest, proof: proof.clone() };
        self.save(Change::Cosigned(scid, cosigned));
        self.pace.count(scid, Saying::Cosigned, self.now.monotonic_ms);
        Response::Proof(proof)
    }

    /// Signs, once an epoch, what is newest of everything held.
    pub(super) fn sign_freshness(&mut self) {
        let epoch_ms = self.config.network.epoch().saturating_mul(1000);
        if self.config.witness.is_some() && self.due(Chore::Freshness, epoch_ms) {
            self.sign_round();
        }
    }

    /// Signs before the epoch is over if somebody asks for a head that came after the last round: a
    /// vendor should not have to wait for minutes after every rotation.
    fn refresh(&mut self, scids: &[Scid]) {
        let behind = scids.iter().any(|scid| self.witness.stale.contains(scid));
        let heads = u64::try_from(self.directory.len()).unwrap_or(u64::MAX);
        let pause_ms = (heads / HEADS_A_MILLISECOND).max(SHORTEST_PAUSE_MS);
        if behind && self.config.witness.is_some() && self.due(Chore::Refresh, pause_ms) {
            self.sign_round();
        }
    }

    /// Notes that a head is newer than the last round.
    pub(super) fn outdates_round(&mut self, scid: Scid) {
        if self.config.witness.is_some() {
            self.witness.stale.insert(scid);
        }
    }

    fn sign_round(&mut self) {
        let Some(key) = self.config.witness.clone() else { return };
        if self.directory.len() == 0 || !self.clock.report(self.now).may_sign() {
            return;
        }
        let heads: BTreeMap<Scid, HeadHash> = self
            .directory
            .iter()
            .filter(|listing| listing.fork != Fork::Open)
            .filter_map(|listing| Some((listing.scid, listing.head_hash?)))
            .collect();
        let now = self.now.wall;
        self.sign_at(now);
        self.witness.round = Some(Round::sign(&heads, now, self.config.network.id(), &key));
        self.witness.stale.clear();
    }

    pub(super) fn give_fresh(&mut self, token: u64, scids: &[Scid]) {
        self.refresh(scids);
        let round = self.witness.round.as_ref();
        let proofs = scids.iter().filter_map(|scid| round?.proof(scid)).collect();
        self.respond(token, &Response::Fresh(proofs));
    }

    /// Gives our own word on an identity, if this node is a witness.
    pub(super) fn own_freshness(&mut self, scid: &Scid) -> Option<Vec<u8>> {
        self.refresh(core::slice::from_ref(scid));
        self.witness.round.as_ref()?.proof(scid)
    }

    /// Asks witnesses to cosign one of our own logs.
    pub(super) fn seek_cosigning(
        &mut self,
        command: u64,
        log: Vec<u8>,
        file: Option<Vec<u8>>,
        witnesses: &BTreeSet<PublicKey>,
    ) {
        let identity = match Identity::read(&log, file.as_deref(), self.now.wall) {
            Ok(identity) => identity,
            Err(cause) => {
                let refusal = Refusal::DoesNotVerify { cause };
                return self.answer(command, Outcome::Refused(refusal));
            }
        };
        let version = identity.history().version_id();
        let cosigning = Cosigning { silent: witnesses.clone(), ..Cosigning::default() };
        let all = self.peers.len();
        let peers = self.peers.with_role(&mut self.dice, all, &[], Roles::WITNESS);
        // If this node is one of them, it asks itself too, by the same rules.
        let own = self.config.witness.as_ref().map(SecretKey::public);
        let own = own.is_some_and(|own| witnesses.contains(&own));
        let seeking = Seeking {
            version,
            wanted: witnesses.clone(),
            file: File::default(),
            cosigning,
            open: peers.len().saturating_add(usize::from(own)),
            since_ms: self.now.monotonic_ms,
        };
        self.witness.seeking.insert(command, seeking);
        let witness = identity.witnesses().map(<[u8]>::to_vec);
        let request = Request::Cosign(Cosign { log, witness });
        for peer in peers {
            self.ask(&peer, request.clone(), asking::Purpose::Cosign(command));
        }
        if own {
            self.consider(identity, Reply::Owner { command });
        }
        self.end_seeking(command, false);
    }

    pub(super) fn cosigned(
        &mut self,
        command: u64,
        peer: Option<&Peer>,
        response: Option<Response>,
    ) {
        let Some(seeking) = self.witness.seeking.get_mut(&command) else { return };
        seeking.open = seeking.open.saturating_sub(1);
        match response {
            Some(Response::Proof(proof)) => {
                let Seeking { version, cosigning, file, .. } = seeking;
                let holds = accept(*version, &proof, cosigning, file);
                if let (false, Some(peer)) = (holds, peer) {
                    self.fault(peer, Fault::BadSignature);
                }
            }
            Some(Response::Refusal(_)) => {
                let refused = &mut seeking.cosigning.refused;
                *refused = refused.saturating_add(1);
            }
            Some(_) | None => {}
        }
        self.end_seeking(command, false);
    }

    /// Answers once all witnesses wanted have signed, nobody is left to answer, or it took too long.
    fn end_seeking(&mut self, command: u64, late: bool) {
        let Some(seeking) = self.witness.seeking.get(&command) else { return };
        let all = seeking.wanted.is_subset(&seeking.cosigning.signed);
        if !(all || late || seeking.open == 0) {
            return;
        }
        let Some(seeking) = self.witness.seeking.remove(&command) else { return };
        self.answer(command, Outcome::Cosigned(seeking.cosigning));
    }

    pub(super) fn hurry_cosigning(&mut self) {
        let now_ms = self.now.monotonic_ms;
        let late = |seeking: &Seeking| now_ms.saturating_sub(seeking.since_ms) > LONGEST_MS;
        let all = self.witness.seeking.iter();
        let late: Vec<u64> = all.filter(|(_, one)| late(one)).map(|(id, _)| *id).collect();
        for command in late {
            self.end_seeking(command, true);
        }
    }
}

/// Tells whether a log wants `key` to sign its newest entry: the rule of that entry names it, or that of
/// an earlier one which does not stand yet, for whoever signs an entry signs those before.
fn asks(identity: &Identity, key: &PublicKey) -> bool {
    let stands = identity.standing().map_or(0, History::number);
    let newest = identity.history().number();
    let open = |history: &History| history.number() == newest || history.number() > stands;
    core::iter::successors(Some(identity.history().clone()), History::parent)
        .take_while(open)
        .any(|history| history.witness_rule().is_some_and(|rule| rule.witnesses().contains(key)))
}

/// Takes a witness's proof if it holds for this version.
fn accept(version: VersionId, proof: &[u8], cosigning: &mut Cosigning, file: &mut File) -> bool {
    let value = crate::encoding::json::parse(proof, crate::wire::bounds::WITNESS_PROOF);
    let witness = value.ok().and_then(|value| file.add(version, &value).ok());
    let Some(witness) = witness else { return false };
    cosigning.silent.remove(&witness);
    if cosigning.signed.insert(witness) {
        cosigning.proofs.push(proof.to_vec());
    }
    true
}

/// Introductions it costs to bring a log nobody heard of: no stamp was paid for it yet.
const NEW_LOG: u32 = 4;

/// Requests to cosign that wait for the disk at once.
const MAX_OPEN: usize = 256;

/// Forty bytes each; whoever is not among them is looked up once more.
const MAX_LOOKED_UP: usize = 65_536;

/// How long witnesses are waited for.
const LONGEST_MS: u64 = 6_000;

/// Signing a round over so many heads takes about a hundredth of the pause that follows.
const HEADS_A_MILLISECOND: u64 = 100;
/// Rounds over few heads cost one signature, and a disk write each.
const SHORTEST_PAUSE_MS: u64 = 200;
