//! Asks peers what they hold that we lack: gossip is lossy and homes sleep.
//!
//! First the digests of all shards are compared, then of the days of a shard that differs, then coded
//! symbols of those days find the very heads. With one peer a minute, with every keeper that connects,
//! and again at once after differences were found. Only what we lack is fetched: the peer finds what it
//! lacks itself.

use super::effect::Fault;
use super::intake::Offer;
use super::reconcile::digest::{differing, digests};
use super::reconcile::sketch::{Decoder, Encoder, Progress};
use super::{Chore, Engine, asking};
use crate::verdict::Verdict;
use crate::wire::exchange::want::{Digests, Heads, Session, Sketch};
use crate::wire::exchange::{Request, Response, give, want};
use crate::wire::head::HeadHash;
use crate::wire::peer::Peer;
use crate::wire::topic::Shard;
use std::collections::VecDeque;

/// The reconciliation under way, and who is next.
#[derive(Debug, Default)]
pub(super) struct Reconciling {
    sync: Option<Sync>,
    next: VecDeque<Peer>,
    /// A sync that found differences, and how much had been taken in before it.
    again: Option<(Peer, u64)>,
    /// Counts what was taken in.
    taken: u64,
}

#[derive(Debug)]
struct Sync {
    peer: Peer,
    session: Session,
    shards: Vec<Shard>,
    step: Step,
    found: usize,
    /// How much had been taken in when it began.
    taken: u64,
    began_ms: u64,
}

#[derive(Debug)]
enum Step {
    Shards,
    /// The days of a shard from this one on.
    Days(Shard, u64),
    /// The heads of those days; the next page of days begins at `next`.
    Symbols {
        days: Days,
        decoder: Box<Decoder>,
        next: Option<u64>,
    },
}

/// Days of a shard, the first and the last of those that differ.
#[derive(Debug, Clone, Copy)]
struct Days {
    shard: Shard,
    from: u64,
    to: u64,
}

impl Engine {
    /// Syncs with a peer as soon as nobody else is being synced with.
    pub(super) fn sync_with(&mut self, peer: &Peer) {
        if self.reconciling.next.len() < MAX_IN_LINE && !self.reconciling.next.contains(peer) {
            self.reconciling.next.push_back(peer.clone());
        }
        self.next_sync();
    }

    pub(super) fn reconcile_now_and_then(&mut self) {
        let now_ms = self.now.monotonic_ms;
        let stuck = |sync: &Sync| now_ms.saturating_sub(sync.began_ms) > LONGEST_MS;
        if self.reconciling.sync.as_ref().is_some_and(stuck) {
            self.reconciling.sync = None;
        }
        if self.due(Chore::Reconcile, EVERY_MS)
            && let Some(peer) = self.peers.any(&mut self.dice)
        {
            return self.sync_with(&peer);
        }
        self.sync_again();
        self.next_sync();
    }

    /// Syncs once more with a peer that had something new for us. What it holds and we refuse, or have
    /// no room for, is no reason to: it would never end. Nor is what is more than its share.
    fn sync_again(&mut self) {
        if !self.intakes.is_empty() {
            return;
        }
        if let Some((peer, taken)) = self.reconciling.again.take()
            && self.reconciling.taken > taken
            && !self.is_full()
            && self.peers.may_bring_more(&peer, self.now.monotonic_ms)
        {
            self.sync_with(&peer);
        }
    }

    /// Something new was taken in.
    pub(super) fn count_taken(&mut self) {
        self.reconciling.taken = self.reconciling.taken.saturating_add(1);
    }

    /// Tells whether more heads would push out others.
    fn is_full(&self) -> bool {
        let budget = self.config.head_budget;
        !self.directory.held().fits(budget.saturating_sub(budget / 10))
    }

    /// The peer went away.
    pub(super) fn sync_lost(&mut self, peer: &Peer) {
        self.reconciling.next.retain(|other| other != peer);
        if self.reconciling.sync.as_ref().is_some_and(|sync| sync.peer == *peer) {
            self.reconciling.sync = None;
        }
    }

    fn next_sync(&mut self) {
        // What the last one found is taken in first: it would be found again.
        if self.reconciling.sync.is_some() || self.intakes.len() > MAX_TAKING {
            return;
        }
        let Some(peer) = self.reconciling.next.pop_front() else { return };
        self.refresh_lists(&peer);
        let session = Session(self.dice.bytes());
        let began_ms = self.now.monotonic_ms;
        let shards = Vec::new();
        let taken = self.reconciling.taken;
        let sync = Sync { peer, session, shards, step: Step::Shards, found: 0, taken, began_ms };
        self.reconciling.sync = Some(sync);
        self.sync_ask(Request::Digests(Digests { session, shard: None, from: 0 }));
    }

    fn sync_ask(&mut self, request: Request) {
        if let Some(peer) = self.reconciling.sync.as_ref().map(|sync| sync.peer.clone()) {
            self.ask(&peer, request, asking::Purpose::Reconcile);
        }
    }

    /// Takes an answer of the peer that is being synced with.
    pub(super) fn sync_answer(&mut self, peer: &Peer, response: Option<Response>) {
        let Some(mut sync) = self.reconciling.sync.take_if(|sync| sync.peer == *peer) else {
            return;
        };
        let step = core::mem::replace(&mut sync.step, Step::Shards);
        match (response, step) {
            (Some(Response::Digests(theirs)), Step::Shards) => {
                let ours = self.shard_digests(&sync.session);
                let all = self.config.network.shards();
                let number = |number| u16::try_from(number).ok().and_then(|number| all.get(number));
                let found = differing(&ours, &theirs).buckets.into_iter().filter_map(number);
                sync.shards = found.filter(|shard| self.shards.contains(shard)).collect();
                self.sync_shard(sync);
            }
            (Some(Response::Digests(theirs)), Step::Days(shard, from)) => {
                let mut ours = self.day_digests(&sync.session, shard);
                ours.retain(|bucket| bucket.number >= from);
                let differing = differing(&ours, &theirs);
                let (days, next) = (differing.buckets, differing.next);
                let (Some(from), Some(to)) = (days.first().copied(), days.last().copied()) else {
                    return self.sync_days(sync, shard, next);
                };
                let days = Days { shard, from, to };
                let decoder = Box::new(Decoder::new(&sync.session, self.items(days)));
                sync.step = Step::Symbols { days, decoder, next };
                self.sync_symbols(sync);
            }
            (Some(Response::Sketch(sketch)), Step::Symbols { days, decoder, next }) => {
                self.sync_sketch(sync, days, decoder, next, &sketch);
            }
            // It cannot, or will not: the next minute brings another.
            (_, _) => self.next_sync(),
        }
    }

    /// Turns to the next page of days of a shard, or to the next shard: who fills one page with days long gone
    /// hides nothing behind it.
    fn sync_days(&mut self, mut sync: Sync, shard: Shard, next: Option<u64>) {
        let Some(from) = next else { return self.sync_shard(sync) };
        let session = sync.session;
        sync.step = Step::Days(shard, from);
        self.reconciling.sync = Some(sync);
        self.sync_ask(Request::Digests(Digests { session, shard: Some(shard), from }));
    }

    /// Turns to the next shard that differs, or ends.
    fn sync_shard(&mut self, mut sync: Sync) {
        if let Some(shard) = sync.shards.pop() {
            return self.sync_days(sync, shard, Some(0));
        }
        self.ask_catalogue(&sync.peer);
        if sync.found > 0 {
            self.reconciling.again = Some((sync.peer, sync.taken));
        }
        self.next_sync();
    }

    fn sync_symbols(&mut self, sync: Sync) {
        let session = sync.session;
        let Step::Symbols { days: Days { shard, from, to }, ref decoder, .. } = sync.step else {
            return;
        };
        let (skip, count) = (decoder.taken(), decoder.wants());
        self.reconciling.sync = Some(sync);
        self.sync_ask(Request::Sketch(Sketch { session, shard, from, to, skip, count }));
    }

    fn sync_sketch(
        &mut self,
        mut sync: Sync,
        days: Days,
        mut decoder: Box<Decoder>,
        next: Option<u64>,
        sketch: &give::Sketch,
    ) {
        // Between two answers its heads may change, and then the symbols of both fit no set: only one answer
        // alone can be a lie.
        let alone = decoder.taken() == 0;
        match decoder.take(&sketch.symbols) {
            Ok(Progress::More) if !sketch.symbols.is_empty() => {
                self.sync_symbols(sync.with(Step::Symbols { days, decoder, next }));
            }
            Ok(Progress::More) => self.next_sync(),
            Ok(Progress::Done(difference)) => {
                let wanted = difference.theirs.into_iter().map(HeadHash::from_bytes);
                // When there is no room, a few still come: they may be worth more than what is held.
                let most = if self.is_full() { MAX_FETCHED / 8 } else { MAX_FETCHED };
                let hashes: Vec<HeadHash> = wanted.take(most).collect();
                sync.found = sync.found.saturating_add(hashes.len());
                if !hashes.is_empty() {
                    let request = Request::Heads(Heads { scids: Vec::new(), hashes });
                    self.ask(&sync.peer, request, asking::Purpose::Differing);
                }
                self.sync_days(sync, days.shard, next);
            }
            Err(error) => {
                if alone && error.verdict() == Verdict::Reject {
                    self.fault(&sync.peer, Fault::WrongAnswer);
                }
                self.next_sync();
            }
        }
    }

    /// Takes in the heads that were missing.
    pub(super) fn differing_heads(&mut self, peer: &Peer, response: Option<Response>) {
        let Some(Response::Heads(heads)) = response else { return };
        for bytes in heads {
            let head = match self.open_head(&bytes) {
                Ok(head) => head,
                Err(error) => {
                    self.fault(peer, error.fault());
                    continue;
                }
            };
            self.came_back(&head);
            if !self.may_bring(peer, &head.head().scid) {
                continue;
            }
            let from = Some(peer.clone());
            self.offer(Offer { head, from, supplied: None, waiters: Vec::new() });
        }
    }

    /// Gives shard, day and hash of every head that may be told of.
    fn heads(&self) -> impl Iterator<Item = (Shard, u64, [u8; 32])> {
        let shards = self.config.network.shards();
        let told = self.directory.iter().filter(|listing| !self.is_private(&listing.scid));
        told.filter_map(move |listing| {
            let day = listing.updated.seconds() / DAY;
            Some((shards.of(&listing.scid), day, *listing.head_hash?.as_bytes()))
        })
    }

    fn shard_digests(&self, session: &Session) -> Vec<give::Bucket> {
        let heads = self.heads().map(|(shard, _, hash)| (u64::from(shard.number()), hash));
        digests(session, heads)
    }

    fn day_digests(&self, session: &Session, shard: Shard) -> Vec<give::Bucket> {
        let heads = self.heads().filter(|(of, _, _)| *of == shard);
        digests(session, heads.map(|(_, day, hash)| (day, hash)))
    }

    fn items(&self, days: Days) -> impl Iterator<Item = [u8; 32]> {
        let Days { shard, from, to } = days;
        let heads =
            self.heads().filter(move |(of, day, _)| *of == shard && (from..=to).contains(day));
        heads.map(|(_, _, hash)| hash)
    }

    pub(super) fn give_digests(&mut self, token: u64, wanted: &Digests) {
        let all = match wanted.shard {
            Some(shard) => self.day_digests(&wanted.session, shard),
            None => self.shard_digests(&wanted.session),
        };
        let buckets = all.into_iter().filter(|bucket| bucket.number >= wanted.from);
        let buckets = buckets.take(want::MAX_BUCKETS).collect();
        self.respond(token, &Response::Digests(buckets));
    }

    pub(super) fn give_sketch(&mut self, token: u64, wanted: &Sketch) {
        let Sketch { session, shard, from, to, skip, count } = *wanted;
        let encoder = Encoder::new(&session, self.items(Days { shard, from, to }));
        let symbols = encoder.symbols(skip, count);
        self.respond(token, &Response::Sketch(give::Sketch { skip, symbols }));
    }
}

impl Sync {
    fn with(self, step: Step) -> Self {
        Self { step, ..self }
    }
}

/// How often one peer is compared with.
const EVERY_MS: u64 = 60_000;

/// A sync that takes longer has lost its peer.
const LONGEST_MS: u64 = 60_000;

/// Peers in line for a sync.
const MAX_IN_LINE: usize = 32;

/// Heads fetched for one shard of one sync; the next sync, at once, brings the rest.
const MAX_FETCHED: usize = 256;

/// Intakes under way while no further sync begins.
const MAX_TAKING: usize = 256;

/// The days by which heads are compared: an entry's time is the same everywhere.
const DAY: u64 = 86_400;
