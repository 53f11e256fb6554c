//! What peers announce to everybody, and what is made of it.
//!
//! A message is judged once what it announces is verified *and* saved, so whoever hears of it from us
//! can have it from us. What cannot be verified now is ignored; only what the sender is answerable for
//! is rejected.

use super::effect::{Effect, Fault, Load, Loaded};
use super::intake::{Offer, Waiter};
use super::pace::Saying;
use super::{Engine, asking};
use crate::verdict::Verdict;
use crate::wire::bounds;
use crate::wire::exchange::hello::Roles;
use crate::wire::exchange::{Request, Response, want};
use crate::wire::notice::Notice;
use crate::wire::peer::Peer;
use crate::wire::topic::{Kind, Shard, Topic};

/// A document that was announced by hash and is being fetched.
#[derive(Debug, Clone)]
pub(super) struct Announced {
    pub(super) kind: Kind,
    pub(super) notice: Notice,
    /// The message that announced it, to be judged; none if we asked for what there is.
    pub(super) token: Option<u64>,
}

impl Engine {
    pub(super) fn gossip(&mut self, token: u64, peer: Peer, topic: &str, bytes: &[u8]) {
        let topic = topic.parse::<Topic>().ok().filter(|t| t.network == *self.config.network.id());
        let Some(topic) = topic else { return self.judge(token, Verdict::Ignore) };
        if bytes.len() > bounds::GOSSIP {
            return self.reject(token, &peer, Fault::Malformed);
        }
        match topic.kind {
            Kind::Head(shard) => self.head_announced(token, peer, shard, bytes),
            Kind::Status => self.statement_announced(token, peer, bytes),
            Kind::Fork | Kind::Profile => match Notice::parse(bytes) {
                Ok(notice) => {
                    let announced = Announced { kind: topic.kind, notice, token: Some(token) };
                    self.announced(announced, &peer);
                }
                Err(_) => self.reject(token, &peer, Fault::Malformed),
            },
        }
    }

    fn head_announced(&mut self, token: u64, peer: Peer, shard: Shard, bytes: &[u8]) {
        let head = match self.open_head(bytes) {
            Ok(head) => head,
            Err(error) => return self.reject(token, &peer, error.fault()),
        };
        let scid = head.head().scid;
        if self.config.network.shards().of(&scid) != shard {
            return self.reject(token, &peer, Fault::Malformed);
        }
        if self.came_back(&head) {
            // Whoever did not have to ask for the log would be the first to pass the head on, and
            // whoever asked somebody else for it would stand out.
            let wanted = want::Log { scid, have: head.head().version.saturating_sub(1) };
            let asked = self.giver_of_log(&peer);
            let teller = (asked != peer).then_some(peer);
            let purpose = asking::Purpose::Returned { token, wanted, teller };
            return self.ask(&asked, Request::Log(wanted), purpose);
        }
        // A new identity costs its maker a stamp and us a pull: each peer has its share of them.
        if self.directory.highest(&scid).is_none() && !self.may_introduce(&peer, &scid) {
            return self.judge(token, Verdict::Ignore);
        }
        let waiters = vec![Waiter::Gossip { token }];
        self.offer(Offer { head, from: Some(peer), supplied: None, waiters });
    }

    /// Fetches a document that somebody named by its hash, if it is not held.
    pub(super) fn announced(&mut self, announced: Announced, peer: &Peer) {
        let notice = announced.notice;
        let known = match announced.kind {
            Kind::Fork => self.forks.keeps(&notice),
            Kind::Profile => {
                self.profiles.get(&notice.scid).is_some_and(|(hash, _)| *hash == notice.hash)
            }
            Kind::Head(_) | Kind::Status => true,
        };
        let hurries = matches!(announced.kind, Kind::Profile)
            && !self.pace.allows(&notice.scid, Saying::Profile, self.now.monotonic_ms);
        if known {
            self.judge_announced(&announced, Verdict::Accept);
        } else if announced.kind == Kind::Fork && self.forks.holds(&notice) {
            // It adds nothing, and nobody could have it from here.
            self.judge_announced(&announced, Verdict::Ignore);
        } else if !hurries && self.asking.open() < MAX_FETCHES {
            self.ask(peer, Request::Body(notice.hash), asking::Purpose::Announced(announced));
        } else {
            self.judge_announced(&announced, Verdict::Ignore);
        }
    }

    /// Asks another than `peer`, who gave no answer, for what gossip tells of once.
    pub(super) fn ask_elsewhere(&mut self, announced: Announced, peer: &Peer) {
        let asked = core::slice::from_ref(peer);
        let others = self.peers.with_role(&mut self.dice, 1, asked, Roles::KEEPER);
        match others.first() {
            Some(other) => {
                let wanted = Request::Body(announced.notice.hash);
                self.ask(other, wanted, asking::Purpose::Elsewhere(announced));
            }
            None => self.judge_announced(&announced, Verdict::Ignore),
        }
    }

    pub(super) fn announced_body(
        &mut self,
        announced: Announced,
        peer: &Peer,
        response: Option<Response>,
    ) {
        let Some(Response::Body(bytes)) = response else {
            self.withheld(peer, response.as_ref());
            return self.judge_announced(&announced, Verdict::Ignore);
        };
        match announced.kind {
            Kind::Fork => self.fork_proof(announced, peer, &bytes),
            Kind::Profile => self.profile(announced, peer, bytes),
            Kind::Head(_) | Kind::Status => {}
        }
    }

    pub(super) fn judge_announced(&mut self, announced: &Announced, verdict: Verdict) {
        let Some(token) = announced.token else { return };
        match announced.kind {
            Kind::Profile => self.judge_for_others(token, verdict),
            Kind::Head(_) | Kind::Status | Kind::Fork => self.judge(token, verdict),
        }
    }

    pub(super) fn judge(&mut self, token: u64, verdict: Verdict) {
        self.effects.push(Effect::Judge { token, verdict });
    }

    pub(super) fn reject(&mut self, token: u64, peer: &Peer, fault: Fault) {
        self.judge(token, Verdict::Reject);
        self.fault(peer, fault);
    }

    /// Sends a message of our own.
    pub(super) fn announce(&mut self, kind: Kind, bytes: Vec<u8>) {
        let topic = Topic { network: self.config.network.id().clone(), kind };
        self.effects.push(Effect::Publish { topic: topic.to_string(), bytes });
    }

    /// Takes part in the topics of this node's role.
    pub(super) fn subscribe(&mut self) {
        let (id, shards) = (self.config.network.id().clone(), self.config.network.shards());
        for topic in Topic::all(&id, shards) {
            let listens = match topic.kind {
                Kind::Head(shard) => self.shards.contains(&shard),
                Kind::Status | Kind::Fork | Kind::Profile => true,
            };
            if listens && self.subscribed.insert(topic.clone()) {
                self.effects.push(Effect::Subscribe { topic: topic.to_string() });
            }
        }
    }

    /// Answers a command for a body, from the disk or from a peer.
    pub(super) fn find_body(&mut self, command: u64, hash: [u8; 32]) {
        self.bodies.insert(command, hash);
        self.load(Load::Body(hash), asking::Reading::Body(command));
    }

    pub(super) fn body_loaded(&mut self, command: u64, loaded: Loaded) {
        let Some(hash) = self.bodies.get(&command).copied() else { return };
        if let Loaded::Body(Some(bytes)) = loaded {
            return self.body_found(command, Some(Response::Body(bytes)));
        }
        match self.peers.some(&mut self.dice, 1, &[]).pop() {
            Some(peer) => self.ask(&peer, Request::Body(hash), asking::Purpose::Body(command)),
            None => self.body_found(command, None),
        }
    }

    pub(super) fn body_found(&mut self, command: u64, response: Option<Response>) {
        self.bodies.remove(&command);
        let body = match response {
            Some(Response::Body(bytes)) => Some(bytes),
            Some(_) | None => None,
        };
        self.answer(command, super::command::Outcome::Body(body));
    }
}

/// Questions open at once before announcements are let pass: they come again, our memory does not.
const MAX_FETCHES: usize = 2048;
