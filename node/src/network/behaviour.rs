//! Everything a connection is used for, composed.

use super::config::{Config, Role, StartError};
use super::dht::{self, Kademlia};
use super::direct::Direct;
use super::exchange::{self, Codec};
use super::gate::Gate;
use super::gossip::{self, Gossip};
use super::reach;
use libp2p::allow_block_list::{self, BlockedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::identity::Keypair;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{
    StreamProtocol, autonat, dcutr, identify, mdns, memory_connection_limits, ping, relay,
    request_response,
};

/// What the swarm does. The limits come first: whom they refuse, nothing below hears of.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    limits: connection_limits::Behaviour,
    memory: memory_connection_limits::Behaviour,
    pub(super) blocked: allow_block_list::Behaviour<BlockedPeers>,
    gate: Gate,
    pub(super) identify: identify::Behaviour,
    ping: ping::Behaviour,
    pub(super) gossip: Direct<Gossip>,
    pub(super) dht: Direct<Kademlia>,
    pub(super) exchange: request_response::Behaviour<Codec>,
    mdns: Toggle<mdns::tokio::Behaviour>,
    /// Asks others to dial this node, and dials others that ask.
    tested: Toggle<Direct<autonat::v2::client::Behaviour>>,
    tests: Toggle<Direct<autonat::v2::server::Behaviour>>,
    /// Relays for others, and is reached through relays.
    pub(super) relay: Toggle<relay::Behaviour>,
    circuits: Toggle<relay::client::Behaviour>,
    meets: Toggle<dcutr::Behaviour>,
}

impl Behaviour {
    /// Composes it as `config` says, for the node whose key is `key`; `circuits` is what stands
    /// behind a transport through relays.
    pub(super) fn new(
        config: &Config,
        protocols: &Protocols,
        key: &Keypair,
        circuits: Option<relay::client::Behaviour>,
    ) -> Result<Self, StartError> {
        let local = key.public().to_peer_id();
        let mdns = match config.mdns {
            true => Some(
                mdns::tokio::Behaviour::new(mdns::Config::default(), local)
                    .map_err(StartError::Mdns)?,
            ),
            false => None,
        };
        let memory = memory_connection_limits::Behaviour::with_max_percentage(config.memory);
        let identify = identify::Config::new(protocols.network.clone(), key.public())
            .with_agent_version(life())
            .with_push_listen_addr_updates(true)
            // A home is not to be found; it comes.
            .with_hide_listen_addrs(config.role == Role::Home);
        Ok(Self {
            limits: connection_limits::Behaviour::new(limits(config.max_peers)),
            memory,
            blocked: allow_block_list::Behaviour::default(),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::default(),
            gate: Gate::new(config.loopback),
            gossip: Direct::new(gossip::behaviour(config, &local)?),
            dht: Direct::new(dht::behaviour(config, protocols.dht.clone(), local)),
            exchange: exchange::behaviour(protocols.exchange.clone()),
            mdns: mdns.into(),
            tested: config.reach.then(Default::default).map(Direct::new).into(),
            // A home dials nobody for others: whom it dials is its own business.
            tests: (config.reach && config.role != Role::Home)
                .then(Default::default)
                .map(Direct::new)
                .into(),
            relay: reach::relay(config, local).into(),
            meets: circuits.is_some().then(|| dcutr::Behaviour::new(local)).into(),
            circuits: circuits.into(),
        })
    }
}

/// Gives a name that is another each time a node starts: who sees it change knows that the connections
/// from before lead nowhere.
fn life() -> String {
    format!("countersign/{:016x}", rand::random::<u64>())
}

/// The names under which peers of one network find what they have in common.
#[derive(Debug, Clone)]
pub(super) struct Protocols {
    /// What a peer says it belongs to.
    pub(super) network: String,
    /// The DHT.
    pub(super) dht: StreamProtocol,
    /// Questions and answers.
    pub(super) exchange: StreamProtocol,
}

impl Protocols {
    /// Names them for the network of that id.
    pub(super) fn new(network: &str) -> Result<Self, StartError> {
        let named = |what: &str| {
            StreamProtocol::try_from_owned(format!("/countersign/{network}/1/{what}"))
                .map_err(|_| StartError::Network { id: network.to_owned() })
        };
        Ok(Self {
            network: format!("countersign/{network}/1"),
            dht: named("dht")?,
            exchange: named("exchange")?,
        })
    }
}

/// Leaves room above the peers that are kept: newcomers and the steps of look-ups come and go. One
/// side of it is only for connections this node chose, so that others cannot fill all of it.
fn limits(max_peers: usize) -> ConnectionLimits {
    let kept = u32::try_from(max_peers).unwrap_or(u32::MAX);
    let all = kept.saturating_add(TRANSIENT);
    ConnectionLimits::default()
        .with_max_pending_incoming(Some(TRANSIENT))
        .with_max_pending_outgoing(Some(TRANSIENT))
        .with_max_established_incoming(Some(all.saturating_sub(CHOSEN)))
        .with_max_established(Some(all))
        // Two peers that call each other at once have two for a moment, and so have those that met
        // through a relay; one more finds out whether the other is reached.
        .with_max_established_per_peer(Some(3))
}

/// Connections beyond those to the peers that are kept.
const TRANSIENT: u32 = 16;
/// Connections that only this node can begin.
const CHOSEN: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use libp2p::core::transport::PortUse;
    use libp2p::core::{ConnectedPoint, Endpoint};
    use libp2p::swarm::behaviour::ConnectionEstablished;
    use libp2p::swarm::{ConnectionId, FromSwarm};
    use libp2p::{Multiaddr, PeerId};

    /// The limits of a node that keeps two peers.
    struct Limits {
        limits: connection_limits::Behaviour,
        next: usize,
    }

    impl Limits {
        fn new() -> Self {
            Self { limits: connection_limits::Behaviour::new(limits(2)), next: 0 }
        }

        /// Tells whether one more connection with `peer` is let in.
        fn lets_in(&mut self, peer: PeerId, inbound: bool) -> bool {
            self.next += 1;
            let connection_id = ConnectionId::new_unchecked(self.next);
            let (here, there): (Multiaddr, Multiaddr) =
                ("/memory/1".parse().unwrap(), "/memory/2".parse().unwrap());
            let (role_override, port_use) = (Endpoint::Dialer, PortUse::Reuse);
            let limits = &mut self.limits;
            let (refused, endpoint) = if inbound {
                let it = limits.handle_established_inbound_connection(
                    connection_id,
                    peer,
                    &here,
                    &there,
                );
                let endpoint = ConnectedPoint::Listener { local_addr: here, send_back_addr: there };
                (it.is_err(), endpoint)
            } else {
                let it = limits.handle_established_outbound_connection(
                    connection_id,
                    peer,
                    &there,
                    role_override,
                    port_use,
                );
                let endpoint = ConnectedPoint::Dialer { address: there, role_override, port_use };
                (it.is_err(), endpoint)
            };
            if !refused {
                let established = ConnectionEstablished {
                    peer_id: peer,
                    connection_id,
                    endpoint: &endpoint,
                    failed_addresses: &[],
                    other_established: 0,
                };
                limits.on_swarm_event(FromSwarm::ConnectionEstablished(established));
            }
            !refused
        }

        /// Lets in as many as come, each another peer, up to a hundred.
        fn fill(&mut self, inbound: bool) -> usize {
            (0..100).filter(|_| self.lets_in(PeerId::random(), inbound)).count()
        }

        /// Begins as many as may be under way at one time, up to a hundred.
        fn begin(&mut self, inbound: bool) -> usize {
            let (here, there) = ("/memory/1".parse().unwrap(), "/memory/2".parse().unwrap());
            let mut begin = |connection| {
                let connection = ConnectionId::new_unchecked(connection);
                let limits = &mut self.limits;
                let endpoint = Endpoint::Dialer;
                if inbound {
                    limits.handle_pending_inbound_connection(connection, &here, &there).is_ok()
                } else {
                    limits
                        .handle_pending_outbound_connection(connection, None, &[], endpoint)
                        .is_ok()
                }
            };
            (0..100).filter(|connection| begin(*connection)).count()
        }
    }

    #[test]
    fn connections_have_a_bound_and_a_part_of_it_only_this_node_fills() {
        let mut limits = Limits::new();
        assert_eq!(limits.fill(true), 2 + 16 - 8, "whoever comes");
        assert_eq!(limits.fill(false), 8, "whom this node chooses");
        assert_eq!(limits.fill(true) + limits.fill(false), 0);
        assert_eq!(Limits::new().fill(false), 2 + 16);
    }

    #[test]
    fn one_peer_has_three_connections_and_no_more() {
        for inbound in [true, false] {
            let (mut limits, peer) = (Limits::new(), PeerId::random());
            let let_in = (0..10).filter(|_| limits.lets_in(peer, inbound)).count();
            assert_eq!(let_in, 3);
            assert!(limits.lets_in(PeerId::random(), inbound), "another one comes in");
        }
    }

    #[test]
    fn few_connections_are_begun_at_one_time() {
        assert_eq!(Limits::new().begin(true), 16);
        assert_eq!(Limits::new().begin(false), 16);
    }
}
