//! What this node asked and still waits for: peers, the disk, the DHT.
//!
//! Every question has an id, a purpose and, where others answer, a time that fits what it asks for. An answer finds its
//! purpose by its id, and an answer nobody waits for is dropped.

use super::effect::{Effect, Fault, Load, Loaded};
use super::event::{Failure, Located};
use super::{Engine, Then, exchange};
use crate::did::Scid;
use crate::verdict::Verdict;
use crate::wire::exchange::hello::Greeting;
use crate::wire::exchange::patience::patience_ms;
use crate::wire::exchange::{Request, Response, want};
use crate::wire::head::HeadHash;
use crate::wire::notice::Notice;
use crate::wire::peer::Peer;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The questions that are open.
#[derive(Debug, Default)]
pub(super) struct Asking {
    next: u64,
    peers: BTreeMap<u64, Asked>,
    /// What is to be pulled from each peer once it has answered others: no more than intakes are under way.
    pulls: BTreeMap<Peer, VecDeque<(u64, u32, Asked)>>,
    disk: BTreeMap<u64, Reading>,
    /// Of these, what was written anew since it was asked for.
    outdated: BTreeSet<u64>,
    /// The look-up each walk through the DHT is for.
    dht: BTreeMap<u64, u64>,
}

/// A question to a peer.
#[derive(Debug)]
struct Asked {
    peer: Peer,
    request: Request,
    purpose: Purpose,
    sent_ms: u64,
    /// How many bytes the answer may have, and the question once it is sent: it may take as long as they do.
    bytes: usize,
}

/// What an intake needs of a peer.
#[derive(Debug)]
pub(super) struct Pull {
    pub(super) request: Request,
    pub(super) purpose: Purpose,
    /// How many bytes the answer may have.
    pub(super) answer: usize,
    /// What the peer may count it as, in tokens.
    pub(super) price: u32,
}

/// What a question to a peer is for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    /// Who it is and what time it has.
    Hello(Greeting),
    /// The log an intake needs.
    Log(Scid),
    /// Our own log, which we have: a head of our own came back, in the message with this token. `teller`
    /// brought it, if another was asked first.
    Returned { token: u64, wanted: want::Log, teller: Option<Peer> },
    /// The showcase an intake needs.
    Showcase(Scid),
    /// The newest head, for a look-up.
    Heads(u64),
    /// The showcase a look-up lacks.
    Missing(u64),
    /// A witness's word, for a look-up.
    Fresh(u64),
    /// Which forks of the identity are known, for a look-up.
    Forks(u64),
    /// One of their proofs, for a look-up.
    Proof(u64, super::gossip::Announced),
    /// Keep this head of our own identity.
    Deposit(Scid, HeadHash),
    /// Heads that reconciliation found missing here.
    Differing,
    /// What the peer holds, in digests or symbols.
    Reconcile,
    /// Statements of a list.
    Statements(Scid, u64),
    /// A status list to start from.
    List(Scid, u64),
    /// A body somebody asked us for by command.
    Body(u64),
    /// A profile or a fork proof that was announced.
    Announced(super::gossip::Announced),
    /// The same, of somebody who did not announce it.
    Elsewhere(super::gossip::Announced),
    /// A witness's proof for our own log.
    Cosign(u64),
    /// The log of the other branch of a fork.
    Branch(Scid),
    /// The log that a proof of a fork is checked against.
    Shared(Box<super::forks::Alleged>),
    /// Which forks and profiles it knows.
    Catalogue,
}

/// What a question to the disk is for.
#[derive(Debug, Clone)]
pub(super) enum Reading {
    /// A log that a peer asked for.
    Serve(exchange::Serving),
    /// A log somebody goes on with.
    Log(Scid, Then),
    /// The freshness or the showcase that a look-up answers with.
    Lookup(u64),
    /// A status list that was followed before we stopped.
    List(Scid, u64),
    /// The statements that follow it.
    Statements(Scid, u64),
    /// A fork proof that was held before we stopped, and what waits until all of them are read.
    Fork(Notice, Option<Then>),
    /// A body asked for by command.
    Body(u64),
    /// A body asked for by command, if it is here.
    BodyHere(u64),
    /// What we cosigned before.
    Cosigned(u64),
    /// Our own showcase, to deposit.
    Deposit(Scid),
}

impl Engine {
    /// Asks `peer`; the answer comes to [`Engine::answered`] with `purpose`.
    pub(super) fn ask(&mut self, peer: &Peer, request: Request, purpose: Purpose) {
        let answer = request.largest_answer();
        self.ask_for(peer, request, purpose, answer);
    }

    /// Asks `peer` for an answer of about so many bytes: it may take as long as they do.
    pub(super) fn ask_for(
        &mut self,
        peer: &Peer,
        request: Request,
        purpose: Purpose,
        answer: usize,
    ) {
        let id = self.asking.id();
        self.send(id, Asked::new(peer, request, purpose, answer));
    }

    fn send(&mut self, id: u64, mut asked: Asked) {
        let (peer, bytes) = (asked.peer.clone(), asked.request.to_bytes());
        asked.bytes = asked.bytes.saturating_add(bytes.len());
        asked.sent_ms = self.now.monotonic_ms;
        self.asking.peers.insert(id, asked);
        self.effects.push(Effect::Request { id, peer, bytes });
    }

    /// Asks `peer` for what an intake needs, as soon as it has answered enough of what it was asked before:
    /// a sync names hundreds of heads at once, and a peer answers so many questions and no more.
    pub(super) fn pull(&mut self, peer: &Peer, pull: Pull) {
        let id = self.asking.id();
        let Pull { request, purpose, answer, price } = pull;
        let asked = Asked::new(peer, request, purpose, answer);
        self.asking.pulls.entry(peer.clone()).or_default().push_back((id, price, asked));
        self.pull_next(peer);
    }

    fn pull_next(&mut self, peer: &Peer) {
        while self.asking.open_with(peer) < MOST_PULLS
            && let Some(line) = self.asking.pulls.get_mut(peer)
        {
            let Some((_, price, _)) = line.front() else {
                self.asking.pulls.remove(peer);
                return;
            };
            if !self.peers.may_pull(peer, *price, self.now.monotonic_ms) {
                return;
            }
            if let Some((id, _, asked)) = line.pop_front() {
                self.send(id, asked);
            }
        }
    }

    /// Goes on with what is to be pulled and had to wait.
    pub(super) fn pull_waiting(&mut self) {
        let peers: Vec<Peer> = self.asking.pulls.keys().cloned().collect();
        peers.iter().for_each(|peer| self.pull_next(peer));
    }

    /// Asks the disk; the answer comes to [`Engine::read`] with `purpose`.
    pub(super) fn load(&mut self, what: Load, purpose: Reading) {
        let id = self.asking.id();
        self.asking.disk.insert(id, purpose);
        self.effects.push(Effect::Load { id, what });
    }

    /// Walks the DHT for a look-up.
    pub(super) fn locate(&mut self, scid: Scid, lookup: u64) {
        let id = self.asking.id();
        self.asking.dht.insert(id, lookup);
        self.effects.push(Effect::Locate { id, scid });
    }

    pub(super) fn responded(&mut self, id: u64, outcome: Result<Vec<u8>, Failure>) {
        let Some(asked) = self.asking.peers.remove(&id) else { return };
        let response = match outcome {
            Ok(bytes) => self.read_response(&asked, &bytes),
            Err(failure) => {
                match failure {
                    Failure::TimedOut => self.fault(&asked.peer, Fault::Silent),
                    Failure::Unreadable => self.fault(&asked.peer, Fault::Malformed),
                    Failure::Disconnected | Failure::Unsupported | Failure::Busy => {}
                }
                None
            }
        };
        let peer = asked.peer.clone();
        self.answered(asked.peer, asked.purpose, asked.sent_ms, response);
        self.pull_next(&peer);
    }

    /// Gives the response if it is one, and one to this question.
    fn read_response(&mut self, asked: &Asked, bytes: &[u8]) -> Option<Response> {
        match Response::parse(bytes) {
            Ok(response) if response.answers(&asked.request) => Some(response),
            Ok(_) => {
                self.fault(&asked.peer, Fault::WrongAnswer);
                None
            }
            Err(error) => {
                if error.verdict() == Verdict::Reject {
                    self.fault(&asked.peer, Fault::Malformed);
                }
                None
            }
        }
    }

    /// Brings an answer, or that there is none, to whoever waits for it.
    fn answered(&mut self, peer: Peer, purpose: Purpose, sent_ms: u64, response: Option<Response>) {
        match purpose {
            Purpose::Hello(greeting) => self.greeted(&peer, &greeting, sent_ms, response),
            Purpose::Log(scid) => self.pulled(scid, &peer, response),
            Purpose::Returned { token, wanted, teller } => {
                self.returned(token, wanted, teller, response.as_ref());
            }
            Purpose::Showcase(scid) => self.shown(scid, response),
            Purpose::Heads(lookup) => self.lookup_heads(lookup, &peer, response),
            Purpose::Missing(lookup) => self.lookup_body(lookup, response),
            Purpose::Forks(lookup) => self.lookup_forks(lookup, &peer, response),
            Purpose::Proof(lookup, announced) => {
                self.lookup_proof(lookup, announced, &peer, response);
            }
            Purpose::Fresh(lookup) => self.lookup_fresh(lookup, &peer, response),
            Purpose::Deposit(scid, hash) => self.deposited(scid, hash, &peer, response),
            Purpose::Differing => self.differing_heads(&peer, response),
            Purpose::Reconcile => self.sync_answer(&peer, response),
            Purpose::Statements(issuer, list) => self.statements(issuer, list, &peer, response),
            Purpose::List(issuer, list) => self.list_body(issuer, list, response),
            Purpose::Body(command) => self.body_found(command, response),
            Purpose::Announced(announced) => match response {
                None if announced.token.is_some() => self.ask_elsewhere(announced, &peer),
                response => self.announced_body(announced, &peer, response),
            },
            Purpose::Elsewhere(announced) => match response {
                Some(Response::Body(_)) => self.announced_body(announced, &peer, response),
                // It was only hoped that it has it.
                Some(_) | None => self.judge_announced(&announced, Verdict::Ignore),
            },
            Purpose::Cosign(command) => self.cosigned(command, Some(&peer), response),
            Purpose::Branch(scid) => self.branch_pulled(scid, response),
            Purpose::Shared(alleged) => self.shared_pulled(*alleged, response),
            Purpose::Catalogue => self.catalogue(&peer, response),
        }
    }

    pub(super) fn read(&mut self, id: u64, loaded: Loaded) {
        let Some(purpose) = self.asking.disk.remove(&id) else { return };
        let outdated = self.asking.outdated.remove(&id);
        match purpose {
            Reading::Serve(serving) => self.serve_loaded(serving, loaded),
            Reading::Log(scid, then) if outdated => self.with_identity(scid, then),
            Reading::Log(scid, then) => {
                // Somebody may have asked for it before, and it was read and verified meanwhile.
                let identity = self.shelf.get(&scid).or_else(|| self.shelve(scid, loaded));
                self.go_on(scid, then, identity);
            }
            Reading::Lookup(lookup) => self.lookup_loaded(lookup, loaded),
            Reading::List(issuer, list) => self.list_loaded(issuer, list, loaded),
            Reading::Statements(issuer, list) => self.statements_loaded(issuer, list, loaded),
            Reading::Fork(notice, then) => self.fork_loaded(notice, then, &loaded),
            Reading::Body(command) => self.body_loaded(command, loaded),
            Reading::BodyHere(command) => {
                let body = if let Loaded::Body(body) = loaded { body } else { None };
                self.answer(command, super::command::Outcome::Body(body));
            }
            Reading::Cosigned(witnessing) => self.cosigned_loaded(witnessing, loaded),
            Reading::Deposit(scid) => self.deposit_loaded(scid, loaded),
        }
    }

    pub(super) fn located(&mut self, id: u64, heads: Vec<Located>, paths: u32) {
        if let Some(lookup) = self.asking.dht.remove(&id) {
            self.lookup_located(lookup, heads, paths);
        }
    }

    /// Gives up on what was asked of a peer that went away, and on what took too long.
    pub(super) fn give_up(&mut self, gone: Option<&Peer>) {
        let now = self.now.monotonic_ms;
        let late = |asked: &Asked| now.saturating_sub(asked.sent_ms) > patience_ms(asked.bytes);
        let lost: Vec<(u64, Failure)> = self
            .asking
            .peers
            .iter()
            .filter_map(|(id, asked)| match gone {
                Some(peer) if asked.peer == *peer => Some((*id, Failure::Disconnected)),
                Some(_) => None,
                None => late(asked).then_some((*id, Failure::TimedOut)),
            })
            .collect();
        // What waits in line goes first: an answer that is given up makes room for the next question.
        let waiting = gone.and_then(|peer| self.asking.pulls.remove(peer));
        for (id, failure) in lost {
            self.responded(id, Err(failure));
        }
        for (_, _, asked) in waiting.into_iter().flatten() {
            self.answered(asked.peer, asked.purpose, asked.sent_ms, None);
        }
    }
}

impl Asked {
    fn new(peer: &Peer, request: Request, purpose: Purpose, answer: usize) -> Self {
        Self { peer: peer.clone(), request, purpose, sent_ms: 0, bytes: answer }
    }
}

impl Asking {
    fn id(&mut self) -> u64 {
        self.next = self.next.saturating_add(1);
        self.next
    }

    /// Notes that another log of `scid` is held now than the one that is being read.
    pub(super) fn outdate(&mut self, scid: &Scid) {
        let theirs = |reading: &Reading| matches!(reading, Reading::Log(read, _) if read == scid);
        let outdated = self.disk.iter().filter(|(_, reading)| theirs(reading)).map(|(id, _)| *id);
        self.outdated.extend(outdated);
    }

    /// Counts the open questions to peers.
    pub(super) fn open(&self) -> usize {
        self.peers.len()
    }

    /// Counts the open questions to one peer.
    pub(super) fn open_with(&self, peer: &Peer) -> usize {
        self.peers.values().filter(|asked| asked.peer == *peer).count()
    }
}

/// Questions open with one peer beyond which pulls wait: it answers 32 at once, and some of them are about
/// something else.
const MOST_PULLS: usize = 24;
