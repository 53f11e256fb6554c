//! Nodes that nobody can dial, and one that relays for them.

use super::*;
use crate::network::config::Relay;
use crate::network::reach::Reach;

/// A node that relays for others from the start.
fn relay(listen: &str) -> Config {
    Config { reach: true, relay: Relay::Always, ..config("test", listen) }
}

/// A node that listens nowhere, and knows `first` from the start.
fn hidden(first: &Address) -> Config {
    let first_peers = vec![first.clone()];
    Config { reach: true, listen: Vec::new(), first_peers, ..config("test", TCP) }
}

impl Nodes {
    /// Starts a node as `config` says, and gives its place among the others.
    fn start(&mut self, config: Config) -> usize {
        self.nodes.push(Network::start(config).unwrap());
        self.heard.push(Vec::new());
        self.nodes.len() - 1
    }

    /// Starts a relay, which is node 0, and gives where it is.
    async fn behind(config: Config) -> (Self, Address) {
        let mut nodes = Self { nodes: Vec::new(), heard: Vec::new() };
        nodes.start(config);
        nodes.until(|it| it.nodes[0].addresses().count() > 0).await;
        let address = nodes.nodes[0].addresses().next().unwrap();
        // What AutoNAT would find out: a relay tells where it is reached.
        nodes.nodes[0].swarm.add_external_address(address.0.clone());
        let address = address.of(nodes.peer(0));
        (nodes, address)
    }

    /// Gives where `node` is reached through the relay.
    fn circuit(&self, node: usize) -> Option<Address> {
        let mut at = self.nodes[node].reached_at();
        at.find(Address::is_relayed).map(|it| it.of(self.peer(node)))
    }
}

fn connected(of: Peer, at: Prefix) -> impl Fn(&Incoming) -> bool {
    move |it| matches!(it, Incoming::Connected { peer, prefix, .. } if *peer == of && *prefix == at)
}

#[tokio::test]
async fn whom_nobody_can_dial_is_reached_through_a_relay_for_a_small_exchange() {
    let (mut nodes, address) = Nodes::behind(relay(TCP)).await;
    let home = nodes.start(hidden(&address));
    nodes.until(|it| it.nodes[home].reach() == Reach::Relayed).await;
    let visitor = nodes.start(hidden(&address));
    nodes.until(|it| it.nodes[visitor].peers().count() == 1).await;
    let circuit = nodes.circuit(home).unwrap();
    nodes.nodes[visitor].dial(&circuit);
    let (host, guest) = (nodes.peer(home), nodes.peer(visitor));
    nodes
        .until(|it| {
            it.heard(visitor, connected(host, Prefix::RELAYED)) == 1
                && it.heard(home, connected(guest, Prefix::RELAYED)) == 1
        })
        .await;
    nodes.nodes[visitor].request(7, host, b"who?".to_vec());
    assert_eq!(nodes.response(visitor, 7).await, Ok(b"re: who?".to_vec()));
    // Neither gossip nor the DHT knows who is behind a relay.
    let behaviour = nodes.nodes[visitor].swarm.behaviour_mut();
    assert!(!behaviour.gossip.all_peers().any(|(peer, _)| *peer == host.0));
    let of_host = |name: &libp2p::PeerId| *name == host.0;
    let bucket = behaviour.dht.kbucket(host.0);
    assert!(!bucket.is_some_and(|all| all.iter().any(|it| of_host(it.node.key.preimage()))));
    assert_eq!(nodes.nodes[visitor].metrics().relayed, 1);
    assert_eq!(nodes.nodes[0].metrics().carried, 1);
    // The circuit ends when it carried what it may.
    for id in 0.. {
        nodes.nodes[visitor].request(100 + id, host, vec![1; bounds::REQUEST / 2]);
        if nodes.response(visitor, 100 + id).await.is_err() {
            break;
        }
        assert!(id < 1024, "a circuit without an end");
    }
}

#[tokio::test]
async fn a_relay_gives_no_more_places_than_it_keeps_peers() {
    let (mut nodes, address) = Nodes::behind(Config { max_peers: 1, ..relay(TCP) }).await;
    let first = nodes.start(hidden(&address));
    nodes.until(|it| it.nodes[first].reach() == Reach::Relayed).await;
    let second = nodes.start(hidden(&address));
    nodes.until(|it| it.nodes[second].relays.is_refused()).await;
    assert_eq!(nodes.nodes[second].reach(), Reach::Unreachable);
    assert_eq!(nodes.nodes[first].reach(), Reach::Relayed);
}

#[tokio::test]
async fn who_came_through_a_relay_is_met_directly_and_then_has_a_prefix_of_its_own() {
    let (mut nodes, address) = Nodes::behind(relay(QUIC)).await;
    let reached = |address: &Address| Config {
        reach: true,
        // Nobody tells them of each other.
        dht: Dht::Client,
        first_peers: vec![address.clone()],
        ..config("test", QUIC)
    };
    let host = nodes.start(reached(&address));
    nodes.until(|it| it.nodes[host].peers().count() == 1).await;
    // Others could dial it, so it would not ask for a place by itself.
    let place = address.0.clone().with(libp2p::multiaddr::Protocol::P2pCircuit);
    nodes.nodes[host].swarm.listen_on(place).unwrap();
    nodes.until(|it| it.circuit(host).is_some()).await;
    let circuit = nodes.circuit(host).unwrap();
    // It is dialled as soon as somebody said where the guest is seen.
    let guest =
        nodes.start(Config { first_peers: vec![address.clone(), circuit], ..reached(&address) });
    let (host_peer, guest_peer) = (nodes.peer(host), nodes.peer(guest));
    let own = |peer| connected(peer, Prefix::own(peer));
    nodes
        .until(|it| it.heard(guest, own(host_peer)) == 1 && it.heard(host, own(guest_peer)) == 1)
        .await;
    assert_eq!(nodes.heard(guest, connected(host_peer, Prefix::RELAYED)), 1);
    assert_eq!(nodes.nodes[host].metrics().met, 1);
    // The guest chose the host, and never the other way, whoever dialled in the end.
    let chosen = |by_me: bool| {
        move |it: &Incoming| {
            matches!(it, Incoming::Connected { peer, outbound, .. }
            if (*peer == host_peer || *peer == guest_peer) && *outbound != by_me)
        }
    };
    assert_eq!(nodes.heard(guest, chosen(true)), 0);
    assert_eq!(nodes.heard(host, chosen(false)), 0);
}

#[tokio::test]
async fn who_does_not_relay_gives_no_place() {
    let (mut nodes, address) = Nodes::behind(Config { relay: Relay::Never, ..relay(TCP) }).await;
    let home = nodes.start(hidden(&address));
    nodes.until(|it| it.nodes[home].reach() == Reach::Unreachable).await;
    assert!(nodes.nodes[home].relays.next(Reach::Unreachable).is_none());
}
