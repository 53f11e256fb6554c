//! What the library says, in the words of this room.

use super::behaviour::BehaviourEvent;
use super::incoming::Incoming;
use super::peer::{Address, Peer, Prefix};
use super::peers::{Kind, Left};
use super::{MOST_DISCOVERED, Network};
use libp2p::core::ConnectedPoint;
use libp2p::swarm::{ConnectionId, SwarmEvent};
use libp2p::{autonat, dcutr, gossipsub, identify, mdns, ping, relay};

impl Network {
    /// Says what of it the node should hear.
    pub(super) fn translate(&mut self, event: SwarmEvent<BehaviourEvent>) -> Option<Incoming> {
        match event {
            SwarmEvent::Behaviour(event) => self.translate_behaviour(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.peers.dialled(connection_id);
                self.opened(Peer(peer_id), connection_id, &endpoint)
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, .. } => {
                self.closed(Peer(peer_id), connection_id)
            }
            SwarmEvent::NewExternalAddrCandidate { .. } => {
                self.relays.seen();
                None
            }
            SwarmEvent::ExternalAddrConfirmed { .. } | SwarmEvent::ExternalAddrExpired { .. } => {
                self.reached();
                None
            }
            SwarmEvent::OutgoingConnectionError { connection_id, .. } => {
                let address = self.peers.dialled(connection_id)?;
                Some(Incoming::Unreachable { address })
            }
            SwarmEvent::NewListenAddr { address, .. } => {
                Some(Incoming::Listening { address: Address(address) })
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                Some(Incoming::Silent { address: Address(address) })
            }
            SwarmEvent::ListenerClosed { listener_id, addresses, reason } => {
                self.relays.ended(listener_id, reason.is_err());
                let silent = |address| Incoming::Silent { address: Address(address) };
                self.ready.extend(addresses.into_iter().map(silent));
                None
            }
            SwarmEvent::ListenerError { error, .. } => {
                tracing::warn!(cause = %error, "listening failed for a moment");
                None
            }
            _ => None,
        }
    }

    fn opened(
        &mut self,
        peer: Peer,
        connection: ConnectionId,
        endpoint: &ConnectedPoint,
    ) -> Option<Incoming> {
        let prefix = match Kind::of(endpoint) {
            Kind::Relayed => Prefix::RELAYED,
            _ => self.prefix(peer, Address(endpoint.get_remote_address().clone())),
        };
        let opened = self.peers.opened(peer, connection, endpoint, prefix)?;
        self.counted.met += u64::from(opened.met);
        Some(Incoming::Connected { peer, prefix: opened.prefix, outbound: opened.outbound })
    }

    fn closed(&mut self, peer: Peer, connection: ConnectionId) -> Option<Incoming> {
        match self.peers.closed(peer, connection) {
            Left::Enough => None,
            Left::Rest => {
                self.disconnect(peer);
                None
            }
            Left::Nothing => {
                self.relays.left(peer);
                if let Some(address) = self.again.remove(&peer) {
                    self.dial(&address);
                }
                Some(Incoming::Disconnected { peer })
            }
        }
    }

    fn translate_behaviour(&mut self, event: BehaviourEvent) -> Option<Incoming> {
        match event {
            BehaviourEvent::Gossip(gossipsub::Event::Message {
                propagation_source,
                message_id,
                message,
            }) => Some(self.heard(propagation_source, message_id, message)),
            BehaviourEvent::Exchange(event) => {
                let incoming = self.exchanges.take(event);
                match &incoming {
                    Some(Incoming::Request { .. }) => self.counted.questions_heard += 1,
                    Some(Incoming::Faulted { .. }) => self.counted.faults += 1,
                    _ => {}
                }
                incoming
            }
            BehaviourEvent::Dht(event) => {
                let found = self.lookups.sought(&event);
                self.approach(found);
                let dht = &mut self.swarm.behaviour_mut().dht;
                let incoming = self.lookups.take(event, dht, |peer| self.peers.corner(peer));
                // What ended may have left a place.
                self.ready.extend(self.lookups.put_next(dht));
                incoming
            }
            BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. }) => {
                self.identified(Peer(peer_id), info)
            }
            BehaviourEvent::Ping(ping::Event { connection, result, .. }) => {
                // A peer that does not speak ping may be alive all the same.
                if !matches!(result, Ok(_) | Err(ping::Failure::Unsupported)) {
                    self.swarm.close_connection(connection);
                }
                None
            }
            BehaviourEvent::Mdns(mdns::Event::Discovered(found)) => {
                self.ready.extend(found.into_iter().take(MOST_DISCOVERED).map(
                    |(peer, address)| Incoming::Discovered {
                        peer: Peer(peer),
                        address: Address(address),
                    },
                ));
                None
            }
            BehaviourEvent::Tested(autonat::v2::client::Event { tested_addr, result, .. }) => {
                tracing::debug!(address = %tested_addr, ?result, "a peer tried to dial this node");
                if result.is_err() {
                    self.relays.tested();
                }
                None
            }
            BehaviourEvent::Relay(relay::Event::CircuitReqAccepted { .. }) => {
                self.counted.carried += 1;
                None
            }
            BehaviourEvent::Meets(dcutr::Event { remote_peer_id, result }) => {
                tracing::debug!(peer = %remote_peer_id, ?result, "tried to meet directly");
                None
            }
            _ => None,
        }
    }
}
