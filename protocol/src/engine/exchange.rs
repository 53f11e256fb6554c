//! What this node answers when peers ask.
//!
//! Every request is answered with something: what was asked for, that it is not here, or why not.
//! What a peer may ask has a price in tokens, so that one peer cannot keep the disk busy alone.

use super::directory::Listing;
use super::effect::{Change, Effect, Fault, Load, Loaded};
use super::identity::Identity;
use super::intake::{IntakeError, Offer, Supplied, Taken, Waiter};
use super::{Engine, Then, asking};
use crate::did::Scid;
use crate::verdict::Verdict;
use crate::wire::exchange::deposit::{Deposit, Lacks, Reason};
use crate::wire::exchange::hello::{Greeting, Hello, Roles, SPOKEN};
use crate::wire::exchange::{ExchangeError, Request, Response, give, want};
use crate::wire::head::Signed;
use crate::wire::notice::Notice;
use crate::wire::peer::Peer;
use crate::wire::receipt::Receipt;
use crate::wire::topic::Kind;

/// A request that waits for the disk.
#[derive(Debug, Clone)]
pub(super) enum Serving {
    /// A body.
    Body { token: u64 },
    /// Statements of a list.
    Statements { token: u64, list: Option<give::Whole> },
}

impl Engine {
    pub(super) fn serve(&mut self, token: u64, peer: Peer, bytes: &[u8]) {
        let request = match Request::parse(bytes) {
            Ok(request) => request,
            Err(error) => {
                if error.verdict() == Verdict::Reject {
                    self.fault(&peer, Fault::Malformed);
                }
                return self.respond(token, &refused(&error));
            }
        };
        if !self.peers.spend(&peer, self.price(&request), self.now.monotonic_ms) {
            self.fault(&peer, Fault::Greedy);
            return self.respond(token, &Response::Refusal(Reason::TooMuch));
        }
        if self.is_spent_for(&request) {
            return self.respond(token, &Response::Refusal(Reason::Busy));
        }
        match request {
            Request::Hello(greeting) => self.greet(token, &peer, &greeting),
            Request::Heads(wanted) => self.give_heads(token, &wanted),
            Request::Log(wanted) => self.give_log(token, wanted),
            Request::Body(hash) => self.give_body(token, &peer, hash),
            Request::Status(wanted) => self.give_statements(token, wanted),
            Request::Deposit(deposit) => self.deposit(token, peer, deposit),
            Request::Digests(wanted) => self.give_digests(token, &wanted),
            Request::Sketch(wanted) => self.give_sketch(token, &wanted),
            Request::Fresh(scids) => self.give_fresh(token, &scids),
            Request::Cosign(cosign) => self.cosign(token, &peer, &cosign),
            Request::Forks(page) => {
                let after = page.after;
                let forks = self.forks.after(after).take(want::MAX_PAGE).collect();
                self.respond(token, &Response::Forks(forks));
            }
            Request::Profiles(page) => {
                let profiles = self
                    .profiles
                    .iter()
                    .map(|(scid, (hash, _))| Notice { scid: *scid, hash: *hash });
                let profiles = profiles.filter(|notice| Some(*notice) > page.after);
                let profiles = profiles.take(want::MAX_PAGE).collect();
                self.respond(token, &Response::Profiles(profiles));
            }
        }
    }

    /// Says what a request costs the peer that makes it, in tokens.
    fn price(&self, request: &Request) -> u32 {
        let Request::Log(want::Log { scid, .. }) = request else {
            return price(request, self.directory.len());
        };
        // What is not given away costs the same whether it is here or not.
        if self.is_private(scid) { log_price(0) } else { self.price_of_log(scid) }
    }

    /// Says what it costs to have a log at hand. One that is not is read and verified whole, however little
    /// of it is asked for.
    pub(super) fn price_of_log(&self, scid: &Scid) -> u32 {
        let listing = self.directory.get(scid).filter(|_| !self.shelf.has(scid));
        log_price(listing.map_or(0, |listing| listing.held.log))
    }

    pub(super) fn respond(&mut self, token: u64, response: &Response) {
        self.effects.push(Effect::Respond { token, bytes: response.to_bytes() });
    }

    fn greet(&mut self, token: u64, peer: &Peer, greeting: &Greeting) {
        self.introduced(peer, greeting.roles);
        let hello = Hello {
            versions: SPOKEN,
            roles: self.roles(),
            time: self.now.wall,
            nonce: greeting.nonce,
            key: self.config.node_key.public(),
        };
        let sealed = hello.seal(self.config.network.id(), &self.config.node_key);
        self.respond(token, &Response::Hello(sealed));
    }

    pub(super) fn roles(&self) -> Roles {
        let keeper = match self.config.role {
            super::config::Role::Keeper => Roles::KEEPER,
            super::config::Role::Home => Roles::NONE,
        };
        let witness = self.config.witness.as_ref().map_or(Roles::NONE, |_| Roles::WITNESS);
        keeper.with(witness)
    }

    fn give_heads(&mut self, token: u64, wanted: &want::Heads) {
        let by_scid = wanted.scids.iter().filter_map(|scid| self.directory.get(scid));
        let by_hash = wanted.hashes.iter().filter_map(|hash| self.directory.by_hash(hash));
        let heads = by_scid
            .chain(by_hash)
            .filter(|listing| !self.is_private(&listing.scid))
            .filter_map(|listing| listing.head.clone())
            .collect();
        self.respond(token, &Response::Heads(heads));
    }

    fn give_log(&mut self, token: u64, wanted: want::Log) {
        let want::Log { scid, have } = wanted;
        if self.directory.get(&scid).is_none() || self.is_private(&scid) {
            return self.respond(token, &Response::Nothing);
        }
        self.with_identity(scid, Then::Serve { token, have });
    }

    pub(super) fn respond_log(&mut self, token: u64, identity: Option<&Identity>, have: u64) {
        let Some(identity) = identity else { return self.respond(token, &Response::Nothing) };
        let head = self.directory.get(&identity.scid()).and_then(|listing| listing.head.clone());
        let log = give::Log {
            after: have,
            lines: identity.lines_after(have).to_vec(),
            witness: identity.witnesses().map(<[u8]>::to_vec),
            head,
        };
        self.respond(token, &Response::Log(log));
    }

    fn give_body(&mut self, token: u64, peer: &Peer, hash: [u8; 32]) {
        if !self.forks.knows(&hash) && !self.may_give(peer, &hash) {
            return self.respond(token, &Response::Nothing);
        }
        self.load(Load::Body(hash), asking::Reading::Serve(Serving::Body { token }));
    }

    pub(super) fn serve_loaded(&mut self, serving: Serving, loaded: Loaded) {
        match serving {
            Serving::Body { token } => {
                let Loaded::Body(Some(bytes)) = loaded else {
                    return self.respond(token, &Response::Nothing);
                };
                self.respond(token, &Response::Body(bytes));
            }
            Serving::Statements { token, list } => {
                let Loaded::Statements(mut statements) = loaded else {
                    return self.respond(token, &Response::Nothing);
                };
                statements.truncate(want::MAX_STATEMENTS);
                self.respond(token, &Response::Status(give::Status { statements, list }));
            }
        }
    }

    /// Takes what a peer wants kept and announced.
    fn deposit(&mut self, token: u64, peer: Peer, deposit: Deposit) {
        if self.config.role != super::config::Role::Keeper {
            return self.respond(token, &Response::Refusal(Reason::NotOffered));
        }
        let head = match self.open_head(&deposit.head) {
            Ok(head) => head,
            Err(error) => {
                self.fault(&peer, error.fault());
                return self.respond(token, &Response::Refusal(error.reason()));
            }
        };
        let scid = head.head().scid;
        if self.directory.highest(&scid).is_none() && !self.may_introduce(&peer, &scid) {
            return self.respond(token, &Response::Refusal(Reason::TooMuch));
        }
        if !self.has_room_to_promise(&scid) {
            return self.respond(token, &Response::Refusal(Reason::Full));
        }
        // A promise is a date: who doubts the own clock signs none.
        if !self.clock.report(self.now).may_sign() {
            return self.respond(token, &Response::Refusal(Reason::Clock));
        }
        if self.taking >= MAX_TAKING {
            return self.respond(token, &Response::Refusal(Reason::Busy));
        }
        self.taking = self.taking.saturating_add(1);
        let Deposit { after, log, witness, showcase, .. } = deposit;
        let supplied = Some(Supplied { after, log, witness, showcase });
        let waiters = vec![Waiter::Deposit { token }];
        self.offer(Offer { head, from: Some(peer), supplied, waiters });
    }

    /// Promises to keep what was deposited, and announces it: both only after it is saved.
    pub(super) fn receipt(
        &mut self,
        token: u64,
        head: &Signed,
        result: &Result<Taken, IntakeError>,
    ) {
        self.taking = self.taking.saturating_sub(1);
        let scid = head.head().scid;
        match result {
            Ok(_) => {}
            Err(IntakeError::Incomplete) => {
                let lacks = Lacks { held: self.directory.get(&scid).map(Listing::version) };
                return self.respond(token, &Response::Lacks(lacks));
            }
            Err(IntakeError::Respelled) => {
                return self.respond(token, &Response::Lacks(Lacks { held: None }));
            }
            Err(error) => return self.respond(token, &Response::Refusal(error.reason())),
        }
        let until = self.now.wall.plus(PROMISE);
        self.promises.insert(scid, until);
        self.save(Change::Promise { scid, until });
        self.rank(&scid);
        if matches!(result, Ok(Taken::New)) {
            self.spread(head);
        }
        let key = &self.config.node_key;
        let receipt = Receipt { scid, head: head.hash(), until, keeper: key.public() };
        let sealed = receipt.seal(self.config.network.id(), key);
        self.respond(token, &Response::Receipt(sealed));
    }

    /// Tells everybody of a head that is saved here.
    pub(super) fn spread(&mut self, head: &Signed) {
        let scid = head.head().scid;
        let shard = self.config.network.shards().of(&scid);
        self.announce(Kind::Head(shard), head.bytes().to_vec());
        self.put_in_time(head);
    }
}

/// Answers a request that could not be read.
fn refused(error: &ExchangeError) -> Response {
    match error {
        ExchangeError::Unsupported { .. } => Response::Unsupported,
        ExchangeError::Record(_) => Response::Refusal(Reason::Invalid),
    }
}

/// Says what a request costs wherever it is made, in tokens.
fn price(request: &Request, heads: usize) -> u32 {
    let thousands = u32::try_from(heads / 1024).unwrap_or(u32::MAX);
    match request {
        Request::Hello(_) | Request::Body(_) | Request::Log(_) => 1,
        Request::Fresh(_) | Request::Forks(_) | Request::Profiles(_) | Request::Status(_) => 2,
        // Proportional to what is looked up, but a page of heads is one thing for reconciliation.
        Request::Heads(wanted) => {
            u32::try_from(wanted.count() / 64).unwrap_or(u32::MAX).saturating_add(1)
        }
        // A whole log is verified, and what is deposited is kept.
        Request::Deposit(Deposit { log, showcase, witness, .. }) => {
            let beside = [showcase, witness].into_iter().flatten().map(Vec::len);
            weight(beside.fold(log.len(), usize::saturating_add))
        }
        Request::Cosign(cosign) => weight(cosign.log.len()),
        // Every head is hashed, or every one of a shard.
        Request::Digests(want::Digests { shard: None, .. }) => thousands.saturating_add(8),
        Request::Digests(_) | Request::Sketch(_) => (thousands / 4).saturating_add(8),
    }
}

/// Says what it costs to be given a log of so many bytes that has to be verified first.
pub(super) fn log_price(bytes: u64) -> u32 {
    let pages = usize::try_from(bytes).unwrap_or(usize::MAX) / BYTES_A_TOKEN;
    u32::try_from(pages).unwrap_or(u32::MAX).saturating_add(1)
}

/// Says what it costs to bring so many bytes: of the longest logs fifteen at once, then two a second.
fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes / BYTES_A_TOKEN).unwrap_or(u32::MAX).saturating_add(8)
}

/// Four of the usual entries, or what an entry may be at most.
const BYTES_A_TOKEN: usize = 8 * 1024;

/// Deposits being taken in at once: each may hold a log of a megabyte while its showcase is fetched.
const MAX_TAKING: usize = 32;

/// How long a keeper keeps what was deposited: a home that comes online once a month loses nothing.
const PROMISE: u64 = 30 * 86_400;
