//! Who is connected, what they are worth, and what their faults cost.
//!
//! This is the only owner of reputation. A fault costs points, time forgives them; whoever has too
//! many is let go, and whoever has far too many is banned. What a peer did is remembered over its
//! connections, so that coming back does not wash it off.

mod account;

use super::command::Outcome;
use super::dice::Dice;
use super::effect::{Effect, Fault};
use super::event::Prefix;
use super::intake::IntakeError;
use super::{Engine, asking};
use crate::did::Scid;
use crate::verdict::Verdict;
use crate::wire::exchange::deposit::Reason;
use crate::wire::exchange::hello::{Greeting, Hello, Roles, SPOKEN};
use crate::wire::exchange::{Request, Response};
use crate::wire::head::HeadError;
use crate::wire::peer::Peer;
use account::{Account, FORGIVEN_MS, INTRODUCTIONS, Points};
use std::collections::{BTreeMap, BTreeSet};

/// The connected peers, and what those before did.
#[derive(Debug, Default)]
pub(super) struct Peers {
    connected: BTreeMap<Peer, State>,
    /// Those that left, and when.
    left: BTreeMap<Peer, (Account, u64)>,
}

#[derive(Debug)]
struct State {
    prefix: Prefix,
    outbound: bool,
    roles: Roles,
    /// It said what it does.
    introduced: bool,
    account: Account,
    /// When it was last asked for the time.
    greeted_ms: u64,
}

impl State {
    fn is_relayed(&self) -> bool {
        self.prefix == Prefix::RELAYED
    }
}

impl Peers {
    pub(super) fn len(&self) -> usize {
        self.connected.len()
    }

    /// Counts those that no relay is between: the others are not among the peers a node keeps.
    fn direct(&self) -> usize {
        self.connected.values().filter(|state| !state.is_relayed()).count()
    }

    pub(super) fn prefix(&self, peer: &Peer) -> Option<Prefix> {
        self.connected.get(peer).map(|state| state.prefix)
    }

    /// Notes a peer that was not connected; one that comes back goes on where it left.
    fn meet(&mut self, peer: Peer, prefix: Prefix, outbound: bool, now_ms: u64) {
        let left = self.left.remove(&peer).map(|(account, _)| account);
        let state = State {
            prefix,
            outbound,
            roles: Roles::NONE,
            introduced: false,
            account: left.unwrap_or_else(|| Account::new(now_ms)),
            greeted_ms: now_ms,
        };
        self.connected.insert(peer, state);
    }

    /// Notes that a peer left. When too many are remembered, whoever did least goes first: so nobody is
    /// forgotten because others come and go.
    fn part(&mut self, peer: &Peer, now_ms: u64) {
        let Some(state) = self.connected.remove(peer) else { return };
        if self.left.len() >= REMEMBERED {
            let worth = |(account, at_ms): &(Account, u64)| (account.points.now(now_ms), *at_ms);
            let least = self.left.iter().min_by_key(|(_, left)| worth(left));
            let least = least.map(|(peer, _)| peer.clone());
            least.and_then(|least| self.left.remove(&least));
        }
        self.left.insert(peer.clone(), (state.account, now_ms));
    }

    /// Gives the account of a peer, also of one that left a moment ago.
    fn account(&mut self, peer: &Peer) -> Option<&mut Account> {
        let connected = self.connected.get_mut(peer).map(|state| &mut state.account);
        connected.or_else(|| self.left.get_mut(peer).map(|(account, _)| account))
    }

    /// Tells whether a peer said that it keeps things for others.
    pub(super) fn is_keeper(&self, peer: &Peer) -> bool {
        self.connected.get(peer).is_some_and(|state| state.roles.include(Roles::KEEPER))
    }

    /// Tells whether a peer said that it keeps nothing for others.
    pub(super) fn is_home(&self, peer: &Peer) -> bool {
        let says = |state: &State| state.introduced && !state.roles.include(Roles::KEEPER);
        self.connected.get(peer).is_some_and(says)
    }

    /// Takes what a request costs from its peer's tokens; tells whether there were enough.
    pub(super) fn spend(&mut self, peer: &Peer, tokens: u32, now_ms: u64) -> bool {
        self.account(peer).is_none_or(|account| account.requests.take(tokens, now_ms))
    }

    /// Takes so many tokens from what `peer` gives us; tells whether they were left.
    pub(super) fn may_pull(&mut self, peer: &Peer, tokens: u32, now_ms: u64) -> bool {
        self.account(peer).is_none_or(|account| account.pulls.take(tokens, now_ms))
    }

    /// Tells whether `peer` may still bring enough of what nobody has heard of that it is worth comparing
    /// once more at once. Whom we chose may bring all there is.
    pub(super) fn may_bring_more(&mut self, peer: &Peer, now_ms: u64) -> bool {
        let state = self.connected.get_mut(peer);
        let share = INTRODUCTIONS / 4;
        state.is_some_and(|it| it.outbound || it.account.introductions.has(share, now_ms))
    }

    /// Chooses any peer: whoever chose us may hold what nobody else does. A relay carries too little
    /// for what it is asked.
    pub(super) fn any(&self, dice: &mut Dice) -> Option<Peer> {
        let end = u64::try_from(self.direct()).unwrap_or(u64::MAX);
        let at = usize::try_from(dice.below(end)).unwrap_or(0);
        let direct = self.connected.iter().filter(|(_, state)| !state.is_relayed());
        direct.map(|(peer, _)| peer).nth(at).cloned()
    }

    /// Chooses up to `count` peers of different prefixes, keepers first, those we chose before those
    /// that chose us, relayed ones last; then, if there are too few, further ones of the same prefixes.
    pub(super) fn some(&self, dice: &mut Dice, count: usize, except: &[Peer]) -> Vec<Peer> {
        self.choose(dice, count, except, Roles::NONE)
    }

    /// Chooses like [`Self::some`], at most one in each part of the internet, and none in `known` ones.
    pub(super) fn elsewhere(
        &self,
        dice: &mut Dice,
        count: usize,
        except: &[Peer],
        known: &BTreeSet<Prefix>,
    ) -> Vec<Peer> {
        let mut parts = known.clone();
        let all = self.choose(dice, self.connected.len(), except, Roles::NONE);
        let mut is_new = |peer: &Peer| self.prefix(peer).is_some_and(|prefix| parts.insert(prefix));
        all.into_iter().filter(|peer| is_new(peer)).take(count).collect()
    }

    /// Chooses like [`Self::some`] among those that have a role.
    pub(super) fn with_role(
        &self,
        dice: &mut Dice,
        count: usize,
        except: &[Peer],
        role: Roles,
    ) -> Vec<Peer> {
        self.choose(dice, count, except, role)
    }

    fn choose(&self, dice: &mut Dice, count: usize, except: &[Peer], role: Roles) -> Vec<Peer> {
        let mut all: Vec<(&Peer, &State)> = self
            .connected
            .iter()
            .filter(|(peer, state)| state.roles.include(role) && !except.contains(peer))
            .collect();
        dice.shuffle(&mut all);
        all.sort_by_key(|(_, state)| {
            (state.is_relayed(), !state.roles.include(Roles::KEEPER), !state.outbound)
        });
        let mut prefixes = BTreeSet::new();
        let (first, rest): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, state)| prefixes.insert(state.prefix));
        first.into_iter().chain(rest).take(count).map(|(peer, _)| peer.clone()).collect()
    }

    /// Chooses who has to go. Of those that are equal any may be: were it always the same one, all
    /// nodes would let go of that one, and it would come again, and again.
    fn worst(&self, dice: &mut Dice, now_ms: u64) -> Option<Peer> {
        let worth = |state: &State| {
            let useful = state.roles.include(Roles::KEEPER) || state.outbound;
            (state.account.points.now(now_ms), !useful)
        };
        let direct = || self.connected.iter().filter(|(_, state)| !state.is_relayed());
        let least = direct().map(|(_, state)| worth(state)).max()?;
        let mut worst: Vec<&Peer> =
            direct().filter(|(_, state)| worth(state) == least).map(|(peer, _)| peer).collect();
        dice.shuffle(&mut worst);
        worst.pop().cloned()
    }

    pub(super) fn report(&self, now_ms: u64) -> Vec<Report> {
        let report = |(peer, state): (&Peer, &State)| Report {
            peer: peer.clone(),
            prefix: state.prefix,
            outbound: state.outbound,
            keeper: state.roles.include(Roles::KEEPER),
            witness: state.roles.include(Roles::WITNESS),
            cost: state.account.points.now(now_ms),
        };
        self.connected.iter().map(report).collect()
    }
}

impl Engine {
    pub(super) fn connected(&mut self, peer: Peer, prefix: Prefix, outbound: bool) {
        if let Some(known) = self.peers.connected.get_mut(&peer) {
            // It was relayed and is met directly now; what it did stays done.
            known.prefix = prefix;
            known.outbound = outbound;
            if known.roles.include(Roles::KEEPER) {
                self.exchange_with(&peer);
            }
            return;
        }
        self.peers.meet(peer.clone(), prefix, outbound, self.now.monotonic_ms);
        self.say_hello(&peer);
    }

    pub(super) fn disconnected(&mut self, peer: &Peer) {
        self.peers.part(peer, self.now.monotonic_ms);
        self.clock.forget(peer);
        self.sync_lost(peer);
        self.give_up(Some(peer));
    }

    fn say_hello(&mut self, peer: &Peer) {
        let greeting = Greeting { versions: SPOKEN, roles: self.roles(), nonce: self.dice.bytes() };
        self.ask(peer, Request::Hello(greeting), asking::Purpose::Hello(greeting));
    }

    pub(super) fn greeted(
        &mut self,
        peer: &Peer,
        greeting: &Greeting,
        sent_ms: u64,
        response: Option<Response>,
    ) {
        let Some(Response::Hello(bytes)) = response else { return };
        match Hello::open(&bytes, self.config.network.id(), peer, greeting) {
            Ok(hello) => {
                if let Some(prefix) = self.peers.prefix(peer) {
                    self.clock.observe((peer.clone(), prefix), hello.time, sent_ms, self.now);
                }
                if let Some(report) = self.clock.news(self.now) {
                    self.effects.push(Effect::Notify(super::effect::Notice::Clock(report)));
                }
                self.introduced(peer, hello.roles);
            }
            Err(_) => self.fault(peer, Fault::BadSignature),
        }
    }

    /// A peer said what it does for others.
    pub(super) fn introduced(&mut self, peer: &Peer, roles: Roles) {
        let Some(state) = self.peers.connected.get_mut(peer) else { return };
        let first = !core::mem::replace(&mut state.introduced, true);
        state.roles = roles;
        if first && roles.include(Roles::KEEPER) {
            self.deposit_more();
            self.exchange_with(peer);
        }
    }

    /// Exchanges what is new with a keeper, unless a relay is between: it carries too little for that.
    fn exchange_with(&mut self, peer: &Peer) {
        if self.peers.prefix(peer) != Some(Prefix::RELAYED) {
            self.sync_with(peer);
            self.ask_catalogue(peer);
        }
    }

    /// Tells whether `peer` may still bring identities nobody has heard of.
    pub(super) fn may_introduce(&mut self, peer: &Peer, scid: &Scid) -> bool {
        self.may_spend_introductions(peer, scid, 1)
    }

    /// Tells whether `peer` may bring one more identity when what both hold is compared. Whoever was away, or
    /// is new, gets all there is from those it chose, which an attacker cannot choose to be among.
    pub(super) fn may_bring(&mut self, peer: &Peer, scid: &Scid) -> bool {
        let chosen = self.peers.connected.get(peer).is_some_and(|state| state.outbound);
        chosen || self.directory.highest(scid).is_some() || self.may_introduce(peer, scid)
    }

    /// Tells whether `peer` has so much left of its share.
    pub(super) fn may_spend_introductions(
        &mut self,
        peer: &Peer,
        scid: &Scid,
        tokens: u32,
    ) -> bool {
        if self.is_wanted(scid) {
            return true;
        }
        let now_ms = self.now.monotonic_ms;
        let account = self.peers.account(peer);
        let may = account.is_none_or(|account| account.introductions.take(tokens, now_ms));
        if !may {
            self.fault(peer, Fault::Flood);
        }
        may
    }

    /// Counts that a peer did not give what it told of, unless it gave no answer, or has too much to do.
    pub(super) fn withheld(&mut self, peer: &Peer, response: Option<&Response>) {
        let busy = Response::Refusal(Reason::Busy);
        let too_much = Response::Refusal(Reason::TooMuch);
        if response.is_some_and(|response| *response != busy && *response != too_much) {
            self.fault(peer, Fault::Withheld);
        }
    }

    /// Counts a fault, and lets go of whoever has too many.
    pub(super) fn fault(&mut self, peer: &Peer, fault: Fault) {
        let now_ms = self.now.monotonic_ms;
        let points = self.peers.account(peer).map(|account| &mut account.points);
        let (before, cost) = points.map_or((0, fault.cost()), |points| {
            (points.now(now_ms), points.add(fault.cost(), now_ms))
        });
        self.effects.push(Effect::Penalise { peer: peer.clone(), fault, cost });
        if before < BANNED && cost >= BANNED {
            self.effects.push(Effect::Ban { peer: peer.clone(), seconds: BAN });
        }
    }

    /// Tells the mesh what is left of the points it was told of: it would hold them against a peer for ever.
    fn forgive(&mut self) {
        let now_ms = self.now.monotonic_ms;
        for (peer, state) in &mut self.peers.connected {
            let points = &mut state.account.points;
            if points.cost == 0 {
                continue;
            }
            let cost = points.now(now_ms);
            if cost == 0 {
                *points = Points::default();
            }
            self.effects.push(Effect::Forgive { peer: peer.clone(), cost });
        }
    }

    /// Keeps the number of peers in its range and asks for the time anew.
    pub(super) fn tend_peers(&mut self) {
        let now_ms = self.now.monotonic_ms;
        let range = self.config.peers;
        let count = self.peers.direct();
        if count < range.low && self.due(super::Chore::Seek, SEEK_MS) {
            self.effects.push(Effect::Seek { peers: range.low.saturating_sub(count) });
        }
        if count > range.high
            && let Some(peer) = self.peers.worst(&mut self.dice, now_ms)
        {
            self.effects.push(Effect::Disconnect { peer });
        }
        if self.due(super::Chore::Forgive, FORGIVEN_MS) {
            self.forgive();
        }
        let old = |state: &State| now_ms.saturating_sub(state.greeted_ms) > GREET_MS;
        let due = self.peers.connected.iter_mut().find(|(_, state)| old(state));
        if let Some(peer) = due.map(|(peer, state)| {
            state.greeted_ms = now_ms;
            peer.clone()
        }) {
            self.say_hello(&peer);
        }
    }

    pub(super) fn report_peers(&mut self, command: u64) {
        let report = self.peers.report(self.now.monotonic_ms);
        self.answer(command, Outcome::Peers(report));
    }
}

impl Fault {
    /// Says what a fault costs: [`BANNED`] points ban a peer for an hour.
    #[must_use]
    pub const fn cost(self) -> u32 {
        match self {
            // What the sender could have seen for itself: four of them in a row are no accident.
            Self::Malformed | Self::BadSignature | Self::NoStamp => 25,
            Self::WrongAnswer => 20,
            // It may have been evicted there since.
            Self::Withheld => 5,
            Self::Silent => 3,
            Self::Greedy => 2,
            // A relay in the middle of a flood is not to blame for it; ignoring is the defence.
            Self::Flood => 0,
        }
    }
}

impl IntakeError {
    pub(super) fn fault(&self) -> Fault {
        match self.verdict() {
            Verdict::Reject if matches!(self, Self::Head(HeadError::TooLittleWork { .. })) => {
                Fault::NoStamp
            }
            Verdict::Reject => Fault::BadSignature,
            Verdict::Accept | Verdict::Ignore => Fault::Withheld,
        }
    }
}

/// What is known of one connected peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Who.
    pub peer: Peer,
    /// Which part of the address space.
    pub prefix: Prefix,
    /// We chose it.
    pub outbound: bool,
    /// It keeps what others deposit, as it says.
    pub keeper: bool,
    /// It is a witness, as it says.
    pub witness: bool,
    /// What its faults cost so far, 0 at best.
    pub cost: u32,
}

/// Points at which a peer is refused for [`BAN`] seconds.
pub const BANNED: u32 = 100;

/// An hour: long enough to stop an attack by one peer, short enough to forgive a bad release.
pub const BAN: u64 = 3600;

/// Peers whose accounts are remembered after they left.
const REMEMBERED: usize = 1024;

/// How often more peers are asked for.
const SEEK_MS: u64 = 5_000;

/// How often each peer is asked for the time: a clock that drifts by five minutes does so in days.
const GREET_MS: u64 = 600_000;

#[cfg(test)]
mod tests {
    use super::account::{INTRODUCTIONS, PULLS, REQUESTS};
    use super::*;

    /// What `docs` says; each fault stands there with its cost.
    const PENALTIES: &str = include_str!("../../../docs/peer-penalties.md");

    #[test]
    fn the_documentation_says_what_each_fault_costs() {
        for (name, fault) in [
            ("malformed", Fault::Malformed),
            ("bad signature", Fault::BadSignature),
            ("no stamp", Fault::NoStamp),
            ("wrong answer", Fault::WrongAnswer),
            ("withheld", Fault::Withheld),
            ("silent", Fault::Silent),
            ("greedy", Fault::Greedy),
            ("flood", Fault::Flood),
        ] {
            let row = format!("| {name} | {} |", fault.cost());
            assert!(PENALTIES.contains(&row), "docs/peer-penalties.md should have: {row}");
        }
    }

    fn peers(of: &[(u8, u64)]) -> Peers {
        let mut peers = Peers::default();
        for (byte, prefix) in of {
            let state = State {
                prefix: Prefix(*prefix),
                outbound: false,
                roles: Roles::NONE,
                introduced: true,
                account: Account::new(0),
                greeted_ms: 0,
            };
            peers.connected.insert(Peer::from_bytes(&[*byte]).unwrap(), state);
        }
        peers
    }

    #[test]
    fn of_equal_peers_not_always_the_same_one_has_to_go() {
        let mut peers = peers(&[(1, 1), (2, 2), (3, 3)]);
        let gone: BTreeSet<_> =
            (0..50).filter_map(|seed| peers.worst(&mut Dice::new(seed), 0)).collect();
        assert_eq!(gone.len(), 3);
        // Whoever did something wrong goes before all others.
        let third = Peer::from_bytes(&[3]).unwrap();
        peers.account(&third).unwrap().points.add(1, 0);
        assert!((0..50).all(|seed| peers.worst(&mut Dice::new(seed), 0) == Some(third.clone())));
    }

    #[test]
    fn coming_back_gives_no_second_share_and_washes_nothing_off() {
        let mut peers = peers(&[(1, 1), (2, 1)]);
        let peer = Peer::from_bytes(&[1]).unwrap();
        let all = |peers: &mut Peers, now_ms| {
            let Account { requests, pulls, introductions, .. } = peers.account(&peer).unwrap();
            let shares = [(requests, REQUESTS), (pulls, PULLS), (introductions, INTRODUCTIONS)];
            shares.map(|(bucket, room)| bucket.take(room, now_ms))
        };
        assert_eq!(all(&mut peers, 0), [true; 3]);
        peers.part(&peer, 0);
        // What it did before is found out while it is away.
        peers.account(&peer).unwrap().points.add(25, 0);
        peers.meet(peer.clone(), Prefix(2), false, 999);
        assert_eq!(all(&mut peers, 999), [false; 3], "time alone gives a share back");
        assert_eq!(all(&mut peers, 100_000), [true; 3]);
        assert_eq!(peers.account(&peer).unwrap().points.now(0), 25);
    }

    #[test]
    fn who_did_something_wrong_is_not_forgotten_because_others_come_and_go() {
        let mut peers = Peers::default();
        let name = |number: u64| Peer::from_bytes(&number.to_be_bytes()).unwrap();
        for number in 0..2_000 {
            peers.meet(name(number), Prefix(number), false, number);
            if number == 7 {
                peers.account(&name(number)).unwrap().points.add(1_000, number);
            }
            peers.part(&name(number), number);
        }
        assert_eq!(peers.left.len(), REMEMBERED);
        assert!(peers.account(&name(7)).is_some() && peers.account(&name(8)).is_none());
    }

    #[test]
    fn peers_of_different_prefixes_come_before_those_of_one() {
        let peers = peers(&[(1, 1), (2, 1), (3, 1), (4, 2), (5, 3)]);
        for seed in 0..20 {
            let chosen = peers.some(&mut Dice::new(seed), 3, &[]);
            let prefixes: BTreeSet<_> = chosen.iter().map(|peer| peers.prefix(peer)).collect();
            assert_eq!(prefixes.len(), 3, "seed {seed}");
            assert_eq!(peers.some(&mut Dice::new(seed), 9, &[]).len(), 5);
        }
    }

    #[test]
    fn whoever_is_relayed_is_one_opinion_and_nobody_elses() {
        let relayed = Prefix::RELAYED.0;
        let mut peers = peers(&[(1, 1), (2, 2), (7, relayed), (8, relayed), (9, relayed)]);
        // They say what they like of themselves, and may have been dialled.
        for state in peers.connected.values_mut().filter(|it| it.prefix == Prefix::RELAYED) {
            (state.roles, state.outbound) = (Roles::KEEPER, true);
        }
        let is_relayed = |peer: &Peer| peers.prefix(peer) == Some(Prefix::RELAYED);
        for seed in 0..20 {
            let dice = &mut Dice::new(seed);
            let chosen = peers.some(dice, 3, &[]);
            assert_eq!(chosen.iter().filter(|it| is_relayed(it)).count(), 1, "seed {seed}");
            assert!(!peers.some(dice, 2, &[]).iter().any(is_relayed));
            assert!(!peers.any(dice).iter().any(is_relayed));
            // They take nobody's place, so they need not go either.
            assert!(!peers.worst(dice, 0).iter().any(is_relayed));
        }
        assert_eq!(peers.direct(), 2);
    }
}
