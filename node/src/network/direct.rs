//! Keeps what is too much for a relay off relayed connections.
//!
//! A circuit carries some hundred kilobytes and lives two minutes: gossip and the DHT would use that
//! up before anybody asked a question. So their behaviours, and those that find out how this node is
//! reached, hear of direct connections alone; what they send to a peer goes over one of these.

use either::Either;
use libp2p::PeerId;
use libp2p::core::transport::PortUse;
use libp2p::core::{Endpoint, Multiaddr};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm, dummy,
};
use std::collections::{HashMap, HashSet};
use std::ops::{Deref, DerefMut};
use std::task::{Context, Poll, ready};

/// A behaviour that knows direct connections alone.
pub(super) struct Direct<B> {
    inner: B,
    /// The direct connections to each peer, the oldest first.
    connections: HashMap<PeerId, Vec<ConnectionId>>,
    /// Where this node may be reached, as peers said so far.
    candidates: HashSet<Multiaddr>,
}

impl<B> Direct<B> {
    /// Lets `inner` know direct connections alone.
    pub(super) fn new(inner: B) -> Self {
        Self { inner, connections: HashMap::new(), candidates: HashSet::new() }
    }

    /// Notes a connection, and says how many others there are to that peer.
    fn opened(&mut self, peer: PeerId, connection: ConnectionId) -> usize {
        let connections = self.connections.entry(peer).or_default();
        connections.push(connection);
        connections.len().saturating_sub(1)
    }

    /// Forgets a connection, and says how many are left to that peer.
    fn closed(&mut self, peer: PeerId, connection: ConnectionId) -> usize {
        let Some(connections) = self.connections.get_mut(&peer) else { return 0 };
        connections.retain(|it| *it != connection);
        let left = connections.len();
        if left == 0 {
            self.connections.remove(&peer);
        }
        left
    }

    /// Tells whether there is room for what a peer says of where this node is: it may say anything.
    fn is_welcome(&mut self, candidate: &Multiaddr) -> bool {
        if is_circuit(candidate) {
            return false;
        }
        self.candidates.contains(candidate)
            || (self.candidates.len() < MOST_CANDIDATES
                && self.candidates.insert(candidate.clone()))
    }
}

impl<B> Deref for Direct<B> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.inner
    }
}

impl<B> DerefMut for Direct<B> {
    fn deref_mut(&mut self) -> &mut B {
        &mut self.inner
    }
}

impl<B: NetworkBehaviour> NetworkBehaviour for Direct<B> {
    type ConnectionHandler = Either<THandler<B>, dummy::ConnectionHandler>;
    type ToSwarm = B::ToSwarm;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.inner.handle_pending_inbound_connection(connection, local, remote)
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        if is_circuit(local) {
            return Ok(Either::Right(dummy::ConnectionHandler));
        }
        let inner = &mut self.inner;
        inner
            .handle_established_inbound_connection(connection, peer, local, remote)
            .map(Either::Left)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        self.inner.handle_pending_outbound_connection(connection, peer, addresses, role)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        if is_circuit(address) {
            return Ok(Either::Right(dummy::ConnectionHandler));
        }
        let inner = &mut self.inner;
        inner
            .handle_established_outbound_connection(connection, peer, address, role, port)
            .map(Either::Left)
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        let event = match event {
            FromSwarm::ConnectionEstablished(it) if it.endpoint.is_relayed() => return,
            FromSwarm::ConnectionEstablished(it) => {
                let other_established = self.opened(it.peer_id, it.connection_id);
                FromSwarm::ConnectionEstablished(ConnectionEstablished { other_established, ..it })
            }
            FromSwarm::ConnectionClosed(it) if it.endpoint.is_relayed() => return,
            FromSwarm::ConnectionClosed(it) => {
                let remaining_established = self.closed(it.peer_id, it.connection_id);
                FromSwarm::ConnectionClosed(ConnectionClosed { remaining_established, ..it })
            }
            FromSwarm::AddressChange(it) if it.new.is_relayed() => return,
            FromSwarm::NewExternalAddrCandidate(it) if !self.is_welcome(it.addr) => return,
            FromSwarm::NewListenAddr(it) if is_circuit(it.addr) => return,
            FromSwarm::ExpiredListenAddr(it) if is_circuit(it.addr) => return,
            FromSwarm::ExternalAddrConfirmed(it) if is_circuit(it.addr) => return,
            FromSwarm::ExternalAddrExpired(it) if is_circuit(it.addr) => return,
            FromSwarm::NewExternalAddrOfPeer(it) if is_circuit(it.addr) => return,
            other => other,
        };
        self.inner.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {
            Either::Left(event) => {
                self.inner.on_connection_handler_event(peer, connection, event);
            }
            Either::Right(never) => match never {},
        }
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        loop {
            match ready!(self.inner.poll(context)) {
                // Any of the connections could be a relayed one.
                ToSwarm::NotifyHandler { peer_id, handler: NotifyHandler::Any, event } => {
                    let oldest = self.connections.get(&peer_id).and_then(|all| all.first());
                    let Some(connection) = oldest else { continue };
                    let handler = NotifyHandler::One(*connection);
                    let event = Either::Left(event);
                    return Poll::Ready(ToSwarm::NotifyHandler { peer_id, handler, event });
                }
                action => return Poll::Ready(action.map_in(Either::Left)),
            }
        }
    }
}

/// Tells whether an address leads through a relay.
pub(super) fn is_circuit(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

/// Places this node may be reached at that are remembered, at a hundred bytes: a computer that travels
/// is seen at a few a day.
const MOST_CANDIDATES: usize = 1024;
