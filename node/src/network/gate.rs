//! Bounds what others can make this node connect to.
//!
//! Two things are refused here before anything else hears of them: more relayed connections than a
//! few, and connections that a peer asks this node to make (to try whether it is reached, or to meet
//! it directly) to places that are none of that peer's business, such as this computer's own doors.

use super::direct::is_circuit;
use super::peer::{ip, is_private};
use libp2p::PeerId;
use libp2p::core::transport::PortUse;
use libp2p::core::{Endpoint, Multiaddr};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm, dummy,
};
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};

/// Refuses connections.
pub(super) struct Gate {
    /// Peers on this very computer are real peers.
    loopback: bool,
    relayed: HashSet<ConnectionId>,
    /// Where each connected peer is, by connection; nothing where a relay hides it.
    peers: HashMap<PeerId, HashMap<ConnectionId, Option<IpAddr>>>,
}

/// Why a connection is refused.
#[derive(Debug, thiserror::Error)]
enum Refused {
    /// Nobody's fault.
    #[error("there are {MOST_RELAYED} relayed connections already")]
    Relayed,
    /// Fault of the peer that named the address.
    #[error("a peer may not send this node there")]
    Elsewhere,
}

impl Gate {
    /// Opens it; in a network on one computer `loopback` is a place like any other.
    pub(super) fn new(loopback: bool) -> Self {
        Self { loopback, relayed: HashSet::new(), peers: HashMap::new() }
    }

    fn check(&self, address: &Multiaddr) -> Result<(), ConnectionDenied> {
        match is_circuit(address) && self.relayed.len() >= MOST_RELAYED {
            true => Err(ConnectionDenied::new(Refused::Relayed)),
            false => Ok(()),
        }
    }

    /// Tells whether a peer that is connected at `places` may send this node to `address`.
    fn may_send<'a>(
        &self,
        mut places: impl Iterator<Item = &'a Option<IpAddr>>,
        address: &Multiaddr,
    ) -> bool {
        match ip(address) {
            Some(_) if is_circuit(address) => false,
            Some(ip) if ip.is_loopback() => self.loopback,
            Some(ip) if ip.is_unspecified() || ip.is_multicast() => false,
            // Who comes from the internet has no business in the network at home.
            Some(ip) if is_private(ip) => places.any(|place| place.is_some_and(is_private)),
            Some(_) => true,
            None => false,
        }
    }
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        local: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.check(local).map(|()| dummy::ConnectionHandler)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        _: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        // This node itself dials nobody who is connected: it is the peer who wants that.
        let places = peer.and_then(|peer| self.peers.get(&peer));
        if let Some(places) = places
            && !addresses.iter().all(|address| self.may_send(places.values(), address))
        {
            return Err(ConnectionDenied::new(Refused::Elsewhere));
        }
        Ok(Vec::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        address: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.check(address).map(|()| dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        match event {
            FromSwarm::ConnectionEstablished(it) => {
                let relayed = it.endpoint.is_relayed();
                if relayed {
                    self.relayed.insert(it.connection_id);
                }
                let place = ip(it.endpoint.get_remote_address()).filter(|_| !relayed);
                self.peers.entry(it.peer_id).or_default().insert(it.connection_id, place);
            }
            FromSwarm::ConnectionClosed(it) => {
                self.relayed.remove(&it.connection_id);
                if let Some(places) = self.peers.get_mut(&it.peer_id) {
                    places.remove(&it.connection_id);
                    if places.is_empty() {
                        self.peers.remove(&it.peer_id);
                    }
                }
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        _: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

/// Relayed connections at one time: a meeting or two, and never so many that they crowd out others.
const MOST_RELAYED: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn may(place: Option<&str>, address: &str) -> bool {
        let places = [place.map(|it| it.parse().unwrap())];
        Gate::new(false).may_send(places.iter(), &address.parse().unwrap())
    }

    #[test]
    fn a_stranger_cannot_make_this_node_knock_at_home() {
        let stranger = Some("203.0.113.9");
        assert!(may(stranger, "/ip4/198.51.100.7/tcp/1"));
        for address in [
            "/ip4/127.0.0.1/tcp/7370",
            "/ip6/::1/tcp/7370",
            "/ip6/::ffff:127.0.0.1/tcp/7370",
            "/ip4/0.0.0.0/tcp/7370",
            "/ip4/192.168.1.1/tcp/80",
            "/ip4/100.64.0.1/tcp/80",
            "/ip4/169.254.169.254/tcp/80",
            "/ip4/224.0.0.251/udp/5353/quic-v1",
            "/ip6/fd00::1/tcp/80",
            "/dns4/router.home/tcp/80",
        ] {
            assert!(!may(stranger, address), "{address}");
            assert!(!may(None, address), "{address}");
        }
    }

    #[test]
    fn a_neighbour_may_name_a_place_in_the_network_both_are_in() {
        assert!(may(Some("192.168.1.7"), "/ip4/192.168.1.7/tcp/1"));
        assert!(!may(Some("192.168.1.7"), "/ip4/127.0.0.1/tcp/1"));
    }

    #[test]
    fn nobody_can_send_this_node_through_a_relay() {
        let relay = PeerId::random();
        let circuit = format!("/ip4/198.51.100.7/tcp/1/p2p/{relay}/p2p-circuit");
        assert!(!may(Some("203.0.113.9"), &circuit));
    }
}
