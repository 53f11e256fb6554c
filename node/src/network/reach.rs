//! How others reach this node: directly, through a relay, or not.
//!
//! A node asks its peers to dial the places they see it at (AutoNAT v2). Where none of that works, it
//! reserves a place with two relays (Circuit Relay v2) that it dialled itself and that are in
//! different corners of the internet, and whoever comes through one of them is met directly where the
//! routers allow it (DCUtR). What a relay carries has limits: it is for finding and meeting each
//! other and for a small exchange, and gossip never takes this way (module `direct`).

use super::config::{Config, Relay};
use super::direct::is_circuit;
use super::peer::{Address, Peer, Prefix};
use core::num::NonZeroU32;
use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId, identify, relay};
use rand::seq::IteratorRandom as _;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use tokio::time::Instant;

/// Says how others reach a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Not found out yet.
    #[default]
    Unknown,
    /// Others dial it.
    Direct,
    /// Others come through a relay.
    Relayed,
    /// Nobody does; it reaches them.
    Unreachable,
}

impl Reach {
    /// Reads it off the addresses that are known to work.
    fn of<'a>(external: impl Iterator<Item = &'a Multiaddr>, is_tested: bool) -> Self {
        let mut found = if is_tested { Self::Unreachable } else { Self::Unknown };
        for address in external {
            match is_circuit(address) {
                true => found = Self::Relayed,
                false => return Self::Direct,
            }
        }
        found
    }
}

/// The relays this node knows, and the places it has with some of them.
pub(super) struct Relays {
    wanted: bool,
    since: Instant,
    /// Connected peers that offer to relay, and where this node dialled them.
    offers: BTreeMap<Peer, Address>,
    reserved: HashMap<ListenerId, (Peer, Prefix)>,
    /// Those that refused, and since when.
    refused: BTreeMap<Peer, Instant>,
    /// A peer tried to dial this node, and could not.
    is_tested: bool,
    /// A peer said where it sees this node: without that nobody is met directly.
    is_seen: bool,
    /// First peers behind a relay that are still to be met.
    to_meet: Vec<Address>,
}

impl Relays {
    /// Knows none yet.
    pub(super) fn new(config: &Config) -> Self {
        let behind = config.first_peers.iter().filter(|it| it.is_relayed());
        Self {
            wanted: config.reach,
            since: Instant::now(),
            offers: BTreeMap::new(),
            reserved: HashMap::new(),
            refused: BTreeMap::new(),
            is_tested: false,
            is_seen: false,
            to_meet: behind.cloned().collect(),
        }
    }

    /// Says how others reach this node, whose addresses that are known to work are `external`.
    pub(super) fn reach<'a>(&self, external: impl Iterator<Item = &'a Multiaddr>) -> Reach {
        Reach::of(external, self.is_tested)
    }

    /// Notes that a peer tried to dial this node and could not.
    pub(super) fn tested(&mut self) {
        self.is_tested = true;
    }

    /// Notes that a peer said where it sees this node.
    pub(super) fn seen(&mut self) {
        self.is_seen = true;
    }

    /// Learns from what `peer` says it serves whether it relays; `dialled` is where this node dialled
    /// it, if it did.
    pub(super) fn introduced(
        &mut self,
        peer: Peer,
        info: &identify::Info,
        dialled: Option<Address>,
    ) {
        match dialled.filter(|_| info.protocols.contains(&relay::HOP_PROTOCOL_NAME)) {
            Some(address) => self.offers.insert(peer, address),
            None => self.offers.remove(&peer),
        };
    }

    /// Forgets what `peer` offered: it left.
    pub(super) fn left(&mut self, peer: Peer) {
        self.offers.remove(&peer);
    }

    /// Picks a relay to reserve a place with: where to listen, and whose that is.
    pub(super) fn next(&self, reach: Reach) -> Option<(Multiaddr, Peer, Prefix)> {
        let is_patient = reach == Reach::Unknown && self.since.elapsed() < PATIENCE;
        if !self.wanted || reach == Reach::Direct || is_patient {
            return None;
        }
        if self.reserved.len() >= RESERVATIONS {
            return None;
        }
        let taken: BTreeSet<Prefix> = self.reserved.values().map(|(_, prefix)| *prefix).collect();
        let peers: BTreeSet<Peer> = self.reserved.values().map(|(peer, _)| *peer).collect();
        let refused =
            |peer: &Peer| self.refused.get(peer).is_some_and(|since| since.elapsed() < AGAIN);
        let offers = self.offers.iter().map(|(peer, at)| (*peer, at, at.prefix()));
        let (peer, address, prefix) = offers
            .filter(|(peer, _, prefix)| {
                !refused(peer) && !taken.contains(prefix) && !peers.contains(peer)
            })
            // Nobody can choose a name that comes first.
            .choose(&mut rand::rng())?;
        Some((address.of(peer).0.with(Protocol::P2pCircuit), peer, prefix))
    }

    /// Notes that a place with `peer` is asked for as `listener`.
    pub(super) fn asked(&mut self, listener: ListenerId, peer: Peer, prefix: Prefix) {
        self.reserved.insert(listener, (peer, prefix));
    }

    /// Notes that the place asked for as `listener` is no longer, or was refused.
    pub(super) fn ended(&mut self, listener: ListenerId, is_refused: bool) {
        if let Some((peer, _)) = self.reserved.remove(&listener).filter(|_| is_refused) {
            self.refuses(peer);
        }
    }

    /// Notes that `peer` is not to be asked again soon.
    pub(super) fn refuses(&mut self, peer: Peer) {
        self.refused.retain(|_, since| since.elapsed() < AGAIN);
        self.refused.insert(peer, Instant::now());
    }

    /// Tells whether a relay refused.
    #[cfg(test)]
    pub(super) fn is_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    /// Tries again to meet the first peers behind a relay.
    pub(super) fn meet_again(&mut self, config: &Config) {
        self.to_meet = config.first_peers.iter().filter(|it| it.is_relayed()).cloned().collect();
    }

    /// Gives a first peer behind a relay that can be met now. Before somebody said where this node is
    /// seen, the two could not meet directly, and the relay is being dialled itself.
    pub(super) fn meet(&mut self) -> Option<Address> {
        let ready = self.is_seen || self.since.elapsed() >= PATIENCE;
        if ready { self.to_meet.pop() } else { None }
    }
}

/// Says what a relay allows, or that this node is none.
pub(super) fn relay(config: &Config, local: PeerId) -> Option<relay::Behaviour> {
    let status = match config.relay {
        Relay::Never => return None,
        Relay::WhenReachable => relay::Status::Disable,
        Relay::Always => relay::Status::Enable,
    };
    let limits = relay::Config {
        // Each of them needs a connection, and is none of those that come and go.
        max_reservations: config.max_peers,
        // The library lets in one more than this.
        max_reservations_per_peer: 0,
        reservation_duration: RESERVED,
        reservation_rate_limiters: Vec::new(),
        max_circuits: MOST_CIRCUITS,
        max_circuits_per_peer: 1,
        max_circuit_duration: CIRCUIT_TIME,
        max_circuit_bytes: CIRCUIT_BYTES,
        circuit_src_rate_limiters: Vec::new(),
    };
    let limits = limits
        .reservation_rate_per_peer(TRIES, PER_PEER)
        .reservation_rate_per_ip(TRIES_OF_A_HOUSE, PER_HOUSE)
        .circuit_src_per_peer(TRIES, PER_PEER)
        .circuit_src_per_ip(TRIES_OF_A_HOUSE, PER_HOUSE);
    let mut relay = relay::Behaviour::new(local, limits);
    // Not by itself: it would take the address a relay gave it for a reason to relay.
    relay.set_status(Some(status));
    Some(relay)
}

/// Relays a node has a place with: one may go.
const RESERVATIONS: usize = 2;
/// How long it is waited for somebody to find out how this node is reached.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a relay that refused is left alone.
const AGAIN: Duration = Duration::from_secs(600);
/// A place is as long-lived as the connection it was asked for over. That the library has it end in
/// the middle of being renewed is a state it does not survive (libp2p-relay 0.22).
const RESERVED: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Circuits at one time.
const MOST_CIRCUITS: usize = 16;
/// What a circuit may take: time for a meeting in three tries and for an exchange.
const CIRCUIT_TIME: Duration = Duration::from_secs(120);
/// What a circuit may carry: the largest thing two people hand each other, a claim with all that proves
/// it. With all circuits full that is 70 kB a second.
const CIRCUIT_BYTES: u64 = 512 * 1024;
/// Tries one peer has; each comes back after [`PER_PEER`].
const TRIES: NonZeroU32 = NonZeroU32::new(30).unwrap();
const PER_PEER: Duration = Duration::from_secs(120);
/// Tries one address has; each comes back after [`PER_HOUSE`].
const TRIES_OF_A_HOUSE: NonZeroU32 = NonZeroU32::new(60).unwrap();
const PER_HOUSE: Duration = Duration::from_secs(60);
