//! Who is connected, who is banned, and who has to go when there are too many.

use super::behaviour::Behaviour;
use super::peer::{Peer, Prefix};
use libp2p::PeerId;
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
    dialling: BTreeMap<ConnectionId, super::peer::Address>,
}

struct Connected {
    since: Instant,
    prefix: Prefix,
}

impl Peers {
    /// Notes that the first connection to `peer` stands.
    pub(super) fn joined(&mut self, peer: Peer, prefix: Prefix) {
        self.connected.insert(peer, Connected { since: Instant::now(), prefix });
    }

    /// Notes that the last connection to `peer` is gone.
    pub(super) fn left(&mut self, peer: Peer) {
        self.connected.remove(&peer);
    }

    /// Lists who is connected, and from where.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Peer, Prefix)> {
        self.connected.iter().map(|(peer, connected)| (*peer, connected.prefix))
    }

    /// Counts who is connected.
    pub(super) fn len(&self) -> usize {
        self.connected.len()
    }

    /// Remembers what is being dialled as `connection`.
    pub(super) fn dialling(&mut self, connection: ConnectionId, address: super::peer::Address) {
        self.dialling.insert(connection, address);
    }

    /// Gives and forgets what was dialled as `connection`, if this node's owner dialled it.
    pub(super) fn dialled(&mut self, connection: ConnectionId) -> Option<super::peer::Address> {
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

    /// Picks who has to go for only `most` to stay: of those the mesh does not need and nobody is
    /// in a conversation with, whoever came last.
    pub(super) fn surplus(
        &self,
        behaviour: &Behaviour,
        most: usize,
        in_conversation: impl Fn(&PeerId) -> bool,
    ) -> Vec<Peer> {
        let surplus = self.connected.len().saturating_sub(most);
        if surplus == 0 {
            return Vec::new();
        }
        let mesh: BTreeSet<&PeerId> = behaviour.gossip.all_mesh_peers().collect();
        let mut idle: Vec<(Instant, Peer)> = self
            .connected
            .iter()
            .filter(|(peer, connected)| {
                connected.since.elapsed() >= GRACE
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
