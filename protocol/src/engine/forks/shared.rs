//! What stands of a forked identity, for those who hold less of it than its two histories share.
//!
//! Two histories that exclude each other leave no head: nobody holds the newest of either, and what both
//! begin with has none any more. Whoever looks for the identity finds a proof instead, and pulls the log
//! from the peer that named it. With that log the proof is checked, and the identity is held up to the entry
//! that stands, flagged.
//!
//! A log that comes without a head comes without a stamp, and costs its maker nothing. So it is pulled of
//! those alone who are held already, or who matter here.

use super::super::effect::Fault;
use super::super::gossip::Announced;
use super::super::identity::Identity;
use super::super::{Engine, Then, asking};
use super::{Alleged, Evidence, Forks};
use crate::did::Scid;
use crate::verdict::Verdict;
use crate::wire::exchange::{Request, Response, want};
use crate::wire::notice::Notice;
use crate::wire::peer::Peer;
use crate::wire::topic::Kind;
use std::sync::Arc;

impl Forks {
    /// Tells whether a log is being pulled that may show more of an identity.
    pub(in super::super) fn pulls(&self, scid: &Scid) -> bool {
        self.pulling.iter().any(|(pulled, _)| pulled == scid)
    }

    fn has_room(&self, scid: &Scid, peer: &Peer) -> bool {
        let theirs = self.pulling.iter().filter(|(_, from)| from == peer).count();
        let asked = self.pulling.contains(&(*scid, peer.clone()));
        !asked && theirs < MAX_OF_ONE && self.pulling.len() < MAX_PULLS
    }

    /// Gives a proof about the log of an identity that is held here.
    fn log_proof(&self, scid: &Scid) -> Option<Evidence> {
        let first = self.logs.get(scid).and_then(|proofs| proofs.first())?;
        Some(Evidence::Log(first.clone()))
    }
}

impl Engine {
    /// Pulls the log that evidence is checked against from whoever named the evidence.
    pub(super) fn pull_shared(&mut self, scid: Scid, alleged: Alleged) {
        let matters = self.is_wanted(&scid) || self.directory.get(&scid).is_some();
        let of_a_log = matches!(alleged.evidence, Evidence::Log(_));
        if !matters || !of_a_log || !self.forks.has_room(&scid, &alleged.peer) {
            return self.judge_announced(&alleged.announced, Verdict::Ignore);
        }
        let peer = alleged.peer.clone();
        self.forks.pulling.insert((scid, peer.clone()));
        let wanted = want::Log { scid, have: 0 };
        self.ask(&peer, Request::Log(wanted), asking::Purpose::Shared(Box::new(alleged)));
    }

    /// Pulls the log of an identity of which the proof is still held, and nothing else any more.
    pub(in super::super) fn pull_known(&mut self, notice: Notice, peer: &Peer) {
        let Some(evidence) = self.forks.log_proof(&notice.scid) else { return };
        let announced = Announced { kind: Kind::Fork, notice, token: None };
        self.pull_shared(notice.scid, Alleged { announced, peer: peer.clone(), evidence });
    }

    /// Takes the log a peer gave, and holds it against what is held here.
    pub(in super::super) fn shared_pulled(&mut self, alleged: Alleged, response: Option<Response>) {
        let scid = alleged.announced.notice.scid;
        let Some(Response::Log(log)) = response else {
            return self.end_pull(scid, &alleged, Verdict::Ignore);
        };
        match Identity::read(&log.lines, log.witness.as_deref(), self.now.wall) {
            Ok(theirs) if theirs.scid() == scid => {
                let theirs = Arc::new(theirs);
                self.with_identity(scid, Then::Shared { alleged: Box::new(alleged), theirs });
            }
            Ok(_) => self.end_pull(scid, &alleged, Verdict::Reject),
            Err(error) => self.end_pull(scid, &alleged, error.verdict()),
        }
    }

    /// Holds what stands of both, if the evidence holds against the log that came.
    pub(in super::super) fn shared_identity(
        &mut self,
        scid: Scid,
        alleged: &Alleged,
        theirs: &Identity,
        ours: Option<&Identity>,
    ) {
        let Alleged { announced, evidence, .. } = alleged;
        if let Err(verdict) = evidence.verify(theirs.history(), &self.config.network) {
            return self.end_pull(scid, alleged, verdict);
        }
        let announce = announced.token.is_none();
        let kept = match ours {
            Some(ours) => self.record_about(evidence, ours, Some(theirs), announce),
            None => self.record_about(evidence, theirs, None, announce),
        };
        match ours {
            Some(ours) => {
                // They may part before that as well.
                let _theirs_stands = self.second_child(ours, theirs);
                self.restand(ours, Some(theirs));
            }
            None => {
                if let Some((stands, fork)) = self.stands(theirs, None) {
                    self.stand(stands, fork, None);
                }
            }
        }
        let verdict = if kept { Verdict::Accept } else { Verdict::Ignore };
        self.end_pull(scid, alleged, verdict);
    }

    fn end_pull(&mut self, scid: Scid, alleged: &Alleged, verdict: Verdict) {
        self.forks.pulling.remove(&(scid, alleged.peer.clone()));
        if verdict == Verdict::Reject {
            self.fault(&alleged.peer, Fault::BadSignature);
        }
        self.judge_announced(&alleged.announced, verdict);
        self.lookups_judged(&scid);
    }
}

/// Logs pulled at once because of proofs: each may have a megabyte.
const MAX_PULLS: usize = 64;

/// Of these, from one peer, which can make up proofs as fast as it can sign.
const MAX_OF_ONE: usize = 4;
