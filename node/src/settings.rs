//! What a node's settings mean to its network and to its engine.

use crate::config::{Config, Relay, Role};
use crate::joined::Joined;
use crate::network::config::{
    Config as Network, Dht, Relay as NetworkRelay, Role as NetworkRole, Topics,
};
use crate::network::peer::{Address, AddressError};
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::engine::config::{Config as Engine, PeerRange, Role as EngineRole};
use countersign_protocol::key::SecretKey;
use countersign_protocol::wire::head::Head;
use countersign_protocol::wire::network::Parameters;
use countersign_protocol::wire::topic::Topic;
use std::collections::BTreeSet;

/// The keys a running node signs with in its own name.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The key behind its name among peers.
    pub node: SecretKey,
    /// The key it cosigns with, if it is a witness.
    pub witness: Option<SecretKey>,
}

/// Says how a node with this `config` takes part in the network it joined.
///
/// # Errors
///
/// Returns [`NoAddress`] for the first address that is none.
pub fn network(config: &Config, joined: &Joined, key: SecretKey) -> Result<Network, NoAddress> {
    let (full, parameters) = (config.role == Role::Full, &joined.parameters);
    let topics = Topic::all(parameters.id(), parameters.shards());
    Ok(Network {
        key: Some(key),
        role: if full { NetworkRole::Full } else { NetworkRole::Home },
        listen: addresses(&config.network.listen)?,
        external: addresses(&config.network.external)?,
        first_peers: addresses(&joined.peers)?,
        // The engine says which of them it listens to.
        topics: Topics { joined: Vec::new(), all: topics.map(|it| it.to_string()).collect() },
        max_peers: peers(config.network.max_peers).high,
        mdns: config.network.mdns,
        loopback: config.network.loopback,
        dht: match (full, config.network.loopback) {
            (true, true) => Dht::Server,
            (true, false) => Dht::Automatic,
            (false, _) => Dht::Client,
        },
        // On one computer everybody reaches everybody.
        reach: config.network.reach && !config.network.loopback,
        relay: match (config.network.relay, full) {
            (Relay::Always, _) => NetworkRelay::Always,
            (Relay::Auto, true) if config.network.reach => NetworkRelay::WhenReachable,
            (Relay::Auto, _) | (Relay::Never, _) => NetworkRelay::Never,
        },
        newer: newer_head,
        ..Network::new(parameters.id().as_str())
    })
}

/// Says what the engine of a node with this `config` is told; `own` are the node's own identities.
#[must_use]
pub fn engine(config: &Config, network: Parameters, keys: Keys, own: BTreeSet<Scid>) -> Engine {
    Engine {
        network,
        node_key: keys.node,
        role: if config.role == Role::Full { EngineRole::Keeper } else { EngineRole::Home },
        witness: keys.witness,
        restored: false,
        trust: config.trust.attestors.values().map(Did::scid).collect(),
        witnesses: config.trust.witnesses.iter().copied().collect(),
        own,
        head_budget: config.limits.heads,
        traffic: traffic(config.limits.traffic),
        peers: peers(config.network.max_peers),
    }
}

/// Says what a day may cost; 0 stands for as much as it takes.
#[must_use]
pub fn traffic(most: u64) -> Option<u64> {
    Some(most).filter(|most| *most > 0)
}

/// Says how many peers are sought and how many are let in.
#[must_use]
pub fn peers(most: u32) -> PeerRange {
    let high = usize::try_from(most).unwrap_or(usize::MAX);
    PeerRange { low: high.saturating_mul(3) / 4, high }
}

fn addresses(texts: &[String]) -> Result<Vec<Address>, NoAddress> {
    let read =
        |text: &String| text.parse().map_err(|cause| NoAddress { address: text.clone(), cause });
    texts.iter().map(read).collect()
}

/// Of two values under one key of the DHT, the newer head stays.
fn newer_head(old: &[u8], new: &[u8]) -> bool {
    match (Head::parse(old), Head::parse(new)) {
        (Ok(old), Ok(new)) => new.unverified().position() > old.unverified().position(),
        (Err(_), Ok(_)) => true,
        (_, Err(_)) => false,
    }
}

/// An address in the settings is none. Fault of whoever wrote them.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct NoAddress {
    /// What stands there.
    pub address: String,
    /// Why it is none.
    pub cause: AddressError,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_only_asks_the_dht_and_says_nothing_to_all_peers_at_once() {
        let joined = Joined::founded(Parameters::testnet("test".parse().unwrap()));
        let of = |role, loopback| {
            let mut config = Config { role, ..Config::default() };
            config.network.loopback = loopback;
            let network = network(&config, &joined, SecretKey::from_seed([1; 32])).unwrap();
            (network.role, network.dht, network.relay)
        };
        for loopback in [false, true] {
            let home = of(Role::Home, loopback);
            assert_eq!(home, (NetworkRole::Home, Dht::Client, NetworkRelay::Never));
        }
        assert_eq!(of(Role::Full, false).1, Dht::Automatic);
        assert_eq!(
            of(Role::Full, true),
            (NetworkRole::Full, Dht::Server, NetworkRelay::WhenReachable)
        );
    }
}
