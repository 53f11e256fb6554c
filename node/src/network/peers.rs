//! Who is connected, who is banned, and who has to go when there are too many.

use super::behaviour::Behaviour;
use super::peer::{Address, Peer, Prefix};
use libp2p::PeerId;
use libp2p::core::ConnectedPoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::ConnectionId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// The peers of this moment.
#[derive(Default)]
pub(super) struct Peers {
    connected: BTreeMap<Peer, Connected>,
    banned: BTreeMap<Peer, Instant>,
    /// Whom the owner wants nothing to do with.
    blocked: BTreeSet<Peer>,
    dialling: BTreeMap<ConnectionId, Address>,
}

struct Connected {
    since: Instant,
    prefix: Prefix,
    /// This node chose it.
    outbound: bool,
    /// Where this node dialled it, if it did and no relay is between.
    dialled: Option<Address>,
    connections: BTreeMap<ConnectionId, (Kind, Instant)>,
    /// What it called its present life, once it said so.
    life: Option<String>,
}

impl Connected {
    fn is_direct(&self) -> bool {
        self.connections.values().any(|(kind, _)| *kind == Kind::Direct)
    }

    /// Tells whether a direct connection stands that is younger than `then`.
    fn is_direct_since(&self, then: Instant) -> bool {
        self.connections.values().any(|(kind, since)| *kind == Kind::Direct && *since > then)
    }
}

/// Says what a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Everything.
    Direct,
    /// It leads through a relay: a small exchange, until the two meet directly.
    Relayed,
    /// A peer wanted to know whether it is reached: nothing else.
    Trial,
}

impl Kind {
    /// Tells from its ends what a connection is for.
    pub(super) fn of(endpoint: &ConnectedPoint) -> Self {
        match endpoint {
            _ if endpoint.is_relayed() => Self::Relayed,
            // Only a trial is dialled from a fresh port: from the usual one every router lets it in.
            ConnectedPoint::Dialer { port_use: PortUse::New, .. } => Self::Trial,
            _ => Self::Direct,
        }
    }
}

/// What a connection changed about a peer.
pub(super) struct Opened {
    /// The corner it is in now.
    pub(super) prefix: Prefix,
    /// Whether this node chose it.
    pub(super) outbound: bool,
    /// Whether it came through a relay and is met directly now.
    pub(super) met: bool,
}

/// What is left of a peer after one connection closed.
pub(super) enum Left {
    /// What is needed.
    Enough,
    /// Connections that are of no use without the one that closed.
    Rest,
    /// Nothing.
    Nothing,
}

impl Peers {
    /// Notes that a connection to `peer` stands, whose other end is in `prefix`, and says what it
    /// changed. Whom a relay led here chose this node, whichever of the two dials in the end.
    pub(super) fn opened(
        &mut self,
        peer: Peer,
        connection: ConnectionId,
        endpoint: &ConnectedPoint,
        prefix: Prefix,
    ) -> Option<Opened> {
        let (kind, now) = (Kind::of(endpoint), Instant::now());
        if let Some(connected) = self.connected.get_mut(&peer) {
            let known = connected.is_direct() || kind != Kind::Direct;
            connected.connections.insert(connection, (kind, now));
            if known {
                return None;
            }
            connected.prefix = prefix;
            return Some(Opened { prefix, outbound: connected.outbound, met: true });
        }
        let outbound = endpoint.is_dialer() && kind != Kind::Trial;
        let is_dialled = outbound && kind == Kind::Direct;
        let dialled = is_dialled.then(|| Address(endpoint.get_remote_address().clone()));
        let connections = BTreeMap::from([(connection, (kind, now))]);
        let life = None;
        let connected = Connected { since: now, prefix, outbound, dialled, connections, life };
        self.connected.insert(peer, connected);
        Some(Opened { prefix, outbound, met: false })
    }

    /// Notes that a connection to `peer` is gone.
    ///
    /// The mesh introduces itself on the first connection to a peer alone. Where that one is gone and a
    /// later one stands, one side had forgotten the first, and was never introduced to: they begin anew.
    pub(super) fn closed(&mut self, peer: Peer, connection: ConnectionId) -> Left {
        let Some(connected) = self.connected.get_mut(&peer) else { return Left::Nothing };
        let closed = connected.connections.remove(&connection);
        if connected.connections.is_empty() {
            self.connected.remove(&peer);
            return Left::Nothing;
        }
        match closed {
            Some((Kind::Direct, _)) if !connected.is_direct() => Left::Rest,
            Some((Kind::Direct, since)) if connected.is_direct_since(since) => Left::Rest,
            Some(_) | None => Left::Enough,
        }
    }

    /// Notes what `peer` calls its present life; tells whether it began another one while it was
    /// connected, which only the connections of the one before can say.
    pub(super) fn lives(&mut self, peer: Peer, life: String) -> bool {
        let Some(connected) = self.connected.get_mut(&peer) else { return false };
        let before = connected.life.replace(life);
        before.is_some_and(|before| connected.life.as_ref() != Some(&before))
    }

    /// Gives where this node dialled `peer`, if it did and no relay is between.
    pub(super) fn dialled_at(&self, peer: Peer) -> Option<Address> {
        self.connected.get(&peer)?.dialled.clone()
    }

    /// Lists the connections that did what they were for.
    pub(super) fn outdated(&self) -> Vec<ConnectionId> {
        let of = |connected: &Connected| {
            let is_direct = connected.is_direct();
            let outdated = connected.connections.iter().filter(move |(_, (kind, since))| {
                let is_done = match kind {
                    Kind::Direct => false,
                    Kind::Relayed => is_direct,
                    Kind::Trial => true,
                };
                is_done && since.elapsed() >= GRACE
            });
            outdated.map(|(connection, _)| *connection).collect::<Vec<_>>()
        };
        self.connected.values().flat_map(of).collect()
    }

    /// Lists who is connected, and from where.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Peer, Prefix)> {
        self.connected.iter().map(|(peer, connected)| (*peer, connected.prefix))
    }

    /// Gives the corner `peer` is in. Those of whom nobody knows it any more are in one.
    pub(super) fn corner(&self, peer: Peer) -> Prefix {
        self.connected.get(&peer).map_or(Prefix::UNKNOWN, |connected| connected.prefix)
    }

    /// Counts who is connected.
    pub(super) fn len(&self) -> usize {
        self.connected.len()
    }

    /// Counts those that no relay is between.
    pub(super) fn direct(&self) -> usize {
        self.connected.values().filter(|it| it.is_direct()).count()
    }

    /// Remembers what is being dialled as `connection`.
    pub(super) fn dialling(&mut self, connection: ConnectionId, address: Address) {
        self.dialling.insert(connection, address);
    }

    /// Gives and forgets what was dialled as `connection`, if this node's owner dialled it.
    pub(super) fn dialled(&mut self, connection: ConnectionId) -> Option<Address> {
        self.dialling.remove(&connection)
    }

    /// Tells whether more may be dialled.
    pub(super) fn may_dial(&self) -> bool {
        self.dialling.len() < MOST_DIALLED
    }

    /// Bans `peer` for that long; the one whose ban ends first is forgiven when there are too many.
    pub(super) fn ban(&mut self, behaviour: &mut Behaviour, peer: Peer, how_long: Duration) {
        if !self.banned.contains_key(&peer) && self.banned.len() >= MOST_BANNED {
            let first = self.banned.iter().min_by_key(|(_, until)| **until);
            if let Some(forgiven) = first.map(|(peer, _)| *peer) {
                self.forgive(behaviour, forgiven);
            }
        }
        let now = Instant::now();
        self.banned.insert(peer, now.checked_add(how_long).unwrap_or(now));
        behaviour.blocked.block_peer(peer.0);
    }

    /// Takes no connection with those in `wanted` and ends those there are; tells whether others may
    /// come again.
    pub(super) fn block(&mut self, behaviour: &mut Behaviour, wanted: BTreeSet<Peer>) -> bool {
        for peer in wanted.difference(&self.blocked) {
            behaviour.blocked.block_peer(peer.0);
        }
        let mut anybody = false;
        for peer in self.blocked.difference(&wanted).filter(|it| !self.banned.contains_key(it)) {
            anybody |= behaviour.blocked.unblock_peer(peer.0);
        }
        self.blocked = wanted;
        anybody
    }

    /// Lifts the bans that are over.
    pub(super) fn lift_bans(&mut self, behaviour: &mut Behaviour) {
        let now = Instant::now();
        let over: Vec<Peer> =
            self.banned.iter().filter(|(_, until)| **until <= now).map(|(peer, _)| *peer).collect();
        for peer in over {
            self.forgive(behaviour, peer);
        }
    }

    fn forgive(&mut self, behaviour: &mut Behaviour, peer: Peer) {
        self.banned.remove(&peer);
        if !self.blocked.contains(&peer) {
            behaviour.blocked.unblock_peer(peer.0);
        }
    }

    /// Picks who has to go for only `most` to stay, the relayed ones aside, which have a bound of their
    /// own: of those the mesh does not need and nobody is
    /// in a conversation with, whoever came last.
    pub(super) fn surplus(
        &self,
        behaviour: &Behaviour,
        most: usize,
        in_conversation: impl Fn(&PeerId) -> bool,
    ) -> Vec<Peer> {
        let surplus = self.direct().saturating_sub(most);
        if surplus == 0 {
            return Vec::new();
        }
        let mesh: BTreeSet<&PeerId> = behaviour.gossip.all_mesh_peers().collect();
        let mut idle: Vec<(Instant, Peer)> = self
            .connected
            .iter()
            .filter(|(peer, connected)| {
                connected.since.elapsed() >= GRACE
                    && connected.is_direct()
                    && !mesh.contains(&peer.0)
                    && !in_conversation(&peer.0)
            })
            .map(|(peer, connected)| (connected.since, *peer))
            .collect();
        idle.sort_by(|a, b| b.cmp(a));
        idle.into_iter().take(surplus).map(|(_, peer)| peer).collect()
    }
}

/// How long a newcomer is left in peace: it asks its questions, and the mesh looks at it.
const GRACE: Duration = Duration::from_secs(15);
/// Bans remembered, at a hundred bytes.
const MOST_BANNED: usize = 4096;
/// Addresses dialled at one time, over all that wait for a slot.
const MOST_DIALLED: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    /// Two direct connections of one peer, the older first.
    fn twice() -> (Peers, Peer, [ConnectionId; 2]) {
        let peer = Peer(PeerId::random());
        let connections = [1, 2].map(ConnectionId::new_unchecked);
        let mut peers = Peers::default();
        for connection in connections {
            let endpoint = ConnectedPoint::Listener {
                local_addr: "/memory/1".parse().unwrap(),
                send_back_addr: "/memory/2".parse().unwrap(),
            };
            let _opened = peers.opened(peer, connection, &endpoint, Prefix::own(peer));
        }
        (peers, peer, connections)
    }

    #[test]
    fn whose_first_connection_ends_before_a_later_one_begins_anew() {
        let (mut peers, peer, [older, younger]) = twice();
        assert!(matches!(peers.closed(peer, older), Left::Rest));
        assert!(matches!(peers.closed(peer, younger), Left::Nothing));
        let (mut peers, peer, [older, younger]) = twice();
        assert!(matches!(peers.closed(peer, younger), Left::Enough));
        assert!(matches!(peers.closed(peer, older), Left::Nothing));
    }

    #[test]
    fn another_life_is_told_once_and_the_first_one_not_at_all() {
        let (mut peers, peer, _) = twice();
        let told = ["a", "a", "b", "b"].map(|life| peers.lives(peer, life.to_owned()));
        assert_eq!(told, [false, false, true, false]);
        assert!(!peers.lives(Peer(PeerId::random()), "a".to_owned()), "nobody is connected");
    }
}
