//! Whom an intake asks for a log, and what it makes of the answer.
//!
//! Whoever told of a head has its log. But a connection ends while a question is on its way, and gossip tells
//! of a head once: a node that gave up with the one who told it would not hear of it before it compares
//! with a peer what both hold, up to a minute later. So where no answer comes, somebody else is asked, and
//! nobody but whoever told is blamed for not having what was told of.

use super::super::config::Role;
use super::super::effect::Fault;
use super::super::identity::Identity;
use super::super::{Engine, asking, exchange};
use super::{Intake, IntakeError};
use crate::did::Scid;
use crate::verdict::Verdict;
use crate::wire::exchange::hello::Roles;
use crate::wire::exchange::{Request, Response, give, want};
use crate::wire::peer::Peer;

impl Engine {
    /// Asks whoever offered the head for what is missing of its log.
    pub(super) fn pull_log(&mut self, scid: Scid) {
        let Some(intake) = self.intakes.get(&scid) else { return };
        let (giver, first) = (intake.giver(), intake.asked.is_empty());
        let Some(teller) = giver else {
            return self.finish(scid, Err(IntakeError::Withheld));
        };
        let peer = if first { self.giver_of_log(&teller) } else { teller.clone() };
        let Some(intake) = self.intakes.get_mut(&scid) else { return };
        if first {
            intake.asked.push(peer.clone());
            if peer != teller {
                intake.tellers.push_front(teller);
            }
        }
        let have = if intake.whole { 0 } else { intake.have() };
        let answer = intake.missing();
        let price = exchange::log_price(intake.offer.head.head().log_length);
        let (request, purpose) =
            (Request::Log(want::Log { scid, have }), asking::Purpose::Log(scid));
        self.pull(&peer, asking::Pull { request, purpose, answer, price });
    }

    /// Chooses whom to ask first for the log behind a head that `teller` told of. A home asks a keeper where
    /// the teller is none: else whoever listens to all and keeps nothing would learn of a home with few
    /// connections which heads are news to it, its own first head among them.
    pub(in crate::engine) fn giver_of_log(&mut self, teller: &Peer) -> Peer {
        if self.config.role != Role::Home || self.peers.is_keeper(teller) {
            return teller.clone();
        }
        let keeper = self.peers.with_role(&mut self.dice, 1, &[], Roles::KEEPER).pop();
        keeper.unwrap_or_else(|| teller.clone())
    }

    /// Takes the answer about our own log, which is asked for as any other: first of a keeper, then of whoever
    /// told. What it says is of no use here.
    pub(in crate::engine) fn returned(
        &mut self,
        token: u64,
        wanted: want::Log,
        teller: Option<Peer>,
        response: Option<&Response>,
    ) {
        let given = matches!(response, Some(Response::Log(log)) if !log.lines.is_empty());
        match teller {
            Some(teller) if !given => {
                let purpose = asking::Purpose::Returned { token, wanted, teller: None };
                self.ask(&teller, Request::Log(wanted), purpose);
            }
            Some(_) | None => {
                let verdict = if given { Verdict::Accept } else { Verdict::Ignore };
                self.judge_for_others(token, verdict);
            }
        }
    }

    /// Takes the log a peer gave.
    pub(in crate::engine) fn pulled(
        &mut self,
        scid: Scid,
        peer: &Peer,
        response: Option<Response>,
    ) {
        let Some(intake) = self.intakes.get(&scid) else { return };
        let told = intake.told_by(peer);
        match response {
            Some(Response::Log(log)) => self.pulled_log(scid, peer, &log),
            Some(other) if told => {
                self.withheld(peer, Some(&other));
                self.finish(scid, Err(IntakeError::Withheld));
            }
            // It was only hoped that it has it.
            Some(_) | None => self.pull_elsewhere(scid),
        }
    }

    fn pulled_log(&mut self, scid: Scid, peer: &Peer, log: &give::Log) {
        let now = self.now.wall;
        let Some(intake) = self.intakes.get_mut(&scid) else { return };
        let witness = log.witness.as_deref();
        let read = match intake.base.as_ref().filter(|_| !intake.whole) {
            Some(base) => base.extend(&log.lines, witness, now),
            None => Identity::read(&log.lines, witness, now),
        };
        let told = intake.told_by(peer);
        if !told && intake.falls_short(&read) {
            return self.pull_elsewhere(scid);
        }
        let does_not_continue =
            read.is_err() || intake.sibling_of_head(&read) || intake.is_of_another_length(&read);
        if intake.base.is_some() && !intake.whole && does_not_continue {
            // It does not continue ours: only the whole of theirs can tell why.
            intake.whole = true;
            return self.pull_log(scid);
        }
        // Whoever told is not answerable for what another gave.
        match &read {
            Err(error) if !told => {
                if error.verdict() == Verdict::Reject {
                    self.fault(peer, Fault::BadSignature);
                }
                self.pull_elsewhere(scid);
            }
            Ok(_) if !told && intake.is_of_another_length(&read) => self.pull_elsewhere(scid),
            Ok(_) | Err(_) => self.verified(scid, read),
        }
    }

    /// Asks somebody else, where no answer came: whoever told of the same head too, or a keeper, who most
    /// likely has heard of it by now. Another head of the identity that waits in line goes before that.
    fn pull_elsewhere(&mut self, scid: Scid) {
        let Some(intake) = self.intakes.get_mut(&scid) else { return };
        let may_ask = intake.asked.len() < MOST_ASKED && intake.next.is_empty();
        let next = if may_ask {
            let keepers = self.peers.with_role(&mut self.dice, 1, &intake.asked, Roles::KEEPER);
            intake.tellers.pop_front().or_else(|| keepers.into_iter().next())
        } else {
            None
        };
        let Some(next) = next else { return self.finish(scid, Err(IntakeError::Withheld)) };
        intake.asked.push(next);
        intake.whole = false;
        self.pull_log(scid);
    }

    /// Asks `peer` for the showcase a head names.
    pub(super) fn pull_showcase(&mut self, scid: Scid, peer: Peer, hash: [u8; 32]) {
        let Some(intake) = self.intakes.get_mut(&scid) else { return };
        let (request, purpose) = (Request::Body(hash), asking::Purpose::Showcase(scid));
        let answer = request.largest_answer();
        intake.asked_to_show.push(peer.clone());
        self.pull(&peer, asking::Pull { request, purpose, answer, price: 1 });
    }

    /// Takes the showcase a peer gave, or asks another: whoever brings heads to everybody and gives nothing would
    /// have everybody hold them without what they show. Nobody is blamed for not having it: a newer one may have
    /// taken its place meanwhile, and whoever changes theirs fast would have honest peers banned.
    pub(in crate::engine) fn shown(&mut self, scid: Scid, response: Option<Response>) {
        if let Some(Response::Body(bytes)) = response {
            return self.keep(scid, Some(bytes));
        }
        let Some(intake) = self.intakes.get_mut(&scid) else { return };
        let asked = &intake.asked_to_show;
        let may_ask = asked.len() < MOST_ASKED && intake.next.is_empty();
        let hash = intake.offer.head.head().showcase.map(|showcase| showcase.hash);
        let told = |peer: &&Peer| self.peers.is_keeper(peer) && !asked.contains(peer);
        let next = intake.tellers.iter().find(told).cloned();
        let next =
            next.or_else(|| self.peers.with_role(&mut self.dice, 1, asked, Roles::KEEPER).pop());
        match (hash, next.filter(|_| may_ask)) {
            (Some(hash), Some(peer)) => self.pull_showcase(scid, peer, hash),
            // Without it the head is taken in all the same: it holds, and whoever looks asks again.
            (_, _) => self.keep(scid, None),
        }
    }
}

impl Intake {
    /// Gives who is asked for what belongs to the head: whoever offered it, or was asked last instead.
    pub(super) fn giver(&self) -> Option<Peer> {
        self.asked.last().or(self.offer.from.as_ref()).cloned()
    }

    /// Notes that somebody else told of the same head.
    pub(super) fn told_too(&mut self, peer: Option<Peer>) {
        let new = |peer: &Peer| {
            !(self.told_by(peer) || self.asked.contains(peer) || self.tellers.contains(peer))
        };
        let room = self.tellers.len() < MOST_ASKED;
        self.tellers.extend(peer.filter(|peer| room && new(peer)));
    }

    /// Tells whether this peer is the one whose offer is taken in, and so has to have what the head names.
    fn told_by(&self, peer: &Peer) -> bool {
        self.offer.from.as_ref() == Some(peer)
    }

    /// Tells whether what was read ends before the entry the head names: whoever gave it has not heard of
    /// that one yet.
    fn falls_short(&self, read: &Result<Identity, IntakeError>) -> bool {
        let version = self.offer.head.head().version;
        read.as_ref().is_ok_and(|identity| identity.history().number() < version)
    }
}

/// Peers asked for the log of one head: who told of it, and as many others as a cold look-up asks.
const MOST_ASKED: usize = 4;
